"""
Every mutation there is, tried by everybody: who may is the table below, and nobody else changes anything.

A mutation that is not in the table fails. Rule: docs/rules/tokens.md#never-by-token, last of its "Never open to a PAT or API
key", docs/rules/tokens.md#never-by-token.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
)

from catalogue.scopes import SCOPES
from models import tables
from schema.graph import build
from tests.helpers.factories import make_person, make_service, make_token
from tests.helpers.graphql_client import Body, GraphQLClient
from tests.helpers.people import Headers, in_session, make_company_with_admin, with_key
from tests.helpers.uploads import picture, send

SCHEMA = build()._schema
assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields

# Who tries. All of them stand for the same person, but for `nobody`, `stranger`, the admin and `service`.
EVERYBODY = {
    "nobody", "reader", "token", "stranger", "key", "session", "elevated", "admin", "elevated-admin", "admin-key", "service",
}  # fmt: skip
BY_SESSION = frozenset({"session", "elevated", "admin", "elevated-admin"})
BY_KEY = frozenset({"key", "admin-key"})
ANYONE = frozenset({"nobody"}) | BY_KEY | BY_SESSION
ELEVATED = frozenset({"elevated", "elevated-admin"})
ADMIN = frozenset({"admin", "elevated-admin", "admin-key"})
ELEVATED_ADMIN = frozenset({"elevated-admin", "admin-key"})
SERVICE = frozenset({"service"})

OPEN_TO: Mapping[str, frozenset[str]] = {
    # signing up and in, and getting back in
    "completeSignIn": ANYONE,
    "requestPasswordReset": ANYONE,
    "resendSignUpCode": ANYONE,
    "resetPassword": ANYONE,
    "signIn": ANYONE,
    "signUp": ANYONE,
    "verifyEmail": ANYONE,
    # signed in here
    "deleteApiKey": BY_SESSION,
    "deletePersonalAccessToken": BY_SESSION,
    "elevateSession": BY_SESSION,
    "sendElevationCode": BY_SESSION,
    "signOut": BY_SESSION,
    # signed in, by an API key too
    "changeHandle": BY_SESSION | BY_KEY,
    "cancelOrder": BY_SESSION | BY_KEY,
    "claimChallenge": BY_SESSION | BY_KEY,
    "claimTshirt": BY_SESSION | BY_KEY,
    "endOtherSessions": BY_SESSION | BY_KEY,
    "endSession": BY_SESSION | BY_KEY,
    "updateLanguage": BY_SESSION | BY_KEY,
    "updateMarketing": BY_SESSION | BY_KEY,
    "makeProfilePrivate": BY_SESSION | BY_KEY,
    "orderItem": BY_SESSION | BY_KEY,
    "publishProfile": BY_SESSION | BY_KEY,
    "rotateReferralLink": BY_SESSION | BY_KEY,
    # ... and by a token with the scope
    "acceptConnectionRequest": BY_SESSION | BY_KEY | {"token", "stranger"},
    "blockProfile": BY_SESSION | BY_KEY | {"token", "stranger"},
    "dismissSuggestion": BY_SESSION | BY_KEY | {"token", "stranger"},
    "ignoreConnectionRequest": BY_SESSION | BY_KEY | {"token", "stranger"},
    "removeConnection": BY_SESSION | BY_KEY | {"token", "stranger"},
    "sendConnectionRequest": BY_SESSION | BY_KEY | {"token", "stranger"},
    "unblockProfile": BY_SESSION | BY_KEY | {"token", "stranger"},
    "withdrawConnectionRequest": BY_SESSION | BY_KEY | {"token", "stranger"},
    "addProjectImage": BY_SESSION | BY_KEY | {"token", "stranger"},
    "createProject": BY_SESSION | BY_KEY | {"token", "stranger"},
    "deleteProject": BY_SESSION | BY_KEY | {"token", "stranger"},
    "orderProjects": BY_SESSION | BY_KEY | {"token", "stranger"},
    "removeProjectImage": BY_SESSION | BY_KEY | {"token", "stranger"},
    "saveProjectDraft": BY_SESSION | BY_KEY | {"token", "stranger"},
    "submitProject": BY_SESSION | BY_KEY | {"token", "stranger"},
    "unpublishProject": BY_SESSION | BY_KEY | {"token", "stranger"},
    "untagFromProject": BY_SESSION | BY_KEY | {"token", "stranger"},
    "updateProject": BY_SESSION | BY_KEY | {"token", "stranger"},
    "removeAvatar": BY_SESSION | BY_KEY | {"token", "stranger"},
    "resendInvite": BY_SESSION | BY_KEY | {"token", "stranger"},
    "sendInvites": BY_SESSION | BY_KEY | {"token", "stranger"},
    "withdrawInvite": BY_SESSION | BY_KEY | {"token", "stranger"},
    "setFeaturedBadges": BY_SESSION | BY_KEY | {"token", "stranger"},
    "updateProfile": BY_SESSION | BY_KEY | {"token", "stranger"},
    "uploadAvatar": BY_SESSION | BY_KEY | {"token", "stranger"},
    # signed in here, and confirmed
    "beginSms": ELEVATED,
    "requestSecondFactorDeactivation": ELEVATED,
    "deactivateSecondFactor": ELEVATED,
    "createPersonalAccessToken": ELEVATED,
    "createApiKey": ELEVATED,
    "changePassword": ELEVATED,
    "beginTotp": ELEVATED,
    "confirmSms": ELEVATED,
    "confirmTotp": ELEVATED,
    "regenerateBackupCodes": ELEVATED,
    "removeRecoveryEmail": ELEVATED,
    "setRecoveryEmail": ELEVATED,
    "verifyRecoveryEmail": ELEVATED,
    # the admin of a company
    "deactivateMember": ADMIN,
    "makeCompanyAdmin": ELEVATED_ADMIN,
    "reactivateMember": ADMIN,
    "removeCompanyAdmin": ELEVATED_ADMIN,
    "setCompanySso": ELEVATED_ADMIN,
    "setPasswordExpiry": ELEVATED_ADMIN,
    # other services
    "introspectToken": SERVICE,
    "recordActivities": SERVICE,
    "recordActivity": SERVICE,
    "reverseActivity": SERVICE,
}
NEVER_BY_TOKEN_OR_KEY = {
    "beginSms", "beginTotp", "changePassword", "confirmSms", "confirmTotp", "createApiKey", "createPersonalAccessToken",
    "deactivateSecondFactor", "deleteApiKey", "deletePersonalAccessToken", "elevateSession", "regenerateBackupCodes",
    "removeRecoveryEmail", "requestSecondFactorDeactivation", "setRecoveryEmail", "verifyRecoveryEmail",
}  # fmt: skip
"""What docs/rules/tokens.md#never-by-token names: no scope and no key ever opens these, whatever else changes in the table."""
NEEDS_ELEVATION = {
    "beginSms", "beginTotp", "changePassword", "confirmSms", "confirmTotp", "createApiKey", "createPersonalAccessToken",
    "deactivateSecondFactor", "makeCompanyAdmin", "regenerateBackupCodes", "removeCompanyAdmin", "removeRecoveryEmail",
    "requestSecondFactorDeactivation", "setCompanySso", "setPasswordExpiry", "setRecoveryEmail", "verifyRecoveryEmail",
}  # fmt: skip
"""Password, second factor on and off, recovery email, making tokens and keys, company settings and single sign-on."""
REFUSALS = {"UNAUTHENTICATED", "FORBIDDEN", "INSUFFICIENT_SCOPE", "ELEVATION_REQUIRED"}
VALUES: Mapping[str, Any] = {
    "String": "x",
    "ID": "acc_1",
    "Int": 1,
    "Boolean": True,
    "DateTime": "2026-03-10T12:00:00Z",
    "Upload": None,
}


