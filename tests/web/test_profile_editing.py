"""Editing one's profile over HTTP."""

from typing import Any

import pytest

from models.profiles import Profile
from tests.helpers.factories import make_person, make_profile, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, with_key
from tests.helpers.profile_editing import UPDATE, WHOLE_INPUT
from tests.helpers.sessions import sign_in

WRITE, READ = "mx:profile:write", "mx:user:profile:v1:read"
BY_TOKEN = """
mutation Update($input: UpdateProfileInput!) {
  updateProfile(input: $input) { profile { id } viewer { profileVersion publishChecklist { item isDone message } } errors { code path } }
}
"""


async def updated(client: GraphQLClient, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return (await client.data(UPDATE, input=given, **more))["updateProfile"]


async def test_what_is_said_stays_what_is_null_goes_and_what_is_absent_is_left(checked_client: GraphQLClient) -> None:
    # given
    await sign_in(checked_client, await make_person(public=False), elevated=False)
    # when all is said
    answer = await updated(checked_client, WHOLE_INPUT)
    # then
    assert answer["errors"] == []
    profile = answer["profile"]
    expected = WHOLE_INPUT | {"name": "Ada Okafor-Vos", "country": {"code": "NL"}}
    assert {
        name: profile[name] for name in ("name", "jobTitle", "department", "country", "location", "about", "website")
    } == {
        name: expected[name] for name in ("name", "jobTitle", "department", "country", "location", "about", "website")
    }
    assert sorted(each["code"] for each in profile["skills"]) == ["css", "python"]
    assert profile["lookingFor"] == ["PROJECT"]
    assert profile["socials"] == [
        {"service": "GITHUB", "handle": "ada"},
        {"service": "MEETUP", "handle": "123"},
        {"service": "X", "handle": "ada"},
        {"service": "LINKEDIN", "handle": "ada"},
        {"service": "SKYPE", "handle": "live:ada"},
    ]
    assert [each["item"] for each in answer["viewer"]["publishChecklist"] if not each["isDone"]] == ["AVATAR"]
    assert answer["viewer"]["profileVersion"] == 2
    # when nothing is said
    assert (await updated(checked_client, {}))["profile"] == profile
    # when some fields are null
    some = (await updated(checked_client, {"about": None, "lookingFor": None, "skillCodes": None}))["profile"]
    assert (some["about"], some["skills"], some["location"], some["lookingFor"]) == (None, [], "On the quay", None)
    assert some["socials"] == profile["socials"]
    # when a list replaces the earlier one
    fewer = [{"service": "SKYPE", "handle": " "}, {"service": "X", "handle": "https://x.com/ada_o"}]
    replaced = (await updated(checked_client, {"socials": fewer, "lookingFor": []}))["profile"]
    assert (replaced["socials"], replaced["lookingFor"]) == ([{"service": "X", "handle": "ada_o"}], [])
    # when the accounts and the country are null
    gone = (await updated(checked_client, {"socials": None, "countryCode": None}))["profile"]
    assert (gone["socials"], gone["country"], gone["website"]) == ([], None, WHOLE_INPUT["website"])


async def test_everything_that_is_wrong_is_answered_at_once(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person(public=True, details={"job_title": "Architect"})
    await sign_in(checked_client, ada, elevated=False)
    # when
    answer = await updated(
        checked_client,
        {"name": "", "website": "javascript:alert(1)", "skillCodes": ["juggling"], "jobTitle": None, "socials": [{"service": "GITHUB", "handle": "https://github.com@evil.example/a"}]},
    )  # fmt: skip
    # then
    assert answer["profile"] is None
    assert [(each["__typename"], each["code"], each["path"], each.get("item")) for each in answer["errors"]] == [
        ("PlainError", "BAD_INPUT", ["name"], None),
        ("PlainError", "BAD_INPUT", ["website"], None),
        ("PlainError", "UNKNOWN_TERM", ["skillCodes"], None),
        ("PlainError", "BAD_INPUT", ["socials", "0", "handle"], None),
        ("ChecklistError", "CHECKLIST_ITEM_REQUIRED", ["jobTitle"], "JOB_TITLE"),
    ]
    assert (await Profile.get(id=ada.profile_id)).version == 1


@pytest.mark.parametrize("expected", [0, 1, 3])
async def test_a_version_that_is_not_the_present_one_is_a_conflict(
    checked_client: GraphQLClient, expected: int
) -> None:
    await sign_in(checked_client, await make_person(public=False), elevated=False)
    assert (await updated(checked_client, {"about": "One", "expectedVersion": 1}))["errors"] == []
    answer = await updated(checked_client, {"about": "Two", "expectedVersion": expected})
    [error] = answer["errors"]
    assert (error["__typename"], error["path"], error["currentVersion"]) == (
        "VersionConflictError",
        ["expectedVersion"],
        2,
    )
    assert (await updated(checked_client, {"about": "Two", "expectedVersion": 2}))["viewer"]["profileVersion"] == 3


async def test_everybody_edits_themselves_and_nobody_else(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await make_person(public=True), await make_profile("Ben Haas")
    before = await Profile.get(id=ben).values()
    token = await make_token(ada, WRITE)
    # when
    for headers in (await in_session(ada), await with_key(ada), {"Authorization": f"mxtoken {token}"}):
        body = await checked_client.ask(BY_TOKEN, headers=headers, input={"about": f"Me, by {sorted(headers)}"})
        assert "errors" not in body, body
        assert body["data"]["updateProfile"]["profile"]["id"] == graph_id("prf", ada.profile_id)
    # then
    assert await Profile.get(id=ben).values() == before
    # there is no way to name another
    body = await checked_client.ask(
        BY_TOKEN.replace("$input: UpdateProfileInput!", "$x: Int").replace(
            "input: $input", f'input: {{id: "{graph_id("prf", ben)}"}}'
        )
    )
    assert "errors" in body and "data" not in body


async def test_who_may_not_edit(checked_client: GraphQLClient) -> None:
    ada, service = await make_person(public=False), await make_service()
    assert await checked_client.code(BY_TOKEN, input={"about": "x"}) == "UNAUTHENTICATED"
    assert (
        await checked_client.code(BY_TOKEN, token=await make_token(ada, READ), input={"about": "x"})
        == "INSUFFICIENT_SCOPE"
    )
    assert (
        await checked_client.code(BY_TOKEN, token=await make_token(service, WRITE), input={"about": "x"}) == "FORBIDDEN"
    )
    # the scope to write opens what it writes, and not the rest of the profile
    token = await make_token(ada, WRITE)
    assert (await updated(checked_client, {"about": "x"}, token=token))["errors"] == []
    assert await checked_client.code("{ viewer { profile { connectionStatus } } }", token=token) == "INSUFFICIENT_SCOPE"


async def test_version_and_checklist_are_for_oneself(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person(public=True)
    await sign_in(checked_client, ada, elevated=False)
    query = "{ viewer { profileVersion publishChecklist { item } } }"
    # when
    data = await checked_client.data(query)
    # then
    assert data["viewer"]["profileVersion"] == 1 and len(data["viewer"]["publishChecklist"]) == 8
