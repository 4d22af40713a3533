"""
A merge as a person does it: start with an address of the other profile, have a code mailed, verify it, or cancel.

The steps do the same for an address that no person has: the same rows, limits and refusals; only no mail is sent, and every
code is wrong. services/merging/completion.py merges. Rules: docs/rules/accounts.md#merging and the sections after it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import Enum
from hmac import compare_digest
from typing import Any, Final

from tortoise.transactions import in_transaction

from models.accounts import Account
from models.audit import Origin
from models.profile_merges import MergeState, ProfileMerge
from models.profiles import Profile
from models.transactions import require_transaction
from models.verification_codes import Purpose
from services.auth import verification_codes
from services.core import audit, clock, ids, rate_limits
from services.core.audit import Actor
from services.core.crypto import keyed_digest
from services.core.email_addresses import Address, address_of
from services.core.idempotency import Plain, run_once
from services.errors import ErrorCode, Refused, refused
from services.merging.candidate_addresses import Choice, candidates_of, mailbox_of, masked
from services.messages import outbox
from services.messages.outbox import NewMail

MERGE_LIFETIME: Final = timedelta(hours=1)
MERGE_RETENTION: Final = timedelta(days=30)
"""Of merges that are done. Others are deleted after UNFINISHED_RETENTION."""
UNFINISHED_RETENTION: Final = timedelta(days=1)
MAX_WRONG_CODES: Final = 5
"""Wrong codes that end a merge: of all its mails, and of the second factor."""
OPEN: Final = frozenset({MergeState.STARTED, MergeState.CODE_SENT, MergeState.VERIFIED})
CANCEL_PATH: Final = "/merges/cancel"
"""Path of the page of this server that cancels a merge."""
_WITHHELD: Final = "withheld"
"""Target of a code that is not mailed, because the mailbox got too many."""
_PROOF_LENGTH: Final = 40
"""Hex digits that prove that a link comes from a mail of this server: 160 bits."""


class MergeStatus(Enum):
    """How far a merge has come, as the person sees it."""

    STARTED = "STARTED"
    CODE_SENT = "CODE_SENT"
    VERIFIED = "VERIFIED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Initiator:
    """Who merges: the account that is signed in, its session, and the actor for the audit trail."""

    account_id: int
    session_id: int
    actor: Actor


@dataclass(frozen=True)
class MailedMerge:
    """What the cancel page shows: the names of both profiles, the masked address of the initiator, and the status."""

    source: str
    survivor: str
    starter: str
    status: MergeStatus


async def start(by: Initiator, email: str, key: str | None = None) -> int:
    """
    Start a merge of the profile that an account with this address belongs to; returns the merge's number. An earlier open
    merge of the initiating account is thereby cancelled. Repeats with the same idempotency key return the same merge.

    Raises Refused: BAD_INPUT (not an address), SAME_PROFILE (an address of the own profile), RATE_LIMITED,
    IDEMPOTENCY_MISMATCH. None depends on whether another person has the address.
    """
    address = address_of(email)

    async def spend() -> None:
        await rate_limits.spend("start-merge", by=[f"account:{by.account_id}"])

    call = await run_once(
        by.account_id, key, "startMerge", {"email": email}, lambda: _start(by, address), spend_first=spend
    )
    return int(call.answer["merge"])


async def send_code(by: Initiator, merge_id: int, address_id: str) -> None:
    """
    Mail a code to the chosen address. It replaces the merge's earlier code.

    Raises Refused: NOT_FOUND (the merge, or the address), MERGE_NOT_OPEN, RATE_LIMITED.
    """
    row = await _open_row(by, merge_id, ProfileMerge.filter())
    place = next((n for n in range(len(row.choices)) if address_id_of(row, n) == address_id), None)
    if place is None:
        raise refused(ErrorCode.NOT_FOUND, "This merge has no such address.", path=("addressId",))
    choice = choices_of(row)[place]
    # Counted by the typed address and the place of the choice: a limit by the mailbox would show whose choice it is.
    target = f"email:{row.typed}:{place}"
    network = f"address:{by.actor.address}"
    await rate_limits.spend("merge-code", by=[f"account:{by.account_id}", f"merge:{merge_id}", network, target])
    recipient, mailbox = await _mailbox_of(row, choice)
    allowed = await _mailbox_allows(mailbox or target)
    async with in_transaction():
        row = await lock_open(by, merge_id)
        # A code that was not mailed is never right: its owner would not be warned of guesses.
        code = await verification_codes.issue(Purpose.MERGE, _subject(merge_id), str(place) if allowed else _WITHHELD)
        await _mail_code(row, recipient if allowed else None, code)
        row.state, row.factor_account, row.factor_at = MergeState.CODE_SENT, None, None
        await row.save(update_fields=["state", "factor_account", "factor_at"])
        await audit.record("merge.code-sent", actor=by.actor, account_id=by.account_id, address=choice.masked)


async def verify_code(by: Initiator, merge_id: int, code: str) -> None:
    """
    Verify the mailed code. The fifth wrong code ends the merge.

    Raises Refused: NOT_FOUND, MERGE_NOT_OPEN, BAD_CODE, RATE_LIMITED.
    """
    await spend_attempt(by)
    async with in_transaction():
        row = await lock_open(by, merge_id)
        target = await verification_codes.use(Purpose.MERGE, _subject(merge_id), code)
        place = None if target in {None, _WITHHELD} else int(target or 0)
        right = place is not None and bool((await _mailbox_of(row, choices_of(row)[place]))[1])
        if place is not None and right:
            row.state, row.proven_choice = MergeState.VERIFIED, place
            await row.save(update_fields=["state", "proven_choice"])
            address = choices_of(row)[place].masked
            await audit.record("merge.verified", actor=by.actor, account_id=by.account_id, address=address)
        else:
            row.wrong_codes += 1
            await end_if_guessed(row, by)
    if not right:  # after the commit, which stores the count
        raise wrong_code()


async def cancel(by: Initiator, merge_id: int) -> None:
    """Cancel a merge of the own account. A repeat changes nothing. Raises Refused: NOT_FOUND, MERGE_NOT_OPEN."""
    async with in_transaction():
        row = await own_row(by, merge_id, ProfileMerge.select_for_update())
        status = await status_of(row)
        if status is MergeStatus.CANCELLED:
            return
        if row.state not in OPEN or status is MergeStatus.EXPIRED:
            raise not_open()
        await _cancel(row, by.actor)


async def mailed_merge(token: str) -> MailedMerge:
    """Return what a link in a mail is about; changes nothing. Raises Refused: BAD_CODE."""
    row = await _mailed_row(token, ProfileMerge.filter())
    found = await _names_of(row)
    starter = masked((await Account.get(id=row.account_id)).email)
    return MailedMerge(
        found.get(row.source_id or 0, ""), found.get(row.survivor_id, ""), starter, await status_of(row, mailed=True)
    )


async def cancel_by_link(token: str) -> None:
    """
    Cancel a merge by the link in its mail, without signing in. A repeat changes nothing.

    Raises Refused: BAD_CODE (no link of this server, or the merge is forgotten), MERGE_NOT_OPEN (it is done).
    """
    async with in_transaction():
        row = await _mailed_row(token, ProfileMerge.select_for_update())
        if row.state is MergeState.DONE:
            raise not_open()
        if row.state in OPEN:
            await _cancel(row, Actor(None, Origin.ANONYMOUS))  # no address: the initiator reads the trail


def address_id_of(row: ProfileMerge, place: int) -> str:
    """The id of a choice: it belongs to this merge only."""
    return keyed_digest("merge-address", _subject(row.id), str(place))[:20]


def choices_of(row: ProfileMerge) -> Sequence[Choice]:
    """The addresses to choose from."""
    return [Choice(**each) for each in row.choices]


async def status_of(row: ProfileMerge, *, mailed: bool = False) -> MergeStatus:
    """
    The status of a merge. An open one has expired after an hour, and is cancelled by a later one of its account, or if the own
    profile became part of another one. After the code was verified (or for the reader of its mail), also if the other profile no
    longer exists, or no longer has the address of that code; before, that would tell that it existed.
    """
    if row.state not in OPEN:
        return MergeStatus[row.state.name]
    if row.expires_at <= clock.now():
        return MergeStatus.EXPIRED
    if await ProfileMerge.filter(account_id=row.account_id, id__gt=row.id).exists():
        return MergeStatus.CANCELLED
    if not await Account.filter(id=row.account_id, profile_id=row.survivor_id).exists():
        return MergeStatus.CANCELLED
    exists = not mailed or await Profile.filter(id=row.source_id or 0).exists()
    if row.state is MergeState.VERIFIED:
        exists = await _has_proven_address(row)
    return MergeStatus[row.state.name] if exists else MergeStatus.CANCELLED


async def lock_open(by: Initiator, merge_id: int) -> ProfileMerge:
    """
    Lock and return an open merge of the initiating account. Raises Refused: NOT_FOUND, MERGE_NOT_OPEN.
    Requires a transaction.
    """
    require_transaction()
    return await _open_row(by, merge_id, ProfileMerge.select_for_update())


async def end_if_guessed(row: ProfileMerge, by: Initiator) -> None:
    """Save the count of wrong codes; the last one ends the merge. Requires a transaction, with the row locked."""
    require_transaction()
    if row.wrong_codes >= MAX_WRONG_CODES:
        row.state = MergeState.FAILED
        await verification_codes.revoke(Purpose.MERGE, _subject(row.id))
        await audit.record("merge.failed", actor=by.actor, account_id=by.account_id)
    await row.save(update_fields=["wrong_codes", "state"])


async def spend_attempt(by: Initiator) -> None:
    """Count an entered code. Raises Refused: RATE_LIMITED."""
    await rate_limits.spend("verify-merge", by=[f"account:{by.account_id}"])


async def forget_old(now: datetime) -> int:
    """Delete merges 30 days after their start, those that are not done after a day; returns how many. Index (started_at)."""
    old: int = await ProfileMerge.filter(started_at__lte=now - MERGE_RETENTION).delete()
    unfinished = ProfileMerge.filter(started_at__lte=now - UNFINISHED_RETENTION).exclude(state=MergeState.DONE)
    left: int = await unfinished.delete()
    return old + left


def full_name(profile: Profile) -> str:
    """Name and handle: both profiles are one person's, and mostly have the same name."""
    return f"{profile.name} ({profile.handle})"