_NUMBERS = count(1)


def smallest(type_: Any) -> Any:
    """A value that fits an input type, with nothing in it that may be left out."""
    bare = get_nullable_type(type_)
    if isinstance(bare, GraphQLList):
        return [smallest(bare.of_type)]
    if isinstance(bare, GraphQLEnumType):
        return next(iter(bare.values))
    if isinstance(bare, GraphQLInputObjectType):
        if bare.is_one_of:
            name, field = next(iter(bare.fields.items()))
            return {name: smallest(GraphQLNonNull(get_nullable_type(field.type)))}
        return {name: smallest(field.type) for name, field in bare.fields.items() if is_required_input_field(field)}
    return VALUES[bare.name]


def document(name: str) -> str:
    kind = MUTATIONS[name].args["input"].type
    return f"mutation Try($input: {kind}) {{ {name}(input: $input) {{ __typename }} }}"


async def callers() -> dict[str, Headers]:
    person, stranger, service = await make_person(), await make_person(), await make_service()
    _, admin = await make_company_with_admin(domain=f"company{next(_NUMBERS)}.example")
    personal = [scope.name for scope in SCOPES.values() if not scope.service_only]
    reading = [name for name in personal if name.endswith(":read")]

    async def token(account: Any, scopes: list[str]) -> Headers:
        return {"Authorization": f"mxtoken {await make_token(account, *scopes)}"}

    return {
        "nobody": {},
        "reader": await token(person, reading),
        "token": await token(person, personal),
        "stranger": await token(stranger, personal),
        "service": await token(service, list(SCOPES)),
        "key": await with_key(person),
        "session": await in_session(person),
        "elevated": await in_session(person, elevated=True),
        "admin": await in_session(admin),
        "elevated-admin": await in_session(admin, elevated=True),
        "admin-key": await with_key(admin),
    }


