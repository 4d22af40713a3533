"""Rate limits in this process and in Redis, and attempts to get round them."""

import ast
import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from catalogue.limits import LIMITS, SECOND
from services.core import clock, rate_limits
from services.core.rate_limit_stores import Bucket, InProcess, Shared, Store
from services.core.rate_limits import RateLimits
from services.core.runtime import Runtime
from services.errors import ErrorCode, Refused
from settings import HERE, Settings
from tests.helpers.runtimes import counting_in

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
START = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOWHERE = "redis://127.0.0.1:1/0"


def bucket(key: str = "a", *, burst: int = 10, cost: int = 1, limit: str = "test:key") -> Bucket:
    return Bucket(limit, key, interval=SECOND, burst=burst, cost=cost)


@pytest.fixture(params=["in process", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if request.param == "in process":
        made: Store = InProcess()
    else:
        prefix = f"{{test:{uuid4().hex}}}:"
        redis = Redis.from_url(REDIS, socket_connect_timeout=1)
        try:
            await redis.ping()
        except (RedisError, OSError):
            pytest.skip(f"no Redis at {REDIS}")
        finally:
            await redis.aclose()
        made = Shared(REDIS, prefix=prefix, timeout_seconds=5)
    with counting_in(made):
        yield made
    await made.close()


async def waits(operation: str, *by: str) -> int:
    """Spend; answer the seconds to wait, 0 when it was taken."""
    try:
        await rate_limits.spend(operation, by=by)
    except Refused as refusal:
        [problem] = refusal.problems
        assert problem.code is ErrorCode.RATE_LIMITED
        wait: Any = problem.facts["retry_after"]
        assert type(wait) is int and wait >= 1
        return wait
    return 0


async def test_a_limit_gives_what_it_says_and_then_says_when(store: Store) -> None:
    with clock.frozen(START):
        assert [await waits("code", "address:192.0.2.7") for _ in range(30)] == [0] * 30
        wait = await waits("code", "address:192.0.2.7")
        assert wait == 10  # 30 in 300 seconds: one each 10 seconds
        assert await waits("code", "address:192.0.2.8") == 0
    with clock.frozen(START + timedelta(seconds=wait - 1)):
        assert await waits("code", "address:192.0.2.7") == 1
    with clock.frozen(START + timedelta(seconds=wait)):
        assert await waits("code", "address:192.0.2.7") == 0
        assert await waits("code", "address:192.0.2.7") == 10
    with clock.frozen(START + timedelta(seconds=700)):
        assert [await waits("code", "address:192.0.2.7") for _ in range(31)] == [0] * 30 + [10]


async def test_fifty_at_once_get_exactly_the_limit(store: Store) -> None:
    with clock.frozen(START):
        answers = await asyncio.gather(*(waits("second-factor", "account:5") for _ in range(50)))
    assert answers.count(0) == 10


async def test_what_one_key_refuses_costs_the_others_nothing(store: Store) -> None:
    with clock.frozen(START):
        # given somebody who is out of tries for one person
        for _ in range(10):
            assert await waits("sign-in", "address:192.0.2.7", "email:ada@people.example") == 0
        # when they go on
        for _ in range(100):
            assert await waits("sign-in", "address:192.0.2.7", "email:ada@people.example") == 30
        # then the address has its 20 others
        others = [await waits("sign-in", "address:192.0.2.7", f"email:p{n}@people.example") for n in range(21)]
        assert others == [0] * 20 + [10]
        # and the person still signs in from elsewhere
        assert await waits("sign-in", "address:198.51.100.1", "email:ada@people.example") == 0


async def test_many_addresses_that_guess_one_person_are_stopped(store: Store) -> None:
    with clock.frozen(START):
        taken = [
            await waits("sign-in", f"address:10.0.{n // 200}.{n % 200}", "email:ada@a.example") for n in range(610)
        ]
    assert taken.count(0) == 600


async def test_mails_to_one_mailbox_are_counted_together(store: Store) -> None:
    ada = "email:ada@people.example"
    with clock.frozen(START):
        for operation in ("sign-up", "resend", "resend", "sign-up", "sign-up"):
            assert await waits(operation, "address:192.0.2.7", ada) == 0
        # from this network it is enough; from another one it goes on, and a new password is counted by itself
        assert await waits("resend", "address:192.0.2.7", ada) == 720
        assert await waits("resend", "address:198.51.100.1", ada) == 0
        for _ in range(5):
            assert await waits("forgot-password", "address:192.0.2.7", ada) == 0
        assert await waits("forgot-password", "address:198.51.100.1", ada) == 720


async def test_a_charge_leaves_nothing_and_no_debt(store: Store) -> None:
    with clock.frozen(START):
        await rate_limits.charge("second-factor", by=["account:5"], cost=8)
        await rate_limits.charge("second-factor", by=["account:5"], cost=8)
        assert await waits("second-factor", "account:5") == 30


async def test_what_costs_more_than_there_can_be_is_possible_when_nothing_is_spent(store: Store) -> None:
    with clock.frozen(START):
        await rate_limits.spend("second-factor", by=["account:5"], cost=1_000)
        assert await waits("second-factor", "account:5") == 30


async def test_a_clock_that_is_set_back_locks_nobody_out(store: Store) -> None:
    with clock.frozen(START + timedelta(days=30)):
        for _ in range(10):
            await waits("second-factor", "account:5")
    with clock.frozen(START):
        assert await waits("second-factor", "account:5") == 30
    with clock.frozen(START + timedelta(seconds=30)):
        assert await waits("second-factor", "account:5") == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("192.0.2.7", "::ffff:192.0.2.7"),
        ("192.0.2.7", "::FFFF:C000:207"),
        ("2001:db8::1", "2001:0DB8:0:0:ffff:ffff:ffff:ffff"),
        ("2001:db8::1", "2001:db8::abcd%eth0"),
    ],
)
async def test_another_spelling_or_the_next_address_of_a_network_is_no_other_client(first: str, second: str) -> None:
    with clock.frozen(START):
        for _ in range(30):
            assert await waits("code", f"address:{first}") == 0
        assert await waits("code", f"address:{second}") == 10
        assert await waits("code", "address:2001:db8:0:1::1") == 0


