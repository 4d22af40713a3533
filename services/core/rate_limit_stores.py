"""
Where limits are counted: in this process, or in a Redis that several processes share.

A bucket is one number, the moment at which it will be whole again (GCRA). Taking moves that moment on; what would move it
further than a whole bucket ahead is refused.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

KEEP = 10_000
"""
Buckets of one limit that a process holds at most; those unused the longest leave first. Each is a digest and a number, some
300 bytes: 3 MB for a limit.
"""
REDIS_TIMEOUT_SECONDS = 0.25
"""Seconds that Redis gets for an answer."""
REDIS_RETRY_SECONDS = 5.0
"""Seconds in which a Redis that gave none is not asked again."""
QUIET = 60.0
"""Seconds between two warnings about it."""
PREFIX = "{community:limits}:"
"""Begins every key. What stands in braces decides a key's place in a cluster, so one script reaches all."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is to be taken, and from where. Times are in microseconds."""

    limit: str
    """Which limit: buckets of one limit are bounded together."""
    key: str
    """Whose bucket of it."""
    interval: int
    burst: int
    cost: int


class Store(Protocol):
    """Counts. Times are microseconds since 1970."""

    async def take(self, buckets: Sequence[Bucket], now: int, *, owed: bool = False) -> int:
        """
        Take from all buckets at once or, when one of them holds too little, from none.

        Returns 0, or the microseconds until all of it can be taken. With `owed` it is taken anyhow, down to nothing.
        """

    async def close(self) -> None:
        """Let go of what is open."""


class InProcess:
    """Counts in this process. Nothing here waits, so nobody comes in between."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._held: dict[str, OrderedDict[str, int]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._held.values()))

    async def take(self, buckets: Sequence[Bucket], now: int, *, owed: bool = False) -> int:
        """See Store."""
        before, after, wait = [], [], 0
        for each in buckets:
            held = self._held.get(each.limit)
            full = now + each.interval * each.burst
            # A clock that was set back must not lock anybody out: no bucket is ever more than empty.
            whole = min(max(held.get(each.key, now) if held else now, now), full)
            moved = whole + each.interval * each.cost
            wait = max(wait, moved - full)
            before.append(whole)
            after.append(min(moved, full))
        taken = owed or not wait
        for each, whole in zip(buckets, after if taken else before, strict=True):
            self._put(each, whole, now)
        return 0 if taken else wait

    async def close(self) -> None:
        """See Store."""
        self._held.clear()

    def _put(self, bucket: Bucket, whole: int, now: int) -> None:
        if whole <= now:
            return
        held = self._held.setdefault(bucket.limit, OrderedDict())
        held[bucket.key] = whole
        held.move_to_end(bucket.key)
        if len(held) > self._keep:
            held.popitem(last=False)
        # Two leave for one that comes: what an attack left behind is gone soon after.
        for _ in range(2):
            oldest = next(iter(held))
            if held[oldest] > now:
                break
            del held[oldest]


TAKE = """
local now, owed, wait, before, after = tonumber(ARGV[1]), ARGV[2] == '1', 0, {}, {}
for i, key in ipairs(KEYS) do
  local interval, burst, cost = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
  local full = now + interval * burst
  before[i] = math.min(math.max(tonumber(redis.call('GET', key) or '') or now, now), full)
  after[i] = before[i] + interval * cost
  wait = math.max(wait, after[i] - full)
  after[i] = math.min(after[i], full)
end
local taken = owed or wait == 0
for i, key in ipairs(KEYS) do
  local whole = taken and after[i] or before[i]
  if whole > now then
    redis.call('SET', key, string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000))
  end
end
return taken and 0 or wait
"""


class Shared:
    """
    Counts in Redis, for several processes together.

    When Redis does not answer, each process counts for itself until it does: limits then hold per process, and nobody
    is locked out. `url` may hold a password: it is never logged.
    """

    def __init__(
        self,
        url: str,
        *,
        patience: float = REDIS_TIMEOUT_SECONDS,
        pause: float = REDIS_RETRY_SECONDS,
        prefix: str = PREFIX,
    ) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=32,
            timeout=patience,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 1),  # once: the connection may have been idle for too long
        )
        self._redis: Redis = Redis.from_pool(pool)
        self._take = self._redis.register_script(TAKE)
        self._alone = InProcess()
        self._patience, self._pause, self._prefix = patience, pause, prefix
        self._asked_again_at = self._warned_again_at = 0.0

    async def take(self, buckets: Sequence[Bucket], now: int, *, owed: bool = False) -> int:
        """See Store."""
        if monotonic() >= self._asked_again_at:
            try:
                async with asyncio.timeout(2 * self._patience):
                    return await self._ask(buckets, now, owed=owed)
            except (RedisError, OSError, TimeoutError) as failed:
                self._gone(failed)
        return await self._alone.take(buckets, now, owed=owed)

    async def close(self) -> None:
        """See Store."""
        await self._redis.aclose()
        await self._alone.close()

    async def _ask(self, buckets: Sequence[Bucket], now: int, *, owed: bool) -> int:
        keys = [f"{self._prefix}{each.limit}:{each.key}" for each in buckets]
        figures = [figure for each in buckets for figure in (each.interval, each.burst, each.cost)]
        return int(await self._take(keys=keys, args=[now, int(owed), *figures]))

    def _gone(self, failed: Exception) -> None:
        moment = monotonic()
        self._asked_again_at = moment + self._pause
        if moment >= self._warned_again_at:
            self._warned_again_at = moment + QUIET
            log.warning("limits_not_shared", reason=type(failed).__name__, until="Redis answers again")
