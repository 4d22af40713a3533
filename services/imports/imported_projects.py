"""Projects that come with an import, and who worked on them. Published ones need not say everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from catalogue.criteria import PROJECTS
from models.portfolio import Project, ProjectState
from models.statements import Statement
from services.core import clock
from services.core.bulk import lookup
from services.progress import counters
from services.progress.counters import Movement, Tally
from services.progress.scores import lock_scores_only


@dataclass(frozen=True)
class Brought:
    """A project that somebody brings along; `key` is its id in the other system."""

    owner_id: int
    key: str
    title: str
    description: str
    published: bool
    created_at: datetime


@dataclass(frozen=True)
class Named:
    """That somebody worked on a project."""

    project_id: int
    profile_id: int


async def bring(source: str, projects: Sequence[Brought]) -> tuple[int, list[Movement]]:
    """
    Write the projects that are not known yet by `(source, key)`, in the caller's transaction; returns how many those are,
    and what moved. Counters follow; whether badges do is the caller's to say. Two statements and a look, however many.
    """
    if not projects:
        return 0, []
    await lock_scores_only({each.owner_id for each in projects})
    tally = Tally()
    rows = [
        (each.owner_id, each.title, each.description, _state(each), each.created_at, each.key, source)
        for each in projects
    ]
    new = await _ask(_BRING, rows)
    for row in new:
        if row["state"] == ProjectState.PUBLISHED.value:
            tally.add(row["owner_id"], PROJECTS, 1, 0, clock.now())
    return len(new), await counters.keep(tally, {})


async def name(people: Sequence[Named]) -> int:
    """
    Name people on projects, in the caller's transaction; returns how many are new. Whoever is named already, or took the name
    off, is left as they are; so are owners, and those whom a block stands between. Nobody is told.
    """
    if not people:
        return 0
    owners: Any = Project.filter(id__in={each.project_id for each in people}).values_list("owner_id", flat=True)
    await lock_scores_only({*await owners, *(each.profile_id for each in people)})
    now = clock.now()
    return len(await _ask(_NAME, [(each.project_id, each.profile_id, now) for each in people]))


async def projects_of(source: str, keys: set[str]) -> dict[str, int]:
    """The projects of a source by their keys there; unknown keys are left out."""
    return await lookup(Project, "id", source=source, column="key", keys=keys)


def _state(brought: Brought) -> str:
    return (ProjectState.PUBLISHED if brought.published else ProjectState.DRAFT).value


async def _ask(statement: Statement, rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """One statement over any number of rows: columns as arrays on PostgreSQL, all of it as JSON on SQLite."""
    connection = Project._meta.db
    if connection.capabilities.dialect == "postgres":
        return list(
            await connection.execute_query_dict(
                statement.postgres, [list(column) for column in zip(*rows, strict=True)]
            )
        )
    plain = [[each.isoformat(" ") if isinstance(each, datetime) else each for each in row] for row in rows]
    return list(await connection.execute_query_dict(statement.sqlite, [orjson.dumps(plain).decode()]))


_COLUMNS = """
    INSERT INTO project (owner_id, title, description, state, created_at, published_at, key, source,
        customer, business_need, solution, results, place, version)
    SELECT b.owner_id, b.title, b.description, b.state, b.created_at,
        CASE WHEN b.state = 'PUBLISHED' THEN b.created_at END, b.key, b.source, '', '', '', '', 0, 1
"""
# Of several with one key the first counts. Unique (source, key).
_BRING = Statement(
    sqlite=f"""
        {_COLUMNS} FROM (SELECT key AS nth, value ->> 0 AS owner_id, value ->> 1 AS title, value ->> 2 AS description,
            value ->> 3 AS state, value ->> 4 AS created_at, value ->> 5 AS key, value ->> 6 AS source FROM json_each(?1)) b
        WHERE true ORDER BY b.nth ON CONFLICT (source, key) DO NOTHING RETURNING owner_id, state
    """,
    postgres=f"""
        {_COLUMNS} FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
            WITH ORDINALITY AS b (owner_id, title, description, state, created_at, key, source, nth)
        ORDER BY b.nth ON CONFLICT (source, key) DO NOTHING RETURNING owner_id, state
    """,
)
# Unique (project_id, profile_id); unique (blocker_id, blocked_id), read twice.
_NAMES = """
    INSERT INTO project_collaborator (project_id, profile_id, tagged_at, told_at)
    SELECT b.project_id, b.profile_id, b.at, b.at FROM {rows} b JOIN project j ON j.id = b.project_id
    WHERE j.owner_id <> b.profile_id
        AND NOT EXISTS (SELECT 1 FROM block k WHERE k.blocker_id = j.owner_id AND k.blocked_id = b.profile_id)
        AND NOT EXISTS (SELECT 1 FROM block k WHERE k.blocker_id = b.profile_id AND k.blocked_id = j.owner_id)
    ORDER BY b.nth ON CONFLICT (project_id, profile_id) DO NOTHING RETURNING project_id
"""
_NAME = Statement(
    sqlite=_NAMES.format(
        rows="(SELECT key AS nth, value ->> 0 AS project_id, value ->> 1 AS profile_id, value ->> 2 AS at FROM json_each(?1))"
    ),
    postgres=_NAMES.format(
        rows="""(SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[])
            WITH ORDINALITY AS u (project_id, profile_id, at, nth))"""
    ),
)
