"""The contract between types and readers: what a type reads from a row is what its readers declare and answer."""

from collections.abc import Iterator
from datetime import timedelta
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

from catalogue.badges import Rarity
from catalogue.points import Category
from models.accounts import Account
from models.badges import BadgeRarity, ImportedBadge
from models.connections import ConnectionRequest
from models.database import Database
from models.points import PointEntry
from models.portfolio import ProjectState
from models.profile_merges import MergeState
from models.profiles import Profile
from resolvers import (
    accounts,
    audit,
    avatars,
    badge_holders,
    badge_progress,
    badges,
    challenges,
    companies,
    events,
    invites,
    leaderboards,
    learning,
    ledger_history,
    level_profiles,
    members,
    merging,
    open_badges,
    personal_data,
    points,
    portfolio,
    portfolio_pages,
    profiles,
    project_search,
    publishing,
    referrals,
    second_factors,
    shop,
    stats,
    terms,
    viewer,
)
from resolvers import credits as credit_resolvers
from resolvers.audit import Trail
from resolvers.base.context import Context
from resolvers.connections import blocks, connection_requests, connections, suggestions
from resolvers.people import people as people_resolvers
from resolvers.people import term_people
from resolvers.people.people_search import Search
from resolvers.people.search_filters import WordFilter
from resolvers.people.search_sql import POINTS
from schema.fields import Column, Loaded, kind_of
from schema.graph import build
from services.achievements import badges as badge_rules
from services.auth.principals import Principal
from services.core import clock
from services.credits import credit_ledger as credit_rules
from services.credits import shop as shop_rules
from services.invites import invites as invite_rules
from services.invites.invites import InviteStatus
from services.leaderboards.keys import Board, BoardKey
from services.personal_data.sections import SECTIONS
from services.points.ledger import record_many
from services.points.opening_balances import OpeningBalance, record_opening_balances
from tests.helpers.factories import NOON, event, make_company, make_person
from tests.helpers.graph_ids import graph_id
from tests.helpers.reader_samples import begun_downloads, begun_merge, know_each_other, show_projects

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


def needed(reader: Any) -> dict[str, Any]:
    """Arguments that have no default; the profile is that of the second person of the sample."""
    arguments: dict[Any, dict[str, Any]] = {
        leaderboards.around: {"profile_id": graph_id("prf", 2)},
        leaderboards.of_companies: {"board": Board.FORUM},
    }
    return arguments.get(reader, {})


