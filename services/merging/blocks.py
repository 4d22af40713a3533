"""Whom two profiles have blocked, and who has blocked them: a block of or by either is one of the merged profile."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from models.connections import Block
from services.merging.plan import Pair


@dataclass(frozen=True)
class Blocks:
    """People whom one of the two has blocked, and people who have blocked one of the two; without the two themselves."""

    by_own: Collection[int]
    by_others: Collection[int]

    def __contains__(self, other: int) -> bool:
        return other in self.by_own or other in self.by_others


async def blocks_of(pair: Pair) -> Blocks:
    """Read the blocks, before or after they were moved. Unique (blocker_id, blocked_id); index (blocked_id, blocker_id)."""
    by_own: Any = Block.filter(blocker_id__in=pair).values_list("blocked_id", flat=True)
    by_others: Any = Block.filter(blocked_id__in=pair).values_list("blocker_id", flat=True)
    return Blocks(set(await by_own) - set(pair), set(await by_others) - set(pair))
