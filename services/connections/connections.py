"""
Connections: who asks whom, who accepts, who would rather not.

A request that meets one the other way is an acceptance. Ignoring is silent: the sender goes on seeing it pending. Every
writer takes the score rows of both people, so that what arrives in the same instant comes one after the other.
Rule: docs/rules/connections.md.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.connections import Block, ConnectionRequest
from models.profiles import Profile
from services.connections import suggestions
from services.connections.connection_rows import ignore as ignore_requests
from services.connections.connection_rows import join, joined, part, unseen
from services.core import change_feed, clock, rate_limits
from services.core.change_feed import PersonKind
from services.errors import ErrorCode, Refused, refused
from services.progress.scores import lock_scores

QUIET: Final = timedelta(days=30)
"""How long after a request nobody is told of the same one again, be it ignored or withdrawn in between."""


class Sent(Enum):
    """What became of a request."""

    PENDING = "PENDING"
    CONNECTED = "CONNECTED"


async def send(sender_id: int, receiver_id: int, *, account_id: int) -> Sent:
    """
    Ask somebody to connect. Asking again changes nothing; asking who has asked oneself accepts.

    Whoever was blocked by the other is answered PENDING, and nothing reaches the other. Raises Refused: NOT_YOURSELF,
    NOT_PUBLIC (publish your profile first), BLOCKED (by oneself), NOT_FOUND (hidden, or never there), UNCLAIMED (nobody
    is there to answer), RATE_LIMITED.
    """
    if sender_id == receiver_id:
        raise refused(ErrorCode.NOT_YOURSELF, "You cannot connect with yourself.", path=("profile",))
    await rate_limits.spend("connection-request", by=[f"account:{account_id}"])
    async with in_transaction():
        people = await lock_scores([sender_id, receiver_id])
        await _check(sender_id, receiver_id, there=receiver_id in people)
        now = clock.now()
        if await joined(sender_id, receiver_id):
            return Sent.CONNECTED
        blocked = await Block.exists(blocker_id=receiver_id, blocked_id=sender_id)
        if not blocked and await _asked(receiver_id, sender_id):
            await _connect(sender_id, receiver_id, now, told=(sender_id, receiver_id))  # both had asked
            return Sent.CONNECTED
        await _ask(sender_id, receiver_id, now, reaches=not blocked)
        return Sent.PENDING


async def accept(receiver_id: int, request_id: int) -> int:
    """
    Accept a request; returns the profile one is connected with now. Raises Refused: NOT_FOUND (withdrawn, answered,
    ignored, somebody else's, or of somebody who is hidden now).
    """
    async with in_transaction():
        request = await _locked(request_id, receiver_id=receiver_id, ignored_at=None)
        sender_id: int = request.sender_id
        hidden = not await Profile.exists(id=sender_id, listed=True)
        if hidden or await Block.exists(blocker_id=receiver_id, blocked_id=sender_id):
            raise _no_request()
        await _connect(sender_id, receiver_id, clock.now(), told=(sender_id,))
        return sender_id


async def ignore(receiver_id: int, request_id: int) -> int:
    """
    Put a request away, and never suggest its sender; nobody is told. Returns the sender. Raises Refused: NOT_FOUND
    (withdrawn, answered, ignored before, somebody else's).
    """
    async with in_transaction():
        request = await _locked(request_id, receiver_id=receiver_id, ignored_at=None)
        await ignore_requests(ConnectionRequest.filter(id=request.id), clock.now())
        sender_id: int = request.sender_id
        # The request itself does not last: its sender may take it back.
        await suggestions.keep_away(receiver_id, sender_id)
        return sender_id


async def withdraw(sender_id: int, request_id: int) -> int:
    """
    Take one's own request back; returns whom it went to. Raises Refused: NOT_FOUND (answered, withdrawn before,
    somebody else's).
    """
    async with in_transaction():
        request = await _locked(request_id, sender_id=sender_id)
        await ConnectionRequest.filter(id=request.id).update(withdrawn_at=clock.now())
        return request.receiver_id


async def remove(profile_id: int, other_id: int) -> None:
    """End a connection; the other is not told. Raises Refused: NOT_FOUND (not connected)."""
    async with in_transaction():
        await lock_scores([profile_id, other_id])
        if not await part(profile_id, other_id):
            raise refused(ErrorCode.NOT_FOUND, "You are not connected with this profile.", path=("profile",))


async def forget_withdrawn(now: datetime) -> int:
    """Delete withdrawn requests that nobody would be told of twice any more; returns how many."""
    gone: int = await ConnectionRequest.filter(withdrawn_at__lte=now - QUIET, sent_at__lte=now - QUIET).delete()
    return gone


async def _check(sender_id: int, receiver_id: int, *, there: bool) -> None:
    if not await Profile.exists(id=sender_id, listed=True):
        raise refused(ErrorCode.NOT_PUBLIC, "Make your profile public first, so that the other person can see it.")
    if not there or not await Profile.exists(id=receiver_id, listed=True):
        raise refused(ErrorCode.NOT_FOUND, "There is no such profile.", path=("profile",))
    if await Block.exists(blocker_id=sender_id, blocked_id=receiver_id):
        raise refused(ErrorCode.BLOCKED, "You have blocked this person. Unblock them first.", path=("profile",))
    if not await Account.exists(profile_id=receiver_id, status=AccountStatus.ACTIVE):
        raise refused(ErrorCode.UNCLAIMED, "This profile has no account yet, so no one can answer.", path=("profile",))


async def _asked(sender_id: int, receiver_id: int) -> bool:
    return await ConnectionRequest.exists(sender_id=sender_id, receiver_id=receiver_id, withdrawn_at=None)


async def _connect(one: int, other: int, now: datetime, *, told: tuple[int, ...]) -> None:
    """Connect them, and tell those whose request that answers."""
    if await join(one, other, now):
        with_whom = {one: other, other: one}
        await change_feed.publish_all(
            [change_feed.person_entry(whom, PersonKind.CONNECTION_ACCEPTED, profile=with_whom[whom]) for whom in told]
        )


async def _ask(sender_id: int, receiver_id: int, now: datetime, *, reaches: bool) -> None:
    """
    Write the request, or let the one that is there stand again. The receiver hears of it once in a while at most; one that
    never reached them because of a block, that is over now, reaches them like a first one. Its sender sees no difference.
    """
    held = await ConnectionRequest.get_or_none(sender_id=sender_id, receiver_id=receiver_id)
    if held is None:
        quiet = None if reaches else now  # of somebody blocked: shown like one that was ignored, and marked as unseen
        await ConnectionRequest.create(sender_id=sender_id, receiver_id=receiver_id, sent_at=now, ignored_at=quiet)
    else:
        if held.sent_at > now - QUIET:
            reaches = reaches and unseen(held)
            held.withdrawn_at, held.ignored_at = None, None if reaches else held.ignored_at
            await held.save(update_fields=["withdrawn_at", "ignored_at"])
            if reaches:
                await _tell(receiver_id, sender_id)
            return
        # Sent anew, be it ignored or not: by the time it shows, its sender must not see which it was.
        waits = held.ignored_at is None and held.withdrawn_at is None
        held.sent_at, held.ignored_at, held.withdrawn_at = now, None if reaches else now, None
        await held.save(update_fields=["sent_at", "ignored_at", "withdrawn_at"])
        reaches = reaches and not waits
    if reaches:
        await _tell(receiver_id, sender_id)


async def _tell(receiver_id: int, sender_id: int) -> None:
    await change_feed.publish_all(
        [change_feed.person_entry(receiver_id, PersonKind.CONNECTION_REQUEST, profile=sender_id)]
    )


async def _locked(request_id: int, **whose: Any) -> ConnectionRequest:
    """
    A standing request of this sender or receiver, with both people's score rows locked. One that was ignored is not
    there for its receiver: among those are requests of people they had blocked, of which nothing may reach them.
    """
    found = await ConnectionRequest.get_or_none(id=request_id, **whose)
    if found is not None:
        await lock_scores([found.sender_id, found.receiver_id])
        found = await ConnectionRequest.get_or_none(id=request_id, withdrawn_at=None, **whose)  # again under the lock
    if found is None:
        raise _no_request()
    return found


def _no_request() -> Refused:
    return refused(ErrorCode.NOT_FOUND, "There is no such request.", path=("request",))
