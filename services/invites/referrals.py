"""
Referrals: who brought whom here.

Everybody has a link of their own; invites by mail hold another. A new account counts for one person, once, when its address
has been verified: for whoever's code came with the sign-up, or else for whoever first invited that address and whose
invite still stands. A code that does nothing (retired, withdrawn, expired, used, of somebody who is deactivated or gone)
is as if none had been given. Points: by a link 5 and 25, by a mail 25; a private profile earns like a public one.
Rule: docs/rules/invites.md#attribution.
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
from services.core import audit, clock, rate_limits
from services.core.audit import Actor
from services.core.crypto import digest
from services.invites import invite_mails, invites
from services.messages import outbox
from services.points.ledger import SYSTEM_SOURCE, ActivityEvent, record_many
from services.progress.scores import lock_scores, lock_scores_only

LENGTH: Final = 12
LETTERS: Final = string.ascii_lowercase + string.digits
"""Of 62 bits: too many to find one by trying, few enough to be read out."""
MAX_CODE: Final = 32
"""Characters of a code: a link's own, or that of an invite. What the columns hold."""
INVITERS: Final = 5
"""Whoever first invited an address goes first; should they be deactivated meanwhile, the next."""


@dataclass(frozen=True)
class _Candidate:
    """Somebody who may have brought the new account, by a code or by an invite."""

    profile_id: int
    code_id: int | None = None
    invite: Invite | None = None


async def code_of(profile_id: int) -> str:
    """The code of a profile's link; it is made when somebody first asks. Index (profile_id, retired_at)."""
    if held := await _standing(profile_id):
        return held
    async with in_transaction():
        await lock_scores_only([profile_id])  # two who ask first get one code
        return await _standing(profile_id) or await _new_code(profile_id)


async def rotate(account_id: int, profile_id: int, *, actor: Actor) -> str:
    """
    Give a profile's link another code, and return it; whoever comes by an older one was brought by nobody. Raises
    Refused: RATE_LIMITED.
    """
    await rate_limits.spend("rotate-referral-link", by=[f"account:{account_id}"])
    async with in_transaction():
        await lock_scores_only([profile_id])
        await ReferralCode.filter(profile_id=profile_id, retired_at=None).update(retired_at=clock.now())
        await audit.record("referral-link.rotated", actor=actor, account_id=account_id)
        return await _new_code(profile_id)


def link_of(code: str) -> str:
    """Where a code leads."""
    return outbox.link("/join", code=code)


async def signed_up(profile_ids: Collection[int]) -> dict[int, int]:
    """How many accounts each of these profiles brought; of deleted ones too. Index (referrer_id, at, id)."""
    rows: Any = (
        Referral.filter(referrer_id__in=list(profile_ids))
        .annotate(people=Count("id"))
        .group_by("referrer_id")
        .values_list("referrer_id", "people")
    )
    return dict(await rows)


async def attribute(account: Account, code: str) -> None:
    """
    Count an account that has just been verified for whoever brought it, if anybody did. Inside the transaction that makes
    the account, so that neither is there without the other.
    Requires a transaction.
    """
    require_transaction()
    candidates = await _candidates(account, code.strip().lower())
    if not candidates:
        return
    # Rotating, withdrawing and other sign-ups by the same person wait for this lock, or were first.
    people = await lock_scores({each.profile_id for each in candidates})
    theirs: Any = Account.filter(profile_id__in=list(people), status=AccountStatus.ACTIVE)
    present = set(await theirs.values_list("profile_id", flat=True))
    for each in candidates:
        if each.profile_id in present and await _stands(each):
            await _count(account, each)
            return


async def _candidates(account: Account, code: str) -> Sequence[_Candidate]:
    """Whoever may have brought the account: the code's owner, then those who invited the address, the first of them first."""
    by_code = await _by_code(code)
    found = [by_code] if by_code else []
    if account.email_key in await invite_mails.opted_out([account.email_key]):
        return found  # nothing that was sent there since has come there
    # Index (email_key).
    waiting = invites.live(clock.now()).filter(email_key=account.email_key, sender__active=True)
    first = await waiting.order_by("created_at", "id").limit(INVITERS)
    return [*found, *(_Candidate(each.sender_id, invite=each) for each in first)]


async def _by_code(code: str) -> _Candidate | None:
    if not 0 < len(code) <= MAX_CODE:
        return None
    own = await ReferralCode.get_or_none(code=code, retired_at=None)  # unique (code)
    if own is not None:
        return _Candidate(own.profile_id, code_id=own.id)
    invite = await invites.live(clock.now()).get_or_none(digest=digest(code))  # unique (digest)
    return None if invite is None else _Candidate(invite.sender_id, invite=invite)


async def _stands(candidate: _Candidate) -> bool:
    """Whether what somebody came by is still good, now that its owner is locked."""
    if candidate.invite is not None:
        return await invites.live(clock.now()).filter(id=candidate.invite.id).exists()
    return await ReferralCode.exists(id=candidate.code_id, retired_at=None)


async def _count(account: Account, by: _Candidate) -> None:
    """Write down who brought the account, and give them their points. Of the account's other inviters nobody is told."""
    now, via = clock.now(), ReferralVia.LINK if by.invite is None else ReferralVia.MAIL
    await Referral.create(referrer_id=by.profile_id, account_id=account.id, via=via, at=now)
    activities = ["FRIEND_REFERRED"] if by.invite else ["REFERRAL_SIGNED_UP", "FRIEND_REFERRED"]
    await record_many(
        [
            ActivityEvent(
                activity=activity,
                profile_id=by.profile_id,
                occurred_at=now,
                source=SYSTEM_SOURCE,
                external_id=f"referral:{account.id}:{activity}",
                counterpart_id=account.profile_id,
            )
            for activity in activities
        ]
    )
    # Whoever came by the link of somebody who had also invited that address has followed the invite, too.
    own = by.invite or await invites.live(now).get_or_none(sender_id=by.profile_id, email_key=account.email_key)
    if own is not None:
        await invites.accept(own, account.id)


async def _standing(profile_id: int) -> str | None:
    found: Any = ReferralCode.filter(profile_id=profile_id, retired_at=None).order_by("id").first().values("code")
    row = await found
    return None if row is None else str(row["code"])


async def _new_code(profile_id: int) -> str:
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    await ReferralCode.create(profile_id=profile_id, code=code, created_at=clock.now())
    return code