async def test_neither_keys_nor_their_number_can_fill_memory() -> None:
    store = InProcess(max_buckets=1_000)
    with counting_in(store), clock.frozen(START):
        for number in range(10_000):
            await rate_limits.spend("code", by=[f"address:{'x' * 1_000}{number}"])
        assert len(store) == 1_000
        assert max(len(key) for held in store._full_at.values() for key in held) == 32
    # when the attack is over, what it left goes by itself
    with counting_in(store), clock.frozen(START + timedelta(hours=1)):
        for number in range(500):
            await rate_limits.spend("code", by=[f"address:10.0.0.{number}"])
        assert len(store) == 500


async def test_a_flood_of_one_limit_does_not_wash_away_another() -> None:
    with counting_in(InProcess(max_buckets=100)), clock.frozen(START):
        for _ in range(10):
            await rate_limits.spend("second-factor", by=["account:5"])
        for number in range(10_000):
            await rate_limits.spend("request-anonymous", by=[f"address:client-{number}"])
        assert await waits("second-factor", "account:5") == 30


async def test_without_redis_each_process_counts_for_itself() -> None:
    # given
    store = Shared(NOWHERE, retry_seconds=0)
    with structlog.testing.capture_logs() as seen, counting_in(store), clock.frozen(START):
        # when
        answers = [await waits("second-factor", "account:5") for _ in range(12)]
    # then nobody is locked out, nobody is let through for ever, and it is said once
    assert answers == [0] * 10 + [30] * 2
    assert [(line["event"], line["log_level"]) for line in seen] == [("rate_limits.not_shared", "warning")]
    await store.close()