async def ask(client: GraphQLClient, name: str, headers: Headers, given: Any) -> Body:
    """Send a mutation as its input wants it: a file comes in a form."""
    fields = get_named_type(MUTATIONS[name].args["input"].type).fields.values()
    if not any(get_named_type(each.type).name == "Upload" for each in fields):
        return await client.ask(document(name), headers=headers, input=given)
    return orjson.loads(await (await send(client, picture(), document(name), headers=headers, more=given)).read())


async def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    models: Any = [getattr(tables, name) for name in tables.__all__]
    return {each.__name__: await each.all().order_by(each._meta.pk_attr).values() for each in models}


def test_every_mutation_is_in_the_table_and_nothing_else() -> None:
    assert set(OPEN_TO) == set(MUTATIONS)


def test_the_table_keeps_what_is_never_by_token_or_key() -> None:
    assert set(OPEN_TO) >= NEVER_BY_TOKEN_OR_KEY
    for name in NEVER_BY_TOKEN_OR_KEY:
        assert OPEN_TO[name].isdisjoint({"nobody", "reader", "token", "stranger", "key", "admin-key", "service"}), name


def test_elevation_is_needed_for_what_is_listed_and_nothing_else() -> None:
    assert {name for name, who in OPEN_TO.items() if who <= ELEVATED | ELEVATED_ADMIN} == NEEDS_ELEVATION


def test_descriptions_say_what_needs_an_elevated_session() -> None:
    said = {name for name, field in MUTATIONS.items() if "Needs an elevated session" in (field.description or "")}
    assert said == NEEDS_ELEVATION


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", sorted(NEEDS_ELEVATION))
async def test_a_session_that_is_not_elevated_is_told_what_it_needs(client: GraphQLClient, name: str) -> None:
    # given
    _, admin = await make_company_with_admin()
    # when
    body = await ask(client, name, await in_session(admin), smallest(MUTATIONS[name].args["input"].type))
    # then
    assert [each["extensions"]["code"] for each in body["errors"]] == ["ELEVATION_REQUIRED"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", sorted(OPEN_TO))
async def test_who_may_and_who_may_not(client: GraphQLClient, name: str) -> None:
    # given
    people = await callers()
    assert set(people) == EVERYBODY
    given = smallest(MUTATIONS[name].args["input"].type)
    before = await everything()
    # when, then: whoever may not is refused before anything happens
    for who in sorted(EVERYBODY - OPEN_TO[name]):
        body = await ask(client, name, people[who], given)
        assert body.get("data") is None, (name, who, body)
        assert {each["extensions"]["code"] for each in body["errors"]} <= REFUSALS, (name, who, body)
    assert await everything() == before
    # when, then: whoever may gets as far as the payload
    for who in sorted(OPEN_TO[name]):
        fresh = await callers()  # one who signs out leaves the others signed in
        body = await ask(client, name, fresh[who], given)
        assert "errors" not in body, (name, who, body)
        assert body["data"][name]["__typename"], (name, who, body)
