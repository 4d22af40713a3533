"""The contract between types and readers: what a type reads from a row is what its readers declare and answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from catalogue.points import Category
from models.accounts import Account
from models.database import Database
from models.points import PointEntry
from models.profiles import Profile
from resolvers import accounts, companies, history, leaderboards, points, profiles, second_factors, terms
from resolvers.context import Context
from resolvers.viewers import Viewer
from schema.fields import Column, Loaded, kind_of
from schema.graph import build
from services.openings import Opening, record_openings
from services.points import record_many
from tests.factories import event, make_company, make_person

SCHEMA = build()._schema
Asked = tuple[str, Any, Any]


def fields() -> Iterator[Asked]:
    for each in SCHEMA.type_map.values():
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType) and not each.name.startswith("__"):
            for name, field in each.fields.items():
                yield f"{each.name}.{name}", field, kind_of(field)


def columns_of(type_: Any) -> set[str]:
    """The columns that a type takes from its row by their names, those of types that are the same row included."""
    found = set()
    for field in type_.fields.values():
        kind = kind_of(field)
        if isinstance(kind, Column) and kind.itself:
            found |= columns_of(get_named_type(field.type))
        elif isinstance(kind, Column) and kind.read is None:
            found.add(field.extensions["strawberry-definition"].python_name)
        elif isinstance(kind, Loaded) and isinstance(kind.key, str):
            found.add(kind.key)
    return found


LOADED = [(name, field, kind) for name, field, kind in fields() if isinstance(kind, Loaded)]
ROWS = [
    (name, field, kind) for name, field, kind in LOADED if isinstance(get_named_type(field.type), GraphQLObjectType)
]


@pytest.mark.parametrize(("name", "field", "kind"), ROWS, ids=[name for name, _, _ in ROWS])
def test_a_reader_declares_what_its_type_takes(name: str, field: Any, kind: Loaded) -> None:
    declared = set(kind.reader.columns)  # type: ignore[attr-defined]
    assert columns_of(get_named_type(field.type)) <= declared, name


TAKEN = [(name, kind) for name, _, kind in LOADED if kind.read]


@pytest.mark.parametrize(("name", "kind"), TAKEN, ids=[name for name, _ in TAKEN])
def test_a_column_that_is_taken_is_declared(name: str, kind: Loaded) -> None:
    assert kind.read in kind.reader.columns, name  # type: ignore[attr-defined]


async def sample() -> dict[Any, list[Any]]:
    """Keys of every reader, in a community where each column has a value somewhere and none elsewhere."""
    full = {"job_title": "Architect", "department": "D", "country": "NL", "location": "R", "about": "A", "website": "https://a.example",
            "github": "g", "meetup": "m", "twitter": "t", "linkedin": "l", "skype": "s", "recovery_email": "r@home.example", "avatar": "a"}  # fmt: skip
    company = await make_company()
    account = await make_person("ada@people.example", details=full, skills=["python"], industries=["banking"])
    ada, ben = account.profile_id, (await make_person("ben@people.example")).profile_id  # type: ignore[attr-defined]
    await Profile.filter(id=ada).update(company_id=company.id)
    await record_many([event(ada), event(ada, counterpart_id=ada), event(ben, "ANSWER_ACCEPTED")])
    await record_openings([Opening(ben, Category.LEARNING, 5, "archive", "1")])
    people = [ada, ben, 999_999]
    board = leaderboards.Key(leaderboards.Board.FORUM, leaderboards.Period.ALL_TIME, leaderboards.Scope.EVERYONE)
    return {
        accounts.by_id: [account.id, 999_999],
        accounts.publish_banners: people,
        companies.by_id: [company.id, 999_999],
        history.by_id: [*await PointEntry.all().values_list("id", flat=True), 999_999],
        history.of_profiles: people,
        leaderboards.entries: [board],
        leaderboards.totals: [board],
        points.of_profiles: people,
        profiles.by_id: people,
        profiles.details: people,
        profiles.own: people,
        second_factors.of_accounts: [account.id, 999_999],
        terms.industries_of: people,
        terms.skills_of: people,
    }


async def test_readers_answer_what_they_declare(database: Database) -> None:
    # given
    keys = await sample()
    assert {kind.reader for _, _, kind in LOADED} <= keys.keys()
    account = await Account.get(email="ada@people.example")
    context = Context(database, Viewer(account.id, account.profile_id))  # type: ignore[attr-defined]
    checked = 0
    for reader, asked in keys.items():
        # when
        answers = await reader(asked, context)
        # then
        assert len(answers) == len(asked), reader
        rows = [
            row for answer in answers for row in (answer if isinstance(answer, list) else [answer]) if row is not None
        ]
        for row in rows:
            if hasattr(reader, "columns"):
                names = list(row.keys())
                assert names == list(reader.columns) if reader.positional else set(reader.columns) <= set(names), reader
                checked += 1
    assert checked > 15


async def test_columns_hold_what_the_schema_promises(database: Database) -> None:
    # given
    keys = await sample()
    account = await Account.get(email="ada@people.example")
    context = Context(database, Viewer(account.id, account.profile_id))  # type: ignore[attr-defined]
    wrong, checked = [], 0
    for name, field, kind in ROWS:
        # when
        answers = await kind.reader(keys[kind.reader], context)
        # then
        for answer in answers:
            rows = answer if is_list_type(get_nullable_type(field.type)) else [answer]
            for row in rows:
                if row is not None:
                    checked += 1
                    wrong += [f"{name}: {each}" for each in broken(get_named_type(field.type), row)]
    assert not wrong
    assert checked > 15


KINDS: dict[str, Any] = {"String": (str,), "ID": (str,), "Int": (int,), "Boolean": (bool, int)}


def broken(type_: Any, row: Any) -> Iterator[str]:
    """What in a row is not what the type says; rows inside it included."""
    for name, field in type_.fields.items():
        kind = kind_of(field)
        if not isinstance(kind, Column):
            continue
        value = (
            row
            if kind.itself
            else kind.read(row)
            if kind.read
            else row[field.extensions["strawberry-definition"].python_name]
        )
        nullable = not isinstance(field.type, GraphQLNonNull)
        if value is None:
            if not nullable:
                yield f"{type_.name}.{name} is null"
            continue
        named = get_named_type(field.type)
        for each in value if is_list_type(get_nullable_type(field.type)) else [value]:
            if isinstance(named, GraphQLObjectType):
                yield from broken(named, each)
            elif named.name in KINDS and (
                not isinstance(each, KINDS[named.name]) or (named.name == "Int" and isinstance(each, bool))
            ):
                yield f"{type_.name}.{name} is {each!r}"
            elif named.name not in KINDS and named.serialize(each) is None:
                yield f"{type_.name}.{name} prints null"
