"""
Blocks: two people who are nothing to each other any more, whoever of them wished it.

A block covers people features: requests, suggestions, mutual connections, lists of connections, invites, tags. Public
pages, search and boards stay as they are. Rule: docs/rules/connections.md#blocks.
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
    """Which of these profiles a block stands between and this one, whoever made it."""
    if not others:
        return set()
    either = Q(blocker_id=profile_id, blocked_id__in=others) | Q(blocked_id=profile_id, blocker_id__in=others)
    rows: Any = Block.filter(either).values_list("blocker_id", "blocked_id")
    return {other for pair in await rows for other in pair if other != profile_id}


async def block(profile_id: int, other_id: int) -> None:
    """
    Let `profile_id` block somebody: ends their connection, takes the own request back, and puts theirs away like one
    that is ignored, which its sender goes on seeing. Tells nobody; again changes nothing.

    Raises Refused: NOT_YOURSELF; NOT_FOUND (hidden from the one who asks, or never there).
    """
    if profile_id == other_id:
        raise refused(ErrorCode.NOT_YOURSELF, "You cannot block yourself.", path=("profile",))
    async with in_transaction():
        # Whoever connects or asks takes these two locks too: nothing comes between.
        people = await lock_scores([profile_id, other_id])
        if await Block.exists(blocker_id=profile_id, blocked_id=other_id):
            return
        if other_id not in people or not await _meets(profile_id, other_id):
            raise refused(ErrorCode.NOT_FOUND, "There is no such profile.", path=("profile",))
        now = clock.now()
        await Block.create(blocker_id=profile_id, blocked_id=other_id, blocked_at=now)
        await connection_rows.part(profile_id, other_id)
        await collaborators.part(profile_id, other_id)
        # Neither row goes: blocking and unblocking must not make the other's phone ring anew, nor bring a request back.
        sent = ConnectionRequest.filter(sender_id=profile_id, receiver_id=other_id, withdrawn_at=None)
        await sent.update(withdrawn_at=now)
        await connection_rows.ignore(ConnectionRequest.filter(sender_id=other_id, receiver_id=profile_id), now)


async def unblock(profile_id: int, other_id: int) -> None:
    """End a block that `profile_id` made. What it ended stays ended; one that is not there changes nothing."""
    async with in_transaction():
        await lock_scores([profile_id, other_id])
        await Block.filter(blocker_id=profile_id, blocked_id=other_id).delete()


async def _meets(profile_id: int, other_id: int) -> bool:
    """Whether one can meet the other here: the other is listed, or asked one before it went private."""
    return await Profile.exists(id=other_id, listed=True) or await ConnectionRequest.exists(
        sender_id=other_id, receiver_id=profile_id, withdrawn_at=None
    )