def cancel_token(row: ProfileMerge) -> str:
    """The token of the link in the mails of a merge: its id, and a proof that this server made it."""
    return f"{ids.encode('ProfileMerge', row.id)}-{_proof(row)}"


def wrong_code() -> Refused:
    """The refusal of a wrong code."""
    return refused(ErrorCode.BAD_CODE, "The code is wrong, used, or expired.", path=("code",))


def not_open() -> Refused:
    """The refusal if a merge is not open."""
    text = "This merge is not open any more: it is done, cancelled, expired, or had too many wrong codes."
    return refused(ErrorCode.MERGE_NOT_OPEN, text, path=("mergeId",))


def not_verified() -> Refused:
    """The refusal of a step that needs a verified code."""
    return refused(ErrorCode.MERGE_NOT_VERIFIED, "Verify the mailed code first.", path=("mergeId",))


async def _start(by: Initiator, address: Address) -> dict[str, Plain]:
    account = await Account.get(id=by.account_id)
    found = await candidates_of(address)
    if found.profile_id == account.own_profile_id:
        raise refused(ErrorCode.SAME_PROFILE, "This is an address of your own profile.", path=("email",))
    now = clock.now()
    row = await ProfileMerge.create(
        account_id=by.account_id,
        survivor_id=account.own_profile_id,
        source_id=found.profile_id,
        typed=keyed_digest("merge-typed", address.key),
        choices=[asdict(each) for each in found.choices],
        started_at=now,
        expires_at=now + MERGE_LIFETIME,
    )
    await audit.record("merge.started", actor=by.actor, account_id=by.account_id, address=found.choices[0].masked)
    return {"merge": row.id}


