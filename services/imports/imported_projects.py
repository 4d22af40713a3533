"""Projects of an import, and their collaborators. A published one may lack fields that are otherwise required."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalogue.criteria import PROJECTS
from models.portfolio import Project, ProjectSkill, ProjectState
from models.statements import Statement, execute_rows
from models.transactions import require_transaction
from services.core import clock
from services.core.bulk import insert, lookup
from services.portfolio import listing
from services.progress import counters
from services.progress.counters import Tally
from services.progress.scores import lock_score_rows


@dataclass(frozen=True)
class ImportedProject:
    """A project of another system; `key` is its id there."""

    owner_id: int
    key: str
    title: str
    description: str
    published: bool
    created_at: datetime


@dataclass(frozen=True)
class ImportedSkill:
    """A skill of an imported project: its code in catalogue/skills.toml."""

    project_id: int
    skill: str


@dataclass(frozen=True)
class ImportedCollaborator:
    """A collaborator of an imported project."""

    project_id: int
    profile_id: int


async def import_projects(source: str, projects: Sequence[ImportedProject]) -> int:
    """
    Store projects that do not exist yet by `(source, key)`; returns how many. Of several with the same key the first
    counts. Counters are updated, badges are not. The number of statements is constant.
    Requires a transaction.
    """
    require_transaction()
    if not projects:
        return 0
    await lock_score_rows({each.owner_id for each in projects})
    tally = Tally()
    rows = [
        (each.owner_id, each.title, each.description, _state(each), each.created_at, each.key, source)
        for each in projects
    ]
    new = await execute_rows(_INSERT_PROJECTS, rows)
    for row in new:
        if row["state"] == ProjectState.PUBLISHED.value:
            tally.add(row["owner_id"], PROJECTS, 1, 0, clock.now())
    await counters.write_tally(tally, {})
    by_key = {each.key: each for each in reversed(projects)}
    await listing.add_words(
        [
            listing.Found(row["id"], by_key[row["key"]].title, by_key[row["key"]].description)
            for row in new
            if row["state"] == ProjectState.PUBLISHED.value
        ]
    )
    return len(new)


async def import_collaborators(people: Sequence[ImportedCollaborator]) -> int:
    """
    Tag people on projects; returns how many tags are new. An existing tag stays unchanged, also one that its person removed.
    Owners, and people with a block between them and the owner, are skipped. No one is notified.
    Requires a transaction.
    """
    require_transaction()
    if not people:
        return 0
    owners: Any = Project.filter(id__in={each.project_id for each in people}).values_list("owner_id", flat=True)
    await lock_score_rows({*await owners, *(each.profile_id for each in people)})
    now = clock.now()
    return len(await execute_rows(_INSERT_TAGS, [(each.project_id, each.profile_id, now) for each in people]))


async def import_skills(skills: Sequence[ImportedSkill]) -> int:
    """Add skills to projects, up to as many as a project can have; returns how many are new. Requires a transaction."""
    require_transaction()
    if not skills:
        return 0
    ids = {each.project_id for each in skills}
    owners: Any = Project.filter(id__in=ids).values_list("owner_id", flat=True)
    await lock_score_rows(set(await owners))
    rows: Any = ProjectSkill.filter(project_id__in=ids).values_list("project_id", "skill")
    skills_by_project: dict[int, set[str]] = {number: set() for number in ids}
    for project_id, skill in await rows:
        skills_by_project[project_id].add(skill)
    new = []
    for each in skills:
        present = skills_by_project[each.project_id]
        if each.skill not in present and len(present) < listing.MAX_SKILLS:
            present.add(each.skill)
            new.append(ProjectSkill(project_id=each.project_id, skill=each.skill))
    await insert(new)
    return len(new)


async def projects_of(source: str, keys: set[str]) -> dict[str, int]:
    """The ids of a source's projects by key; unknown keys are omitted."""
    return await lookup(Project, "id", source=source, column="key", keys=keys)


def _state(project: ImportedProject) -> str:
    return (ProjectState.PUBLISHED if project.published else ProjectState.DRAFT).value


# Unique (source, key).
_INSERT_PROJECTS = Statement.over_rows(
    """
    INSERT INTO project (owner_id, title, description, state, created_at, published_at, key, source,
        customer, business_need, solution, results, place, version, listed)
    SELECT b.owner_id, b.title, b.description, b.state, b.created_at,
        CASE WHEN b.state = 'PUBLISHED' THEN b.created_at END, b.key, b.source, '', '', '', '', 0, 1,
        b.state = 'PUBLISHED' AND EXISTS (SELECT 1 FROM profile o WHERE o.id = b.owner_id AND o.listed)
    FROM {rows} b WHERE true ORDER BY b.place
    ON CONFLICT (source, key) DO NOTHING RETURNING id, owner_id, key, state
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
_INSERT_TAGS = Statement.over_rows(
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
