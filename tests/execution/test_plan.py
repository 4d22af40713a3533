"""What a plan reads, how often, and when it leaves the document to graphql-core."""

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Any

import pytest
import strawberry
from structlog.testing import capture_logs

from execution.executor import Executor
from execution.limits import Limits
from resolvers.base.reader_columns import columns
from schema.fields import answered_by, column, loaded_by
from tests.helpers.equality import same_answer
from tests.helpers.toy_readers import Toy
from tests.helpers.toy_schema import LIMITS, make_executor, make_toy


async def test_a_level_is_read_once_for_all_rows() -> None:
    # given
    toy = make_toy()
    # when
    answer = await make_executor().run("{ books { author { books { word author { name } } } } }", None, None, toy)
    # then
    assert answer.planned
    assert toy.asked[:3] == [("all_books", (3, None)), ("authors", (1, 2)), ("books_of", (1, 2))]
    assert sorted(toy.asked[3:]) == [("authors", (1, 2)), ("words", (1, 2, 3))]


async def test_fields_that_ask_the_same_share_one_read() -> None:
    # given
    toy = make_toy()
    text = '{ books { again againGenre same { title } next { id } word other: word(prefix: "w") third: word(prefix: "x") } }'
    # when
    compared = await same_answer(make_executor(), text, None, lambda: toy)
    # then
    assert compared.planned
    assert [what for what, _ in toy.asked[:5]] == ["all_books", "book_by_id", "book_by_id", "words", "words"]


@pytest.mark.parametrize("concurrent", [True, False])
async def test_a_failing_sibling_leaves_nothing_running_and_no_warning(concurrent: bool) -> None:
    # when
    with capture_logs():
        compared = await same_answer(
            make_executor(concurrent=concurrent), "{ books { broken word tags cancelled } }", None, make_toy
        )
    # then
    assert compared.answer.fell_back
    assert len(asyncio.all_tasks()) == 1


async def test_graphql_core_begins_when_all_reads_of_the_plan_have_ended() -> None:
    # given
    diary: list[str] = []

    async def fails(keys: Sequence[int], context: object) -> list[int]:
        raise RuntimeError

    async def slow(keys: Sequence[int], context: object) -> list[int]:
        diary.append("begin")
        for _ in range(20):
            await asyncio.sleep(0)
        diary.append("end")
        return list(keys)

    schema = _schema_of({"one": loaded_by(fails, "Fails."), "two": loaded_by(slow, "Slow.")})
    # when
    with capture_logs():
        answer = await Executor(schema, limits=LIMITS).run("{ thing { one two } }", None, None, make_toy())
    # then
    assert answer.fell_back
    assert diary[:3] == ["begin", "end", "begin"]


async def test_a_tree_that_would_grow_too_large_has_no_plan() -> None:
    # given
    executor = make_executor(limits=Limits(max_depth=100, max_cost=10**12))
    text = "{ author(id: 2) " + "{ items { author " * 14 + "{ name }" + " } }" * 14 + " }"
    # when
    answer = await executor.run(text, None, None, make_toy())
    # then
    assert "errors" not in answer.body
    assert (executor.counts.planned, executor.counts.core) == (0, 1)


async def test_what_cannot_be_compiled_is_answered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    def fail(*_: object, **__: object) -> None:
        raise KeyError("not thought of")

    monkeypatch.setattr("execution.executor.compile_plan", fail)
    # when
    with capture_logs() as logs:
        answer = await make_executor().run("{ number }", None, None, make_toy())
    # then
    assert answer.body == {"data": {"number": 0}}
    assert [(each["event"], each["reason"]) for each in logs] == [("plan.not_compiled", "KeyError")]