async def own_row(by: Initiator, merge_id: int, rows: Any) -> ProfileMerge:
    """Return a merge of the initiating account from `rows`, a queryset that may lock. Raises Refused: NOT_FOUND."""
    row: ProfileMerge | None = await rows.get_or_none(id=merge_id, account_id=by.account_id)
    if row is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such merge.", path=("mergeId",))
    return row


async def _open_row(by: Initiator, merge_id: int, rows: Any) -> ProfileMerge:
    return await require_open(await own_row(by, merge_id, rows))


async def require_open(row: ProfileMerge) -> ProfileMerge:
    """Return a merge that is open. Raises Refused: MERGE_NOT_OPEN."""
    status = await status_of(row)
    # Codes that are being checked count as wrong, so that no sixth is tried meanwhile.
    if status.value != row.state.value or row.state not in OPEN or row.wrong_codes >= MAX_WRONG_CODES:
        raise not_open()
    return row


async def _mailbox_of(row: ProfileMerge, choice: Choice) -> tuple[Account | Profile | None, str]:
    """Return the recipient and the key of the address; no recipient for a decoy, or if it belongs to the source no more."""
    account = await Account.get_or_none(id=choice.account, profile_id=row.source_id or 0)
    profile = await Profile.get_or_none(id=row.source_id or 0, recovery_email_verified_at__not_isnull=True)
    if account is not None:
        return account, account.email_key
    if choice.recovery and profile is not None and mailbox_of(profile.recovery_email_key or "") == choice.mailbox:
        return profile, profile.recovery_email_key or ""
    return None, ""


