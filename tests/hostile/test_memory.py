"""What is kept in memory: bounded by bytes, and as large as it is said to be."""

import gc
import random
import tracemalloc
from typing import Any

import pytest
from graphql import get_introspection_query

from execution.documents import MAX_CACHED_TEXT
from execution.executor import Executor
from execution.limits import Limits
from models.database import Database
from resolvers.base.context import Context
from schema.graph import build
from schema.scalars import UploadedFile
from services.core.bounded_cache import BoundedByBytes
from tests.helpers.factories import make_person

pytestmark = pytest.mark.sqlite_only  # nothing here depends on the database

CARD = "id handle name avatarUrl jobTitle country { code } company { id name } score { points } topBadges(limit: 3) { badge { name } level { number } }"


def repeated(times: int, each: str, around: str = "{{ {0} }}") -> str:
    return around.format(" ".join(each.replace("#", str(number)) for number in range(times)))


TEXTS: dict[str, tuple[str, dict[str, Any]]] = {
    "fields": (repeated(1_000, "a#: __typename"), {}),
    "a card": (f'{{ profile(by: {{handle: "ada"}}) {{ {CARD} }} }}', {}),
    "twenty cards": (
        repeated(20, f"a#: profile(by: {{handle: $h}}) {{ {CARD} }}", "query ($h: String!) {{ {0} }}"),
        {"h": "ada"},
    ),
    "ninety cards": (repeated(90, f'a#: profile(by: {{handle: "x#"}}) {{ {CARD} }}'), {}),
    "a list": (repeated(4_000, '"a"', "{{ profiles(skillCodes: [{0}]) {{ totalCount }} }}"), {}),
    "operations": (repeated(700, "query q# { __typename }", "{0}"), {}),
    "fragments": (
        repeated(120, "...f#") + repeated(120, " fragment f# on Query { a#: __typename b#: __typename }", "{0}"),
        {},
    ),
    "directives": (
        repeated(200, "$v#: Boolean!", "query ({0})") + repeated(200, "a#: __typename @skip(if: $v#)"),
        {f"v{number}": False for number in range(200)},
    ),
    "defaults": (
        repeated(200, '$v#: [ID!] = ["a" "b" "c"]', "query ({0})")
        + repeated(200, "a#: profiles(skillCodes: $v#) @skip(if: true) { totalCount }").replace("[ID!]", "[String!]"),
        {},
    ),
    "mutations": (
        repeated(
            100,
            'm#: verifyEmail(input: {signUpToken: "a", code: "b"}) @skip(if: true) { errors { code message path } }',
            "mutation {{ {0} }}",
        ),
        {},
    ),
    "errors": (repeated(15, "wrong#"), {}),
    "errors with many places": (repeated(500, "p#: profile(by: {id: $v}) { id }"), {}),
    "errors that repeat a text": ('{ leaderboard(board: "' + "a" * 15_000 + '") { asOf } }', {}),
    "an introspection": (get_introspection_query(), {}),
    "what a text of other letters is": ('{ profile(by: {handle: "' + "\U0001d54f" * 15_000 + '"}) { id } }', {}),
}


@pytest.fixture
async def context(database: Database) -> Context:
    await make_person()
    return Context(database)


def executor_of(max_bytes: int) -> Executor:
    return Executor(build(), limits=Limits(), concurrent=False, max_bytes=max_bytes)


@pytest.mark.parametrize("name", sorted(TEXTS))
async def test_entries_hold_no_more_than_is_counted(context: Context, name: str) -> None:
    # given
    text, variables = TEXTS[name]
    executor = executor_of(10**9)

    async def run(numbers: range) -> int:
        for number in numbers:
            await executor.run(text + " " * number, variables, None, context)
        context.loaders.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    await run(range(1))  # what is made once for a process is made
    tracemalloc.start()
    try:
        await run(range(1, 2))
        before = await run(range(2, 3))
        # when: Python's own tables grow now and then, so that of three times the least is what entries hold
        grown = []
        for first in (3, 5, 7):
            counted = -executor.documents.cached.bytes
            after = await run(range(first, first + 2))
            grown.append((after - before, counted + executor.documents.cached.bytes))
            before = after
    finally:
        tracemalloc.stop()
    held, counted = min(grown)
    # then
    assert len(executor.documents.cached) == 9, "it is not kept at all"
    assert held < counted
    assert counted < 12 * held + 100_000, "counted so dear that next to nothing would be kept"


