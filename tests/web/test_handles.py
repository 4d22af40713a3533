"""Changing one's handle over HTTP, and following an old link."""

from typing import Any

from tests.helpers.factories import make_person
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session

CHANGE = "mutation ($handle: String!) { changeHandle(input: {handle: $handle}) { profile { id handle name } errors { code path } } }"
FIND = "query ($handle: String!) { profile(by: {handle: $handle}) { id handle } }"


async def test_an_old_link_leads_to_the_profile_as_long_as_it_is_shown(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person(name="Ada Okafor")
    headers = await in_session(ada)
    # when
    answer = (await checked_client.data(CHANGE, handle="Ada-Codes", headers=headers))["changeHandle"]
    # then
    assert answer["errors"] == [] and answer["profile"]["handle"] == "ada-codes"
    for each in ("ada-codes", "ADA-CODES", "ada-okafor", "Ada-Okafor"):
        assert (await checked_client.data(FIND, handle=each))["profile"] == {
            "id": answer["profile"]["id"],
            "handle": "ada-codes",
        }
    # when they hide
    await checked_client.data("mutation { unpublishProfile { errors { code } } }", headers=headers)
    # then: the old one too, but for its owner
    for each in ("ada-codes", "ada-okafor", "never-was"):
        assert (await checked_client.data(FIND, handle=each))["profile"] is None
    assert (await checked_client.data(FIND, handle="ada-okafor", headers=headers))["profile"]["handle"] == "ada-codes"


async def test_what_is_refused_says_where(checked_client: GraphQLClient) -> None:
    headers = await in_session(await make_person(name="Ada Okafor"))
    await make_person(name="Ben Adeyemi", public=False)
    expected: list[tuple[str, Any]] = [
        ("no handle", "BAD_INPUT"),
        ("ben-adeyemi", "ALREADY_EXISTS"),
        ("admin", "ALREADY_EXISTS"),
    ]
    for handle, code in expected:
        answer = (await checked_client.data(CHANGE, handle=handle, headers=headers))["changeHandle"]
        assert answer == {"profile": None, "errors": [{"code": code, "path": ["handle"]}]}