async def _has_proven_address(row: ProfileMerge) -> bool:
    """True if the address whose code was verified is still one of the source: it may have been removed or replaced meanwhile."""
    return bool((await _mailbox_of(row, choices_of(row)[row.proven_choice or 0]))[1])


async def _mailbox_allows(mailbox: str) -> bool:
    """False if a mailbox got too many codes from all initiators; the mail is then withheld without notice."""
    try:
        await rate_limits.spend("merge-mail", by=[f"email:{mailbox}"])
    except Refused:
        return False
    return True


async def _mail_code(row: ProfileMerge, recipient: Account | Profile | None, code: str) -> None:
    initiator = await Account.get(id=row.account_id)
    found = await _names_of(row)
    survivor = found[row.survivor_id]
    facts = {
        "source": found.get(row.source_id or 0, survivor),
        "survivor": survivor,
        "starter": masked(initiator.email),
        "code": code,
        "cancel": outbox.server_link(CANCEL_PATH, token=cancel_token(row)),
    }
    to = recipient or initiator
    mail = NewMail("merge-code", to, facts, withheld=recipient is None, about_profile_id=row.survivor_id)
    await outbox.send_mails([mail])


async def _names_of(row: ProfileMerge) -> dict[int, str]:
    profiles = await Profile.filter(id__in=[row.survivor_id, row.source_id or 0])
    return {each.id: full_name(each) for each in profiles}


async def _cancel(row: ProfileMerge, actor: Actor) -> None:
    row.state = MergeState.CANCELLED
    await row.save(update_fields=["state"])
    await verification_codes.revoke(Purpose.MERGE, _subject(row.id))
    await audit.record("merge.cancelled", actor=actor, account_id=row.account_id)


async def _mailed_row(token: str, rows: Any) -> ProfileMerge:
    text, _, proof = token.partition("-")
    name, number = ids.decode(text) or ("", 0)
    row: ProfileMerge | None = await rows.get_or_none(id=number) if name == "ProfileMerge" else None
    if row is None or not compare_digest(proof.encode(), _proof(row).encode()):
        raise verification_codes.bad_code()
    return row


def _proof(row: ProfileMerge) -> str:
    return keyed_digest("merge-cancel", str(row.id), row.typed, row.started_at.isoformat())[:_PROOF_LENGTH]


def _subject(merge_id: int) -> str:
    return f"merge:{merge_id}"
