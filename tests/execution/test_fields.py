"""What the kinds of field put into the schema, and how arguments and refusals reach the functions behind them."""

import re
from typing import Any

import pytest

from schema.fields import (
    Answered,
    Column,
    Loaded,
    answered_by,
    column,
    kind_of,
    loaded_by,
    mutation_by,
)
from tests.helpers.toy_readers import Anyone, BumpInput, load_words
from tests.helpers.toy_schema import SCHEMA, make_executor, make_toy


def printed(field: str) -> str:
    """A field's line in the SDL, its arguments' descriptions left out."""
    found = re.search(rf"^  {field}\b(\([^)]*\))?: .*$", SCHEMA.as_str(), re.MULTILINE)
    assert found is not None
    return re.sub(r'\s*"""[^"]*"""\s*', "", found.group()).strip()


@pytest.mark.parametrize(
    ("field", "sdl"),
    [
        ("words?", 'word(prefix: String = "w", times: Int): String!'),
        ("shelf", "shelf(id: ID!): Shelf"),
        ("maybe", "maybe(name: String): String!"),
        ("label", "label: String"),
    ],
)
def test_arguments_print_their_default_and_no_null(field: str, sdl: str) -> None:
    assert printed(field) == sdl


def test_described_arguments_print_their_default_and_description() -> None:
    # given
    books = SCHEMA._schema.query_type.fields["books"]  # type: ignore[union-attr]
    # then
    assert str(books.args["first"].type) == "Int"
    assert books.args["first"].description == "How many at most."
    assert str(books.args["after"].type) == "Int"
    assert "first: Int = 3" in SCHEMA.as_str()
    assert "= null" not in SCHEMA.as_str().partition("type Query")[2].partition("}")[0]


def test_every_field_says_its_kind() -> None:
    # given
    fields = SCHEMA._schema.type_map["Book"].fields  # type: ignore[attr-defined]
    # then
    assert kind_of(fields["title"]) == Column()
    assert kind_of(fields["size"]) == Column(itself=True)
    assert isinstance(kind_of(fields["word"]), Loaded)
    assert isinstance(kind_of(SCHEMA._schema.query_type.fields["author"]), Answered)  # type: ignore[union-attr]
    assert kind_of(SCHEMA._schema.query_type.fields["plain"]) is None  # type: ignore[union-attr]


@pytest.mark.parametrize("declare", [column, lambda said: loaded_by(load_words, said)])
def test_a_field_without_description_is_refused(declare: Any) -> None:
    with pytest.raises(ValueError, match="description"):
        declare(" ")


def test_a_column_is_not_both_read_and_itself() -> None:
    with pytest.raises(ValueError, match="not both"):
        column("Both.", read=len, itself=True)


def test_a_mutation_says_who_is_allowed() -> None:
    # given
    async def anything(context: object, *, input: BumpInput) -> dict[str, Any]:
        return {}

    # then
    with pytest.raises(ValueError, match="needs `allowed`"):
        mutation_by(anything, "Something.", allowed=[], codes=[], input=BumpInput)
    assert mutation_by(anything, "Something.", allowed=[Anyone()], codes=[], input=BumpInput) is not None


def test_an_argument_without_type_is_refused() -> None:
    # given
    async def untyped(context: object, *, first=3) -> None:
        """Nothing."""

    # then
    with pytest.raises(TypeError, match="first has no type"):
        answered_by(untyped, "Nothing.")


@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize("arguments", ["", "(first: null)", "(first: 3, after: null)", "(after: null, genres: null)"])
async def test_null_and_absent_arguments_mean_the_default(arguments: str, plans: bool) -> None:
    # given
    toy = make_toy()
    # when
    answer = await make_executor(plans=plans).run(f"{{ books{arguments} {{ id }} }}", None, None, toy)
    # then
    assert [book["id"] for book in answer.body["data"]["books"]] == ["1", "2", "3"]
    assert toy.asked == [("all_books", (3, None))]


@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize(
    ("variables", "said"), [({}, "absent"), ({"name": None}, "given None"), ({"name": "Ida"}, "given Ida")]
)
async def test_maybe_tells_null_from_absent(variables: dict[str, Any], said: str, plans: bool) -> None:
    # when
    answer = await make_executor(plans=plans).run(
        "query ($name: String) { maybe(name: $name) }", variables, None, make_toy()
    )
    # then
    assert answer.body == {"data": {"maybe": said}}
    assert answer.planned is plans
