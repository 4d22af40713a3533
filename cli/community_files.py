"""The files of a community's archive: the columns of each, and how its rows are imported."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, NamedTuple, TypeVar

from cli.report import Report
from services.connections import connection_rows
from services.connections.connection_rows import ImportedConnection
from services.imports import csv_archive, import_runs, imported_projects
from services.imports.csv_archive import (
    ArchivedAward,
    ArchivedBalance,
    ArchivedConnection,
    ArchivedPerson,
    ArchivedProject,
)
from services.imports.import_runs import Progress
from services.imports.imported_badges import BadgeDefinition, ImportedAward, codes_of
from services.points.opening_balances import OpeningBalance

MAX_KEY_IN_MESSAGE = 60
T = TypeVar("T")


class Outcome(NamedTuple):
    """What became of a batch: new rows, rows imported before, and further counts for the report by their label."""

    new: int
    known: int
    others: Mapping[str, int] = {}


@dataclass(frozen=True)
class Batch(Generic[T]):
    """
    The readable rows of a batch, each with its line, on their way into the database. `progress` is what the transaction
    must note; `prepared` is the result of the file's `prepare`.
    """

    file: str
    rows: list[tuple[int, T]]
    progress: Progress
    report: Report
    prepared: Any = None

    def refuse(self, line: int, why: str) -> None:
        """Report a bad row."""
        self.report.bad(self.file, line, why)

    async def profiles(self, keys: Iterable[str]) -> Mapping[str, int]:
        """Return the profiles of these keys of the archive that exist."""
        return await import_runs.profiles_of(self.progress.source, set(keys))

    def has_profile(self, key: str, profiles: Mapping[str, int], line: int) -> bool:
        """Return True if the profile exists, else report the row."""
        if key not in profiles:
            self.refuse(line, f"there is no profile {_shown(key)}")
        return key in profiles


async def _nothing() -> None:
    return None


@dataclass(frozen=True)
class FileImport(Generic[T]):
    """
    How one file is imported.

    `parse` makes a row's columns a value, or raises BadRow. `take` writes a batch in one transaction. `label` names the
    rows in the report; `known_label` says what happened to those imported before. `subject` is the key under which a
    file must not have two different rows. `depends_on` are the files that also decide which rows are good. `prepare`
    is called once before the first row. `times`: how many ordinary batches are written at once (see `import_rows`).
    """

    name: str
    header: str
    label: str
    parse: Callable[[list[str]], T]
    take: Callable[[Batch[T]], Awaitable[Outcome]]
    known_label: str = "here already"
    subject: Callable[[T], str] | None = None
    depends_on: tuple[str, ...] = ()
    prepare: Callable[[], Awaitable[Any]] = field(default=_nothing)
    times: int = 1
    required: bool = False


async def _take_people(batch: Batch[ArchivedPerson]) -> Outcome:
    companies = await import_runs.companies_by_name({each.company for _, each in batch.rows if each.company})
    people = [replace(each.person, company_id=companies.get(each.company)) for _, each in batch.rows]
    new = await import_runs.import_people(batch.progress.source, people, batch.progress)
    return Outcome(new, len(people) - new)


async def _take_skills(batch: Batch[tuple[str, str]]) -> Outcome:
    profiles = await batch.profiles(key for _, (key, _) in batch.rows)
    skills = [(profiles[key], code) for line, (key, code) in batch.rows if batch.has_profile(key, profiles, line)]
    new = await import_runs.import_skills(skills, batch.progress)
    return Outcome(new, len(skills) - new)


async def _take_openings(batch: Batch[ArchivedBalance]) -> Outcome:
    profiles = await batch.profiles(each.key for _, each in batch.rows)
    source = batch.progress.source
    openings = [
        OpeningBalance(
            profiles[each.key], each.category, each.points, source, f"opening:{each.key}:{each.category.value}"
        )
        for line, each in batch.rows
        if batch.has_profile(each.key, profiles, line) and each.points
    ]
    new = await import_runs.import_opening_balances(openings, batch.progress)
    zero = sum(not each.points for _, each in batch.rows)
    return Outcome(new, len(openings) - new, {"opening balances of 0: nothing to import": zero})


async def _take_badges(batch: Batch[BadgeDefinition]) -> Outcome:
    new = await import_runs.import_badges([badge for _, badge in batch.rows], batch.progress)
    return Outcome(new, len(batch.rows) - new)


async def _take_awards(batch: Batch[ArchivedAward]) -> Outcome:
    profiles = await batch.profiles(each.key for _, each in batch.rows)
    codes = await codes_of(batch.progress.source, {each.badge for _, each in batch.rows})
    awards = []
    for line, each in batch.rows:
        if not batch.has_profile(each.key, profiles, line):
            continue
        if each.badge in codes:
            awards.append(ImportedAward(profiles[each.key], codes[each.badge], each.awarded_at))
        else:
            batch.refuse(line, f"there is no badge {_shown(each.badge)}")
    new = await import_runs.import_awards(awards, batch.progress)
    return Outcome(new, len(awards) - new)


async def _take_connections(batch: Batch[ArchivedConnection]) -> Outcome:
    """A row whose connection is newer than `prepared` repeats an earlier row of this file, in an earlier batch."""
    twice = "connects two people that the file connects already"
    profiles = await batch.profiles(key for _, each in batch.rows for key in (each.key, each.other))
    pairs: dict[tuple[int, int], tuple[int, ImportedConnection]] = {}
    for line, each in batch.rows:
        if not all(batch.has_profile(key, profiles, line) for key in (each.key, each.other)):
            continue
        one, other = sorted((profiles[each.key], profiles[each.other]))
        if one == other:
            batch.refuse(line, f"{_shown(each.key)} and {_shown(each.other)} are one person here")
        elif (one, other) in pairs:
            batch.refuse(line, twice)
        else:
            pairs[one, other] = line, ImportedConnection(one, other, each.connected_at)
    taken = await import_runs.import_connections([pair for _, pair in pairs.values()], batch.progress)
    lines = [line for line, _ in pairs.values()]
    repeated = [index for index, connection_id in taken.known.items() if connection_id > batch.prepared]
    for index in sorted(repeated):
        batch.refuse(lines[index], twice)
    blocked = {"connections of people who blocked each other: left out": len(taken.blocked)}
    return Outcome(taken.new, len(taken.known) - len(repeated), blocked)


async def _take_projects(batch: Batch[ArchivedProject]) -> Outcome:
    profiles = await batch.profiles(each.owner for _, each in batch.rows)
    projects = [
        imported_projects.ImportedProject(
            profiles[each.owner], each.key, each.title, each.description, each.published, each.created_at
        )
        for line, each in batch.rows
        if batch.has_profile(each.owner, profiles, line)
    ]
    new = await import_runs.import_projects(projects, batch.progress)
    return Outcome(new, len(projects) - new)


async def _take_project_skills(batch: Batch[tuple[str, str]]) -> Outcome:
    projects = await imported_projects.projects_of(batch.progress.source, {project for _, (project, _) in batch.rows})
    skills = []
    for line, (project, code) in batch.rows:
        if project in projects:
            skills.append(imported_projects.ImportedSkill(projects[project], code))
        else:
            batch.refuse(line, f"there is no project {_shown(project)}")
    new = await import_runs.import_project_skills(skills, batch.progress)
    return Outcome(new, len(skills) - new)


async def _take_collaborators(batch: Batch[tuple[str, str]]) -> Outcome:
    profiles = await batch.profiles(profile for _, (_, profile) in batch.rows)
    projects = await imported_projects.projects_of(batch.progress.source, {project for _, (project, _) in batch.rows})
    collaborators = []
    for line, (project, profile) in batch.rows:
        if not batch.has_profile(profile, profiles, line):
            continue
        if project in projects:
            collaborators.append(imported_projects.ImportedCollaborator(projects[project], profiles[profile]))
        else:
            batch.refuse(line, f"there is no project {_shown(project)}")
    new = await import_runs.import_collaborators(collaborators, batch.progress)
    return Outcome(new, len(collaborators) - new)


def _shown(key: str) -> str:
    return repr(key[:MAX_KEY_IN_MESSAGE])


IMPORTS: tuple[FileImport[Any], ...] = (
    FileImport(
        name="profiles.csv",
        header="id,handle,name,job_title,country,company,about,public,joined_on",
        label="people",
        known_label="here already, left as they are",
        parse=csv_archive.person_of,
        subject=lambda each: f"profile {each.person.key!r}",
        take=_take_people,
        required=True,
    ),
    FileImport(
        name="skills.csv",
        header="profile,skill",
        label="skills",
        parse=csv_archive.skill_of,
        take=_take_skills,
        depends_on=("profiles.csv",),
        required=True,
    ),
    FileImport(
        name="opening_points.csv",
        header="profile,category,points",
        label="opening balances",
        parse=csv_archive.balance_of,
        subject=lambda each: f"{each.category.value} of profile {each.key!r}",
        take=_take_openings,
        depends_on=("profiles.csv",),
        required=True,
    ),
    FileImport(
        name="badges.csv",
        header="id,name,rarity,description",
        label="badges",
        known_label="here already, updated",
        parse=csv_archive.badge_of,
        subject=lambda each: f"badge {each.key!r}",
        take=_take_badges,
    ),
    FileImport(
        name="badge_awards.csv",
        header="profile,badge,awarded_on",
        label="badge awards",
        parse=csv_archive.award_of,
        take=_take_awards,
        depends_on=("profiles.csv", "badges.csv"),
    ),
    FileImport(
        name="connections.csv",
        header="profile,other,connected_on",
        label="connections",
        parse=csv_archive.connection_of,
        take=_take_connections,
        prepare=connection_rows.newest_id,
        depends_on=("profiles.csv",),
        times=5,
    ),
    FileImport(
        name="projects.csv",
        header="id,owner,title,description,published,created_on",
        label="projects",
        known_label="here already, left as they are",
        parse=csv_archive.project_of,
        subject=lambda each: f"project {each.key!r}",
        take=_take_projects,
        depends_on=("profiles.csv",),
        times=5,
    ),
    FileImport(
        name="project_skills.csv",
        header="project,skill",
        label="skills of projects",
        known_label="here already, or beyond ten of a project",
        parse=csv_archive.project_skill_of,
        take=_take_project_skills,
        depends_on=("profiles.csv", "projects.csv"),
    ),
    FileImport(
        name="collaborators.csv",
        header="project,profile",
        label="collaborators",
        known_label="here already, owners, or parted by a block",
        parse=csv_archive.collaborator_of,
        take=_take_collaborators,
        depends_on=("profiles.csv", "projects.csv"),
        times=5,
    ),
)
"""The files in the order in which they are imported."""
HEADERS = {each.name: each.header for each in IMPORTS}
REQUIRED = [each.name for each in IMPORTS if each.required]
"""The files that every archive has."""