async def test_many_texts_take_no_more_than_they_may(context: Context) -> None:
    # given
    shapes = [(text, variables) for name, (text, variables) in sorted(TEXTS.items()) if len(text) < 3_000]

    async def held() -> int:
        executor, rng = executor_of(1_500_000), random.Random(7)
        for text, variables in shapes:
            await executor.run(text, variables, None, context)
        tracemalloc.start()
        try:
            for number in range(60):
                text, variables = rng.choice(shapes)
                await executor.run(f"{text}#{number}", variables, None, context)
                assert executor.documents.cached.bytes <= 1_500_000
            context.loaders.clear()
            gc.collect()
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    # Python's table of interned strings, of the whole process, is moved when it is full: 4 MB at once that are no plan's.
    # It is full once; what is really held is held the second time too.
    assert await held() < 1_700_000 or await held() < 1_700_000


async def test_what_leaves_the_cache_is_gone_without_the_collector(context: Context) -> None:
    executor = executor_of(10**9)
    text, variables = TEXTS["twenty cards"]
    await executor.run(text, variables, None, context)
    tracemalloc.start()
    try:
        for number in range(10):
            await executor.run(f"{text}#{number}", variables, None, context)
        context.loaders.clear()
        gc.collect()
        gc.disable()
        full, _ = tracemalloc.get_traced_memory()
        executor.documents.cached.clear()
        empty, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert empty < full / 5


def test_a_cache_keeps_what_was_used_last_within_its_bytes() -> None:
    cache: BoundedByBytes[int, str] = BoundedByBytes(10_000)
    assert all(cache.put(number, "a", 800) for number in range(10))
    assert (len(cache), cache.bytes) == (10, 10_000)
    assert cache.get(0) == "a"
    assert cache.put(10, "b", 800)
    assert (0 in cache, 1 in cache, 10 in cache) == (True, False, True)
    # what is put again counts by its new size, what is too large is not held, nor what it would replace
    assert cache.put(0, "c", 300)
    assert cache.bytes == 9_500
    assert not cache.put(0, "d", 5_000)
    assert cache.get(0) is None
    cache.clear()
    assert (len(cache), cache.bytes) == (0, 0)


TWO = """
    query Search($x: String) { profiles(search: $x) { totalCount } }
    query Choose($x: Boolean!) { levels { number again: number @include(if: $x) } }
    mutation Upload($x: Upload!) { uploadAvatar(input: {image: $x}) { errors { code } } }
"""


async def test_only_booleans_of_the_chosen_operation_choose_a_plan(context: Context) -> None:
    # given
    executor = executor_of(10**9)
    # when: two operations share the name of a variable
    searched = [await executor.run(TWO, {"x": str(n) * 100}, "Search", context) for n in range(20)]
    chosen = [await executor.run(TWO, {"x": bool(n % 2)}, "Choose", context) for n in range(20)]
    sent = [
        await executor.run(TWO, {"x": UploadedFile(bytes(100_000))}, "Upload", context, allow_mutations=True)
        for _ in range(20)
    ]
    # then
    assert [each.body for each in searched] == [{"data": {"profiles": {"totalCount": 0}}}] * 20
    assert all("errors" not in each.body for each in chosen)
    assert ["again" in each.body["data"]["levels"][0] for each in chosen] == [False, True] * 10
    assert {each.body["errors"][0]["extensions"]["code"] for each in sent} == {"UNAUTHENTICATED"}
    assert executor.prepared == 1 + 2 + 1
    assert executor.documents.cached.bytes < 1_000_000


SCALARS = ("DateTime", "Date", "String", "ID", "Int", "Float", "Boolean", "LeaderboardBoard", "SignInInput", "[ID!]")


@pytest.mark.parametrize("scalar", SCALARS)
async def test_no_error_tells_where_an_object_lies(context: Context, scalar: str) -> None:
    # given: a file in the place of anything else
    file = UploadedFile(b"secret")
    text = f"query ($x: {scalar}) {{ __typename @skip(if: false) }}"
    document = {
        "DateTime": "query ($x: DateTime) { leaderboard(board: FORUM, asOf: $x) { asOf } }",
        "Date": "query ($x: Date) { leaderboard(board: FORUM, on: $x) { asOf } }",
    }.get(scalar, text)
    # when
    answers = [
        await executor_of(10**6).run(document, {"x": value}, None, context) for value in (file, [file], {"a": file})
    ]
    # then
    for answer in answers:
        assert answer.body["errors"]
        assert "0x" not in str(answer.body)
        assert "object at" not in str(answer.body)
        assert "secret" not in str(answer.body)
        assert "INTERNAL" not in str(answer.body)


async def test_longer_texts_are_not_kept(context: Context) -> None:
    executor = executor_of(10**9)
    await executor.run("{ __typename }" + " " * MAX_CACHED_TEXT, None, None, context)
    assert executor.documents.cached.bytes == 0