async def test_readers_of_one_level_wait_together() -> None:
    # given
    meeting = asyncio.Barrier(2)

    async def first(keys: Sequence[int], context: object) -> list[int]:
        await asyncio.wait_for(meeting.wait(), timeout=5)
        return list(keys)

    async def second(keys: Sequence[int], context: object) -> list[int]:
        await asyncio.wait_for(meeting.wait(), timeout=5)
        return list(keys)

    schema = _schema_of({"one": loaded_by(first, "First."), "two": loaded_by(second, "Second.")})
    # when
    answer = await Executor(schema, limits=LIMITS).run("{ thing { one two } }", None, None, make_toy())
    # then
    assert answer.planned


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{ books(first: 5) { subtitle } }", "null where it cannot be"),
        ("{ books(first: 5) { strictAuthor { name } } }", "no key where null cannot be"),
        ("{ books(first: 5) { author { name } } }", "an Exception for one key"),
        ("{ books(first: 5) { genre } }", "an unknown enum value"),
        ("{ books(first: 5) { pages } }", "an Int out of range"),
        ("{ books { broken } }", "a reader raises"),
        ("{ books { brokenHard } }", "a reader raises where null cannot be"),
        ("{ books { tooFew } }", "a reader answers too little"),
        ("{ books { cancelled } }", "a reader is cancelled"),
        ("{ author { strange { __typename } } }", "an unknown type"),
        ("{ author { strange { author { name } } } }", "an unknown type with more to read below it"),
        ('{ shelf(id: "shelf_1") { keeper { __typename } } }', "null where an object has to be"),
        ("{ fails }", "a coroutine raises"),
        ("{ failsHard }", "a coroutine raises where null cannot be"),
        ("{ notAList }", "a list that is none"),
        ("{ wrongNumber }", "a number that is none"),
        ("{ books(first: -1) { id } }", "a refused argument"),
        ('{ shelf(id: "x") { id } }', "a bad id"),
    ],
)
async def test_what_goes_wrong_is_told_by_graphql_core(text: str, why: str) -> None:
    # given
    executor = make_executor()
    # when
    with capture_logs():
        compared = await same_answer(executor, text, None, make_toy)
    # then
    assert compared.answer.fell_back, why
    assert compared.answer.body["errors"], why
    assert all(error["extensions"]["code"] for error in compared.answer.body["errors"])
    assert (executor.counts.planned, executor.counts.fell_back, executor.counts.core) == (0, 1, 0)


@pytest.mark.parametrize(
    "text", ["{ plain }", "{ __schema { queryType { name } } }", '{ __type(name: "Book") { name } __typename }']
)
async def test_what_plans_do_not_cover_is_run_by_graphql_core(text: str) -> None:
    # given
    executor = make_executor()
    # when
    compared = await same_answer(executor, text, None, make_toy)
    # then
    assert compared.answer.fell_back == (text == "{ plain }")  # dear, unless it asks of the schema alone
    assert "errors" not in compared.answer.body
    assert (executor.counts.planned, executor.counts.fell_back, executor.counts.core) == (0, 0, 1)


async def test_a_wrong_leaf_type_is_answered_as_graphql_core_does() -> None:
    """Film 11 has a bool for an Int, book 4 a text for one; ids are numbers; SQLite's booleans are 0 and 1."""
    # when
    films = await same_answer(make_executor(), "{ everything { ... on Film { minutes id reel } } }", None, make_toy)
    books = await same_answer(make_executor(), "{ books(first: 1, after: 3) { pages loaned } }", None, make_toy)
    # then
    assert films.planned
    assert films.answer.body["data"]["everything"][3] == {"minutes": 1, "id": "11", "reel": "11"}
    assert books.planned
    assert books.answer.body["data"]["books"] == [{"pages": 77, "loaned": True}]


async def test_a_refused_right_costs_the_plan_no_read() -> None:
    # given
    toy = make_toy(librarian=False)
    executor = make_executor()
    # when
    answer = await executor.run("{ books { title hidden } keys }", None, None, toy)
    # then
    assert answer.fell_back
    assert [error["path"] for error in answer.body["errors"]] == [
        ["books", 0, "hidden"], ["books", 1, "hidden"], ["books", 2, "hidden"], ["keys"],
    ]  # fmt: skip
    assert {error["extensions"]["code"] for error in answer.body["errors"]} == {"FORBIDDEN"}
    assert [what for what, _ in toy.asked] == ["all_books"]


