"""Subscriptions: each event is answered as graphql-core would, with rights checked again, and the source ends with the client."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import orjson
import pytest
import strawberry
from graphql import ExecutionResult, parse, subscribe

from execution.executor import Executor
from execution.results import Answer, format_errors
from schema.fields import Subscribed, column, kind_of, loaded_by, subscribed_by
from services.errors import ErrorCode, refused
from tests.helpers.equality import comparable
from tests.helpers.toy_readers import Anyone, Librarian, Toy, book_by_id
from tests.helpers.toy_schema import LIMITS, Book, Item, make_schema, make_toy

CLOSED: list[str] = []


async def count_to(context: Toy, *, to: int = 3, fail_at: int | None = None) -> AsyncGenerator[Any, None]:
    try:
        for number in range(1, to + 1):
            context.note("yields", number)
            if number == fail_at:
                raise RuntimeError("broken source")
            yield {"id": number, "number": number, "__typename": "Book", "title": f"Book {number}", "author_id": 1}
    finally:
        CLOSED.append("count_to")


async def refuse(context: Toy) -> AsyncGenerator[Any, None]:
    if context.number == 0:
        raise refused(ErrorCode.FORBIDDEN, "Not today.")
    yield {}


async def keep_quiet(context: Toy) -> AsyncGenerator[Any, None]:
    try:
        context.note("waits")
        await asyncio.Event().wait()
        yield {}
    finally:
        CLOSED.append("keep_quiet")


@strawberry.type
class Tick:
    number: int = column("Which one.")
    odd: bool = column("Whether it is odd.", read=lambda row: row["number"] % 2 == 1)
    book: Book | None = loaded_by(book_by_id, "The book of this number.", key="number")
    sure: Book = loaded_by(book_by_id, "The book of this number, which there has to be.", key="number")


@strawberry.type
class Subscription:
    ticks: Tick = subscribed_by(
        count_to, "Counts.", allowed=[Anyone()], arguments={"to": "How far.", "fail_at": "Where it breaks."}
    )
    maybe_ticks: Tick | None = subscribed_by(count_to, "Counts.", allowed=[Anyone()])
    odd_ticks: Tick = subscribed_by(
        count_to,
        "Odd ones.",
        allowed=[Anyone()],
        still_visible=lambda row, toy: row["number"] % 2 == 1 and toy.signed_in,
    )
    secret_ticks: Tick = subscribed_by(count_to, "For librarians.", allowed=[Librarian()])
    items: Item = subscribed_by(count_to, "Books.", allowed=[Anyone()])
    refused: Tick = subscribed_by(refuse, "Never.", allowed=[Anyone()])
    quiet: Tick = subscribed_by(keep_quiet, "Nothing happens.", allowed=[Anyone()])


SCHEMA = make_schema(Subscription)


@pytest.fixture(autouse=True)
def _nothing_closed() -> None:
    CLOSED.clear()


def executor_of(**options: Any) -> Executor:
    return Executor(SCHEMA, **{"limits": LIMITS, **options})


async def answers(
    text: str, make: Callable[[], Toy] = make_toy, *, executor: Executor | None = None, **variables: Any
) -> list[Answer]:
    async def fresh() -> Any:
        return make()

    async with aclosing((executor or executor_of()).subscribe(text, variables, None, fresh)) as stream:
        return [answer async for answer in stream]


async def core_answers(text: str, **variables: Any) -> list[dict[str, Any]]:
    """What graphql-core's own subscription says."""
    stream: Any = subscribe(SCHEMA._schema, parse(text), context_value=make_toy(), variable_values=variables)
    if not isinstance(stream, ExecutionResult | AsyncGenerator):
        stream = await stream
    results = [stream] if isinstance(stream, ExecutionResult) else [result async for result in stream]
    return [
        {"data": result.data, **({"errors": format_errors(result.errors)} if result.errors else {})}
        for result in results
    ]


def plain(bodies: list[dict[str, Any]]) -> bytes:
    return orjson.dumps([comparable(orjson.loads(orjson.dumps(body))) for body in bodies])


