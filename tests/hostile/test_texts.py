"""Texts that are too long, odd or cut: through every argument of every operation. None is a bug of ours."""

import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
)

from models.accounts import Account
from models.badges import BadgeAward
from models.database import Database
from models.idempotency import IdempotentCall
from models.points import PointEntry
from models.portfolio import ProjectImage
from models.profiles import Profile
from models.referrals import ReferralCode
from models.tokens import AccessToken, ApiKey
from models.verification_codes import SignUp
from resolvers.base import ids
from schema.graph import build
from schema.lengths import LONGER_TEXTS, MAX_TEXT
from server import make_app
from services.accounts import accounts
from services.achievements import badges
from services.auth import access_tokens, api_keys
from services.core import email_addresses, idempotency, links, rate_limits
from services.invites import referrals
from services.media import text_rules
from services.points import ledger
from services.portfolio import project_images
from settings import Settings
from tests.helpers.factories import make_person, make_service, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.mutation_callers import ADMIN, OPEN_TO, SERVICE, smallest
from tests.helpers.people import Headers, in_session, make_company_with_admin
from tests.helpers.sign_in import mailed_code
from tests.helpers.subscriptions import OWN
from tests.helpers.websocket import open_socket

SCHEMA = build()._schema
assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields

ODD = (
    *("a" * length for length in (33, 49, 65, 129, 201, 255, 501, MAX_TEXT)),
    "",
    " ",
    "İ" * 32,  # two characters in lower case
    "ß" * 254,  # and in either case
    "\U0001d54f" * 254,  # one letter of four bytes
    "ﷺ" * 250,  # eighteen characters when normalised
    "a\u0301" * 127,
    "\u202e\u200b\ufeff",
    "a\0b",
    "ΐ" * 32 + "@people.example",
    "a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".example",
    "a@" + "xn--" * 60 + ".example",
    "+3161234567" + "8" * 40,
    "https://people.example/" + "%00" * 150,
    "a" * (MAX_TEXT + 1),
)
REAL = {
    "email": "new@people.example",
    "password": "Correct-horse-7-battery",
    "newPassword": "Correct-horse-8-battery",
    "currentPassword": "Correct-horse-7-battery",
    "name": "Ada Lovelace",
    "title": "A project",
    "activityCode": "ANSWER_ACCEPTED",
    "country": "NL",
    "countryCode": "NL",
    "size": "M",
}
"""Values that let a call reach what is stored, by the input's field."""
PLACES = {
    "Query": "{{ {field} }}",
    "Profile": '{{ profile(by: {{id: "{profile}"}}) {{ {field} }} }}',
    "Leaderboard": "{{ leaderboard(board: FORUM) {{ {field} }} }}",
    "Viewer": "{{ viewer {{ {field} }} }}",
    "Badge": '{{ badge(code: "FIRST_LIGHT") {{ {field} }} }}',
    "Level": "{{ level(number: 1) {{ {field} }} }}",
    "Company": "{{ viewer {{ company {{ {field} }} }} }}",
    "Country": "{{ countries {{ {field} }} }}",
    "Industry": "{{ industries {{ {field} }} }}",
    "PersonalData": "{{ viewer {{ personalData {{ {field} }} }} }}",
    "PersonalDataSection": '{{ viewer {{ personalData {{ section(code: "point-entry") {{ {field} }} }} }} }}',
    "Skill": "{{ skills {{ {field} }} }}",
}
"""Where a type's fields are asked."""


def texts_in(type_: GraphQLInputObjectType, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of an input's texts."""
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if isinstance(named, GraphQLInputObjectType):
            yield from texts_in(named, (*path, name))
        elif named.name in {"String", "ID"}:
            yield (*path, name)


def with_text(type_: GraphQLInputObjectType, path: tuple[str, ...], text: str, ids_: dict[str, str]) -> dict[str, Any]:
    """An input that is as good as can be guessed but for one text."""
    given: dict[str, Any] = {
        name: ids_.get(name, REAL.get(name, value)) if isinstance(value, str) else value
        for name, value in smallest(type_).items()
    }
    name, *rest = path
    if type_.is_one_of:
        given = {}
    field = type_.fields[name]
    named = get_named_type(field.type)
    inner: Any = with_text(named, tuple(rest), text, ids_) if isinstance(named, GraphQLInputObjectType) else text
    given[name] = [inner] if is_list(field) else inner
    if type_.is_one_of:
        return {name: given[name]}
    if "idempotencyKey" in given and name != "idempotencyKey":
        given["idempotencyKey"] = f"key-{next(NUMBERS)}"
    return given


NUMBERS = itertools.count(1)


def is_list(field: GraphQLInputField | GraphQLArgument) -> bool:
    return isinstance(get_nullable_type(field.type), GraphQLList)


def internal(body: Any) -> list[Any]:
    return [each for each in body.get("errors", []) if each["extensions"]["code"] == "INTERNAL"]


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        yield GraphQLClient(http)


@pytest.fixture(autouse=True)
def _without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any, **__: Any) -> None:
        """As often as this test likes."""

    monkeypatch.setattr(rate_limits, "spend", nothing)
    monkeypatch.setattr(rate_limits, "charge", nothing)


