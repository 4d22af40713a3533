"""Variables: in arguments, and in the directives that choose a plan."""

from typing import Any

import pytest
import strawberry

from execution.executor import Executor
from schema.fields import answered_by
from tests.helpers.equality import same_answer
from tests.helpers.toy_schema import LIMITS, make_executor, make_toy


@pytest.mark.parametrize(
    ("variables", "keys"),
    [
        ({"yes": True, "no": False}, ["title", "author"]),
        ({"yes": False, "no": False}, ["author"]),
        ({"yes": True, "no": True}, ["title", "id"]),
        ({"yes": False, "no": True}, ["id"]),
    ],
)
async def test_directives_choose_a_plan_of_their_own(variables: dict[str, Any], keys: list[str]) -> None:
    # given
    executor = make_executor()
    text = """
        query ($yes: Boolean!, $no: Boolean!) { books { title @include(if: $yes) ...More ... @include(if: $no) { id } } }
        fragment More on Book { author @skip(if: $no) { name } }
    """
    # when
    compared = [await same_answer(executor, text, variables, make_toy) for _ in range(2)]
    # then
    assert all(each.planned for each in compared)
    assert list(compared[0].answer.body["data"]["books"][0]) == keys
    assert executor.prepared == 1


async def test_a_directive_variable_takes_its_default() -> None:
    # given
    text = "query ($with: Boolean = true) { books { title id @include(if: $with) } }"
    executor = make_executor()
    # when
    compared = [await same_answer(executor, text, given, make_toy) for given in ({}, {"with": False}, {"with": True})]
    # then
    assert [len(each.answer.body["data"]["books"][0]) for each in compared] == [2, 1, 2]


@pytest.mark.parametrize(
    ("variables", "value"),
    [({}, "w1"), ({"p": None}, "w1"), ({"p": "x", "t": 2}, "xx1"), ({"t": 3}, "www1"), ({"p": "", "t": None}, "1")],
)
async def test_arguments_from_variables(variables: dict[str, Any], value: str) -> None:
    # given
    text = "query ($p: String, $t: Int) { books(first: 1) { word(prefix: $p, times: $t) } }"
    # when
    compared = await same_answer(make_executor(), text, variables, make_toy)
    # then
    assert compared.planned
    assert compared.answer.body["data"]["books"] == [{"word": value}]


async def test_null_for_a_required_argument_is_told_by_graphql_core() -> None:
    # given
    async def say(context: object, *, word: str) -> str:
        return f"said {word}"

    @strawberry.type
    class Query:
        say_: str | None = answered_by(say, "The word.")

    executor = Executor(strawberry.Schema(Query), limits=LIMITS)
    text = 'query ($word: String = "hello") { said: say_(word: $word) }'
    # when
    wrong = await same_answer(executor, text, {"word": None}, make_toy)
    right = await same_answer(executor, text, {}, make_toy)
    # then
    assert wrong.answer.body["data"] == {"said": None}
    assert wrong.answer.body["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert right.planned
    assert right.answer.body == {"data": {"said": "said hello"}}


async def test_lists_of_one_request_are_not_seen_by_the_next() -> None:
    # given
    async def greedy(context: object, *, words: list[str]) -> int:
        words.append("more")
        return len(words)

    @strawberry.type
    class Query:
        count: int = answered_by(greedy, "How many words, and one more.")

    executor = Executor(strawberry.Schema(Query), limits=LIMITS)
    # when
    answers = [await executor.run('{ count(words: ["a"]) }', None, None, make_toy()) for _ in range(2)]
    # then
    assert [answer.body for answer in answers] == [{"data": {"count": 2}}] * 2
    assert all(answer.planned for answer in answers)