@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("subscription { ticks { number odd __typename } }", {}),
        ("subscription { a: ticks(to: 5) { n: number ...F } } fragment F on Tick { book { title author { name } } }", {}),
        ("subscription S($to: Int!, $with: Boolean!) { ticks(to: $to) { number book @include(if: $with) { id } } }",
         {"to": 2, "with": True}),
        ("subscription S($to: Int!, $with: Boolean!) { ticks(to: $to) { number book @include(if: $with) { id } } }",
         {"to": 2, "with": False}),
        ("subscription { ticks(to: 9) { number sure { id } } }", {}),
        ("subscription { maybeTicks(to: 9) { number sure { id } } }", {}),
        ("subscription { ticks(to: 4) { book { brokenHard } } }", {}),
        ("subscription { ticks(to: 2) { book { subtitle } } }", {}),
        ("subscription { items { __typename id title author { name } } }", {}),
        ("subscription { items { ... on Book { id } ... on Film { minutes } } }", {}),
        ("subscription { ...R } fragment R on Subscription { ticks { number } }", {}),
    ],
)  # fmt: skip
async def test_each_event_is_answered_as_graphql_core_would(text: str, variables: Any, *, plans: bool) -> None:
    # when
    ours = await answers(text, executor=executor_of(plans=plans), **variables)
    # then
    assert plain([answer.body for answer in ours]) == plain(await core_answers(text, **variables))
    assert {answer.kind for answer in ours} == {"subscription"}


async def test_the_happy_path_goes_by_plan() -> None:
    executor = executor_of()
    found = await answers("subscription { ticks(to: 3) { number book { title } } }", executor=executor)
    assert [answer.planned for answer in found] == [True] * 3
    assert (executor.counts.planned, executor.counts.fell_back, executor.counts.core) == (3, 0, 0)
    assert executor.prepared == 1


async def test_every_event_has_a_context_of_its_own_made_when_it_is_delivered() -> None:
    made: list[Toy] = []

    def make() -> Toy:
        made.append(make_toy())
        return made[-1]

    await answers("subscription { ticks(to: 3) { number book { title } } }", make)
    assert [toy.asked for toy in made] == [
        [("yields", (1,)), ("yields", (2,)), ("yields", (3,))],
        [("book_by_id", (1,))],
        [("book_by_id", (2,))],
        [("book_by_id", (3,))],
    ]


async def test_an_event_that_may_not_be_seen_is_passed_over() -> None:
    found = await answers("subscription { oddTicks(to: 5) { number } }")
    assert [answer.body["data"]["oddTicks"]["number"] for answer in found] == [1, 3, 5]
    assert await answers("subscription { oddTicks { number } }", lambda: make_toy(signed_in=False)) == []


def losing(**rights: Any) -> Callable[[], Toy]:
    """Contexts of somebody whose rights end after the first event."""
    made = iter(range(100))
    return lambda: make_toy() if next(made) < 2 else make_toy(**rights)


@pytest.mark.parametrize(
    ("rights", "code"),
    [({"librarian": False}, "FORBIDDEN"), ({"scopes": frozenset({"Subscription.secretTicks"})}, "INSUFFICIENT_SCOPE")],
)
async def test_who_may_not_any_more_is_told_so_once_and_hears_nothing_more(rights: Any, code: str) -> None:
    found = await answers("subscription { secretTicks(to: 5) { number } }", losing(**rights))
    assert [answer.body["data"] for answer in found] == [{"secretTicks": {"number": 1}}, None]
    assert found[1].body["errors"][0]["extensions"]["code"] == code
    assert CLOSED == ["count_to"]


@pytest.mark.parametrize(
    ("rights", "code"), [({"librarian": False}, "FORBIDDEN"), ({"scopes": frozenset()}, "INSUFFICIENT_SCOPE")]
)
async def test_who_may_not_does_not_begin_a_source(rights: Any, code: str) -> None:
    toy = make_toy(**rights)
    [answer] = await answers("subscription { secretTicks { number } }", lambda: toy)
    assert answer.body["data"] is None
    assert answer.body["errors"][0]["extensions"]["code"] == code
    assert (toy.asked, CLOSED) == ([], [])


