"""
Every mutation there is, tried by everybody: who may is the table below, and nobody else changes anything.

A mutation that is not in the table fails. Rule: docs/rules/tokens.md#never-by-token, last of its "Never open to a PAT or API
key", docs/rules/tokens.md#never-by-token.
"""

from typing import Any

import orjson
import pytest
from graphql import (
    get_named_type,
)

from tests.helpers.graphql_client import Body, GraphQLClient
from tests.helpers.mutation_callers import (
    ELEVATED,
    ELEVATED_ADMIN,
    MUTATIONS,
    OPEN_TO,
    callers,
    document,
    everything,
    input_fields,
    smallest_input,
)
from tests.helpers.people import Headers, in_session, make_company_with_admin
from tests.helpers.uploads import picture, send

# Who tries. All of them stand for the same person, but for `anonymous`, `stranger`, the admin and `service`.
EVERYBODY = {
    "anonymous", "reader", "token", "stranger", "key", "session", "elevated", "admin", "elevated-admin", "admin-key", "service",
}  # fmt: skip

NEVER_BY_TOKEN_OR_KEY = {
    "beginSms", "beginTotp", "changePassword", "confirmSms", "confirmTotp", "createAccount", "createApiKey", "createPersonalAccessToken",
    "deactivateSecondFactor", "deleteApiKey", "deletePersonalAccessToken", "elevateSession", "regenerateBackupCodes",
    "cancelMerge", "mergeProfiles", "sendMergeCode", "sendMergeSecondFactorCode", "startMerge", "verifyMergeCode", "verifyMergeSecondFactor",
    "removeRecoveryEmail", "requestSecondFactorDeactivation", "resendNewAccountCode", "setRecoveryEmail", "verifyNewAccount",
    "verifyRecoveryEmail",
}  # fmt: skip
"""What docs/rules/tokens.md#never-by-token names: no scope and no key ever opens these, whatever else changes in the table."""
NEEDS_ELEVATION = {
    "beginSms", "beginTotp", "changePassword", "confirmSms", "confirmTotp", "createAccount", "createApiKey", "createPersonalAccessToken",
    "deactivateSecondFactor", "deleteAccount", "makeCompanyAdmin", "mergeProfiles", "regenerateBackupCodes", "sendMergeCode",
    "sendMergeSecondFactorCode", "startMerge", "verifyMergeCode", "verifyMergeSecondFactor", "removeCompanyAdmin", "removeRecoveryEmail",
    "requestPersonalDataDownload", "requestSecondFactorDeactivation", "resendNewAccountCode", "setPasswordExpiry", "setRecoveryEmail", "verifyNewAccount",
    "verifyRecoveryEmail",
}  # fmt: skip
"""Password, second factor on and off, recovery email, other accounts, making tokens and keys, company settings, merging,
deleting, and downloads."""
REFUSALS = {"UNAUTHENTICATED", "FORBIDDEN", "INSUFFICIENT_SCOPE", "ELEVATION_REQUIRED"}


async def ask(client: GraphQLClient, name: str, headers: Headers, given: Any) -> Body:
    """Send a mutation as its input wants it: a file comes in a form."""
    fields = input_fields(name).values()
    if not any(get_named_type(each.type).name == "Upload" for each in fields):
        return await client.ask(document(name), headers=headers, input=given)
    return orjson.loads(await (await send(client, picture(), document(name), headers=headers, more=given)).read())


def test_every_mutation_is_in_the_table_and_nothing_else() -> None:
    assert set(OPEN_TO) == set(MUTATIONS)


def test_the_table_keeps_what_is_never_by_token_or_key() -> None:
    assert set(OPEN_TO) >= NEVER_BY_TOKEN_OR_KEY
    for name in NEVER_BY_TOKEN_OR_KEY:
        assert OPEN_TO[name].isdisjoint({"anonymous", "reader", "token", "stranger", "key", "admin-key", "service"}), (
            name
        )


def test_elevation_is_needed_for_what_is_listed_and_nothing_else() -> None:
    assert {name for name, who in OPEN_TO.items() if who <= ELEVATED | ELEVATED_ADMIN} == NEEDS_ELEVATION


def test_descriptions_say_what_needs_an_elevated_session() -> None:
    said = {name for name, field in MUTATIONS.items() if "Needs an elevated session" in (field.description or "")}
    assert said == NEEDS_ELEVATION


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", sorted(NEEDS_ELEVATION))
async def test_a_session_that_is_not_elevated_is_told_what_it_needs(checked_client: GraphQLClient, name: str) -> None:
    # given
    _, admin = await make_company_with_admin()
    # when
    body = await ask(checked_client, name, await in_session(admin), smallest_input(name))
    # then
    assert [each["extensions"]["code"] for each in body["errors"]] == ["ELEVATION_REQUIRED"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", sorted(OPEN_TO))
async def test_who_may_and_who_may_not(checked_client: GraphQLClient, name: str) -> None:
    # given
    people = await callers()
    assert set(people) == EVERYBODY
    given = smallest_input(name)
    before = await everything()
    # when, then: whoever may not is refused before anything happens
    for who in sorted(EVERYBODY - OPEN_TO[name]):
        body = await ask(checked_client, name, people[who], given)
        assert body.get("data") in (None, {name: None}), (name, who, body)
        assert {each["extensions"]["code"] for each in body["errors"]} <= REFUSALS, (name, who, body)
    assert await everything() == before
    # when, then: whoever may gets as far as the payload
    for who in sorted(OPEN_TO[name]):
        fresh = await callers()  # one who signs out leaves the others signed in
        body = await ask(checked_client, name, fresh[who], given)
        assert "errors" not in body, (name, who, body)
        assert body["data"][name]["__typename"], (name, who, body)
