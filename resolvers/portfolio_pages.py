"""Pages of projects: those a person owns, and those on which the person is a collaborator."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from models.portfolio import ProjectState
from models.statements import Statement
from resolvers.base.context import Context
from resolvers.base.keyset import PARENT, SortKey, TopPerParent, count_per_parent
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from resolvers.portfolio import COLUMNS, PROJECT
from services.core.visibility import visible_sql

PROJECT_COLUMNS = (*PROJECT, "own")
_SELECT = f"{COLUMNS}, j.owner_id = $2 AS own"
# Others see published projects, the owner also drafts. $3: the state, '' for any.
_PROJECTS = f"""
    FROM project j WHERE j.owner_id = {PARENT} AND (j.state = 'PUBLISHED' OR j.owner_id = $2)
        AND (CAST($3 AS text) = '' OR j.state = CAST($3 AS text))
"""
# Published projects only, also for the viewer's own page.
_COLLABORATIONS = f"""
    FROM project_collaborator c JOIN project j ON j.id = c.project_id JOIN profile o ON o.id = j.owner_id
    WHERE c.profile_id = {PARENT} AND c.untagged_at IS NULL AND j.state = 'PUBLISHED' AND {visible_sql("o", "$2")}
"""
PROJECTS = TopPerParent(
    "projects",
    columns=PROJECT_COLUMNS,
    select=_SELECT,
    source=_PROJECTS,
    order=(SortKey("place", "j.place", ascending=True), SortKey("id", "j.id")),
    parameters=2,
)
"""Index (owner_id, state, place, id)."""
COLLABORATIONS = TopPerParent(
    "collaborations",
    columns=PROJECT_COLUMNS,
    select=_SELECT,
    source=_COLLABORATIONS,
    order=(SortKey("id", "j.id"),),
    parameters=1,
)
"""Newest first. Index project_collaborator (profile_id, untagged_at, project_id)."""
PROJECT_COUNTS = count_per_parent(_PROJECTS)
COLLABORATION_COUNTS = count_per_parent(_COLLABORATIONS)


class ProjectList(NamedTuple):
    """A key of `totals`: the projects of a profile in one state; None: in any."""

    profile_id: int
    state: ProjectState | None


@columns("profile_id", "state", "edges", "page_info")
@paged
async def of_profiles(
    profile_ids: Sequence[int], context: Context, *, page: Page, state: ProjectState | None = None
) -> list[Row]:
    """
    A page of each profile's projects in their owner's order, of one state or all. Only their owner sees drafts. Raises Refused: BAD_PAGE, BAD_CURSOR.

    SQL of its own: lists of people read it, one statement for any number of people.
    """
    found = await PROJECTS.pages(
        context.database, profile_ids, page, context.viewer.own_profile, state.value if state else ""
    )
    return [connection(page, found.get(each, ()), cursor_of, profile_id=each, state=state) for each in profile_ids]


@columns("profile_id", "edges", "page_info")
@paged
async def collaborations(profile_ids: Sequence[int], context: Context, *, page: Page) -> list[Row]:
    """
    A page of the published projects of others on which each profile is a collaborator, newest first. Raises Refused:
    BAD_PAGE, BAD_CURSOR.
    """
    found = await COLLABORATIONS.pages(context.database, profile_ids, page, context.viewer.own_profile)
    return [connection(page, found.get(each, ()), collaboration_cursor_of, profile_id=each) for each in profile_ids]


cursor_of = PROJECTS.cursor_of
collaboration_cursor_of = COLLABORATIONS.cursor_of


async def totals(keys: Sequence[ProjectList], context: Context) -> list[int]:
    """How many projects of each list the viewer sees. One statement per state."""
    found: dict[ProjectList, int] = {}
    for state in dict.fromkeys(key.state for key in keys):
        people = [key.profile_id for key in keys if key.state is state]
        rows = await _count_projects(PROJECT_COUNTS, people, context, state.value if state else "")
        found |= {ProjectList(profile_id, state): number for profile_id, number in rows.items()}
    return [found[key] for key in keys]


async def collaboration_totals(profile_ids: Sequence[int], context: Context) -> list[int]:
    """How many projects `collaborations` has for each profile."""
    found = await _count_projects(COLLABORATION_COUNTS, profile_ids, context)
    return [found[profile_id] for profile_id in profile_ids]


def list_of(row: Row) -> ProjectList:
    """The key of `totals` of a page."""
    return ProjectList(row["profile_id"], row["state"])


async def _count_projects(
    statement: Statement, profile_ids: Sequence[int], context: Context, *parameters: Any
) -> dict[int, int]:
    database = context.database
    rows = await database.fetch(statement, profile_ids, context.viewer.own_profile, *parameters)
    return {row["parent"]: row["total"] for row in rows}
