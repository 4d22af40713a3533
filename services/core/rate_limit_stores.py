"""
Where rate limits are counted: in this process, or in a Redis that several processes share.

A bucket is one number, the time at which it will be full again (GCRA). Taking from it moves that time ahead. A call that
would move it further ahead than an empty bucket needs is refused.
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

MAX_BUCKETS_PER_LIMIT = 10_000
"""
Buckets of one limit that a process stores; the least recently used are evicted. Each is a digest and a number, about 300
bytes: 3 MB for a limit.
"""
REDIS_TIMEOUT_SECONDS = 0.25
"""Seconds that Redis has for an answer."""
REDIS_RETRY_SECONDS = 5.0
"""Seconds until a Redis that did not answer is tried again."""
WARNING_INTERVAL_SECONDS = 60.0
"""Seconds between two warnings about it."""
PREFIX = "{community:limits}:"
"""Prefix of every key. The text in braces decides a key's slot in a cluster, so that one script reaches all keys."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket and the cost to take from it. Times are in microseconds."""

    limit: str
    """The limit: the number of buckets is bounded for each limit."""
    key: str
    """The owner of the bucket, as a keyed hash."""
    interval: int
    burst: int
    cost: int


class Store(Protocol):
    """Counts buckets. Times are microseconds since 1970."""

    async def take(self, buckets: Sequence[Bucket], now: int, *, owed: bool = False) -> int:
        """
        Take the costs from all buckets, or from none if one of them has too little.

        Returns 0, or the microseconds until all costs can be taken. With `owed` the costs are always taken, and a bucket
        that has too little becomes empty.
        """

    async def close(self) -> None:
        """Close what is open."""


class InProcess:
    """Counts in this process. `take` never awaits, so calls cannot interleave."""

    def __init__(self, max_buckets: int = MAX_BUCKETS_PER_LIMIT) -> None:
        self._max_buckets = max_buckets
        self._full_at: dict[str, OrderedDict[str, int]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._full_at.values()))

    async def take(self, buckets: Sequence[Bucket], now: int, *, owed: bool = False) -> int:
        """See Store."""
        before, after, wait = [], [], 0
        for each in buckets:
            stored = self._full_at.get(each.limit)
            empty = now + each.interval * each.burst
            # A clock that was set back must not lock out a client: no bucket is ever more than empty.
            full_at = min(max(stored.get(each.key, now) if stored else now, now), empty)
            moved = full_at + each.interval * each.cost
            wait = max(wait, moved - empty)
            before.append(full_at)
            after.append(min(moved, empty))
        taken = owed or not wait
        for each, full_at in zip(buckets, after if taken else before, strict=True):
            self._put(each, full_at, now)
        return 0 if taken else wait

    async def close(self) -> None:
        """See Store."""
        self._full_at.clear()

    def _put(self, bucket: Bucket, full_at: int, now: int) -> None:
        if full_at <= now:
            return
        stored = self._full_at.setdefault(bucket.limit, OrderedDict())
        stored[bucket.key] = full_at
        stored.move_to_end(bucket.key)
        if len(stored) > self._max_buckets:
            stored.popitem(last=False)
        # Evict two expired buckets per insert, so that the rest of a flood drains quickly.
        for _ in range(2):
            oldest = next(iter(stored))
            if stored[oldest] > now:
                break
            del stored[oldest]


TAKE = """
local now, owed, wait, before, after = tonumber(ARGV[1]), ARGV[2] == '1', 0, {}, {}
for i, key in ipairs(KEYS) do
  local interval, burst, cost = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
  local empty = now + interval * burst
  before[i] = math.min(math.max(tonumber(redis.call('GET', key) or '') or now, now), empty)
  after[i] = before[i] + interval * cost
  wait = math.max(wait, after[i] - empty)
  after[i] = math.min(after[i], empty)
end
local taken = owed or wait == 0
for i, key in ipairs(KEYS) do
  local full_at = taken and after[i] or before[i]
  if full_at > now then
    redis.call('SET', key, string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
  end
end
return taken and 0 or wait
"""


class Shared:
    """
    Counts in Redis, for several processes together.

    While Redis does not answer, each process counts for itself: limits then apply per process, and no client is locked
    out. `url` may contain a password: it is never logged.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = REDIS_TIMEOUT_SECONDS,
        retry_seconds: float = REDIS_RETRY_SECONDS,
        prefix: str = PREFIX,
    ) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=32,
            timeout=timeout_seconds,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 1),  # once: the connection may have been idle for too long
        )
        self._redis: Redis = Redis.from_pool(pool)
        self._take_script = self._redis.register_script(TAKE)
        self._fallback = InProcess()
        self._timeout_seconds, self._retry_seconds, self._prefix = timeout_seconds, retry_seconds, prefix
        self._next_try = self._next_warning = 0.0

    async def take(self, buckets: Sequence[Bucket], now: int, *, owed: bool = False) -> int:
        """See Store."""
        if monotonic() >= self._next_try:
            try:
                async with asyncio.timeout(2 * self._timeout_seconds):
                    return await self._take_from_redis(buckets, now, owed=owed)
            except (RedisError, OSError, TimeoutError) as failed:
                self._redis_failed(failed)
        return await self._fallback.take(buckets, now, owed=owed)

    async def close(self) -> None:
        """See Store."""
        await self._redis.aclose()
        await self._fallback.close()

    async def _take_from_redis(self, buckets: Sequence[Bucket], now: int, *, owed: bool) -> int:
        keys = [f"{self._prefix}{each.limit}:{each.key}" for each in buckets]
        figures = [figure for each in buckets for figure in (each.interval, each.burst, each.cost)]
        return int(await self._take_script(keys=keys, args=[now, int(owed), *figures]))

    def _redis_failed(self, failed: Exception) -> None:
        moment = monotonic()
        self._next_try = moment + self._retry_seconds
        if moment >= self._next_warning:
            self._next_warning = moment + WARNING_INTERVAL_SECONDS
            log.warning("rate_limits.not_shared", reason=type(failed).__name__, until="Redis answers again")
