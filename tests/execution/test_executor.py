"""One way in: what is refused before anything runs, who may, and what is counted."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry
from structlog.testing import capture_logs

from execution.executor import Executor
from execution.results import Answer
from execution.variables import MAX_ERRORS
from schema.fields import answered_by
from tests.helpers.toy_schema import LIMITS, make_executor, make_toy

BUMP = "mutation { bump(input: {by: 1}) { counter { now } errors { message } } }"


def code_of(answer: Answer) -> str:
    (error,) = answer.body["errors"]
    return str(error["extensions"]["code"])


@pytest.mark.parametrize(
    ("text", "operation_name", "code"),
    [
        ("", None, "BAD_QUERY"),
        ("{ books {", None, "BAD_QUERY"),
        ("{ cats }", None, "BAD_QUERY"),
        ("fragment F on Book { id }", None, "BAD_QUERY"),
        ("query A { number } query B { number }", None, "BAD_QUERY"),
        ("query A { number } query B { number }", "C", "BAD_QUERY"),
        ("query A { number }", "B", "BAD_QUERY"),
        ("{ number ...A } fragment A on Query { ...B } fragment B on Query { ...A }", None, "QUERY_TOO_COMPLEX"),
        ("{" + "number " * 5001 + "}", None, "QUERY_TOO_COMPLEX"),
    ],
)
async def test_what_cannot_be_run_is_a_request_error(text: str, operation_name: str | None, code: str) -> None:
    # given
    executor = make_executor()
    # when
    answers = [await executor.run(text, None, operation_name, make_toy()) for _ in range(2)]
    # then
    assert answers[0].body == answers[1].body
    assert "data" not in answers[0].body
    assert answers[0].request_error
    assert {error["extensions"]["code"] for error in answers[0].body["errors"]} == {code}
    assert (executor.counts.planned, executor.counts.fell_back, executor.counts.core) == (0, 0, 0)


@pytest.mark.parametrize("name", ["B", "A", None])
async def test_an_operation_is_chosen_by_name(name: str | None) -> None:
    # given
    text = "query A { a: number }" + (" query B { b: number }" if name else "")
    # when
    answer = await make_executor().run(text, None, name, make_toy())
    # then
    assert answer.body == {"data": {(name or "A").lower(): 0}}
    assert answer.planned
    assert answer.kind == "query"


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("query ($n: Int!) { books(first: $n) { id } }", {}),
        ("query ($n: Int!) { books(first: $n) { id } }", {"n": None}),
        ("query ($n: Int) { books(first: $n) { id } }", {"n": "3"}),
        ("query ($n: Int) { books(first: $n) { id } }", {"n": True}),
        ("query ($n: Int) { books(first: $n) { id } }", {"n": 2**31}),
        ("query ($g: [Genre!]) { books(genres: $g) { id } }", {"g": ["FAIRYTALE"]}),
        ("query ($m: Moment) { moment(at: $m) }", {"m": "yesterday"}),
    ],
)
async def test_bad_variables_are_a_request_error(text: str, variables: dict[str, Any]) -> None:
    # when
    answer = await make_executor().run(text, variables, None, make_toy())
    # then
    assert answer.request_error
    assert code_of(answer) == "BAD_INPUT"
    assert answer.kind == "query"
    assert "data" not in answer.body


async def test_a_flood_of_wrong_values_is_answered_in_brief() -> None:
    # when
    text = "query ($g: [Genre!]) { books(genres: $g) { id } }"
    answer = await make_executor().run(text, {"g": ["FAIRYTALE"] * 20_000}, None, make_toy())
    # then
    assert answer.request_error
    assert len(answer.body["errors"]) == MAX_ERRORS + 1


@pytest.mark.parametrize("value", ["shelf_1", 5, 5.0])
async def test_variables_are_coerced_as_graphql_says(value: Any) -> None:
    # when
    answer = await make_executor().run(
        "query ($v: ID!) { shelf(id: $v) { id } }", {"v": value, "more": 1}, None, make_toy()
    )
    # then
    if value == "shelf_1":
        assert answer.body == {"data": {"shelf": {"id": "shelf_1"}}}
    else:
        assert code_of(answer) == "BAD_ID"


async def test_a_mutation_is_refused_where_it_must_not_run() -> None:
    # given
    toy = make_toy()
    # when
    answer = await make_executor().run(BUMP, None, None, toy, allow_mutations=False)
    # then
    assert answer.request_error
    assert answer.kind == "mutation"
    assert toy.number == 0


async def test_a_subscription_is_refused() -> None:
    # given
    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def ticks(self) -> AsyncIterator[int]:
            yield 1

    async def one(context: object) -> int:
        return 1

    @strawberry.type
    class Query:
        number: int = answered_by(one, "One.")

    executor = Executor(strawberry.Schema(Query, subscription=Subscription), limits=LIMITS)
    # when
    answer = await executor.run("subscription { ticks }", None, None, make_toy())
    # then
    assert answer.request_error
    assert answer.kind == "subscription"


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("{ books { title } }", ["Book.title", "Query.books"]),
        ("{ plain }", ["Query.plain"]),
        (
            BUMP,
            [
                "BumpPayload.counter",
                "BumpPayload.errors",
                "Counter.now",
                "Mutation.bump",
                "PlainError.message",
                "UserError.message",
            ],
        ),
    ],
)
async def test_scopes_are_asked_before_anything_runs(text: str, missing: list[str]) -> None:
    # given
    toy = make_toy(scopes=frozenset({"Query.author"}))
    # when
    answer = await make_executor().run(text, None, None, toy)
    # then
    assert answer.body["data"] is None
    assert not answer.request_error
    assert code_of(answer) == "INSUFFICIENT_SCOPE"
    assert answer.body["errors"][0]["extensions"]["fields"] == missing
    assert toy.asked == []
    assert toy.number == 0


async def test_scopes_let_through_what_they_hold() -> None:
    # given
    toy = make_toy(scopes=frozenset({"Query.books", "Book.title"}))
    # when
    answer = await make_executor().run("{ __typename books { __typename title id @skip(if: true) } }", None, None, toy)
    # then
    assert answer.planned


async def test_a_bug_in_the_rights_is_masked() -> None:
    # given
    class Broken:
        loaders, signed_in = make_toy().loaders, True

        async def follow_merges(self) -> bool:
            return False

        def check_access(self, coordinates: frozenset[str]) -> None:
            raise RuntimeError("secret")

    # when
    with capture_logs() as logs:
        answer = await make_executor().run("{ number }", None, None, Broken())
    # then
    assert code_of(answer) == "INTERNAL"
    assert "secret" not in str(answer.body)
    assert logs[0]["reference"] == answer.body["errors"][0]["extensions"]["reference"]


async def test_many_requests_at_once_do_not_mix() -> None:
    # given
    executor = make_executor()
    text = "query ($n: Int) { books(first: $n) { title author { name } word } }"
    # when
    answers = await asyncio.gather(*(executor.run(text, {"n": number % 4}, None, make_toy()) for number in range(40)))
    # then
    assert [len(answer.body["data"]["books"]) for answer in answers] == [number % 4 for number in range(40)]
    assert executor.counts.planned == 40


async def test_without_plans_graphql_core_answers() -> None:
    # given
    executor = make_executor(plans=False)
    # when
    answer = await executor.run("{ number }", None, None, make_toy())
    # then
    assert answer.body == {"data": {"number": 0}}
    assert not answer.planned
    assert executor.counts.core == 1


async def test_what_is_asked_of_the_schema_alone_is_answered_from_memory() -> None:
    # given
    executor = make_executor()
    schema = "{ __schema { queryType { name fields { name } } } }"
    book = "query B($name: String!) { __type(name: $name) { name } }"
    both = "{ number __schema { queryType { name } } }"
    # when
    asked = [(await executor.run(schema, None, None, make_toy())).body for _ in range(3)]
    named = [(await executor.run(book, {"name": name}, None, make_toy())).body for name in ("Book", "Query")]
    mixed = [(await executor.run(both, None, None, make_toy())).body for _ in range(2)]
    # then each is what graphql-core says, and only answers that depend on no viewer are cached
    core = make_executor(plans=False)
    assert asked == [(await core.run(schema, None, None, make_toy())).body] * 3
    assert [each["data"]["__type"]["name"] for each in named] == ["Book", "Query"]
    assert mixed[0] == mixed[1]
    assert executor.counts.core == 1 + 2 + 2
