"""Errors as the client gets them, and as the log gets them."""

import pytest
from structlog.testing import capture_logs

from tests.helpers.toy_schema import make_executor, make_toy

SECRET = "secret password 1234"


@pytest.mark.parametrize("plans", [True, False])
async def test_a_bug_is_masked_and_logged_once_with_its_reference(plans: bool) -> None:
    # when
    with capture_logs() as logs:
        answer = await make_executor(plans=plans).run("{ books { broken } }", None, None, make_toy())
    # then
    reported = answer.body["errors"]
    assert len(reported) == 3
    assert {error["message"] for error in reported} == {"Something went wrong on our side."}
    assert [error["path"] for error in reported] == [["books", number, "broken"] for number in range(3)]
    assert SECRET not in str(answer.body)
    (log,) = logs
    assert log["event"] == "field.failed"
    assert {error["extensions"]["reference"] for error in reported} == {log["reference"]}
    assert {error["extensions"]["code"] for error in reported} == {"INTERNAL"}
    assert str(log["exc_info"]) == SECRET


@pytest.mark.parametrize(
    "text",
    [
        "{ books(first: 5) { subtitle } }",
        "{ books(first: 5) { genre } }",
        "{ books(first: 5) { pages } }",
        "{ wrongNumber }",
        "{ notAList }",
        "{ author { strange { id } } }",
        "{ books { tooFew } }",
    ],
)
async def test_what_rows_hold_is_not_told(text: str) -> None:
    """graphql-core's own messages name the value: "Enum 'Genre' cannot represent value: 'cookery'"."""
    # when
    with capture_logs() as logs:
        answer = await make_executor().run(text, None, None, make_toy())
    # then
    assert {error["message"] for error in answer.body["errors"]} == {"Something went wrong on our side."}
    assert logs


async def test_a_refusal_says_what_it_is_and_is_not_logged() -> None:
    # when
    with capture_logs() as logs:
        answer = await make_executor().run("{ books(first: -1) { id } }", None, None, make_toy())
    # then
    assert answer.body == {
        "data": None,
        "errors": [
            {
                "message": "Ask for at least none.",
                "locations": [{"line": 1, "column": 3}],
                "path": ["books"],
                "extensions": {"code": "BAD_PAGE", "smallest": 0},
            }
        ],
    }
    assert not answer.request_error
    assert logs == []


async def test_errors_come_in_the_order_of_their_paths() -> None:
    # when
    with capture_logs():
        answer = await make_executor().run("{ b: fails books { broken } a: fails }", None, None, make_toy())
    # then
    assert [error["path"] for error in answer.body["errors"]] == [
        ["a"], ["b"], ["books", 0, "broken"], ["books", 1, "broken"], ["books", 2, "broken"],
    ]  # fmt: skip


async def test_null_bubbles_to_the_nearest_place_that_can_be_null() -> None:
    # when
    with capture_logs():
        answer = await make_executor().run(
            "{ number author { name books(first: 5) { title subtitle } } }", None, None, make_toy()
        )
    # then
    assert answer.body["data"] == {"number": 0, "author": None}
    assert [error["path"] for error in answer.body["errors"]] == [["author", "books", 1, "subtitle"]]


async def test_validation_messages_are_told_as_they_are() -> None:
    # when
    answer = await make_executor().run('{ books(first: "x") { titel } }', None, None, make_toy())
    # then
    assert [error["message"] for error in answer.body["errors"]] == [
        'Int cannot represent non-integer value: "x"',
        "Cannot query field 'titel' on type 'Book'. Did you mean 'title' or 'size'?",
    ]
    assert all(error["locations"] for error in answer.body["errors"])


async def test_a_failing_sibling_cancels_no_other_read() -> None:
    """`brokenHard` fails while the others wait for loaders: they are cancelled, and their loaders' futures are not."""
    # given
    text = "{ one: author { ...A } two: author { ...A } three: author { books { brokenHard } } } fragment A on Author { books { title word author { name } } }"
    # when
    with capture_logs():
        answer = await make_executor(plans=False).run(text, None, None, make_toy())
    # then
    assert answer.body["data"]["three"] is None
    assert answer.body["data"]["one"] == answer.body["data"]["two"]
    assert len(answer.body["data"]["one"]["books"]) == 2
    assert {error["path"][0] for error in answer.body["errors"]} == {"three"}


async def test_a_message_is_not_as_long_as_what_was_sent() -> None:
    """graphql-core repeats the value that does not fit."""
    document = "query ($first: Int!) { books(first: $first) { id } }"
    for text, variables in (
        (document, {"first": "x" * 5_000}),
        (f"{{ {'y' * 5_000} }}", {}),
        (f'{{ books(first: "{"z" * 5_000}") {{ id }} }}', {}),
    ):
        # when
        answer = await make_executor().run(text, variables, None, make_toy())
        # then
        (error,) = answer.body["errors"]
        assert len(error["message"]) < 700
        assert answer.request_error
