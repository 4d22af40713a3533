"""
Rate limits: every operation that can be abused spends from a limit first. The figures are in catalogue/limits.toml.

Rule: docs/rules/api.md#request-limits.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from catalogue.languages import Text
from catalogue.limits import LIMITS, SECOND
from models.transactions import forbid_transaction
from services.core import clock, runtime
from services.core.crypto import keyed_digest
from services.core.rate_limit_stores import Bucket, InProcess, Shared, Store
from services.core.runtime import Runtime
from services.errors import ErrorCode, refused

NETWORK_BITS = 64
"""Bits of an IPv6 address that are counted: a client with one address has all of its /64."""
MAX_CACHED_KEY_LENGTH = 100
"""Characters of the keys up to which their buckets are cached."""


class RateLimits:
    """What one server has counted: a store, and the buckets of its most frequent operations."""

    def __init__(self, store: Store | None = None) -> None:
        self.store: Store = store or InProcess()
        # A cache for each server: the keys of buckets depend on its secret key.
        self._cached_buckets = lru_cache(maxsize=4_096)(_buckets_of)

    def buckets(self, operation: str, by: Sequence[str], cost: int) -> tuple[Bucket, ...]:
        """Return the buckets that an operation spends from. Raises LookupError as `spend` does."""
        known = tuple(by)
        # Long keys are not cached: they could fill the memory.
        short = sum(map(len, known)) <= MAX_CACHED_KEY_LENGTH
        return (self._cached_buckets if short else _buckets_of)(operation, known, cost)


async def spend(operation: str, *, by: Sequence[str], cost: int = 1) -> None:
    """
    Take `cost` from each limit of an operation, or from none of them.

    `by` names who is counted, as `kind:value`: `address:192.0.2.7`, `account:5`, `email:ada@people.example`; exactly the
    kinds that the operation has in catalogue/limits.toml. Raises Refused: RATE_LIMITED, with `retry_after` in whole
    seconds, at least 1; LookupError for an operation or kinds that the catalogue does not have.
    Must not run in a transaction.
    """
    forbid_transaction()
    limits = _limits(runtime.current())
    wait = await limits.store.take(limits.buckets(operation, by, cost), _now())
    if wait:
        seconds = -(-wait // SECOND)
        text = Text("Too many requests. Try again in {seconds} seconds.", seconds=seconds)
        if seconds == 1:
            text = Text("Too many requests. Try again in 1 second.")
        raise refused(ErrorCode.RATE_LIMITED, text, retry_after=seconds)


async def charge(operation: str, *, by: Sequence[str], cost: int) -> None:
    """Charge extra cost after the fact. Never refuses; it may empty the buckets. Raises LookupError as `spend` does."""
    limits = _limits(runtime.current())
    await limits.store.take(limits.buckets(operation, by, cost), _now(), owed=True)


@asynccontextmanager
async def opened(here: Runtime) -> AsyncIterator[Store]:
    """Count inside the block where the runtime's settings say: in Redis, or in this process."""
    limits = _limits(here)
    before = limits.store
    url = here.settings.redis_url
    limits.store = Shared(url) if url else InProcess()
    try:
        yield limits.store
    finally:
        await limits.store.close()
        limits.store = before


def _limits(here: Runtime) -> RateLimits:
    return here.part(RateLimits, RateLimits)


def _now() -> int:
    return int(clock.now().timestamp() * SECOND)


def _buckets_of(operation: str, by: tuple[str, ...], cost: int) -> tuple[Bucket, ...]:
    limits = LIMITS.get(operation)
    if limits is None:
        raise LookupError(f"{operation!r} is not in catalogue/limits.toml.")
    values = dict(_kind_and_value(each) for each in by)
    known = {kind for limit in limits for kind in limit.kinds}
    if values.keys() != known:
        raise LookupError(f"{operation} is counted by {', '.join(sorted(known))}, not {', '.join(sorted(values))}.")
    return tuple(
        Bucket(
            limit=limit.bucket,
            key=_key(*(values[kind] for kind in limit.kinds)),
            interval=limit.interval,
            burst=limit.burst,
            cost=min(cost, limit.burst),
        )
        for limit in limits
    )


def _kind_and_value(by: str) -> tuple[str, str]:
    kind, _, value = by.partition(":")
    return kind, network_of(value) if kind == "address" else value


@lru_cache(maxsize=4_096)
def network_of(address: str) -> str:
    """Return what an address is counted as: IPv4 itself, also if written as IPv6; the /64 of IPv6; other text itself."""
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(read, IPv4Address):
        return str(read)
    if read.ipv4_mapped:
        return str(read.ipv4_mapped)
    rest = 128 - NETWORK_BITS
    return f"{IPv6Address(int(read) >> rest << rest)}/{NETWORK_BITS}"


def _key(*values: str) -> str:
    """Return a short key that cannot be read back: the values may be people's addresses."""
    return keyed_digest("limits", *values)[:32]
