"""What people send as a secret is found again nowhere: in no table, in no answer, in no log."""

import logging
from typing import Any

import pytest

from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.mutation_callers import OPEN_TO, callers, document, everything, input_fields, smallest_input

CANARY = "Canary kettles 7!"
SECRETS = {"password", "current", "currentPassword", "new", "newPassword", "code", "token", "secret"}


def with_canaries(name: str) -> dict[str, Any]:
    """The smallest input of a mutation, with a good address, and a canary for every secret."""
    given = smallest_input(name)
    known = {"email": "someone@people.example", "name": "Someone", "scopes": ["MX_LEADERBOARD_READ"]}
    secrets = {each: CANARY for each in input_fields(name) if each in SECRETS}
    return {**given, **{each: known[each] for each in given if each in known}, **secrets}


def test_there_are_secrets_to_look_for() -> None:
    holding = {name for name in OPEN_TO if CANARY in with_canaries(name).values()}
    assert {"signIn", "signUp", "changePassword", "resetPassword", "introspectToken", "elevateSession"} <= holding


@pytest.mark.sqlite_only
async def test_no_secret_is_found_again(
    checked_client: GraphQLClient, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    # given
    caplog.set_level(logging.DEBUG)
    # when
    for name in sorted(OPEN_TO):
        people = await callers()
        for who in sorted(OPEN_TO[name]):
            body = await checked_client.ask(document(name), headers=people[who], input=with_canaries(name))
            assert CANARY not in str(body), (name, who)
    # then
    found = {table for table, rows in (await everything()).items() if CANARY in str(rows)}
    assert found == set()
    out, err = capfd.readouterr()
    assert CANARY not in caplog.text + out + err
