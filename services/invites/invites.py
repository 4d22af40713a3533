"""
Invites by mail to join the community.

A person has one invite per address: inviting again sends another mail, and gives no more points. The result, the points
and what the sender sees later do not depend on the address: they are the same if it has an account, opted out, belongs to
a person who blocked the sender, or does not exist. Points are for sending. An invite becomes ACCEPTED only if its code or
address led to the sign-up; an invite to an existing account stays PENDING until it expires.
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
from services.progress.scores import lock_score_rows

INVITE_LIFETIME: Final = timedelta(days=30)
MAX_INVITES_PER_CALL: Final = 20
MAX_NOTE: Final = 500
ACTIVITY_OF: Final = {InviteKind.PLATFORM: "PLATFORM_INVITE_SENT", InviteKind.FRIEND: "FRIEND_INVITED"}


class InviteStatus(Enum):
    """State of an invite as its sender sees it now."""

    PENDING = "PENDING"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    ACCEPTED = "ACCEPTED"


@dataclass(frozen=True)
class Sender:
    """The sender: an account, its profile and its company."""

    account_id: int
    profile_id: int
    company_id: int | None = None


@dataclass(frozen=True)
class Invited:
    """Result for one address: the id of its invite, or the problem."""

    email: str
    invite_id: int | None = None
    problem: Problem | None = None


async def send(sender: Sender, emails: Sequence[str], note: str = "", key: str | None = None) -> list[Invited]:
    """
    Invite up to 20 addresses; returns one result per address, in order. A duplicate address is invited once.

    A single address can have a problem: BAD_INPUT (not an address), NOT_YOURSELF (the sender's own). Raises Refused:
    BAD_INPUT (no addresses, or a note over 500 characters), TOO_MANY_ITEMS, RATE_LIMITED (the sender's limit), and the
    errors of services/core/idempotency.py for `key`.
    """
    note = _check_input(emails, note)
    parsed = [_parse_address(each, place) for place, each in enumerate(emails)]
    wanted = {each.key: each for each in parsed if isinstance(each, Address)}
    arguments = {"emails": list(emails), "note": note}
    allowances: invite_mails.Allowances = {}

    async def spend() -> None:
        own = await _own_addresses(sender.profile_id)
        keys = [each for each in wanted if each not in own]
        if keys:
            await rate_limits.spend("send-invite", by=[f"profile:{sender.profile_id}"], cost=len(keys))
        accepted: Any = Invite.filter(
            sender_id=sender.profile_id, email_key__in=keys, state=InviteState.ACCEPTED
        ).values_list("email_key", flat=True)
        already_accepted = set(await accepted)  # these get no further mail
        keys = [each for each in keys if each not in already_accepted]
        allowances.update(await invite_mails.spend_mailbox_limits(keys))

    call = await idempotency.run_once(
        sender.account_id,
        key,
        "sendInvites",
        arguments,
        lambda: _send(sender, list(wanted.values()), note, allowances),
        spend_first=spend,
    )
    ids = dict(zip(wanted, call.answer["invites"], strict=True))
    return [
        _result(typed, each if isinstance(each, Problem) else ids[each.key], place)
        for place, (typed, each) in enumerate(zip(emails, parsed, strict=True))
    ]


async def resend(sender: Sender, invite_id: int, key: str | None = None) -> int:
    """
    Mail a pending or expired invite again; it is valid for 30 days from now. Returns its id.

    Raises Refused: NOT_FOUND (no such invite of this sender), INVITE_NOT_OPEN (accepted or withdrawn), RATE_LIMITED, and
    the errors of services/core/idempotency.py for `key`.
    """
    allowances: invite_mails.Allowances = {}

    async def spend() -> None:
        await rate_limits.spend("send-invite", by=[f"profile:{sender.profile_id}"])
        pending = Invite.filter(id=invite_id, sender_id=sender.profile_id, state=InviteState.PENDING)
        allowances.update(await invite_mails.spend_mailbox_limits([each.email_key for each in await pending]))

    async def do() -> idempotency.Answer:
        invite = await _lock_pending(sender.profile_id, invite_id)
        _renew(invite, clock.now())
        await invite.save()
        await invite_mails.deliver(sender.profile_id, [invite], allowances)
        return {"invite": invite.id}

    call = await idempotency.run_once(
        sender.account_id, key, "resendInvite", {"invite": invite_id}, do, spend_first=spend
    )
    return int(call.answer["invite"])


async def withdraw(profile_id: int, invite_id: int) -> int:
    """
    Withdraw an invite that was not accepted: its links stop working. Its points stay. Returns its id.

    Raises Refused: NOT_FOUND (no such invite of this sender), INVITE_NOT_OPEN (accepted, or withdrawn before).
    """
    async with in_transaction():
        invite = await _lock_pending(profile_id, invite_id)
        invite.state = InviteState.WITHDRAWN
        await invite.save(update_fields=["state"])
        return invite.id


async def withdraw_own(profile_id: int, email_key: str) -> None:
    """
    Withdraw a profile's invite to an address that is its own now. Other people's invites to it stay as they are: they must not
    reveal whose it is. Requires a transaction, with the sender's score row locked.
    """
    require_transaction()
    pending = Invite.filter(sender_id=profile_id, email_key=email_key, state=InviteState.PENDING)
    await pending.update(state=InviteState.WITHDRAWN)


def live(now: datetime) -> QuerySet[Invite]:
    """Invites that can be accepted."""
    return Invite.filter(state=InviteState.PENDING, expires_at__gt=now)


async def accept(invite: Invite, account_id: int) -> None:
    """
    Mark an invite as accepted by this account, and notify its sender, whose score row must be locked.
    Requires a transaction.
    """
    require_transaction()
    now = clock.now()
    await Invite.filter(id=invite.id).update(state=InviteState.ACCEPTED, accepted_at=now, accepted_by_id=account_id)
    sender_id: int = invite.sender_id
    await change_feed.publish_all([change_feed.person_entry(sender_id, PersonKind.INVITE_ACCEPTED, invite=invite.id)])


def status_of(state: InviteState, expires_at: datetime) -> InviteStatus:
    """State of an invite as of now."""
    if state is InviteState.PENDING and expires_at <= clock.now():
        return InviteStatus.EXPIRED
    return InviteStatus(state.value)


def has_status(status: InviteStatus) -> Q:
    """Filter for invites of this status as of now."""
    now = clock.now()
    if status is InviteStatus.PENDING:
        return Q(state=InviteState.PENDING, expires_at__gt=now)
    if status is InviteStatus.EXPIRED:
        return Q(state=InviteState.PENDING, expires_at__lte=now)
    return Q(state=InviteState(status.value))


async def _send(
    sender: Sender, addresses: Sequence[Address], note: str, allowances: invite_mails.Allowances
) -> idempotency.Answer:
    own = await _own_addresses(sender.profile_id)
    foreign = [each for each in addresses if each.key not in own]
    # Withdrawing, accepting and concurrent sending take this lock too.
    await lock_score_rows([sender.profile_id])
    now = clock.now()
    rows = Invite.filter(sender_id=sender.profile_id, email_key__in=[each.key for each in foreign])
    existing = {row.email_key: row for row in await rows}  # unique (sender_id, email_key)
    company_domains = await _company_domains({each.domain for each in foreign}, sender.company_id)
    new = [
        _new_invite(
            sender, each, InviteKind.PLATFORM if each.domain in company_domains else InviteKind.FRIEND, note, now
        )
        for each in foreign
        if each.key not in existing
    ]
    renewed = [row for row in existing.values() if row.state is not InviteState.ACCEPTED]
    typed = {each.key: each.email for each in foreign}
    for row in renewed:
        _renew(row, now, note=note, email=typed[row.email_key])
        await row.save()
    for row in new:
        await row.save(force_create=True)
    if new:
        # Gives no points if an earlier invite to the address was deleted: its event is still in the ledger.
        await record_many([event_of(row, now) for row in new])
    await invite_mails.deliver(sender.profile_id, [*new, *renewed], allowances)
    ids = {row.email_key: row.id for row in (*existing.values(), *new)}
    return {"invites": [ids.get(each.key) for each in addresses]}


def _new_invite(sender: Sender, address: Address, kind: InviteKind, note: str, now: datetime) -> Invite:
    return Invite(
        sender_id=sender.profile_id,
        account_id=sender.account_id,
        email=address.email,
        email_key=address.key,
        kind=kind,
        note=note,
        digest=digest(invite_mails.code_of(sender.profile_id, address.key)),
        sent_at=now,
        expires_at=now + INVITE_LIFETIME,
        created_at=now,
    )


def _renew(invite: Invite, now: datetime, **changed: str) -> None:
    """Renew an invite. A valid one keeps `created_at`, which decides who invited an address first."""
    if invite.state is InviteState.WITHDRAWN or invite.expires_at <= now:
        invite.created_at = now
    invite.state, invite.sent_at, invite.expires_at = InviteState.PENDING, now, now + INVITE_LIFETIME
    invite.sends += 1
    invite.digest = digest(invite_mails.code_of(invite.sender_id, invite.email_key))
    for name, value in changed.items():
        setattr(invite, name, value)


def event_of(invite: Invite, now: datetime) -> ActivityEvent:
    """
    The event of an invite. Its id depends only on sender and address, so that an address gives points once, even if the
    row is deleted.
    """
    sender_id: int = invite.sender_id
    return ActivityEvent(
        activity=ACTIVITY_OF[invite.kind],
        profile_id=sender_id,
        occurred_at=now,
        source=SYSTEM_SOURCE,
        external_id=event_id(sender_id, invite.email_key),
    )


def event_id(sender_id: int, email_key: str) -> str:
    """The external id of the event of an invite to this address. It does not reveal the address."""
    return f"invite:{keyed_digest('invite-points', str(sender_id), email_key)[:32]}"


async def _company_domains(domains: Collection[str], company_id: int | None) -> set[str]:
    """Those of these domains that the sender's company owns. Unique (domain)."""
    if company_id is None:
        return set()
    found: Any = CompanyDomain.filter(company_id=company_id, domain__in=list(domains)).values_list("domain", flat=True)
    return set(await found)


async def _own_addresses(profile_id: int) -> set[str]:
    accounts: Any = Account.filter(profile_id=profile_id).values_list("email_key", flat=True)
    recovery: Any = Profile.get(id=profile_id).values_list("recovery_email_key", flat=True)
    recovery_email = await recovery
    return {*await accounts, *([recovery_email] if recovery_email else [])}


async def _lock_pending(profile_id: int, invite_id: int) -> Invite:
    """
    Lock an own invite that is neither accepted nor withdrawn, after the sender's score row. Raises Refused: NOT_FOUND,
    INVITE_NOT_OPEN. Requires a transaction.
    """
    require_transaction()
    await lock_score_rows([profile_id])
    invite = await Invite.select_for_update().get_or_none(id=invite_id, sender_id=profile_id)
    if invite is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such invite.", path=("inviteId",))
    if invite.state is not InviteState.PENDING:
        accepted = invite.state is InviteState.ACCEPTED
        text = Text("The invite was already accepted.") if accepted else Text("The invite was already withdrawn.")
        raise refused(ErrorCode.INVITE_NOT_OPEN, text, path=("inviteId",))
    return invite


def _check_input(emails: Sequence[str], note: str) -> str:
    """The note to store: as typed, without surrounding white space. Raises Refused: BAD_INPUT, TOO_MANY_ITEMS."""
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
    except NotFit as error:
        raise refused(ErrorCode.BAD_INPUT, error.message, path=("note",)) from None


def _parse_address(text: str, place: int) -> Address | Problem:
    try:
        return address_of(text)
    except Refused as refusal:
        [problem] = refusal.problems
        return Problem(problem.code, problem.message, ("emails", str(place)))


def _result(typed: str, outcome: Problem | int | None, place: int) -> Invited:
    """`outcome`: the problem, the invite's id, or None for an address of the sender's own."""
    if isinstance(outcome, int):
        return Invited(typed, invite_id=outcome)
    own = Problem(ErrorCode.NOT_YOURSELF, "That is one of your own addresses.", ("emails", str(place)))
    return Invited(typed, problem=outcome or own)
