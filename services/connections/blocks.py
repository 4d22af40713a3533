"""
Blocks between two people. A block works in both directions.

It covers requests, suggestions, mutual connections, lists of connections, invites and tags. Public pages, search and
boards ignore blocks. Rule: docs/rules/connections.md#blocks.
"""

from collections.abc import Collection
from typing import Any

from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from models.connections import Block, ConnectionRequest
from models.profiles import Profile
from services.connections import connection_rows
from services.core import clock
from services.errors import ErrorCode, refused
from services.portfolio import collaborators
from services.progress.scores import lock_scores


async def between(profile_id: int, others: Collection[int]) -> set[int]:
    """Those of `others` that this profile blocked or is blocked by."""
    if not others:
        return set()
    either = Q(blocker_id=profile_id, blocked_id__in=others) | Q(blocked_id=profile_id, blocker_id__in=others)
    rows: Any = Block.filter(either).values_list("blocker_id", "blocked_id")
    return {other for pair in await rows for other in pair if other != profile_id}


async def block(profile_id: int, other_id: int) -> None:
    """
    Block a person: ends the connection, withdraws the blocker's request, and ignores the other one's request, which its
    sender still sees as pending. No one is notified. Repeating it changes nothing.

    Raises Refused: NOT_YOURSELF; NOT_FOUND (no such profile, or hidden from the blocker).
    """
    if profile_id == other_id:
        raise refused(ErrorCode.NOT_YOURSELF, "You cannot block yourself.", path=("profileId",))
    async with in_transaction():
        # Requests and connections take these two locks too, so that none can be created meanwhile.
        people = await lock_scores([profile_id, other_id])
        if await Block.exists(blocker_id=profile_id, blocked_id=other_id):
            return
        if other_id not in people or not await _is_known_to(profile_id, other_id):
            raise refused(ErrorCode.NOT_FOUND, "There is no such profile.", path=("profileId",))
        now = clock.now()
        await Block.create(blocker_id=profile_id, blocked_id=other_id, blocked_at=now)
        await connection_rows.disconnect(profile_id, other_id)
        await collaborators.remove_between(profile_id, other_id)
        # The request rows stay: blocking and unblocking must neither notify the other again nor restore a request.
        sent = ConnectionRequest.filter(sender_id=profile_id, receiver_id=other_id, withdrawn_at=None)
        await sent.update(withdrawn_at=now)
        await connection_rows.ignore(ConnectionRequest.filter(sender_id=other_id, receiver_id=profile_id), now)


async def unblock(profile_id: int, other_id: int) -> None:
    """
    Remove a block. It restores no connection and no request. Without a block nothing changes. Raises Refused: NOT_FOUND (the
    blocker's own profile is gone).
    """
    async with in_transaction():
        if profile_id not in await lock_scores([profile_id, other_id]):
            raise refused(ErrorCode.NOT_FOUND, "There is no such profile.")
        await Block.filter(blocker_id=profile_id, blocked_id=other_id).delete()


async def _is_known_to(profile_id: int, other_id: int) -> bool:
    """True if the other profile is listed, or sent a request before it became private."""
    return await Profile.exists(id=other_id, listed=True) or await ConnectionRequest.exists(
        sender_id=other_id, receiver_id=profile_id, withdrawn_at=None
    )
