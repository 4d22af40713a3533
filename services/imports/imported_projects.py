"""Projects that come with an import, and who worked on them. Published ones need not say everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalogue.criteria import PROJECTS
from models.portfolio import Project, ProjectState
from models.statements import Statement, execute_rows
from models.transactions import require_transaction
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
    Requires a transaction.
    """
    require_transaction()
    if not projects:
        return 0, []
    await lock_scores_only({each.owner_id for each in projects})
    tally = Tally()
    rows = [
        (each.owner_id, each.title, each.description, _state(each), each.created_at, each.key, source)
        for each in projects
    ]
    new = await execute_rows(_BRING, rows)
    for row in new:
        if row["state"] == ProjectState.PUBLISHED.value:
            tally.add(row["owner_id"], PROJECTS, 1, 0, clock.now())
    return len(new), await counters.keep(tally, {})


async def name(people: Sequence[Named]) -> int:
    """
    Name people on projects, in the caller's transaction; returns how many are new. Whoever is named already, or took the name
    off, is left as they are; so are owners, and those whom a block stands between. Nobody is told.
    Requires a transaction.
    """
    require_transaction()
    if not people:
        return 0
    owners: Any = Project.filter(id__in={each.project_id for each in people}).values_list("owner_id", flat=True)
    await lock_scores_only({*await owners, *(each.profile_id for each in people)})
    now = clock.now()
    return len(await execute_rows(_NAME, [(each.project_id, each.profile_id, now) for each in people]))


async def projects_of(source: str, keys: set[str]) -> dict[str, int]:
    """The projects of a source by their keys there; unknown keys are left out."""
    return await lookup(Project, "id", source=source, column="key", keys=keys)


def _state(brought: Brought) -> str:
    return (ProjectState.PUBLISHED if brought.published else ProjectState.DRAFT).value


# Of several with one key the first counts. Unique (source, key).
_BRING = Statement.over_rows(
    """
    INSERT INTO project (owner_id, title, description, state, created_at, published_at, key, source,
        customer, business_need, solution, results, place, version)
    SELECT b.owner_id, b.title, b.description, b.state, b.created_at,
        CASE WHEN b.state = 'PUBLISHED' THEN b.created_at END, b.key, b.source, '', '', '', '', 0, 1
    FROM {rows} b WHERE true ORDER BY b.place
    ON CONFLICT (source, key) DO NOTHING RETURNING owner_id, state
    """,
    owner_id="bigint",
    title="text",
    description="text",
    state="text",
    created_at="timestamptz",
    key="text",
    source="text",
)
# Unique (project_id, profile_id); unique (blocker_id, blocked_id), read twice.
_NAME = Statement.over_rows(
    """
    INSERT INTO project_collaborator (project_id, profile_id, tagged_at, told_at)
    SELECT b.project_id, b.profile_id, b.at, b.at FROM {rows} b JOIN project j ON j.id = b.project_id
    WHERE j.owner_id <> b.profile_id
        AND NOT EXISTS (SELECT 1 FROM block k WHERE k.blocker_id = j.owner_id AND k.blocked_id = b.profile_id)
        AND NOT EXISTS (SELECT 1 FROM block k WHERE k.blocker_id = b.profile_id AND k.blocked_id = j.owner_id)
    ORDER BY b.place ON CONFLICT (project_id, profile_id) DO NOTHING RETURNING project_id
    """,
    project_id="bigint",
    profile_id="bigint",
    at="timestamptz",
)
