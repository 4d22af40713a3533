"""
How often: every operation that can be abused spends from a limit first. The figures are in catalogue/limits.toml.

Rule: docs/rules/api.md#request-limits.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from catalogue.languages import Text
from catalogue.limits import LIMITS, SECOND
from services.core import clock
from services.core.crypto import keyed_digest
from services.core.rate_limit_stores import Bucket, InProcess, Shared, Store
from services.errors import ErrorCode, refused
from settings import Settings

NETWORK = 64
"""Bits of an IPv6 address that count: whoever has one address has all of the /64."""
SHORT = 100
"""Characters up to which keys are kept worked out."""

_alone = InProcess()
_stores: list[Store] = []


async def spend(operation: str, *, by: Sequence[str], cost: int = 1) -> None:
    """
    Take `cost` from each limit of an operation, or from none of them.

    `by` names whom it counts for, as `kind:value`: `address:192.0.2.7`, `account:5`, `email:ada@people.example`; exactly
    the kinds that the operation has in catalogue/limits.toml. Raises Refused: RATE_LIMITED, with `retry_after` in whole
    seconds, at least 1; LookupError for an operation or kinds that the catalogue does not have.
    """
    wait = await _store().take(_buckets(operation, by, cost), _now())
    if wait:
        seconds = -(-wait // SECOND)
        text = Text("Too often. Try again in {seconds} seconds.", seconds=seconds)
        if seconds == 1:
            text = Text("Too often. Try again in 1 second.")
        raise refused(ErrorCode.RATE_LIMITED, text, retry_after=seconds)


async def charge(operation: str, *, by: Sequence[str], cost: int) -> None:
    """Take for what is already done and was dearer than it looked; never refuses, leaves at worst nothing."""
    await _store().take(_buckets(operation, by, cost), _now(), owed=True)


@contextmanager
def using(store: Store) -> Iterator[Store]:
    """Count in this store inside."""
    _stores.append(store)
    try:
        yield store
    finally:
        _stores.remove(store)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """Count inside where the settings say: in Redis, or in this process from nothing."""
    store = Shared(settings.redis_url) if settings.redis_url else InProcess()
    with using(store):
        try:
            yield store
        finally:
            await store.close()


def reset() -> None:
    """Forget what was counted outside of `using` and `opened`: for tests."""
    global _alone  # noqa: PLW0603 - the one place that replaces it
    _alone = InProcess()


def _store() -> Store:
    return _stores[-1] if _stores else _alone


def _now() -> int:
    return int(clock.now().timestamp() * SECOND)


def _buckets(operation: str, by: Sequence[str], cost: int) -> tuple[Bucket, ...]:
    # What is asked for each request is not worked out again; what is long enough to fill memory is not kept.
    known = tuple(by)
    return (_worked_out if sum(map(len, known)) <= SHORT else _worked_out.__wrapped__)(operation, known, cost)


@lru_cache(maxsize=4_096)
def _worked_out(operation: str, by: tuple[str, ...], cost: int) -> tuple[Bucket, ...]:
    limits = LIMITS.get(operation)
    if limits is None:
        raise LookupError(f"{operation!r} is not in catalogue/limits.toml.")
    given = dict(_split(each) for each in by)
    known = {kind for limit in limits for kind in limit.kinds}
    if given.keys() != known:
        raise LookupError(f"{operation} is counted by {', '.join(sorted(known))}, not {', '.join(sorted(given))}.")
    return tuple(
        Bucket(
            limit=limit.bucket,
            key=_key(*(given[kind] for kind in limit.kinds)),
            interval=limit.interval,
            burst=limit.burst,
            cost=min(cost, limit.burst),
        )
        for limit in limits
    )


def _split(by: str) -> tuple[str, str]:
    kind, _, value = by.partition(":")
    return kind, network_of(value) if kind == "address" else value


@lru_cache(maxsize=4_096)
def network_of(address: str) -> str:
    """What an address counts as: IPv4 itself, also when written as IPv6; of IPv6 the /64. Any other text is itself."""
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(read, IPv4Address):
        return str(read)
    if read.ipv4_mapped:
        return str(read.ipv4_mapped)
    return f"{IPv6Address(int(read) >> 128 - NETWORK << 128 - NETWORK)}/{NETWORK}"


def _key(*values: str) -> str:
    """Short, however long the values are, and not to be read back: addresses of people stand in it."""
    return keyed_digest("limits", *values)[:32]