async def sample(database: Database) -> dict[Any, list[Any]]:
    """Keys of every reader, in a community where each column has a value somewhere and none elsewhere."""
    full = {"job_title": "Architect", "department": "D", "country": "NL", "location": "R", "about": "A", "website": "https://a.example",
            "github": "g", "meetup": "m", "twitter": "t", "linkedin": "l", "skype": "s", "recovery_email": "r@home.example", "avatar": "a"}  # fmt: skip
    company = await make_company()
    account = await make_person("ada@people.example", details=full, skills=["python"], industries=["banking"])
    ada, ben = account.own_profile_id, (await make_person("ben@people.example")).own_profile_id
    await Profile.filter(id=ada).update(company_id=company.id)
    await Account.filter(id=account.id).update(company_id=company.id, company_admin=True)
    await record_many([event(ada), event(ada, counterpart_id=ada), event(ben, "ANSWER_ACCEPTED")])
    await record_many([event(ada, "RAPID_CERTIFIED")])
    await BadgeRarity.create(badge="FIRST_LIGHT", rarity=Rarity.PURPLE, since=NOON)
    await record_opening_balances([OpeningBalance(ben, Category.LEARNING, 5, "archive", "1")])
    await ImportedBadge.create(source="archive", key="1", code="archive.1", name="Founder", rarity=Rarity.ORANGE)
    await badge_rules.grant(ada, "archive.1", reason="Was there")
    await badge_rules.feature(ben, ["FIRST_LIGHT"])
    await credit_rules.correct("ada@people.example", 500, reason="A prize")
    placed = await shop_rules.order(account.id, "STICKERS", "sample")
    [invited] = await invite_rules.send(invite_rules.Sender(account.id, ada), ["cleo@people.example"], "Hello")
    people = [ada, ben, 999_999]
    await know_each_other(account)
    projects = await show_projects(account)
    merges = [
        await begun_merge(account, other, state)
        for other in (None, ben)
        for state in (*MergeState, MergeState.VERIFIED)
    ]
    board = BoardKey(Board.FORUM)
    return {
        accounts.by_id: [account.id, 999_999],
        accounts.of_profiles: people,
        accounts.using_sso: [account.id, 999_999],
        avatars.urls: [("a" * 32, True), ("b" * 32, False)],
        audit.of_companies: [company.id, 999_999],
        audit.totals: [Trail((account.id,)), Trail(company_id=company.id), Trail()],
        badge_holders.of_badges: ["FIRST_LIGHT", "archive.1", "NO_SUCH"],
        badge_holders.totals: [badge_holders.Holders("FIRST_LIGHT", 1), badge_holders.Holders("NO_SUCH", 1)],
        badge_progress.ahead: people,
        badge_progress.in_progress: people,
        badges.by_code: ["FIRST_LIGHT", "archive.1", "NO_SUCH"],
        badges.counts: people,
        badges.featured: people,
        badges.level_shares: [("FIRST_LIGHT", 1), ("NO_SUCH", 1)],
        badges.levels_reached: [(ben, "FIRST_LIGHT"), (999_999, "FIRST_LIGHT")],
        badges.of_profiles: people,
        badges.pages: people,
        badges.shares: ["FIRST_LIGHT", "NO_SUCH"],
        blocks.of_profiles: people,
        blocks.totals: people,
        learning.academy: people,
        learning.of_profiles: people,
        challenges.of_profiles: people,
        challenges.of_viewer: ["FIRST_STEPS", "NO_SUCH"],
        companies.by_id: [company.id, 999_999],
        companies.settings: [company.id, 999_999],
        connections.mutual: people,
        connections.mutual_profiles: people,
        connections.mutual_totals: people,
        connections.of_profiles: people,
        connections.statuses: people,
        connections.totals: [(ada, ()), (ben, (b"a",)), (999_999, ())],
        credit_resolvers.history: [account.id, 999_999],
        credit_resolvers.history_totals: [account.id, 999_999],
        credit_resolvers.of_accounts: [account.id, 999_999],
        credit_resolvers.of_profiles: people,
        events.boards_now: [board.board],
        ledger_history.by_id: [*await PointEntry.all().values_list("id", flat=True), 999_999],
        ledger_history.of_profiles: people,
        merging.by_id: [*merges, 999_999],
        merging.previews: [*merges, 999_999],
        members.of_companies: [company.id, 999_999],
        members.totals: [company.id, 999_999],
        ledger_history.totals: people,
        invites.by_id: [invited.invite_id, 999_999],
        invites.of_profiles: people,
        invites.totals: [invites.InviteList(each, state) for each in people for state in (None, *InviteStatus)],
        level_profiles.of_levels: [1, 10],
        level_profiles.totals: [1, 10],
        leaderboards.around: [board],
        leaderboards.entries: [board],
        leaderboards.moments: [board],
        leaderboards.of_companies: [company.id],
        leaderboards.movements: [leaderboards.Movement(board, ben, 1), leaderboards.Movement(board, 999_999, 1)],
        leaderboards.people: people[:2],  # StaleBoard for no one
        leaderboards.totals: [board],
        leaderboards.viewer_entries: [board],
        points.of_profiles: people,
        personal_data.change_totals: people,
        personal_data.changes: people,
        personal_data.downloads_by_id: [*await begun_downloads(account), 999_999],
        personal_data.pages: list(SECTIONS),
        personal_data.totals: list(SECTIONS),
        personal_data.tracked_since: people,
        people_resolvers.of_companies: [company.id, 999_999],
        people_resolvers.totals: [Search(database, [WordFilter(b"a")], POINTS)],
        term_people.of_countries: ["NL", "XX"],
        term_people.of_industries: ["banking", "logistics"],
        term_people.of_skills: ["python", "css"],
        stats.of_profiles: people,
        stats.points_today: people,
        stats.series: people,
        open_badges.award_images: [("FIRST_LIGHT", 1), ("archive.1", 1)],
        open_badges.badge_images: ["FIRST_LIGHT", "archive.1", "NO_SUCH"],
        open_badges.baked_images: ["0" * 32],
        portfolio.by_id: [*projects, 999_999],
        portfolio.collaborators: [*projects, 999_999],
        portfolio.images: [*projects, 999_999],
        portfolio.texts: [*projects, 999_999],
        portfolio_pages.collaboration_totals: people,
        portfolio_pages.collaborations: people,
        portfolio_pages.of_profiles: people,
        portfolio_pages.totals: [
            portfolio_pages.ProjectList(each, state) for each in people for state in (None, *ProjectState)
        ],
        project_search.of_companies: [company.id, 999_999],
        project_search.totals: [
            company.id,
            999_999,
            Search(database, [], project_search.NEWEST, counted=project_search.NEWEST),
        ],
        profiles.by_id: people,
        profiles.details: people,
        profiles.chosen_languages: people,
        profiles.looking_for: people,
        profiles.own: people,
        profiles.socials: people,
        publishing.checklists: people,
        referrals.of_profiles: people,
        connection_requests.by_id: [*await ConnectionRequest.all().values_list("id", flat=True), 999_999],
        connection_requests.received: people,
        connection_requests.sent: people,
        connection_requests.totals: list(connection_requests.Direction),
        connection_requests.with_viewer: [*await Profile.all().values_list("id", flat=True)],
        second_factors.of_accounts: [account.id, 999_999],
        shop.by_id: [placed.order.id, 999_999],
        shop.items: ["STICKERS", "MUG", "NO_SUCH"],
        shop.of_accounts: [account.id, 999_999],
        shop.totals: [account.id, 999_999],
        suggestions.of_profiles: people,
        suggestions.reasons: [(ada, True), (ben, False), (999_999, False)],
        terms.industries_of: people,
        terms.skills_of: people,
        terms.skills_of_projects: [*projects, 999_999],
        viewer.unpublished_edits: people,
    }


