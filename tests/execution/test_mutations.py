"""Mutations: one after the other, refusals in the payload, rights at the top."""

from typing import Any

import pytest

from tests.helpers.toy_schema import make_executor, make_toy

PAYLOAD = "counter { name now } errors { __typename code message path }"


async def run(text: str, **options: Any) -> tuple[dict[str, Any], Any]:
    toy = make_toy(**options)
    answer = await make_executor().run(text, None, None, toy)
    assert answer.kind == "mutation"
    assert not answer.request_error
    return answer.body, toy


async def test_root_fields_run_in_turn_and_see_what_the_one_before_wrote() -> None:
    # when
    body, toy = await run(
        f"mutation {{ a: bump(input: {{}}) {{ {PAYLOAD} }} b: bump(input: {{by: 10}}) {{ {PAYLOAD} }} c: bump(input: {{}}) {{ {PAYLOAD} }} }}"
    )
    # then
    assert [body["data"][key]["counter"]["now"] for key in "abc"] == [1, 11, 12]
    assert [body["data"][key]["errors"] for key in "abc"] == [[], [], []]
    assert toy.number == 12


async def test_a_refusal_is_answered_in_the_payload() -> None:
    # when
    body, toy = await run(f"mutation {{ bump(input: {{by: 0}}) {{ {PAYLOAD} }} }}")
    # then
    assert body == {
        "data": {
            "bump": {
                "counter": None,
                "errors": [
                    {
                        "__typename": "PlainError",
                        "code": "BAD_INPUT",
                        "message": "Bump by one or more.",
                        "path": ["by"],
                    },
                    {"__typename": "PlainError", "code": "BAD_INPUT", "message": "Really.", "path": None},
                ],
            }
        }
    }
    assert toy.number == 0


@pytest.mark.parametrize("field", ["bumpAsLibrarian", "forbiddenInside"])
async def test_who_is_not_allowed_is_told_at_the_top(field: str) -> None:
    # when
    body, toy = await run(f"mutation {{ {field}(input: {{}}) {{ {PAYLOAD} }} }}", librarian=False)
    # then
    assert body["data"] == {field: None}
    assert body["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert toy.number == 0


async def test_a_failed_root_field_does_not_stop_the_next() -> None:
    # when
    body, toy = await run(
        f"mutation {{ a: bump(input: {{by: 0}}) {{ {PAYLOAD} }} b: bumpAsLibrarian(input: {{}}) {{ {PAYLOAD} }} c: bump(input: {{}}) {{ {PAYLOAD} }} }}",
        librarian=False,
    )
    # then
    assert body["data"]["c"]["counter"]["now"] == 1
    assert toy.number == 1


async def test_input_may_come_from_variables() -> None:
    # given
    toy = make_toy()
    # when
    answer = await make_executor().run(
        "mutation ($input: BumpInput!) { bump(input: $input) { counter { now } } }", {"input": {"by": 4}}, None, toy
    )
    # then
    assert answer.body == {"data": {"bump": {"counter": {"now": 4}}}}


async def test_a_refused_mutation_does_not_hide_what_the_others_did() -> None:
    # when
    body, toy = await run(
        f"mutation {{ first: bump(input: {{by: 3}}) {{ {PAYLOAD} }} bumpAsLibrarian(input: {{}}) {{ {PAYLOAD} }} "
        f"last: bump(input: {{by: 4}}) {{ {PAYLOAD} }} }}",
        librarian=False,
    )
    # then
    assert body["data"]["bumpAsLibrarian"] is None
    assert [body["data"][key]["counter"]["now"] for key in ("first", "last")] == [3, 7]
    assert [(each["path"], each["extensions"]["code"]) for each in body["errors"]] == [
        (["bumpAsLibrarian"], "FORBIDDEN")
    ]
    assert toy.number == 7
