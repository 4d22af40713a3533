"""Requests within the limits that would hold the event loop from everybody else: none may, for a quarter of a second."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from models.database import Database
from server import make_app
from services.core import rate_limits
from settings import Settings
from tests.helpers.factories import make_person, make_service, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.loop_time import shortest_stall
from tests.helpers.people import in_session

STALL = 0.25
"""Seconds: what nothing may hold the event loop for."""

pytestmark = pytest.mark.sqlite_only  # what is measured is done before a database is asked


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        client = GraphQLClient(http)
        await client.ask("{ __typename profile(by: {handle: 1}) { id } } ")  # what is done once for a process is done
        yield client


@pytest.fixture(autouse=True)
def _without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any, **__: Any) -> None:
        """As often as this test likes."""

    monkeypatch.setattr(rate_limits, "spend", nothing)
    monkeypatch.setattr(rate_limits, "charge", nothing)


def repeated(times: int, each: str, *, around: str = "{{ {0} }}", apart: str = " ") -> str:
    return around.format(apart.join(each.replace("#", str(number)) for number in range(times)))


CARD = "id handle name avatarUrl jobTitle country { code } company { id name } score { points level { number } }"

DOCUMENTS: dict[str, str] = {
    "near misses of fields": repeated(110, "a#: profilez#"),
    "near misses of mutations": repeated(110, "a#: makeCompanyAdmim#", around="mutation {{ {0} }}"),
    "near misses of a profile's fields": repeated(
        110, "connectionRequests#", around='{{ profile(by: {{id: "a"}}) {{ {0} }} }}'
    ),
    "near misses of an interface's fields": repeated(110, "handle#", around='{{ node(id: "a") {{ {0} }} }}'),
    "near misses of types": repeated(130, "... on Profil# { id }", around='{{ node(id: "a") {{ {0} }} }}'),
    "near misses of arguments": repeated(110, 'a#: profiles(serch: "a", ordrBy: X) { totalCount }'),
    "near misses of enum values": repeated(110, "a#: leaderboard(board: FORUN, period: ALLTIME) { asOf }"),
    "near misses of inputs": repeated(
        90,
        'a#: signUp(input: {emial: "a", pasword: "b", markting: true}) { errors { code } }',
        around="mutation {{ {0} }}",
    ),
    "three near misses in a long text": repeated(
        1_500, "a#: __typename", around="{{ {0} profilez leaderboord bagde }}"
    ),
    "unknown variables": repeated(400, "a#: profile(by: {id: $v#}) { id }"),
    "unused variables": repeated(1_200, "$v#: Int", around="query ({0}) {{ __typename }}"),
    "the same variable": repeated(1_200, "$v: Int", around="query ({0}) {{ __typename }}"),
    "variables of unknown types": repeated(1_200, "$v#: Strin", around="query ({0}) {{ __typename }}"),
    "variables with defaults": repeated(300, '$v#: [ID!] = ["a" "b" "c"]', around="query ({0}) {{ __typename }}"),
    "operations": repeated(980, "query q# { __typename }", around="{0}"),
    "operations without a name": repeated(1_600, "{ __typename }", around="{0}"),
    "unused fragments": repeated(700, "fragment f# on Query { __typename }", around="{{ __typename }} {0}"),
    "a circle of fragments": repeated(
        300, "fragment f# on Query { ...f#x }", around="{{ ...f0 }} {0} fragment x on Query {{ ...f0 }}"
    ),
    "operations that share fragments": repeated(150, "query q#($a: ID) { ...f0 ...f1 ...f2 }", around="{0} ")
    + repeated(20, "fragment f# on Query { p#: profile(by: {id: $a}) { id } }", around="{0}"),
    "fields": repeated(1_600, "a#: __typename"),
    "fields with arguments": repeated(240, 'a#: profile(by: {handle: "a"}) { id name handle score { points } }'),
    "cards": repeated(90, f'a#: profile(by: {{handle: "x#"}}) {{ {CARD} }}'),
    "equal fields": repeated(138, 'profile(by: {id: "a"}) { id }'),
    "fragments that overlap": "{ "
    + " ".join(f"...f{number}" for number in range(130))
    + " } "
    + repeated(
        130,
        'fragment f# on Query { b#: profile(by: {id: "a"}) { id name } c#: profile(by: {id: "a"}) { id name } }',
        around="{0}",
    ),
    "directives": repeated(700, "@skip(if: true)", around="{{ __typename {0} }}"),
    "directives with variables": repeated(250, "$v#: Boolean = true", around="query ({0})")
    + repeated(250, "a#: __typename @skip(if: $v#)"),
    "a list": repeated(4_900, '"a"', around="{{ nodes(ids: [{0}]) {{ id }} }}"),
    "a list of objects": repeated(2_400, "{}", around="{{ nodes(ids: [{0}]) {{ id }} }}"),
    "an object": repeated(1_600, "a#: 1", around="{{ nodes(ids: {{ {0} }}) {{ id }} }}"),
    "an object with equal names": repeated(
        1_600, 'email: "a"', around="mutation {{ signUp(input: {{ {0} }}) {{ errors {{ code }} }} }}"
    ),
    "lists in lists": "{ nodes(ids: " + "[" * 1_500 + "]" * 1_500 + ") { id } }",
    "a long string": '{ profile(by: {handle: "' + "a" * 240_000 + '"}) { id } }',
    "a long block string": '{ profile(by: {handle: """' + "a\n" * 75_000 + '"""}) { id } }',
    "escapes": '{ profile(by: {handle: "' + "\\u0041" * 35_000 + '"}) { id } }',
    "a large number": "{ profiles(first: " + "1" * 240_000 + ") { totalCount } }",
    "large numbers": repeated(50, "a#: profiles(first: " + "1" * 4_000 + ") { totalCount }"),
    "a long name": "{ " + "a" * 240_000 + " }",
    "long names": repeated(1_000, "a" * 200 + "#"),
    "comments": "{ __typename }" + "#a\n" * 60_000,
    "ends of lines": "{ __typename " + "\n" * 120_000 + " wrong }",
    "introspection": repeated(3, "a#: __schema { types { name fields { name args { name } type { name } } } }"),
    "introspection in depth": "{ __schema { types { fields { type "
    + "{ ofType " * 12
    + "{ name }"
    + " }" * 12
    + " } } } }",
}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
async def test_no_document_holds_the_loop(client: GraphQLClient, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async def attack(number: int) -> None:
        body = await client.ask(DOCUMENTS[name] + " " * number)
        assert body

    assert await shortest_stall(monkeypatch, attack, below=STALL) < STALL


LIGATURE = "ﷺ"  # 18 characters when normalised
LONG = LIGATURE * 26_000
IDS = "query ($v: [ID!]!) { nodes(ids: $v) { id } }"


def mutation(name: str, type_: str) -> str:
    return f"mutation ($input: {type_}!) {{ {name}(input: $input) {{ errors {{ code }} }} }}"


VALUES: dict[str, tuple[str, dict[str, Any]]] = {
    "a long address": (mutation("signIn", "SignInInput"), {"input": {"email": LONG, "password": "x"}}),
    "a long password": (
        mutation("signIn", "SignInInput"),
        {"input": {"email": "ada@people.example", "password": LONG}},
    ),
    "a long address to write to": (
        mutation("requestPasswordReset", "RequestPasswordResetInput"),
        {"input": {"email": LONG}},
    ),
    "a long address and password to begin with": (
        mutation("signUp", "SignUpInput"),
        {"input": {"email": LIGATURE * 12_000, "password": LIGATURE * 12_000, "name": "Ada", "allowsMarketing": True}},
    ),
    "a long name": (
        mutation("signUp", "SignUpInput"),
        {"input": {"email": "a@b.example", "password": "x", "name": LONG, "marketing": True}},
    ),
    "an address of many labels": (
        mutation("signIn", "SignInInput"),
        {"input": {"email": "a@" + "xn--a." * 80 + "example", "password": "x"}},
    ),
    "a long search": ("query ($v: String) { profiles(search: $v) { totalCount } }", {"v": LONG}),
    "many words": ("query ($v: String) { profiles(search: $v) { totalCount } }", {"v": "ﷺ a " * 250}),
    "a long cursor": ("query ($v: String) { profiles(after: $v) { totalCount } }", {"v": "a" * 250_000}),
    "a long credential": (
        "query ($v: String!) { verifyBadgeCredential(credential: $v) { __typename } }",
        {"v": "a." * 10_000},
    ),
    "as many numbers as there may be": (IDS, {"v": list(range(9_990))}),
    "as many objects as there may be": (IDS, {"v": [{}] * 9_990}),
    "many texts": (IDS, {"v": ["a" * 20] * 9_990}),
    "a text for a list": ("query ($v: [[[[ID!]]]]) { __typename }", {"v": "a"}),
    "lists in lists": (IDS, {"v": eval("[" * 90 + "]" * 90)}),  # noqa: S307 - our own text
    "unknown fields of an input": (
        mutation("signUp", "SignUpInput"),
        {"input": {f"emial{number}": number for number in range(9_000)}},
    ),
    "many values for an enum": (
        "query ($v: LeaderboardBoard!) { leaderboard(board: $v) { asOf } }",
        {"v": ["FORUN"] * 9_990},
    ),
    "variables that nobody declared": ("{ __typename }", {f"v{number}": number for number in range(9_990)}),
}


@pytest.mark.parametrize("name", sorted(VALUES))
async def test_no_value_holds_the_loop(client: GraphQLClient, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    document, variables = VALUES[name]

    async def attack(_number: int) -> None:
        assert await client.ask(document, **variables)

    assert await shortest_stall(monkeypatch, attack, below=STALL) < STALL


async def test_more_values_are_refused(client: GraphQLClient) -> None:
    response = await client.post(IDS, v=list(range(20_000)))
    assert response.status == 400
    [error] = (await response.json())["errors"]
    assert (error["extensions"]["code"], error["message"]) == ("BAD_INPUT", "`variables` have more than 10000 values.")


async def test_no_batch_of_events_holds_the_loop(client: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await make_token(await make_service(), "mx:points:ingest")

    async def attack(number: int) -> None:
        event = {"activityCode": "ANSWER_ACCEPTED", "occurredAt": "2026-03-10T12:00:00Z"}
        activities = [
            event
            | {
                "externalId": f"{number}:{n}",
                "person": {"email": f"ΐ{n}@straße{n}.example"},
                "counterpart": {"email": f"{n}@b{n}.example"},
            }
            for n in range(500)
        ]
        document = "mutation ($input: RecordActivitiesInput!) { recordActivities(input: $input) { errors { code } } }"
        await client.data(document, token=token, input={"activities": activities})

    assert await shortest_stall(monkeypatch, attack, below=STALL) < STALL


async def test_no_edit_holds_the_loop(client: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = await in_session(await make_person(), elevated=True)
    edits: list[tuple[str, str, dict[str, Any]]] = [
        ("updateProfile", "UpdateProfileInput", {"about": LIGATURE * 19_000, "name": LIGATURE * 900}),
        ("updateProfile", "UpdateProfileInput", {"skillCodes": [f"skill{n}" for n in range(1_000)]}),
        (
            "updateProfile",
            "UpdateProfileInput",
            {"socials": [{"service": "LINKEDIN", "handle": "https://www.linkedin.com/" + "a/" * 450}]},
        ),
        ("sendInvites", "SendInvitesInput", {"emails": [LIGATURE * 40] * 900, "idempotencyKey": "a"}),
        (
            "sendInvites",
            "SendInvitesInput",
            {"emails": ["a@b.example"], "note": LIGATURE * 4_900, "idempotencyKey": "b"},
        ),
        ("createProject", "CreateProjectInput", {"title": "a", "description": LIGATURE * 19_000, "publish": False}),
        (
            "createPersonalAccessToken",
            "CreatePersonalAccessTokenInput",
            {"name": "a", "scopes": ["MX_POINTS_READ"] * 1_000},
        ),
        ("setFeaturedBadges", "SetFeaturedBadgesInput", {"badgeCodes": ["B"] * 1_000}),
        ("reorderProjects", "ReorderProjectsInput", {"projectIds": ["pro_1"] * 1_000}),
        ("beginSms", "BeginSmsInput", {"phoneNumber": "+1" * 500}),
    ]
    for name, type_, given in edits:

        async def attack(_number: int, name: str = name, type_: str = type_, given: Any = given) -> None:
            await client.data(mutation(name, type_), headers=headers, input=given)

        assert await shortest_stall(monkeypatch, attack, below=STALL) < STALL, name
