"""Pages of projects: a person's own, and those of others that the person is named on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from models.portfolio import ProjectState
from models.statements import Statement
from resolvers.base import cursors
from resolvers.base.context import Context
from resolvers.base.pagination import Page, connection, page
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from resolvers.portfolio import COLUMNS, PROJECT

OWN, OTHERS = "projects", "collaborations"
PROJECT_COLUMNS = (*PROJECT, "own")
# Others see what is published, the owner drafts too. Index (owner_id, state, place, id). {state}: '' for any.
_PROJECTS = """
    FROM project j WHERE j.owner_id = {key} AND (j.state = 'PUBLISHED' OR j.owner_id = {own})
        AND ({state} = '' OR j.state = {state})
"""
# Published projects alone, also of the viewer. Index project_collaborator (profile_id, untagged_at, project_id).
_COLLABORATIONS = """
    FROM project_collaborator c JOIN project j ON j.id = c.project_id JOIN profile o ON o.id = j.owner_id
    WHERE c.profile_id = {key} AND c.untagged_at IS NULL AND j.state = 'PUBLISHED' AND (o.listed OR o.id = {own})
"""


class Listed(NamedTuple):
    """The projects of a profile in one state, or in any."""

    profile_id: int
    state: ProjectState | None


def _pages(of: str, after: str, order: str) -> Statement:
    """The first rows of each person's list; parameters: people, viewer, how many, state (or ''), place and id of a cursor."""
    listed = f"SELECT {COLUMNS}, j.owner_id = {{own}} AS own {of} {after} ORDER BY {order} LIMIT {{size}}"
    names = {"own": "{m}2", "size": "{m}3", "state": "{m}4", "place": "{m}5", "id": "{m}6"}
    pairs = ", ".join(f"'{name}', {name}" for name in PROJECT_COLUMNS)

    def written(mark: str, **types: str) -> str:
        marks = {name: each.format(m=mark) + types.get(name, "") for name, each in names.items()}
        return listed.format(key="key.value", **marks)

    return Statement(
        sqlite=f"""
            SELECT key.value, (SELECT json_group_array(json_object({pairs})) FROM ({written("?")}))
            FROM json_each(?1) key
        """,
        postgres=f"""
            SELECT key.value, h.* FROM unnest($1::bigint[]) WITH ORDINALITY AS key (value, nth)
            CROSS JOIN LATERAL ({written("$", state="::text", place="::int", id="::bigint")}) h
            ORDER BY key.nth, {order.replace("j.", "h.")}
        """,
    )


_FORTH, _BACK = "j.place, j.id DESC", "j.place DESC, j.id"
PROJECTS: Mapping[tuple[bool, bool], Statement] = {
    # By whether they are read backwards, and from a cursor on.
    (False, False): _pages(_PROJECTS, "", _FORTH),
    (True, False): _pages(_PROJECTS, "", _BACK),
    (False, True): _pages(_PROJECTS, "AND (j.place > {place} OR (j.place = {place} AND j.id < {id}))", _FORTH),
    (True, True): _pages(_PROJECTS, "AND (j.place < {place} OR (j.place = {place} AND j.id > {id}))", _BACK),
}
COLLABORATIONS: Mapping[tuple[bool, bool], Statement] = {
    (False, False): _pages(_COLLABORATIONS, "AND {state} = ''", "j.id DESC"),
    (True, False): _pages(_COLLABORATIONS, "AND {state} = ''", "j.id"),
    (False, True): _pages(_COLLABORATIONS, "AND {state} = '' AND {place} = 0 AND j.id < {id}", "j.id DESC"),
    (True, True): _pages(_COLLABORATIONS, "AND {state} = '' AND {place} = 0 AND j.id > {id}", "j.id"),
}


def _counts(of: str) -> Statement:
    def written(mark: str, **types: str) -> str:
        return of.format(key="key.value", own=f"{mark}2", state=f"{mark}3{types.get('state', '')}")

    return Statement(
        sqlite=f"SELECT key.value AS profile_id, (SELECT count(*) {written('?')}) AS projects FROM json_each(?1) key",
        postgres=f"""
            SELECT key.value AS profile_id, (SELECT count(*) {written("$", state="::text")}) AS projects
            FROM unnest($1::bigint[]) AS key (value)
        """,
    )


