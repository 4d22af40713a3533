"""
Invites by mail to join the community.

A person has one invite to an address: inviting again sends another mail of it, and gives no points again. What the sender
is answered, what they are given and what they see afterwards is the same whether the address has an account, wants no
invites, is somebody's who blocked them, or is nobody's: points are for sending. Only who comes by an invite makes it
ACCEPTED; one to an address whose owner came in another way, or was here before, stays PENDING until it expires.
Rule: docs/rules/invites.md.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.accounts import Account
from models.companies import CompanyDomain
from models.invites import Invite, InviteKind, InviteState
from models.profiles import Profile
from models.transactions import require_transaction
from services.core import change_feed, clock, idempotency, rate_limits
from services.core.change_feed import PersonKind
from services.core.crypto import digest, keyed_digest
from services.core.email_addresses import Address, address_of
from services.errors import ErrorCode, Problem, Refused, refused
from services.invites import invite_mails
from services.media.text_rules import NotFit, plain
from services.points.ledger import SYSTEM_SOURCE, ActivityEvent, record_many
from services.progress.scores import lock_scores_only

LIFETIME: Final = timedelta(days=30)
MAX_INVITES_PER_CALL: Final = 20
"""Addresses in one call."""
MAX_NOTE: Final = 500
GIVES: Final = {InviteKind.PLATFORM: "PLATFORM_INVITE_SENT", InviteKind.FRIEND: "FRIEND_INVITED"}


class InviteStanding(Enum):
    """What became of an invite, as its sender sees it today."""

    PENDING = "PENDING"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    ACCEPTED = "ACCEPTED"


@dataclass(frozen=True)
class Sender:
    """Who invites: the account that asks, its profile and its company."""

    account_id: int
    profile_id: int
    company_id: int | None = None


@dataclass(frozen=True)
class Invited:
    """What became of one address that was given: the number of its invite, or why there is none."""

    email: str
    invite_id: int | None = None
    problem: Problem | None = None


async def send(sender: Sender, emails: Sequence[str], note: str = "", key: str | None = None) -> list[Invited]:
    """
    Invite up to 20 addresses; one answer for each, in order. An address that stands there twice is invited once.

    An address alone may be refused: BAD_INPUT (it is none), NOT_YOURSELF (it is one of the sender's own). Raises Refused:
    BAD_INPUT (no address, a note over 500 characters), TOO_MANY_ITEMS, RATE_LIMITED (more than the sender may send), and
    what services/core/idempotency.py raises for `key`.
    """
    note = _check(emails, note)
    read = [_read(each, place) for place, each in enumerate(emails)]
    wanted = {each.key: each for each in read if isinstance(each, Address)}
    given = {"emails": list(emails), "note": note}
    rooms: invite_mails.Rooms = {}

    async def spend() -> None:
        own = await _own_addresses(sender.profile_id)
        keys = [each for each in wanted if each not in own]
        if keys:
            await rate_limits.spend("send-invite", by=[f"profile:{sender.profile_id}"], cost=len(keys))
        accepted: Any = Invite.filter(
            sender_id=sender.profile_id, email_key__in=keys, state=InviteState.ACCEPTED
        ).values_list("email_key", flat=True)
        done = set(await accepted)  # gets no mail any more
        rooms.update(await invite_mails.rooms([each for each in keys if each not in done]))

    made = await idempotency.run_once(
        sender.account_id,
        key,
        "sendInvites",
        given,
        lambda: _send(sender, list(wanted.values()), note, rooms),
        spend_first=spend,
    )
    ids = dict(zip(wanted, made.answer["invites"], strict=True))
    return [
        _answer(typed, each if isinstance(each, Problem) else ids[each.key], place)
        for place, (typed, each) in enumerate(zip(emails, read, strict=True))
    ]


async def resend(sender: Sender, invite_id: int, key: str | None = None) -> int:
    """
    Mail a pending or expired invite once more, good for 30 days from now; returns its number.

    Raises Refused: NOT_FOUND (no such invite, or somebody else's), INVITE_NOT_OPEN (accepted or withdrawn), RATE_LIMITED,
    and what services/core/idempotency.py raises for `key`.
    """
    rooms: invite_mails.Rooms = {}

    async def spend() -> None:
        await rate_limits.spend("send-invite", by=[f"profile:{sender.profile_id}"])
        open_one = Invite.filter(id=invite_id, sender_id=sender.profile_id, state=InviteState.PENDING)
        rooms.update(await invite_mails.rooms([each.email_key for each in await open_one]))

    async def do() -> idempotency.Answer:
        invite = await _locked_open(sender.profile_id, invite_id)
        _renew(invite, clock.now())
        await invite.save()
        await invite_mails.deliver(sender.profile_id, [invite], rooms)
        return {"invite": invite.id}

    made = await idempotency.run_once(
        sender.account_id, key, "resendInvite", {"invite": invite_id}, do, spend_first=spend
    )
    return int(made.answer["invite"])


async def withdraw(profile_id: int, invite_id: int) -> int:
    """
    Take back an invite that was not accepted: its links do nothing any more. Returns its number. What it gave stays.

    Raises Refused: NOT_FOUND (no such invite, or somebody else's), INVITE_NOT_OPEN (accepted, or withdrawn before).
    """
    async with in_transaction():
        invite = await _locked_open(profile_id, invite_id)
        invite.state = InviteState.WITHDRAWN
        await invite.save(update_fields=["state"])
        return invite.id


def live(now: datetime) -> QuerySet[Invite]:
    """Invites that somebody can come by."""
    return Invite.filter(state=InviteState.PENDING, expires_at__gt=now)


async def accept(invite: Invite, account_id: int) -> None:
    """
    Note that this account came by an invite, and tell its sender. The caller holds the sender's lock.
    Requires a transaction.
    """
    require_transaction()
    now = clock.now()
    await Invite.filter(id=invite.id).update(state=InviteState.ACCEPTED, accepted_at=now, accepted_by_id=account_id)
    sender_id: int = invite.sender_id
    await change_feed.publish_all([change_feed.person_entry(sender_id, PersonKind.INVITE_ACCEPTED, invite=invite.id)])


def standing(state: InviteState, expires_at: datetime) -> InviteStanding:
    """What became of an invite, as of now."""
    if state is InviteState.PENDING and expires_at <= clock.now():
        return InviteStanding.EXPIRED
    return InviteStanding(state.value)


def of_standing(wanted: InviteStanding) -> Q:
    """Which rows are of a standing, as of now."""
    now = clock.now()
    if wanted is InviteStanding.PENDING:
        return Q(state=InviteState.PENDING, expires_at__gt=now)
    if wanted is InviteStanding.EXPIRED:
        return Q(state=InviteState.PENDING, expires_at__lte=now)
    return Q(state=InviteState(wanted.value))


async def _send(
    sender: Sender, addresses: Sequence[Address], note: str, rooms: invite_mails.Rooms
) -> idempotency.Answer:
    own = await _own_addresses(sender.profile_id)
    foreign = [each for each in addresses if each.key not in own]
    # Whoever withdraws, or comes by one of these invites, takes this lock too; so does a twin of this call.
    await lock_scores_only([sender.profile_id])
    now = clock.now()
    rows = Invite.filter(sender_id=sender.profile_id, email_key__in=[each.key for each in foreign])
    held = {row.email_key: row for row in await rows}  # unique (sender_id, email_key)
    platform = await _of_company({each.domain for each in foreign}, sender.company_id)
    new = [
        _new(sender, each, InviteKind.PLATFORM if each.domain in platform else InviteKind.FRIEND, note, now)
        for each in foreign
        if each.key not in held
    ]
    again = [row for row in held.values() if row.state is not InviteState.ACCEPTED]
    typed = {each.key: each.email for each in foreign}
    for row in again:
        _renew(row, now, note=note, email=typed[row.email_key])
        await row.save()
    for row in new:
        await row.save(force_create=True)
    if new:
        await record_many(
            [event_of(row, now) for row in new]
        )  # who is invited anew after a row was dropped earns nothing
    await invite_mails.deliver(sender.profile_id, [*new, *again], rooms)
    ids = {row.email_key: row.id for row in (*held.values(), *new)}
    return {"invites": [ids.get(each.key) for each in addresses]}


def _new(sender: Sender, address: Address, kind: InviteKind, note: str, now: datetime) -> Invite:
    return Invite(
        sender_id=sender.profile_id,
        account_id=sender.account_id,
        email=address.email,
        email_key=address.key,
        kind=kind,
        note=note,
        digest=digest(invite_mails.code_of(sender.profile_id, address.key)),
        sent_at=now,
        expires_at=now + LIFETIME,
        created_at=now,
    )


def _renew(invite: Invite, now: datetime, **changed: str) -> None:
    """Let an invite begin anew. One that was still good keeps its place: whoever invited first goes before others."""
    if invite.state is InviteState.WITHDRAWN or invite.expires_at <= now:
        invite.created_at = now
    invite.state, invite.sent_at, invite.expires_at = InviteState.PENDING, now, now + LIFETIME
    invite.sends += 1
    invite.digest = digest(invite_mails.code_of(invite.sender_id, invite.email_key))
    for name, value in changed.items():
        setattr(invite, name, value)


def event_of(invite: Invite, now: datetime) -> ActivityEvent:
    """The same event for good, whatever becomes of the row: nobody earns twice with one address. It names no address."""
    sender_id: int = invite.sender_id
    return ActivityEvent(
        activity=GIVES[invite.kind],
        profile_id=sender_id,
        occurred_at=now,
        source=SYSTEM_SOURCE,
        external_id=f"invite:{keyed_digest('invite-points', str(sender_id), invite.email_key)[:32]}",
    )


async def _of_company(domains: Collection[str], company_id: int | None) -> set[str]:
    """Which of these domains the sender's company owns: invites there are the platform's. Unique (domain)."""
    if company_id is None:
        return set()
    found: Any = CompanyDomain.filter(company_id=company_id, domain__in=list(domains)).values_list("domain", flat=True)
    return set(await found)


async def _own_addresses(profile_id: int) -> set[str]:
    accounts: Any = Account.filter(profile_id=profile_id).values_list("email_key", flat=True)
    recovery: Any = Profile.get(id=profile_id).values_list("recovery_email_key", flat=True)
    other = await recovery
    return {*await accounts, *([other] if other else [])}


async def _locked_open(profile_id: int, invite_id: int) -> Invite:
    """An own invite that was neither accepted nor withdrawn, with the sender's lock held. Requires a transaction."""
    require_transaction()
    await lock_scores_only([profile_id])
    invite = await Invite.select_for_update().get_or_none(id=invite_id, sender_id=profile_id)
    if invite is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such invite.", path=("id",))
    if invite.state is not InviteState.PENDING:
        accepted = invite.state is InviteState.ACCEPTED
        text = Text("The invite was already accepted.") if accepted else Text("The invite was already withdrawn.")
        raise refused(ErrorCode.INVITE_NOT_OPEN, text, path=("id",))
    return invite


def _check(emails: Sequence[str], note: str) -> str:
    """The note as it is kept: as typed, without the white space around it."""
    if not emails:
        raise refused(ErrorCode.BAD_INPUT, "Enter at least one address.", path=("emails",))
    if len(emails) > MAX_INVITES_PER_CALL:
        raise refused(
            ErrorCode.TOO_MANY_ITEMS,
            Text("Invite at most {most} addresses at once.", most=MAX_INVITES_PER_CALL),
            path=("emails",),
        )
    try:
        return plain(note, Text("A note"), MAX_NOTE, lines=True)
    except NotFit as why:
        raise refused(ErrorCode.BAD_INPUT, why.message, path=("note",)) from None


def _read(text: str, place: int) -> Address | Problem:
    try:
        return address_of(text)
    except Refused as why:
        [problem] = why.problems
        return Problem(problem.code, problem.message, ("emails", str(place)))


def _answer(typed: str, found: Problem | int | None, place: int) -> Invited:
    if isinstance(found, int):
        return Invited(typed, invite_id=found)
    own = Problem(ErrorCode.NOT_YOURSELF, "That is one of your own addresses.", ("emails", str(place)))
    return Invited(typed, problem=found or own)
