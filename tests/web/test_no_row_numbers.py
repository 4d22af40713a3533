"""Nothing that the server answers contains the number of a row: docs/decisions/0004-ids-and-cursors.md."""

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLField, get_named_type, is_abstract_type, is_leaf_type, is_required_argument

from models.accounts import Account
from models.database import Database
from settings import Settings
from tests.helpers.badge_awards import make_award
from tests.helpers.built_schema import SCHEMA
from tests.helpers.connections import asked, connected, member
from tests.helpers.factories import give
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session, make_company_with_admin
from tests.helpers.private_objects import everything
from tests.helpers.projects import make_project

BIG = 904_137
"""Rows get numbers from BIG * 1,000 on, so that these digits cannot be there by chance."""
DEPTHS = (5, 4, 3, 2)
"""How many levels of objects are asked for: as many as a document may cost."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Every field is asked for, by everyone: more than a request limit allows."""
    return replace(settings, request_limit="off")


async def number_from_the_big_one(database: Database) -> None:
    """Let the next row of each table have a number in which BIG can be seen."""
    client = Account._meta.db
    if database.dialect == "sqlite":
        await client.execute_query(f"UPDATE sqlite_sequence SET seq = {BIG}000")
        return
    for row in await database.fetch("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"):
        await client.execute_query(f"SELECT setval('\"{row['sequencename']}\"', {BIG}000)")


def selection(type_: Any, path: tuple[str, ...], depth: int) -> str:
    """All fields of a type that need no argument, as deep as it makes sense."""
    if is_leaf_type(type_):
        return ""
    if is_abstract_type(type_):
        kinds = SCHEMA.get_possible_types(type_)
        return "{ __typename " + " ".join(f"... on {each.name} {selection(each, path, depth)}" for each in kinds) + " }"
    if len(path) >= depth or type_.name in path:
        return "{ __typename }"
    parts = (part(name, field, (*path, type_.name), depth) for name, field in type_.fields.items())
    return "{ __typename " + " ".join(each for each in parts if each) + " }"


def part(name: str, field: GraphQLField, path: tuple[str, ...], depth: int) -> str:
    """One field with what is below it; empty if it needs an argument."""
    if any(is_required_argument(each) for each in field.args.values()):
        return ""
    arguments = "(first: 1)" if "first" in field.args else ""
    # Aliased, because fragments on different types may have fields of the same name and different types.
    return f"{'_'.join((*path[-1:], name))}: {name}{arguments} {selection(get_named_type(field.type), path, depth)}"


def strings(value: Any) -> Iterator[str]:
    """All values of an answer as text."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)
    else:
        yield str(value)


def shows(text: str) -> bool:
    """True if the number can be seen, as it is or in base64."""
    try:
        decoded = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        decoded = b""
    return str(BIG) in text or str(BIG).encode() in decoded


async def community() -> tuple[Headers, list[Headers], Account]:
    """Ada, who has one of everything; the credentials of her, of a stranger and of nobody."""
    ada, headers, _ = await everything()
    ben, cem, dan = await member("Ben"), await member("Cem"), await member("Dan")
    await connected(ada, ben)
    await connected(ben, cem)
    await asked(dan, ada)
    for each in (ada, ben, cem):
        await give(each.own_profile_id)  # which earns badges too
    await make_project(ada, collaborator_ids=[ben.own_profile_id])
    _, admin = await make_company_with_admin()
    return headers, [await in_session(admin), await in_session(ben), {}], ada


def test_the_check_sees_numbers() -> None:
    assert shows(f"prf_{BIG}001") and shows("WyJsaXN0Iiw5MDQxMzcwMDFd") and not shows("prf_5k2v9x0qcm")


@pytest.mark.parametrize("root", ["viewer", "leaderboard", "profiles", "profile", "badges", "challenges", "shop"])
async def test_no_answer_shows_a_number(checked_client: GraphQLClient, database: Database, root: str) -> None:
    # given
    await number_from_the_big_one(database)
    headers, others, ada = await community()
    assert ada.id > BIG
    await ada.fetch_related("profile")
    assert SCHEMA.query_type is not None and ada.profile is not None
    field = SCHEMA.query_type.fields[root]
    given = {"leaderboard": "(board: OVERALL)", "profile": f'(by: {{handle: "{ada.profile.handle}"}})'}.get(root, "")
    seen = 0
    # when
    for name, below in get_named_type(field.type).fields.items():
        for credential in (headers, *others):
            for depth in DEPTHS:
                text = f"{{ {root}{given} {{ __typename {part(name, below, ('Query',), depth)} }} }}"
                body = await checked_client.ask(text, headers=credential)
                if not any(each["extensions"]["code"] == "QUERY_TOO_COMPLEX" for each in body.get("errors", ())):
                    break
            found = [*strings(body)]
            seen += len(found)
            # then
            assert "QUERY_TOO_COMPLEX" not in found, name
            assert [each for each in found if shows(each)] == [], name
    assert seen > 20


async def test_no_credential_shows_a_number(checked_client: GraphQLClient, database: Database) -> None:
    await number_from_the_big_one(database)
    ada = await member()
    award = await make_award(ada.own_profile_id)
    assert award.id > BIG
    for accept in ("application/json", "text/html"):
        response = await checked_client.http.get(f"/credentials/{award.credential}", headers={"Accept": accept})
        text = await response.text()
        assert response.status == 200 and len(text) > 500
        assert not re.search(str(BIG), text)