PROJECT_COUNTS = _counts(_PROJECTS)
COLLABORATION_COUNTS = _counts(f"{_COLLABORATIONS} AND {{state}} = ''")


@columns("profile_id", "state", "edges", "page_info")
async def of_profiles(
    profile_ids: Sequence[int],
    context: Context,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    state: ProjectState | None = None,
) -> list[Row]:
    """
    A page of each profile's projects, in their owner's order, of one state or all; drafts are their owner's alone.
    Raises Refused: BAD_PAGE, BAD_CURSOR.

    SQL of its own: lists of people read it, one statement for any number of people.
    """
    asked = page(first, after, last, before)
    place, number = cursors.decode(OWN, asked.cursor, int, int) if asked.cursor is not None else (0, 0)
    found = await _read(PROJECTS, profile_ids, context, asked, (state.value if state else "", place, number))
    return [connection(asked, found.get(each, ()), cursor_of, profile_id=each, state=state) for each in profile_ids]


@columns("profile_id", "edges", "page_info")
async def collaborations(
    profile_ids: Sequence[int],
    context: Context,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> list[Row]:
    """
    A page of the published projects of others that each profile is named on, the newest first. Raises Refused: BAD_PAGE,
    BAD_CURSOR.
    """
    asked = page(first, after, last, before)
    [number] = cursors.decode(OTHERS, asked.cursor, int) if asked.cursor is not None else [0]
    found = await _read(COLLABORATIONS, profile_ids, context, asked, ("", 0, number))
    return [connection(asked, found.get(each, ()), collaboration_cursor_of, profile_id=each) for each in profile_ids]


async def counts(profile_ids: Sequence[int], context: Context) -> list[int]:
    """How many published projects each profile has."""
    return await totals([Listed(each, ProjectState.PUBLISHED) for each in profile_ids], context)


async def totals(keys: Sequence[Listed], context: Context) -> list[int]:
    """How many projects there are in each of these lists, for this viewer. One statement a state."""
    found: dict[Listed, int] = {}
    for state in dict.fromkeys(key.state for key in keys):
        people = [key.profile_id for key in keys if key.state is state]
        rows = await _count(PROJECT_COUNTS, people, context, state.value if state else "")
        found |= {Listed(profile_id, state): number for profile_id, number in rows.items()}
    return [found[key] for key in keys]


async def collaboration_totals(profile_ids: Sequence[int], context: Context) -> list[int]:
    """How many projects `collaborations` lists of each profile."""
    found = await _count(COLLABORATION_COUNTS, profile_ids, context, "")
    return [found[profile_id] for profile_id in profile_ids]


def listed_by(row: Row) -> Listed:
    """Which list a page is of."""
    return Listed(row["profile_id"], row["state"])


def cursor_of(row: Row) -> str:
    """Where a project stands in its owner's portfolio."""
    return cursors.encode(OWN, row["place"], row["id"])


def collaboration_cursor_of(row: Row) -> str:
    """Where a project stands among those that somebody is named on."""
    return cursors.encode(OTHERS, row["id"])


async def _read(
    statements: Mapping[tuple[bool, bool], Statement],
    profile_ids: Sequence[int],
    context: Context,
    asked: Page,
    params: tuple[str, int, int],
) -> dict[int, list[Row]]:
    database, further = context.database, asked.cursor is not None
    state, *cursor = params
    rows = await database.fetch(
        statements[asked.backward, further],
        database.keys(profile_ids),
        context.viewer.own_profile,
        asked.size + 1,
        state,
        *(cursor if further else ()),
    )
    found: dict[int, list[Row]] = {}
    for row in rows:
        if database.dialect == "postgres":
            found.setdefault(row["value"], []).append(row)
        else:
            found[row[0]] = orjson.loads(row[1])
    return {profile_id: rows[::-1] for profile_id, rows in found.items()} if asked.backward else found


async def _count(statement: Statement, profile_ids: Sequence[int], context: Context, state: Any) -> dict[int, int]:
    database = context.database
    rows = await database.fetch(statement, database.keys(profile_ids), context.viewer.own_profile, state)
    return {row["profile_id"]: row["projects"] for row in rows}
