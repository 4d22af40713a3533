"""
Connection requests: send, accept, ignore, withdraw; and removal of connections.

A request to a person who has sent one accepts theirs. Ignoring is silent: the sender still sees the request as pending.
Every writer locks the score rows of both people, so that concurrent calls are serialized. Rule: docs/rules/connections.md.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.connections import Block, ConnectionRequest
from models.profiles import Profile
from services.connections import suggestions
from services.connections.connection_rows import are_connected, connect, disconnect, is_undelivered
from services.connections.connection_rows import ignore as ignore_requests
from services.core import change_feed, clock, merged_profiles, rate_limits
from services.core.change_feed import PersonKind
from services.errors import ErrorCode, ProfilesMerged, Refused, refused
from services.progress.scores import lock_scores

RENOTIFY_AFTER: Final = timedelta(days=30)
"""A repeated request notifies its receiver again only after this time, even if it was ignored or withdrawn meanwhile."""


class SendOutcome(Enum):
    """Outcome of sending a request."""

    PENDING = "PENDING"
    CONNECTED = "CONNECTED"


async def send(sender_id: int, receiver_id: int, *, account_id: int) -> SendOutcome:
    """
    Send a connection request. Repeating it changes nothing. If the receiver has sent one, theirs is accepted.

    A sender who is blocked by the receiver gets PENDING, and nothing reaches the receiver. Raises Refused: NOT_YOURSELF,
    NOT_PUBLIC (the sender's profile is not public), BLOCKED (by the sender), NOT_FOUND (no such profile, or hidden),
    UNCLAIMED (no account has claimed the profile), RATE_LIMITED.
    """
    if sender_id == receiver_id:
        raise refused(ErrorCode.NOT_YOURSELF, "You cannot connect with yourself.", path=("profileId",))
    await rate_limits.spend("connection-request", by=[f"account:{account_id}"])
    async with in_transaction():
        people = await lock_scores([sender_id, receiver_id])
        await _check_send(sender_id, receiver_id, exists=receiver_id in people)
        now = clock.now()
        if await are_connected(sender_id, receiver_id):
            return SendOutcome.CONNECTED
        blocked = await Block.exists(blocker_id=receiver_id, blocked_id=sender_id)
        if not blocked and await _has_requested(receiver_id, sender_id):
            await _connect(sender_id, receiver_id, now, notify=(sender_id, receiver_id))  # both sent a request
            return SendOutcome.CONNECTED
        await _store_request(sender_id, receiver_id, now, deliver=not blocked)
        return SendOutcome.PENDING


async def accept(receiver_id: int, request_id: int) -> int:
    """
    Accept a request; returns the sender's profile id. Raises Refused: NOT_FOUND (withdrawn, answered, ignored, not sent to
    this receiver, or its sender is hidden now).
    """
    async with in_transaction():
        request = await _lock_request(request_id, receiver_id=receiver_id, ignored_at=None)
        sender_id: int = request.sender_id
        hidden = not await Profile.exists(id=sender_id, listed=True)
        if hidden or await Block.exists(blocker_id=receiver_id, blocked_id=sender_id):
            raise _request_not_found()
        await _connect(sender_id, receiver_id, clock.now(), notify=(sender_id,))
        return sender_id


async def ignore(receiver_id: int, request_id: int) -> int:
    """
    Ignore a request, and never suggest its sender again; no one is notified. Returns the sender's profile id. Raises
    Refused: NOT_FOUND (withdrawn, answered, ignored before, or not sent to this receiver).
    """
    async with in_transaction():
        request = await _lock_request(request_id, receiver_id=receiver_id, ignored_at=None)
        await ignore_requests(ConnectionRequest.filter(id=request.id), clock.now())
        sender_id: int = request.sender_id
        # A row of its own, because the sender may withdraw the request.
        await suggestions.store_dismissal(receiver_id, sender_id)
        return sender_id


async def withdraw(sender_id: int, request_id: int) -> int:
    """
    Withdraw one's own request; returns the receiver's profile id. Raises Refused: NOT_FOUND (answered, withdrawn before,
    or not sent by this sender).
    """
    async with in_transaction():
        request = await _lock_request(request_id, sender_id=sender_id)
        await ConnectionRequest.filter(id=request.id).update(withdrawn_at=clock.now())
        return request.receiver_id


async def remove(profile_id: int, other_id: int) -> None:
    """Delete a connection; the other person is not notified. Raises Refused: NOT_FOUND (not connected)."""
    async with in_transaction():
        await lock_scores([profile_id, other_id])
        if not await disconnect(profile_id, other_id):
            raise refused(ErrorCode.NOT_FOUND, "You are not connected with this profile.", path=("profileId",))


async def delete_withdrawn(now: datetime) -> int:
    """Delete withdrawn requests that are no longer needed for RENOTIFY_AFTER; returns how many."""
    before = now - RENOTIFY_AFTER
    deleted: int = await ConnectionRequest.filter(withdrawn_at__lte=before, sent_at__lte=before).delete()
    return deleted


async def _check_send(sender_id: int, receiver_id: int, *, exists: bool) -> None:
    if not await Profile.exists(id=sender_id, listed=True):
        raise refused(ErrorCode.NOT_PUBLIC, "Make your profile public first, so that the other person can see it.")
    if not exists or not await Profile.exists(id=receiver_id, listed=True):
        raise refused(ErrorCode.NOT_FOUND, "There is no such profile.", path=("profileId",))
    if await Block.exists(blocker_id=sender_id, blocked_id=receiver_id):
        raise refused(ErrorCode.BLOCKED, "You have blocked this person. Unblock them first.", path=("profileId",))
    if not await Account.exists(profile_id=receiver_id, status=AccountStatus.ACTIVE):
        raise refused(
            ErrorCode.UNCLAIMED, "This profile has no account yet, so no one can answer.", path=("profileId",)
        )


async def _has_requested(sender_id: int, receiver_id: int) -> bool:
    return await ConnectionRequest.exists(sender_id=sender_id, receiver_id=receiver_id, withdrawn_at=None)


async def _connect(one: int, other: int, now: datetime, *, notify: tuple[int, ...]) -> None:
    """Connect two profiles, and notify those of them whose request was accepted."""
    if await connect(one, other, now):
        other_of = {one: other, other: one}
        await change_feed.publish_all(
            [change_feed.person_entry(each, PersonKind.CONNECTION_ACCEPTED, profile=other_of[each]) for each in notify]
        )


async def _store_request(sender_id: int, receiver_id: int, now: datetime, *, deliver: bool) -> None:
    """
    Create the request, or renew the existing one. The receiver is notified at most once per RENOTIFY_AFTER. A request that
    was not delivered because of a block is delivered when it is repeated after the unblock. The sender sees no difference.
    """
    existing = await ConnectionRequest.get_or_none(sender_id=sender_id, receiver_id=receiver_id)
    if existing is None:
        ignored_at = None if deliver else now  # equal to sent_at: see is_undelivered
        await ConnectionRequest.create(sender_id=sender_id, receiver_id=receiver_id, sent_at=now, ignored_at=ignored_at)
    else:
        if existing.sent_at > now - RENOTIFY_AFTER:
            deliver = deliver and is_undelivered(existing)
            existing.withdrawn_at, existing.ignored_at = None, None if deliver else existing.ignored_at
            await existing.save(update_fields=["withdrawn_at", "ignored_at"])
            if deliver:
                await _notify_receiver(receiver_id, sender_id)
            return
        # Renewed also if it is still pending: `sent_at` must not show the sender if the request was ignored.
        pending = existing.ignored_at is None and existing.withdrawn_at is None
        existing.sent_at, existing.ignored_at, existing.withdrawn_at = now, None if deliver else now, None
        await existing.save(update_fields=["sent_at", "ignored_at", "withdrawn_at"])
        deliver = deliver and not pending
    if deliver:
        await _notify_receiver(receiver_id, sender_id)


async def _notify_receiver(receiver_id: int, sender_id: int) -> None:
    await change_feed.publish_all(
        [change_feed.person_entry(receiver_id, PersonKind.CONNECTION_REQUEST, profile=sender_id)]
    )


async def _lock_request(request_id: int, **filters: Any) -> ConnectionRequest:
    """
    A request that is not withdrawn, by its sender or receiver, with both score rows locked. Receivers filter by
    `ignored_at=None`: an undelivered request of a blocked sender counts as ignored, and must not exist for them. Raises
    Refused: NOT_FOUND; ProfilesMerged.
    """
    found = await ConnectionRequest.get_or_none(id=request_id, **filters)
    if found is not None:
        people: dict[str, Any] = {"sender_id": found.sender_id, "receiver_id": found.receiver_id}
        locked = await lock_scores(people.values())
        # Again under the lock. A merge gives the request to another profile, whose score row is not locked here.
        if current := await merged_profiles.current_ids(set(people.values()) - locked.keys()):
            raise ProfilesMerged(current)
        found = await ConnectionRequest.get_or_none(id=request_id, withdrawn_at=None, **{**filters, **people})
    if found is None:
        raise _request_not_found()
    return found


def _request_not_found() -> Refused:
    return refused(ErrorCode.NOT_FOUND, "There is no such request.", path=("requestId",))