async def reading(database: Database) -> Context:
    """The context of a request that asks for everything that is read here."""
    account = await Account.get(email="ada@people.example")
    principal = Principal(
        account.id,
        account.own_profile_id,
        session_id=1,
        elevated_until=clock.now() + timedelta(hours=1),
        company_id=account.company_id,
        company_admin=True,
    )
    context = Context(database, principal)
    context.check_access(frozenset(name for name, _, _ in LOADED))
    return context


async def test_readers_answer_what_they_declare(database: Database) -> None:
    # given
    keys = await sample(database)
    assert {kind.reader for _, _, kind in LOADED} <= keys.keys()
    context = await reading(database)
    checked = 0
    for reader, asked in keys.items():
        # when
        answers = await reader(asked, context, **needed(reader))
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
    keys = await sample(database)
    context = await reading(database)
    wrong, checked = [], 0
    for name, field, kind in ROWS:
        # when
        answers = await kind.reader(keys[kind.reader], context, **needed(kind.reader))
        # then
        for answer in answers:
            rows = (answer or ()) if is_list_type(get_nullable_type(field.type)) else [answer]
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
            elif isinstance(named, GraphQLInterfaceType):
                yield from broken(SCHEMA.type_map[each["__typename"]], each)
            elif named.name in KINDS and (
                not isinstance(each, KINDS[named.name]) or (named.name == "Int" and isinstance(each, bool))
            ):
                yield f"{type_.name}.{name} is {each!r}"
            elif named.name not in KINDS and named.serialize(each) is None:
                yield f"{type_.name}.{name} prints null"