async def caller(name: str) -> Headers:
    if OPEN_TO[name] <= ADMIN:
        _, admin = await make_company_with_admin(domain=f"company{next(NUMBERS)}.example")
        return await in_session(admin, elevated=True)
    if OPEN_TO[name] == SERVICE:
        token = await make_token(await make_service(), "mx:points:ingest", "mx:token:introspect")
        return {"Authorization": f"mxtoken {token}"}
    return await in_session(await make_person(), elevated=True)


@pytest.mark.parametrize("name", sorted(name for name in OPEN_TO if MUTATIONS[name].args))
async def test_no_text_in_an_input_is_a_bug(client: GraphQLClient, name: str) -> None:
    type_ = get_named_type(MUTATIONS[name].args["input"].type)
    assert isinstance(type_, GraphQLInputObjectType)
    if any(get_named_type(each.type).name == "Upload" for each in type_.fields.values()):
        pytest.skip("its texts come in a form")
    headers = await caller(name)
    profile = ids.encode("Profile", (await make_person()).own_profile_id)
    known = {"profileId": profile}
    for path in texts_in(type_):
        inputs: dict[str, Any] = {f"i{n}": with_text(type_, path, text, known) for n, text in enumerate(ODD)}
        declared = ", ".join(f"${each}: {type_.name}!" for each in inputs)
        fields = " ".join(f"m{each}: {name}(input: ${each}) {{ errors {{ code message path }} }}" for each in inputs)
        body = await client.ask(f"mutation ({declared}) {{ {fields} }}", headers=headers, **inputs)
        assert not internal(body), (path, body)
        assert body.get("data"), (path, body)
        longer = type_.name in LONGER_TEXTS or any(each.startswith(f"{type_.name}.") for each in LONGER_TEXTS)
        if not longer and not name.startswith("record"):
            assert body["data"][f"mi{len(ODD) - 1}"]["errors"], (path, body)  # the last is too long


def arguments() -> list[tuple[str, str, str]]:
    """Type, field and name of every argument of a query that is a text."""
    return [
        (type_.name, name, argument)
        for type_ in SCHEMA.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        and not type_.name.startswith("__")
        and type_ not in {SCHEMA.mutation_type, SCHEMA.subscription_type}
        for name, field in type_.fields.items()
        for argument, declared in field.args.items()
        if get_named_type(declared.type).name in {"String", "ID"}
    ]


@pytest.mark.postgres_only  # it takes fewer texts than SQLite; those of mutations are tried on both
@pytest.mark.parametrize(("type_name", "name", "argument"), arguments())
async def test_no_text_in_an_argument_is_a_bug(client: GraphQLClient, type_name: str, name: str, argument: str) -> None:
    # given
    assert type_name in PLACES, "say in PLACES where this type is asked"
    headers = await in_session((await make_company_with_admin(domain=f"company{next(NUMBERS)}.example"))[1])
    profile = ids.encode("Profile", (await make_person()).own_profile_id)
    type_ = SCHEMA.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    field = type_.fields[name]
    variable = f"${argument}: {field.args[argument].type}"
    required = {
        other: smallest(each.type)
        for other, each in field.args.items()
        if other != argument and str(each.type).endswith("!")
    }
    others = "".join(f', {other}: "{value}"' for other, value in required.items())
    asked = f"{name}({argument}: ${argument}{others}) {{ __typename }}"
    place = PLACES[type_name].format(field=asked, profile=profile)
    for text in ODD:
        # when
        value: Any = [text] if is_list(field.args[argument]) else text
        body = await client.ask(f"query ({variable}) {place}", headers=headers, **{argument: value})
        # then
        assert not internal(body), (text, body)
    if argument not in LONGER_TEXTS:
        assert body["errors"][0]["extensions"]["code"] == "BAD_INPUT"  # the last is too long


