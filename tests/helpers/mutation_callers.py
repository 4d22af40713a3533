"""Every mutation and who may call it: the table, the callers, and the smallest input of each."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
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
from tests.helpers.people import Headers, in_session, make_company_with_admin, with_key

SCHEMA = build()._schema
assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields


BY_SESSION = frozenset({"session", "elevated", "admin", "elevated-admin"})


BY_KEY = frozenset({"key", "admin-key"})


ANYONE = frozenset({"anonymous"}) | BY_KEY | BY_SESSION


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
    "cancelMerge": BY_SESSION,
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
    "unpublishProfile": BY_SESSION | BY_KEY,
    "updatePreferences": BY_SESSION | BY_KEY,
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
    "reorderProjects": BY_SESSION | BY_KEY | {"token", "stranger"},
    "removeProjectImage": BY_SESSION | BY_KEY | {"token", "stranger"},
    "publishProject": BY_SESSION | BY_KEY | {"token", "stranger"},
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
    "mergeProfiles": ELEVATED,
    "sendMergeCode": ELEVATED,
    "sendMergeSecondFactorCode": ELEVATED,
    "startMerge": ELEVATED,
    "verifyMergeCode": ELEVATED,
    "verifyMergeSecondFactor": ELEVATED,
    "requestSecondFactorDeactivation": ELEVATED,
    "deactivateSecondFactor": ELEVATED,
    "createPersonalAccessToken": ELEVATED,
    "createApiKey": ELEVATED,
    "requestPersonalDataDownload": ELEVATED,
    "changePassword": ELEVATED,
    "beginTotp": ELEVATED,
    "confirmSms": ELEVATED,
    "confirmTotp": ELEVATED,
    "regenerateBackupCodes": ELEVATED,
    "createAccount": ELEVATED,
    "deleteAccount": ELEVATED,
    "resendNewAccountCode": ELEVATED,
    "verifyNewAccount": ELEVATED,
    "removeRecoveryEmail": ELEVATED,
    "setRecoveryEmail": ELEVATED,
    "verifyRecoveryEmail": ELEVATED,
    # the admin of a company
    "deactivateMember": ADMIN,
    "makeCompanyAdmin": ELEVATED_ADMIN,
    "reactivateMember": ADMIN,
    "removeCompanyAdmin": ELEVATED_ADMIN,
    "setPasswordExpiry": ELEVATED_ADMIN,
    # other services
    "introspectToken": SERVICE,
    "recordActivities": SERVICE,
    "recordActivity": SERVICE,
    "reverseActivity": SERVICE,
}


VALUES: Mapping[str, Any] = {
    "String": "x",
    "ID": "acc_5k2v9x0qcm",
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


def smallest_input(name: str) -> Any:
    """The smallest input of a mutation; empty if it takes none."""
    return smallest(MUTATIONS[name].args["input"].type) if MUTATIONS[name].args else {}


def input_fields(name: str) -> dict[str, GraphQLInputField]:
    """The fields of a mutation's input; none if it takes no input."""
    return get_named_type(MUTATIONS[name].args["input"].type).fields if MUTATIONS[name].args else {}


def document(name: str) -> str:
    if not MUTATIONS[name].args:
        return f"mutation Try {{ {name} {{ __typename }} }}"
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
        "anonymous": {},
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


async def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    models: Any = [getattr(tables, name) for name in tables.__all__]
    return {each.__name__: await each.all().order_by(each._meta.pk_attr).values() for each in models}
