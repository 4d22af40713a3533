"""
Referrals: which profile referred a new account.

Every profile has a personal link; invites by mail have links of their own. A new account counts for one referrer, once,
when its address is verified: for the owner of the code in the sign-up, or else for the sender of the oldest valid invite to
the address. A code without effect (retired, withdrawn, expired, used, or its owner is deactivated or deleted) counts as no
code. Points: 5 and 25 for a link, 25 for a mail. A private profile earns them too. Rule: docs/rules/invites.md#attribution.
"""

import secrets
import string
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tortoise.functions import Count
from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.invites import Invite
from models.referrals import Referral, ReferralCode, ReferralVia
from models.transactions import require_transaction
from services.core import audit, clock, merged_profiles, rate_limits
from services.core.audit import Actor
from services.core.crypto import digest
from services.errors import ProfilesMerged
from services.invites import invite_mails, invites
from services.messages import outbox
from services.points.ledger import SYSTEM_SOURCE, ActivityEvent, record_many
from services.progress.scores import lock_score_rows, lock_scores

CODE_LENGTH: Final = 12
CODE_CHARACTERS: Final = string.ascii_lowercase + string.digits
"""62 bits per code: too many to guess one, and short enough to read out."""
MAX_CODE: Final = 32
"""Characters of any code, of a personal link or of an invite; the size of the columns."""
MAX_INVITERS: Final = 5
"""Senders to consider of invites to one address, oldest first; a sender may be deactivated meanwhile."""

ACTIVITIES_BY_MAIL: Final = ("FRIEND_REFERRED",)
ACTIVITIES_BY_LINK: Final = ("REFERRAL_SIGNED_UP", "FRIEND_REFERRED")
"""Activities of a referral."""


@dataclass(frozen=True)
class _Candidate:
    """A profile that may have referred the new account, by a code or by an invite."""

    profile_id: int
    code_id: int | None = None
    invite: Invite | None = None


async def code_of(profile_id: int) -> str:
    """The code of a profile's link; created by the first call. Index (profile_id, retired_at)."""
    if code := await _read_code(profile_id):
        return code
    async with in_transaction():
        await lock_score_rows([profile_id])  # two concurrent first calls return the same code
        return await _read_code(profile_id) or await _create_code(profile_id)


async def rotate(account_id: int, profile_id: int, *, actor: Actor) -> str:
    """
    Replace the code of a profile's link, and return the new one. Sign-ups with a former code, also with one of a profile that was
    merged into this one, have no referrer. Raises Refused: RATE_LIMITED.
    """
    await rate_limits.spend("rotate-referral-link", by=[f"account:{account_id}"])
    async with in_transaction():
        await lock_score_rows([profile_id])
        await ReferralCode.filter(profile_id=profile_id, retired_at=None).update(retired_at=clock.now())
        await audit.record("referral-link.rotated", actor=actor, account_id=account_id)
        return await _create_code(profile_id)


def link_of(code: str) -> str:
    """URL of the sign-up page with a code."""
    return outbox.client_link("/join", code=code)


async def signed_up(profile_ids: Collection[int]) -> dict[int, int]:
    """Number of accounts that each of these profiles referred, deleted ones included. Index (referrer_id, at, id)."""
    rows: Any = (
        Referral.filter(referrer_id__in=list(profile_ids))
        .annotate(people=Count("id"))
        .group_by("referrer_id")
        .values_list("referrer_id", "people")
    )
    return dict(await rows)


async def attribute(account: Account, code: str) -> None:
    """
    Store who referred an account that was just verified, if anyone did. Call it in the transaction that creates the account.
    Raises ProfilesMerged (a referrer was merged meanwhile; in a new transaction the code is the other profile's).
    Requires a transaction.
    """
    require_transaction()
    candidates = await _candidates(account, code.strip().lower())
    if not candidates:
        return
    # Rotating, withdrawing and other sign-ups with the same referrer take this lock too.
    wanted = {each.profile_id for each in candidates}
    people = await lock_scores(wanted)
    if current := await merged_profiles.current_ids(wanted - people.keys()):
        raise ProfilesMerged(current)
    accounts: Any = Account.filter(profile_id__in=list(people), status=AccountStatus.ACTIVE)
    active = set(await accounts.values_list("profile_id", flat=True))
    for each in candidates:
        if each.profile_id in active and await _is_valid(each):
            await _record_referral(account, each)
            return


async def _candidates(account: Account, code: str) -> Sequence[_Candidate]:
    """Possible referrers: the owner of the code first, then the senders of invites to the address, oldest first."""
    by_code = await _find_by_code(code)
    found = [by_code] if by_code else []
    if account.email_key in await invite_mails.opted_out([account.email_key]):
        return found  # invites to an address that opted out were withheld
    # Index (email_key).
    open_invites = invites.live(clock.now()).filter(email_key=account.email_key, sender__active=True)
    oldest = await open_invites.order_by("created_at", "id").limit(MAX_INVITERS)
    return [*found, *(_Candidate(each.sender_id, invite=each) for each in oldest)]


async def _find_by_code(code: str) -> _Candidate | None:
    if not 0 < len(code) <= MAX_CODE:
        return None
    own = await ReferralCode.get_or_none(code=code, retired_at=None)  # unique (code)
    if own is not None:
        return _Candidate(own.profile_id, code_id=own.id)
    invite = await invites.live(clock.now()).get_or_none(digest=digest(code))  # unique (digest)
    return None if invite is None else _Candidate(invite.sender_id, invite=invite)


async def _is_valid(candidate: _Candidate) -> bool:
    """True if the code or invite is still valid; checked again under the lock of its owner."""
    if candidate.invite is not None:
        return await invites.live(clock.now()).filter(id=candidate.invite.id).exists()
    return await ReferralCode.exists(id=candidate.code_id, retired_at=None)


async def _record_referral(account: Account, by: _Candidate) -> None:
    """Store the referral, and award its points. Other people who invited the address are not notified."""
    now, via = clock.now(), ReferralVia.LINK if by.invite is None else ReferralVia.MAIL
    await Referral.create(referrer_id=by.profile_id, account_id=account.id, via=via, at=now)
    activities = ACTIVITIES_BY_MAIL if by.invite else ACTIVITIES_BY_LINK
    await record_many(
        [
            ActivityEvent(
                activity=activity,
                profile_id=by.profile_id,
                occurred_at=now,
                source=SYSTEM_SOURCE,
                external_id=_event_id(account.id, activity),
                counterpart_id=account.profile_id,
            )
            for activity in activities
        ]
    )
    # A sign-up with the personal link of a person who also invited the address accepts that invite too.
    own = by.invite or await invites.live(now).get_or_none(sender_id=by.profile_id, email_key=account.email_key)
    if own is not None:
        await invites.accept(own, account.id)


def event_ids(account_id: int) -> list[str]:
    """External ids of all events that the referral of this account may have caused."""
    return [_event_id(account_id, activity) for activity in ACTIVITIES_BY_LINK]


def _event_id(account_id: int, activity: str) -> str:
    return f"referral:{account_id}:{activity}"


async def _read_code(profile_id: int) -> str | None:
    active: Any = ReferralCode.filter(profile_id=profile_id, retired_at=None)
    found: Any = active.order_by("merged", "id").first().values("code")
    row = await found
    return None if row is None else str(row["code"])


async def _create_code(profile_id: int) -> str:
    code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
    await ReferralCode.create(profile_id=profile_id, code=code, created_at=clock.now())
    return code