async def test_no_text_after_which_events_are_asked_for_is_a_bug(client: GraphQLClient) -> None:
    headers = await in_session(await make_person())
    async with open_socket(client, {**headers, "Origin": "http://graph.example"}) as socket:
        await socket.init()
        for text in ODD:
            answer = await socket.run({**OWN, "variables": {"after": text}})
            errors = answer["payload"] if answer["type"] == "error" else answer["payload"]["errors"]
            assert [each["extensions"]["code"] for each in errors] in (["BAD_CURSOR"], ["BAD_INPUT"]), (text, errors)


async def test_a_referral_code_is_taken_in_the_length_that_it_is_looked_up_by(client: GraphQLClient) -> None:
    sign_up = """mutation ($input: SignUpInput!) { signUp(input: $input) { signUpToken errors { code path } } }"""
    verify = (
        "mutation ($input: VerifyEmailInput!) { verifyEmail(input: $input) { viewer { __typename } errors { code } } }"
    )
    for number, (code, fits) in enumerate([("a" * 32, True), ("İ" * 32, True), ("a" * 33, False), ("a" * 64, False)]):
        email = f"invited{number}@people.example"
        given = {"email": email, "password": "Correct-horse-7-battery", "name": "Ada", "allowsMarketing": False}
        answer = (await client.data(sign_up, input={**given, "referralCode": code}))["signUp"]
        if fits:
            given = {"signUpToken": answer["signUpToken"], "code": await mailed_code(email)}
            answer = await client.data(verify, input=given)
            assert answer["verifyEmail"]["errors"] == []
        else:
            assert answer["errors"] == [{"code": "BAD_INPUT", "path": ["referralCode"]}]


async def test_a_bad_event_does_not_spoil_its_batch(client: GraphQLClient) -> None:
    # given
    token = await make_token(await make_service(), "mx:points:ingest")
    profile = ids.encode("Profile", (await make_person()).own_profile_id)
    good = {"activityCode": "ANSWER_ACCEPTED", "person": {"profileId": profile}, "occurredAt": "2026-03-10T12:00:00Z"}
    bad: list[dict[str, Any]] = [
        {"externalId": "a\0b"},
        {"externalId": "a" * 5_000},
        {"externalId": "", "activityCode": "a\0b"},
        {"externalId": "c", "activityCode": "\U0001d54f" * 5_000},
        {"externalId": "d", "person": {"profileId": "a\0b"}},
        {"externalId": "e", "counterpart": {"profileId": "a\0b" * 2_000}},
        {"externalId": "f", "person": {"email": "a\0b@people.example"}},
        {"externalId": "g", "person": {"email": "ﷺ" * 20_000}},
        {"externalId": "h", "counterpart": {"email": "a\0b@people.example"}},
    ]
    activities = [good | {"externalId": "before"}, *(good | each for each in bad), good | {"externalId": "after"}]
    # when
    answer = await client.data(
        "mutation ($input: RecordActivitiesInput!) { recordActivities(input: $input) { "
        "results { recorded { isRepeated } errors { code } } errors { code } } }",
        token=token,
        input={"activities": activities},
    )
    # then
    results = answer["recordActivities"]["results"]
    assert answer["recordActivities"]["errors"] == []
    assert [bool(each["recorded"]) for each in results] == [True, *(False for _ in bad), True]
    assert all(each["errors"] for each in results[1:-1])


@pytest.mark.parametrize(
    ("longest", "model", "column"),
    [
        (email_addresses.MAX_EMAIL, Account, "email"),
        (email_addresses.MAX_EMAIL, Account, "email_key"),
        (email_addresses.MAX_EMAIL, Profile, "recovery_email"),
        (accounts.MAX_PERSON_NAME, Account, "name"),
        (accounts.MAX_PERSON_NAME, Profile, "name"),
        (accounts.MAX_PERSON_NAME, SignUp, "name"),
        (api_keys.MAX_NAME, ApiKey, "name"),
        (access_tokens.MAX_NAME, AccessToken, "name"),
        (badges.MAX_CODE, BadgeAward, "badge"),
        (badges.MAX_REASON, BadgeAward, "reason"),
        (idempotency.MAX_KEY, IdempotentCall, "key"),
        (links.MAX_LINK, Profile, "website"),
        (ledger.MAX_EXTERNAL_ID, PointEntry, "external_id"),
        (project_images.MAX_CAPTION, ProjectImage, "caption"),
        (referrals.MAX_CODE, ReferralCode, "code"),
        (referrals.MAX_CODE, SignUp, "referral_code"),
        *((longest, Profile, name) for name, longest in text_rules.MAX_CHARACTERS.items() if name != "about"),
    ],
)
def test_what_is_checked_by_one_length_is_stored_in_it(longest: int, model: Any, column: str) -> None:
    assert longest <= model._meta.fields_map[column].max_length
