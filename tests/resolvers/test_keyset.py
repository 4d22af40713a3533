"""Pages of many parents: against sorting in Python, for each direction and order, and the indexes that answer them."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.connections import Block
from models.database import Database
from models.portfolio import Project, ProjectState
from resolvers import badge_holders, badges, ledger_history, portfolio_pages
from resolvers.base.keyset import TopPerParent
from resolvers.base.pagination import Page
from resolvers.connections import blocks, connection_requests, connection_sql
from resolvers.connections.connection_requests import Direction
from services.errors import Refused
from tests.helpers.factories import NOON, make_profile
from tests.helpers.query_plans import plan_of

Fetch = Callable[[list[int], Page], Any]
PLACES = [3, 1, 2, 1, 3, 2, 1]


async def make_portfolios() -> dict[int, list[int]]:
    """Two people with projects whose places repeat, and one without; returns the ids in the order of the list."""
    expected = {}
    for count in (len(PLACES), 3, 0):
        owner = await make_profile()
        rows = [
            await Project.create(owner_id=owner, title="A", state=ProjectState.PUBLISHED, place=place, created_at=NOON)
            for place in PLACES[:count]
        ]
        expected[owner] = [row.id for row in sorted(rows, key=lambda row: (row.place, -row.id))]
    return expected


def projects_of(database: Database) -> Fetch:
    return lambda parents, page: portfolio_pages.PROJECTS.pages(database, parents, page, 0, "")


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 10])
async def test_every_page_of_every_parent(database: Database, size: int, backward: bool) -> None:
    # given
    expected = await make_portfolios()
    fetch = projects_of(database)
    for owner, ids in expected.items():
        # when
        found: list[int] = []
        cursor = None
        while True:
            pages = await fetch([*expected], Page(size, cursor, backward))
            rows = list(pages.get(owner, ()))
            page = rows[-size:] if backward else rows[:size]
            found = [row["id"] for row in page] + found if backward else found + [row["id"] for row in page]
            if len(rows) <= size:
                break
            cursor = portfolio_pages.PROJECTS.cursor_of(page[0] if backward else page[-1])
        # then
        assert found == ids


async def test_one_parent_is_answered_like_many(database: Database) -> None:
    # given
    ada, others = await make_profile(), [await make_profile() for _ in range(5)]
    for number, other in enumerate(others):
        await Block.create(blocker_id=ada, blocked_id=other, blocked_at=NOON + timedelta(seconds=number // 2))
    cursor = blocks.BLOCKED.cursor_of({"blocked_at": NOON + timedelta(seconds=1), "id": others[2]})
    for page in (Page(2, None, False), Page(2, None, True), Page(2, cursor, False), Page(2, cursor, True)):
        # when
        one = await blocks.BLOCKED.page_of(database, ada, page)
        many = await blocks.BLOCKED.pages(database, [ada], page)
        # then
        assert [row["id"] for row in one] == [row["id"] for row in many[ada]], page


async def test_a_cursor_of_another_list_is_refused(database: Database) -> None:
    cursor = portfolio_pages.COLLABORATIONS.cursor_of({"id": 1})
    with pytest.raises(Refused):
        await projects_of(database)([1], Page(1, cursor, backward=False))


LISTS: dict[str, tuple[TopPerParent, tuple[Any, ...]]] = {
    "badge_award": (badges.EARNED_BADGES, ()),
    "badge_holders": (badge_holders.HOLDERS, (1,)),
    "connection": (connection_sql.CONNECTIONS, (0,)),
    "point_entry": (ledger_history.HISTORY, (0,)),
    "project": (portfolio_pages.PROJECTS, (0, "")),
    "project_collaborator": (portfolio_pages.COLLABORATIONS, (0,)),
}
OWN: dict[str, TopPerParent] = {
    "block": blocks.BLOCKED,
    "received": connection_requests.LISTS[Direction.RECEIVED],
    "sent": connection_requests.LISTS[Direction.SENT],
}
SORTED = {"block", "project", "project_collaborator"}
"""Lists whose index does not have the whole order: the rows of a parent are few."""


def check_plan(database: Database, name: str, plan: list[str]) -> None:
    whole = "\n".join(plan)
    if database.dialect == "postgres":
        assert "Seq Scan" not in whole, whole
        assert "Index" in whole, whole
    else:
        scanned = [line for line in plan if re.match(r"SCAN (?!key |\(subquery)", line)]
        assert not scanned, whole
        assert ("TEMP B-TREE" in whole) == (name in SORTED), whole


@pytest.mark.parametrize("name", LISTS)
async def test_an_index_answers_the_pages_of_many(database: Database, name: str) -> None:
    listed, parameters = LISTS[name]
    for (_, beyond), statement in listed.statements.items():
        cursor = [NOON if key.value_type is datetime else 1 for key in listed.order] if beyond else []
        parent: Any = 1 if listed.parent_type == "bigint" else "A"
        plan = await plan_of(database, statement, [parent], *parameters, 21, *cursor)
        check_plan(database, name, plan)


@pytest.mark.parametrize("name", OWN)
async def test_an_index_answers_the_page_of_one(database: Database, name: str) -> None:
    for (_, beyond), statement in OWN[name].statements_of_one.items():
        cursor = [NOON if key.value_type is datetime else 1 for key in OWN[name].order] if beyond else []
        check_plan(database, name, await plan_of(database, statement, 1, 21, *cursor))
