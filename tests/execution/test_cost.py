"""What an operation costs: docs/decisions/0012-query-cost.md; docs/rules/api.md#cost."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema
from hypothesis import given
from hypothesis import strategies as st

from execution.cost import (
    DEFAULT_BUCKETS,
    DEFAULT_PAGE_SIZE,
    MAX_BUCKETS,
    MAX_COST,
    MAX_PAGE_SIZE,
    UNSIZED_LIST,
    cost_of,
)
from execution.documents import Documents
from execution.limits import Limits
from resolvers.base import nodes, pagination
from schema.fields import DEFINITION, KIND, Answered, Work
from tests.helpers.equality import same_answer
from tests.helpers.toy_schema import SCHEMA, make_executor, make_toy

SHELVES = build_schema(
    """
    type Query { book(id: ID): Book  books: [Book!]!  find(ids: [ID!]!): [Found]!  page(first: Int, last: Int): Books!
                 around(radius: Int): [Book!]  catalogue: [Book!]  series(bucket: Int, since: Int): [Book!]  news(since: Int): [Book!]  top(first: Int): [Book!]  seek(search: String, first: Int): Books  board(period: Int): Books! word: String  words: [String!] matrix: [[Book!]!] }
    type Books { edges: [Edge!]!  info: Info!  total: Int }
    type Edge { cursor: String  node: Book! }
    type Info { more: Boolean }
    type Book implements Item { title: String  author: Author  tags: [Tag!]!  page(first: Int): Books!  items: [Item!] }
    type Film implements Item { title: String  author: Author  cast: [Author!]!  items: [Item!] }
    type Author { name: String  friends(search: String, first: Int): Books  page(first: Int, last: Int): Books!  items: [Item!] }
    type Tag { name: String }
    interface Item { title: String  author: Author  items: [Item!] }
    union Found = Book | Film | Author
    """
)

for type_name, field_name, work in (
    ("Query", "seek", Work(100)),
    ("Query", "board", Work(50)),
    ("Author", "friends", Work(100, given="search")),
    ("Query", "catalogue", Work(rows=12)),
):
    declared = SimpleNamespace(metadata={KIND: Answered(same_answer, work=work)})  # as schema/fields.py declares them
    SHELVES.type_map[type_name].fields[field_name].extensions[DEFINITION] = declared  # type: ignore[attr-defined]


def cost(text: str, schema: GraphQLSchema = SHELVES, **variables: Any) -> int:
    operation = Documents(schema, Limits(max_depth=50), 1).read(text).operation(None)
    values = operation.variables.coerce(variables)
    return cost_of(schema, operation, values.full()).of(values.coerced)


def aliases(number: int) -> str:
    return " ".join(f"a{each}: __typename" for each in range(number))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ word words __typename }", 0),
        ("{ book { title } }", 1),
        ("{ book { author { name } } word }", 2),
        ("{ books { title } }", UNSIZED_LIST),
        ("{ books { author { name } tags { name } } }", UNSIZED_LIST * (1 + 1 + UNSIZED_LIST)),
        ("{ matrix { title } }", UNSIZED_LIST * UNSIZED_LIST),
        # a page: the connection, its edges, their nodes, and what else it holds once
        ("{ page { total } }", 1),
        ("{ page { edges { cursor } } }", 1 + DEFAULT_PAGE_SIZE),
        ("{ page { edges { cursor node { title } } info { more } } }", 1 + DEFAULT_PAGE_SIZE * 2 + 1),
        ("{ page(first: 3) { edges { node { title author { name } } } } }", 1 + 3 * 3),
        ("{ page(last: 4) { edges { cursor } } }", 1 + 4),
        ("{ page(first: null) { edges { cursor } } }", 1 + DEFAULT_PAGE_SIZE),
        ("{ page(first: 3) { edges { node { tags { name } } } } }", 1 + 3 * (2 + UNSIZED_LIST)),
        ("{ page(first: 2) { edges { node { page(first: 3) { edges { cursor } } } } } }", 1 + 2 * (2 + 1 + 3)),
        # sizes that are refused before anything is read count as the largest or smallest that are not
        ("{ page(first: 100000) { edges { cursor } } }", 1 + MAX_PAGE_SIZE),
        ("{ page(first: -5) { edges { cursor } } }", 2),
        # lists with a size of their own
        ("{ top(first: 7) { title } }", 7),
        ("{ around(radius: 5) { title } }", 11),
        ("{ around(radius: 0) { title } }", 1),
        ('{ find(ids: ["a", "b", "c"]) { __typename } }', 3),
        ("{ series { title } }", DEFAULT_BUCKETS),
        ("{ series(bucket: 1) { author { name } } }", DEFAULT_BUCKETS * 2),
        ("{ series(bucket: 1, since: 1) { title } }", MAX_BUCKETS),
        ("{ news(since: 1) { title } }", UNSIZED_LIST),
        # a row is of one type: the dearest counts
        ('{ find(ids: ["a"]) { ... on Book { author { name } } ... on Film { cast { name } } } }', 1 + UNSIZED_LIST),
        (
            '{ find(ids: ["a"]) { ... on Item { author { name } } ... on Book { tags { name } } } }',
            1 + 1 + UNSIZED_LIST,
        ),
        # twice is twice, under whatever name
        ("{ a: book { title } b: book { title } }", 2),
        ("{ book { title } book { title } }", 2),
        ("{ ...A ...A } fragment A on Query { book { title } }", 2),
        ("{ book { ...A ... { ...A } } } fragment A on Book { author { name } }", 3),
        # what is left out is not counted
        ("{ book @skip(if: true) { title } a: book @include(if: true) { title } }", 1),
        # what looks through everybody, however little it answers
        ("{ seek { total } }", 100),
        ('{ seek(search: "a", first: 3) { edges { cursor } } }', 100 + 3),
        ("{ book { author { friends { total } } } }", 3),  # among one person's
        ("{ board { edges { cursor } } }", 50 + UNSIZED_LIST),
        ("{ catalogue { title } }", 12),
        ("{ catalogue { author { name } tags { name } } }", 12 * (1 + 1 + UNSIZED_LIST)),
        ("{ book { author { friends(search: null) { total } } } }", 3),
        ('{ book { author { friends(search: "a") { total } } } }', 102),
        ('{ books { author { friends(search: "a") { total } } } }', UNSIZED_LIST * 102),
        # scalars are with their object up to 30; fragments count where they hold
        ("{ book { " + aliases(30) + " } }", 1),
        ("{ book { " + aliases(31) + " } }", 2),
        ("{ page(first: 3) { edges { node { " + aliases(61) + " } } } }", 1 + 3 * (1 + 3)),
        ("{ book { ...A ...A } } fragment A on Book { ... on Item { " + aliases(20) + " } }", 2),
        ('{ find(ids: ["a"]) { ... on Book { ' + aliases(20) + " } ... on Film { " + aliases(20) + " } } }", 1),
        # introspection by what it may tell
        ("{ __schema { queryType { name } } }", 1),
        ('{ __type(name: "Book") { fields { ' + aliases(99) + " } } }", 94),  # 14 fields of `Query` are the most
        ('{ __type(name: "Book") { ofType { ' + aliases(60) + " } } }", 3),
    ],
)
def test_the_weights(text: str, expected: int) -> None:
    assert cost(text) == expected


def test_variables_say_sizes() -> None:
    text = """query ($n: Int, $m: Int, $ids: [ID!]! = ["x"], $on: Boolean = true) {
        page(first: $n) { edges { node @include(if: $on) { page(first: $m) { edges { cursor } } } } }
        find(ids: $ids) { __typename } }"""
    assert cost(text, n=2, m=3) == 1 + 2 * (2 + 1 + 3) + 1
    assert cost(text, n=2, m=None) == 1 + 2 * (2 + 1 + DEFAULT_PAGE_SIZE) + 1
    assert cost(text) == 1 + DEFAULT_PAGE_SIZE * (2 + 1 + DEFAULT_PAGE_SIZE) + 1
    assert cost(text, n=2, m=3, on=False, ids=["a", "b"]) == 1 + 2 + 2
    assert cost(text, n=10_000_000, m=1) == 1 + MAX_PAGE_SIZE * 4 + 1
    assert cost("query ($n: Int = 4) { page(first: $n) { edges { cursor } } }") == 1 + 4


@given(st.lists(st.integers(-3, 300), min_size=1, max_size=5), st.booleans())
def test_variables_and_literals_cost_the_same(sizes: list[int], last: bool) -> None:
    argument = "last" if last else "first"

    def nested(say: Callable[[int], str]) -> str:
        text = "{ name }"
        for number in reversed(range(len(sizes))):
            text = f"{{ page({argument}: {say(number)}) {{ edges {{ node {{ author {text} }} }} }} }}"
        return f"{{ book {{ author {text} }} }}"

    declared = ", ".join(f"$v{number}: Int" for number in range(len(sizes)))
    variables: dict[str, Any] = {f"v{number}": size for number, size in enumerate(sizes)}
    by_variables = cost(f"query ({declared}) {nested(lambda number: f'$v{number}')}", **variables)
    rows, expected = 1, 1 + 1
    for size in sizes:
        expected += rows
        rows *= min(max(size, 1), MAX_PAGE_SIZE)
        expected += rows * 3
    assert by_variables == cost(nested(lambda number: str(sizes[number]))) == expected


def test_what_the_fields_declare_is_what_is_counted() -> None:
    assert (DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, MAX_PAGE_SIZE) == (
        pagination.DEFAULT_PAGE_SIZE,
        pagination.MAX_PAGE_SIZE,
        nodes.MAX_NODES_PER_CALL,
    )
    # a default of the reader's own, a mutation
    assert cost("{ books { title } }", SCHEMA._schema) == 3
    assert (
        cost("mutation { bump(input: {by: 1}) { counter { name } errors { code } } }", SCHEMA._schema)
        == 10 + 1 + UNSIZED_LIST
    )


def test_types_in_types_are_counted_in_time() -> None:
    text = (
        "query ($n: Int) { book { items { "
        + "author { items { " * 8
        + "author { page(first: $n) { edges { cursor } } }"
    )
    text += "} }" * 8 + " } } }"
    start = time.perf_counter()
    assert cost(text, n=1) == 1 + sum(2 * UNSIZED_LIST**level for level in range(1, 10)) + 2 * UNSIZED_LIST**9
    assert time.perf_counter() - start < 1


def code_and_facts(answer: Any) -> dict[str, Any]:
    [error] = answer.body["errors"]
    return error["extensions"]


async def test_what_is_too_dear_is_refused_before_anything_is_read() -> None:
    executor = make_executor(limits=Limits(max_cost=60))
    text = "query ($n: Int) { books(first: $n) { author { name } } }"
    toy = make_toy()
    # when
    refused = await executor.run(text, {"n": 31}, None, toy)
    # then
    assert code_and_facts(refused) == {"code": "QUERY_TOO_COMPLEX", "cost": 62, "limit": 60}
    assert refused.request_error and "data" not in refused.body
    assert toy.asked == [] and executor.counts.planned == 0
    # and one row less is answered
    answer = await executor.run(text, {"n": 30}, None, toy)
    assert (answer.cost, answer.max_cost, len(answer.body["data"]["books"])) == (60, 60, 5)
    assert toy.asked


async def test_an_anonymous_caller_gets_half() -> None:
    executor = make_executor(limits=Limits(max_cost=60))
    text = "query ($n: Int) { books(first: $n) { author { name } } }"
    anonymous = make_toy(signed_in=False)
    assert (await executor.run(text, {"n": 15}, None, anonymous)).max_cost == 30
    assert code_and_facts(await executor.run(text, {"n": 16}, None, anonymous))["limit"] == 30


async def test_a_dear_mutation_writes_nothing() -> None:
    executor, toy = make_executor(limits=Limits(max_cost=50)), make_toy()
    aliased = " ".join(f"a{number}: bump(input: {{by: 1}}) {{ counter {{ name }} }}" for number in range(5))
    answer = await executor.run(f"mutation {{ {aliased} }}", None, None, toy)
    assert code_and_facts(answer)["cost"] == 55
    assert (toy.number, toy.asked) == (0, [])


async def test_any_cost_can_be_told() -> None:
    text = "{ author " + "{ books(first: 100) { author " * 20 + "{ name }" + "} }" * 20 + "}"
    executor = make_executor(limits=Limits(max_depth=100))
    answer = await executor.run(text, None, None, make_toy())
    assert code_and_facts(answer)["cost"] == MAX_COST


@pytest.mark.parametrize(("given", "expected"), [({}, 3), ({"q": None}, 3), ({"q": ""}, 102), ({"q": "a"}, 102)])
def test_a_search_in_a_variable_costs_where_it_is_given(given: dict[str, Any], expected: int) -> None:
    text = "query ($q: String) { book { author { friends(search: $q) { total } } } }"
    assert cost(text, **given) == expected