@pytest.mark.parametrize(
    ("text", "variables", "code"),
    [
        ("subscription {", {}, "BAD_QUERY"),
        ("subscription { nothing }", {}, "BAD_QUERY"),
        ("subscription { ticks { number } maybeTicks { number } }", {}, "BAD_QUERY"),
        ("subscription { __typename }", {}, "BAD_QUERY"),
        ("{ number }", {}, "BAD_QUERY"),
        ("subscription S($to: Int!) { ticks(to: $to) { number } }", {"to": "x"}, "BAD_INPUT"),
        ("subscription { ticks { " + "number " * 6000 + "} }", {}, "QUERY_TOO_COMPLEX"),
    ],
)
async def test_what_cannot_be_run_is_a_request_error(text: str, variables: Any, code: str) -> None:
    [answer] = await answers(text, **variables)
    assert answer.request_error
    assert {error["extensions"]["code"] for error in answer.body["errors"]} == {code}
    assert CLOSED == []


async def test_a_subscription_that_leaves_its_field_out_asks_for_nothing() -> None:
    text = "subscription S($no: Boolean!) { ticks @skip(if: $no) { number } }"
    [answer] = await answers(text, no=True)
    assert answer.body["errors"][0]["extensions"]["code"] == "BAD_QUERY"


async def test_a_source_that_breaks_ends_with_a_masked_error() -> None:
    found = await answers("subscription { ticks(failAt: 2) { number } }")
    assert found[0].body == {"data": {"ticks": {"number": 1}}}
    [error] = found[1].body["errors"]
    assert (len(found), error["extensions"]["code"]) == (2, "INTERNAL")
    assert "broken source" not in str(found)
    assert CLOSED == ["count_to"]


async def test_a_source_that_refuses_says_why() -> None:
    [answer] = await answers("subscription { refused { number } }")
    assert answer.body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert answer.body["data"] is None


async def test_closing_the_stream_ends_its_source() -> None:
    async def fresh() -> Any:
        return make_toy()

    stream = executor_of().subscribe("subscription { ticks(to: 100) { number } }", None, None, fresh)
    await anext(stream)
    assert CLOSED == []
    await stream.aclose()
    assert CLOSED == ["count_to"]


async def test_cancelling_the_waiting_task_ends_the_source() -> None:
    toy = make_toy()
    waiting = asyncio.create_task(answers("subscription { quiet { number } }", lambda: toy))
    async with asyncio.timeout(10):
        while toy.asked != [("waits", ())]:  # noqa: ASYNC110 - a call sets no event
            await asyncio.sleep(0.005)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert CLOSED == ["keep_quiet"]


async def test_what_making_a_context_raises_comes_through_and_ends_the_source() -> None:
    made = iter([make_toy(), make_toy()])

    def make() -> Toy:
        found = next(made, None)
        if found is None:
            raise ConnectionAbortedError
        return found

    with pytest.raises(ConnectionAbortedError):
        await answers("subscription { ticks { number } }", make)
    assert CLOSED == ["count_to"]


async def test_a_single_request_is_no_subscription() -> None:
    executor = executor_of()
    assert executor.subscribes("subscription { ticks { number } }", None)
    assert not executor.subscribes("{ number }", None)
    assert not executor.subscribes("subscription {", None)
    answer = await executor.run("subscription { ticks { number } }", None, None, make_toy())
    assert (answer.request_error, answer.kind) == (True, "subscription")


def test_a_subscription_says_who_may() -> None:
    kind = kind_of(SCHEMA._schema.subscription_type.fields["ticks"])  # type: ignore[union-attr]
    assert isinstance(kind, Subscribed)
    assert kind.defaults == {"to": 3, "fail_at": None}
    with pytest.raises(ValueError, match="needs `allowed`"):
        subscribed_by(count_to, "Counts.", allowed=[])
