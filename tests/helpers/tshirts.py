"""T-shirt claims of people who referred others."""

from dataclasses import replace

from models.accounts import Account
from models.referrals import Referral, ReferralVia, ShirtSize
from services.core import clock
from services.invites import tshirts
from services.invites.tshirts import Destination
from tests.helpers.factories import make_person
from tests.helpers.invites import BY_TESTS, profile_of

HOME = Destination("Ada Okafor", "Kade 12", "Rotterdam", "3011 AA", "nl")


async def referrer(people: int = 5) -> Account:
    """Somebody who brought so many others."""
    ada = await make_person(name="Ada Okafor")
    for _ in range(people):
        guest = await make_person()
        await Referral.create(referrer_id=profile_of(ada), account_id=guest.id, via=ReferralVia.LINK, at=clock.now())
    return ada


async def claim(account: Account, to: Destination = HOME) -> None:
    await tshirts.claim(profile_of(account), ShirtSize.L, to, actor=replace(BY_TESTS, account_id=account.id))
