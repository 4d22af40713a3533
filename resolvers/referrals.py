"""The viewer's referral link, the sign-ups through it and through invites, and the T-shirt for five of them. Private to their owner."""

from collections.abc import Sequence
from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.invites import referrals, tshirts
from services.invites.sharing import share_urls
from services.invites.tshirts import REQUIRED_REFERRALS, Destination


@columns("link", "share_urls", "sign_ups", "sign_ups_needed", "tshirt", "can_claim")
async def of_profiles(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """The referrals of each profile; None for any but the viewer's own. Three statements; more the first time, when the code is made."""
    return [await _referral_row(number) if number == context.viewer.profile_id else None for number in profile_ids]


async def rotate(context: Context) -> Row:
    """Replace the code of the viewer's link."""
    viewer = context.viewer
    await referrals.rotate(viewer.account_id or 0, viewer.own_profile, actor=actor_of(context))
    return {"profile_id": viewer.own_profile}


async def claim(context: Context, *, input: Any) -> Row:
    """Claim the viewer's T-shirt."""
    own = context.viewer.own_profile
    to = Destination(input.name, input.street, input.town, input.postal_code, input.country_code)
    await tshirts.claim(own, input.size, to, actor=actor_of(context))
    return {"profile_id": own}


async def _referral_row(profile_id: int) -> Row:
    link = referrals.link_of(await referrals.code_of(profile_id))
    people = (await referrals.signed_up([profile_id])).get(profile_id, 0)
    shirt = (await tshirts.claims([profile_id])).get(profile_id)
    return {
        "link": link,
        "share_urls": [each._asdict() for each in share_urls(link)],
        "sign_ups": people,
        "sign_ups_needed": REQUIRED_REFERRALS,
        "tshirt": shirt,
        "can_claim": shirt is None and people >= REQUIRED_REFERRALS,
    }