@pytest.mark.parametrize("concurrent", [True, False])
async def test_the_requests_own_cancellation_is_passed_on(concurrent: bool) -> None:
    # given
    asked = asyncio.Event()

    async def slow(keys: Sequence[int], context: object) -> list[int]:
        asked.set()
        await asyncio.sleep(60)
        return list(keys)

    schema = _schema_of({"one": loaded_by(slow, "Slow."), "two": loaded_by(slow, "Slow.", key=lambda _: 2)})
    executor = Executor(schema, limits=LIMITS, concurrent=concurrent)
    request = asyncio.ensure_future(executor.run("{ thing { one two } }", None, None, make_toy()))
    await asked.wait()
    # when
    request.cancel()
    # then
    with pytest.raises(asyncio.CancelledError):
        await request
    assert executor.counts.fell_back == 0


async def test_an_answer_that_only_the_plan_could_not_give_is_logged() -> None:
    """Rows that promise to be read by number and cannot: right, but dear."""

    # given
    @columns("id", positional=True)
    async def dicts(context: object) -> dict[str, int]:
        return {"id": 1}

    @strawberry.type
    class Thing:
        id: int = column("Its number.")

    @strawberry.type
    class Query:
        thing: Thing = answered_by(dicts, "A thing.")

    executor = Executor(strawberry.Schema(Query), limits=LIMITS)
    # when
    with capture_logs() as logs:
        answer = await executor.run("{ thing { id } }", None, None, make_toy())
    # then
    assert answer.body == {"data": {"thing": {"id": 1}}}
    assert answer.fell_back
    assert [(each["event"], each["reason"]) for each in logs] == [("plan.abandoned", "KeyError")]


async def test_rows_are_read_by_number_where_their_reader_says_so() -> None:
    # given
    seen: list[object] = []

    class Row:
        def __getitem__(self, column: object) -> object:
            seen.append(column)
            return {0: 7, 1: "name", "other": "there"}[column]

    @columns("id", "name", positional=True, inside={"name": ("unused",)})
    async def thing(context: object) -> Row:
        return Row()

    @strawberry.type
    class Inner:
        name: str = column("Its name.")

    @strawberry.type
    class Thing:
        id: int = column("Its number.")
        inner: Inner = column("Itself.", itself=True)
        other: str = column("Not among the declared columns.")

    @strawberry.type
    class Query:
        thing_: Thing = answered_by(thing, "A thing.")

    # when
    answer = await Executor(strawberry.Schema(Query), limits=LIMITS).run(
        "{ thing: thing_ { id inner { name } other } }", None, None, make_toy()
    )
    # then
    assert answer.body["data"] == {"thing": {"id": 7, "inner": {"name": "name"}, "other": "there"}}
    assert seen == [0, 1, "other"]


async def test_a_failure_kept_by_a_loader_is_forgotten_before_falling_back() -> None:
    # given
    tries: list[int] = []

    async def flaky(keys: Sequence[int], context: object) -> list[Any]:
        tries.append(1)
        return [sqlite3.OperationalError("database is locked")] if len(tries) == 1 else list(keys)

    async def through_a_loader(context: Toy) -> Any:
        return await context.load(flaky, 1, {})

    @strawberry.type
    class Query:
        value: int | None = answered_by(through_a_loader, "A value.")

    # when
    with capture_logs():
        answer = await Executor(strawberry.Schema(Query), limits=LIMITS).run("{ value }", None, None, make_toy())
    # then
    assert answer.body == {"data": {"value": 1}}


def _schema_of(fields: dict[str, Any]) -> strawberry.Schema:
    async def thing(context: object) -> dict[str, int]:
        return {"id": 1}

    made = strawberry.type(type("Thing", (), {"__annotations__": dict.fromkeys(fields, int), **fields}))

    @strawberry.type
    class Query:
        thing_: made = answered_by(thing, "A thing.")  # type: ignore[valid-type]

    Query.__strawberry_definition__.fields[0].graphql_name = "thing"  # type: ignore[attr-defined]
    return strawberry.Schema(Query)
