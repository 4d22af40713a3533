"""
Every mutation there is, tried by everybody: who may is the table below, and nobody else changes anything.

A mutation that is not in the table fails. Rule: domain.md "Security settings", last of its "Never open to a PAT or API
key", peers.md 78 and 79.
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
from tests.factories import make_person, make_service, make_token
from tests.web.clients import Body, GraphQLClient
from tests.web.people import Headers, in_session, make_company_with_admin, with_key
from tests.web.uploads import picture, send

SCHEMA = build()._schema
assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields

# Who tries. All of them stand for the same person, but for `nobody`, `stranger`, `admin` and `service`.
EVERYBODY = {"nobody", "reader", "token", "stranger", "key", "session", "elevated", "admin", "service"}
BY_SESSION = frozenset({"session", "elevated", "admin"})
ANYONE = frozenset({"nobody", "key"}) | BY_SESSION
ELEVATED = frozenset({"elevated"})
ADMIN = frozenset({"admin"})
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
    "changePassword": BY_SESSION,
    "createApiKey": BY_SESSION,
    "createPersonalAccessToken": BY_SESSION,
    "deactivateSecondFactor": BY_SESSION,
    "deleteApiKey": BY_SESSION,
    "deletePersonalAccessToken": BY_SESSION,
    "elevateSession": BY_SESSION,
    "endOtherSessions": BY_SESSION,
    "endSession": BY_SESSION,
    "requestSecondFactorDeactivation": BY_SESSION,
    "sendElevationCode": BY_SESSION,
    "signOut": BY_SESSION,
    "updateLanguage": BY_SESSION,
    "updateMarketing": BY_SESSION,
    # signed in, by an API key too
    "cancelOrder": BY_SESSION | {"key"},
    "claimChallenge": BY_SESSION | {"key"},
    "claimTshirt": BY_SESSION | {"key"},
    "makeProfilePrivate": BY_SESSION | {"key"},
    "orderItem": BY_SESSION | {"key"},
    "publishProfile": BY_SESSION | {"key"},
    "rotateReferralLink": BY_SESSION | {"key"},
    # ... and by a token with the scope
    "acceptConnectionRequest": BY_SESSION | {"key", "token", "stranger"},
    "blockProfile": BY_SESSION | {"key", "token", "stranger"},
    "dismissSuggestion": BY_SESSION | {"key", "token", "stranger"},
    "ignoreConnectionRequest": BY_SESSION | {"key", "token", "stranger"},
    "removeConnection": BY_SESSION | {"key", "token", "stranger"},
    "sendConnectionRequest": BY_SESSION | {"key", "token", "stranger"},
    "unblockProfile": BY_SESSION | {"key", "token", "stranger"},
    "withdrawConnectionRequest": BY_SESSION | {"key", "token", "stranger"},
    "addProjectImage": BY_SESSION | {"key", "token", "stranger"},
    "createProject": BY_SESSION | {"key", "token", "stranger"},
    "deleteProject": BY_SESSION | {"key", "token", "stranger"},
    "orderProjects": BY_SESSION | {"key", "token", "stranger"},
    "removeProjectImage": BY_SESSION | {"key", "token", "stranger"},
    "saveProjectDraft": BY_SESSION | {"key", "token", "stranger"},
    "submitProject": BY_SESSION | {"key", "token", "stranger"},
    "unpublishProject": BY_SESSION | {"key", "token", "stranger"},
    "untagFromProject": BY_SESSION | {"key", "token", "stranger"},
    "updateProject": BY_SESSION | {"key", "token", "stranger"},
    "removeAvatar": BY_SESSION | {"key", "token", "stranger"},
    "resendInvite": BY_SESSION | {"key", "token", "stranger"},
    "sendInvites": BY_SESSION | {"key", "token", "stranger"},
    "withdrawInvite": BY_SESSION | {"key", "token", "stranger"},
    "setFeaturedBadges": BY_SESSION | {"key", "token", "stranger"},
    "updateProfile": BY_SESSION | {"key", "token", "stranger"},
    "uploadAvatar": BY_SESSION | {"key", "token", "stranger"},
    # signed in here, and confirmed
    "beginSms": ELEVATED,
    "beginTotp": ELEVATED,
    "confirmSms": ELEVATED,
    "confirmTotp": ELEVATED,
    "regenerateBackupCodes": ELEVATED,
    "removeRecoveryEmail": ELEVATED,
    "setRecoveryEmail": ELEVATED,
    "verifyRecoveryEmail": ELEVATED,
    # the admin of a company
    "deactivateMember": ADMIN,
    "makeCompanyAdmin": ADMIN,
    "reactivateMember": ADMIN,
    "removeCompanyAdmin": ADMIN,
    "setCompanySso": ADMIN,
    "setPasswordExpiry": ADMIN,
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
"""What domain.md names: no scope and no key ever opens these, whatever else changes in the table."""
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
        assert OPEN_TO[name].isdisjoint({"nobody", "reader", "token", "stranger", "key", "service"}), name


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