async def redis_server(port: int) -> asyncio.subprocess.Process:
    """A Redis of our own, ready."""
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = await asyncio.create_subprocess_exec(
        "redis-server", *options, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    probe = Redis.from_url(f"redis://127.0.0.1:{port}/0")
    try:
        async with asyncio.timeout(10):
            while True:
                with suppress(RedisError, OSError):
                    await probe.ping()
                    return process
                await asyncio.sleep(0.02)
    finally:
        await probe.aclose()


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server to start and stop")
async def test_a_redis_that_goes_away_is_missed_and_found_again(unused_tcp_port: int) -> None:
    process = await redis_server(unused_tcp_port)
    store = Shared(f"redis://127.0.0.1:{unused_tcp_port}/0", retry_seconds=0, timeout_seconds=1)
    try:
        with counting_in(store), clock.frozen(START), structlog.testing.capture_logs() as seen:
            # given somebody who used up a limit there
            assert [await waits("second-factor", "account:5") for _ in range(11)] == [0] * 10 + [30]
            assert len(store._fallback) == 0 and not seen
            # when it goes, this process counts from nothing
            process.kill()
            await process.wait()
            assert [await waits("second-factor", "account:5") for _ in range(11)] == [0] * 10 + [30]
            assert len(seen) == 1
            # when it is back, without what it knew and without our script, it counts again
            process = await redis_server(unused_tcp_port)
            assert [await waits("second-factor", "account:5") for _ in range(11)] == [0] * 10 + [30]
            assert await store._redis.dbsize() == 1
    finally:
        await store.close()
        process.kill()
        await process.wait()


async def test_a_redis_that_never_answers_is_not_waited_for() -> None:
    # given
    calls = 0

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await reader.read()  # until the other side is gone
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = Shared(f"redis://:s3cret@127.0.0.1:{port}/0", timeout_seconds=0.05, retry_seconds=60)
    # when
    started = asyncio.get_running_loop().time()
    with structlog.testing.capture_logs() as seen, counting_in(store):
        await asyncio.gather(*(waits("request", "account:5") for _ in range(20)))
        asked = calls
        for _ in range(100):
            await waits("request", "account:5")
    # then
    assert asyncio.get_running_loop().time() - started < 3
    assert calls == asked
    assert len(seen) == 1 and "s3cret" not in str(seen)
    await store.close()
    server.close()
    await server.wait_closed()


async def test_redis_counts_for_several_processes() -> None:
    prefix = f"{{test:{uuid4().hex}}}:"
    stores = [Shared(REDIS, prefix=prefix, timeout_seconds=5) for _ in range(2)]
    try:
        await stores[0]._redis.ping()
    except (RedisError, OSError):
        pytest.skip(f"no Redis at {REDIS}")
    moment = 1_773_144_000 * SECOND
    answers = await asyncio.gather(*(stores[n % 2].take([bucket()], moment) for n in range(50)))
    assert answers.count(0) == 10
    # and nothing stays there for longer than it matters, nor can be read there
    [key] = [each async for each in stores[0]._redis.scan_iter(match=f"{prefix.replace('[', '')}*")]
    assert 0 < await stores[0]._redis.pttl(key) <= 10_000
    for each in stores:
        await each.close()


async def test_keys_tell_nothing_about_people() -> None:
    store = InProcess()
    with counting_in(store):
        await rate_limits.spend("sign-in", by=["address:192.0.2.7", "email:ada@people.example"])
    # whole words, since digests and moments hold any three characters by chance
    kept = str(store._full_at)
    assert store._full_at and "ada@people" not in kept and "people.example" not in kept and "192.0.2.7" not in kept


async def test_settings_say_where_it_is_counted() -> None:
    here = Runtime(Settings())
    async with rate_limits.opened(here) as own:
        assert isinstance(own, InProcess)
    here = Runtime(Settings(redis_url=NOWHERE))
    limits = here.part(RateLimits, RateLimits)
    async with rate_limits.opened(here) as shared:
        assert isinstance(shared, Shared) and limits.store is shared
    assert limits.store is not shared


async def test_two_servers_in_one_process_count_for_themselves() -> None:
    with clock.frozen(START):
        with Runtime(Settings(secret_key="5e" * 32)).active():
            await rate_limits.charge("second-factor", by=["account:5"], cost=10)
            assert await waits("second-factor", "account:5") == 30
        with Runtime(Settings(secret_key="07" * 32)).active():
            assert await waits("second-factor", "account:5") == 0


@pytest.mark.parametrize(
    ("operation", "by"),
    [("nothing", ["account:5"]), ("code", ["account:5"]), ("code", []), ("sign-in", ["address:192.0.2.7"])],
)
async def test_an_operation_is_counted_by_what_the_catalogue_says(operation: str, by: list[str]) -> None:
    with pytest.raises(LookupError):
        await rate_limits.spend(operation, by=by)


def calls_of_spend() -> set[str]:
    found = set()
    for file in [each for room in ("services", "resolvers", "web") for each in (HERE / room).rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) in {"spend", "rate_limits.spend"}
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(str(node.args[0].value))
    return found


def test_every_limit_is_used_and_every_use_has_a_limit() -> None:
    assert calls_of_spend() | {"request", "request-anonymous", "delivery", "delivery-anonymous"} == LIMITS.keys()


def test_limits_that_share_a_bucket_agree_about_it() -> None:
    figures: dict[str, set[tuple[int, int]]] = {}
    for each in (limit for operation in LIMITS.values() for limit in operation):
        assert each.interval > 0 and each.burst > 0
        figures.setdefault(each.bucket, set()).add((each.interval, each.burst))
    assert {bucket: len(found) for bucket, found in figures.items() if len(found) > 1} == {}
