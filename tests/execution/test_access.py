"""Which fields a document touches."""

import time
from typing import Any

import pytest

from execution.access import coordinates
from execution.limits import Limits
from tests.helpers.toy_schema import SCHEMA, make_executor


def touched(text: str, variables: dict[str, Any] | None = None) -> set[str]:
    operation = make_executor().documents.read(text).operation(None)
    return set(coordinates(SCHEMA._schema, operation, operation.variables.coerce(variables or {}).full()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ books { title alias: id } }", {"Query.books", "Book.title", "Book.id"}),
        ("{ __typename books { __typename } __schema { types { name } } }", {"Query.books"}),
        ("{ ...A } fragment A on Query { books { ...B } } fragment B on Book { id }", {"Query.books", "Book.id"}),
        ("{ items { title } }", {"Query.items", "Item.title", "Book.title", "Film.title"}),
        ("{ items { ... on Book { title } } }", {"Query.items", "Book.title"}),
        ("{ items { ... on Book { ... on Item { title } } } }", {"Query.items", "Item.title", "Book.title"}),
        ("{ items { ... { ...A } } } fragment A on Film { minutes }", {"Query.items", "Film.minutes"}),
        ("{ books { ... on Item { id } } }", {"Query.books", "Item.id", "Book.id"}),
        ("{ everything { ... on Author { name } ... on Item { id } } }", {"Query.everything", "Author.name", "Item.id", "Book.id", "Film.id"}),
        ("{ items { author { name } } }", {"Query.items", "Item.author", "Book.author", "Film.author", "Author.name"}),
        ("mutation { bump(input: {}) { counter { now } } }", {"Mutation.bump", "BumpPayload.counter", "Counter.now"}),
        ("{ number @skip(if: true) books { id @include(if: false) title } }", {"Query.books", "Book.title"}),
        ("{ ...A @skip(if: true) } fragment A on Query { books { id } }", set()),
    ],
)  # fmt: skip
def test_what_a_document_touches(text: str, expected: set[str]) -> None:
    assert touched(text) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"on": True}, {"Query.number", "Query.books", "Book.id"}),
        ({"on": False}, {"Query.books", "Book.title"}),
        ({}, {"Query.books", "Book.title"}),
    ],
)
def test_directives_decide_by_their_variables(variables: dict[str, Any], expected: set[str]) -> None:
    # given
    text = """
        query ($on: Boolean = false) { number @include(if: $on) books { ...A @include(if: $on) ...B @skip(if: $on) } }
        fragment A on Book { id }
        fragment B on Book { title }
    """
    # then
    assert touched(text, variables) == expected


def test_the_same_fragment_is_walked_for_each_type_it_lands_on() -> None:
    # given
    text = "{ items { ... on Film { ...A } ... on Book { ...A } } } fragment A on Item { title }"
    # then
    assert touched(text) == {"Query.items", "Item.title", "Film.title", "Book.title"}


def test_interfaces_in_interfaces_are_walked_once_for_each_type() -> None:
    # given
    text = "{ author " + "{ items { author " * 30 + "{ name }" + " } }" * 30 + " }"
    operation = make_executor(limits=Limits(max_depth=100)).documents.read(text).operation(None)
    start = time.perf_counter()
    # when
    found = coordinates(SCHEMA._schema, operation, operation.variables.coerce({}).full())
    # then
    assert found == {"Query.author", "Author.items", "Item.author", "Book.author", "Film.author", "Author.name"}
    assert time.perf_counter() - start < 1
