"""Small texts that would be much work, and the bounds of the cache of documents."""

import asyncio
import time
from collections.abc import Callable

import pytest
from graphql import parse

import execution.executor
from execution import limits
from execution.documents import MAX_CACHED_TEXT
from execution.limits import Limits, TooComplex
from tests.helpers.toy_schema import make_executor, make_toy


def doubling(levels: int) -> str:
    """Each fragment spreads the next twice: 2 ** levels fields."""
    fragments = "".join(
        f"fragment F{n} on Author {{ a{n}: books {{ author {{ id }} }} ...F{n + 1} ...F{n + 1} }} "
        for n in range(levels)
    )
    return f"{{ author {{ ...F0 }} }} {fragments} fragment F{levels} on Author {{ id }}"


def doubling_deep(levels: int) -> str:
    """The same through fields under different names, which the depth bounds too."""
    fragments = "".join(
        f"fragment F{n} on Book {{ a: same {{ ...F{n + 1} }} b: same {{ ...F{n + 1} }} }} " for n in range(levels)
    )
    return f"{{ books {{ ...F0 }} }} {fragments} fragment F{levels} on Book {{ id }}"


def nested_interfaces(levels: int) -> str:
    """Each level can be of several types, and each is walked into."""
    return "{ items { author { items {" * levels + " id " + "} } } }" * levels


def chain(length: int) -> str:
    fragments = "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(length))
    return f"{{ ...F0 }} {fragments} fragment F{length} on Query {{ number }}"


async def seconds(text: str) -> tuple[float, list[str]]:
    executor, toy = make_executor(), make_toy()
    start = time.perf_counter()
    answer = await executor.run(text, None, None, toy)
    return time.perf_counter() - start, [error["extensions"]["code"] for error in answer.body.get("errors", [])]


@pytest.mark.parametrize(
    "text",
    [
        doubling(30),
        doubling_deep(30),
        doubling_deep(10),
        chain(550),
        "{ author " * 190 + "{ id }" + "}" * 190,
        "{" + "author { id } " * 240 + "}",
        "{ number } fragment Unused on Query {" + "author { id } " * 240 + "}",
        "{"
        + " ".join(f"...F{n}" for n in range(200))
        + "}"
        + " ".join(f"fragment F{n} on Query {{ n{n}: number }}" for n in range(200)),
        "{ author { name { name } " + "... { " * 100 + "id" + "}" * 102,
    ],
    ids=["doubling", "doubling_deep", "many_fields", "chain", "deep", "same", "same_unused", "spreads", "inline"],
)
async def test_small_texts_with_large_work_are_refused_at_once(text: str) -> None:
    # when
    took, codes = await seconds(text)
    # then
    assert codes
    assert took < 1.5  # exponential work would take minutes


async def test_interfaces_in_interfaces_are_answered_in_time() -> None:
    # given
    executor = make_executor()
    text = "{ author { items {" + " author { items {" * 3 + " id " + "} }" * 4 + "}"
    start = time.perf_counter()
    # when
    answer = await executor.run(text, None, None, make_toy())
    # then
    assert "errors" not in answer.body
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ a { b { c { d } } } }", "nests 4 levels deep; 3 are allowed"),
        ("{ ...A } fragment A on Q { a { b { ...B } } } fragment B on Q { c { d } }", "nests 4 levels"),
        ("{ a b c d e f g h i j k }", "more than 10 fields"),
        ("{ ...A ...A ...A } fragment A on Q { a b c d }", "more than 10 fields"),
        ("query A { a } query B { a b c d e f g h i j k }", "more than 10 fields"),
        ("{ a a a a a a a }", "under the same name"),
        ("{ x { a } x { a } x { a } x { a } x { a } }", "under the same name"),
        ("{ ...A } fragment A on Q { ...A }", "spreads itself"),
    ],
)
def test_each_limit_says_what_it_is(text: str, message: str) -> None:
    with pytest.raises(TooComplex, match=message):
        limits.check(parse(text), Limits(max_depth=3, max_fields=10, max_merges=40))


@pytest.mark.parametrize(
    "text",
    [
        "{ a { b { c } } }",
        "{ a b c d e f g h i j }",
        "{ ...A ...A } fragment A on Q { a b c }",
        "{ a a a a a }",
        "{ x { a } x { a } y { ...A } } fragment A on Q { a }",
        "{ ...Unknown }",
    ],
)
def test_within_the_limits_nothing_is_said(text: str) -> None:
    limits.check(parse(text), Limits(max_depth=3, max_fields=10, max_merges=40))


async def test_graphiqls_introspection_is_within_the_defaults() -> None:
    # given
    from graphql import get_introspection_query

    executor = make_executor(limits=Limits())
    # when
    answer = await executor.run(get_introspection_query(), None, None, make_toy())
    # then
    assert answer.body["data"]["__schema"]["types"]


async def test_caches_are_bounded() -> None:
    # given
    executor, toy = make_executor(max_bytes=900_000), make_toy()
    # when
    for number in range(50):
        await executor.run(f"query ($on: Boolean!) {{ n{number}: number @include(if: $on) }}", {"on": True}, None, toy)
        await executor.run(f"query ($on: Boolean!) {{ n{number}: number @include(if: $on) }}", {"on": False}, None, toy)
        await executor.run(f"{{ wrong{number} }}", None, None, toy)
    # then
    assert 0 < executor.prepared < 50
    assert 0 < len(executor.documents.cached) < 50
    assert executor.documents.cached.bytes <= 900_000


async def test_what_is_used_stays() -> None:
    # given
    executor, toy = make_executor(max_bytes=500_000), make_toy()
    await executor.run("{ number }", None, None, toy)
    kept = executor.documents.read("{ number }")
    # when
    for number in range(10):
        await executor.run(f"{{ n{number}: number }}", None, None, toy)
        await executor.run("{ number }", None, None, toy)
    # then
    assert executor.documents.read("{ number }") is kept


@pytest.mark.parametrize(
    "large",
    [lambda: "{ number }" + " " * MAX_CACHED_TEXT, lambda: "{ wrong }" + "#" * MAX_CACHED_TEXT],
    ids=["good", "wrong"],
)
async def test_large_texts_are_answered_and_not_kept(large: Callable[[], str]) -> None:
    # given
    executor = make_executor()
    # when
    answer = await executor.run(large(), None, None, make_toy())
    # then
    assert answer.body.get("data") == {"number": 0} or answer.request_error
    assert len(executor.documents.cached) == 0
    assert executor.prepared == 0


async def test_texts_that_arrive_together_are_read_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    executor, ticks, read_at = make_executor(), 0, list[int]()
    read = executor.documents.read

    def noted(text: str) -> object:
        read_at.append(ticks)
        return read(text)

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(execution.executor, "YIELD_AFTER", -1)  # as if each took long
    monkeypatch.setattr(executor.documents, "read", noted)
    ticking = asyncio.create_task(tick())
    # when
    await asyncio.gather(*(executor.run(f"{{ n{number}: number }}", None, None, make_toy()) for number in range(5)))
    ticking.cancel()
    # then: others had their turn between any two
    assert len(set(read_at)) == len(read_at) == 5
