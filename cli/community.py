"""Takes in a community's archive: CSV files of people, their skills, opening balances, badges, connections and projects."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from cli import repeated_rows
from cli.batches import take_in
from cli.file_reader import Reading, WrongFolder, fingerprint
from cli.repeated_rows import Read
from cli.report import Report
from services.connections import connection_rows
from services.connections.connection_rows import Brought as Pair
from services.imports import csv_archive, import_runs, imported_projects
from services.imports.csv_archive import (
    ArchivedAward,
    ArchivedBalance,
    ArchivedConnection,
    ArchivedPerson,
    ArchivedProject,
    BadRow,
)
from services.imports.import_runs import Progress
from services.imports.imported_badges import Brought, Definition, codes_of
from services.points.opening_balances import OpeningBalance

HEADERS = {
    "profiles.csv": "id,handle,name,job_title,country,company,about,public,joined_on",
    "skills.csv": "profile,skill",
    "opening_points.csv": "profile,category,points",
}
"""The files that are taken in, in this order, and their first lines."""
BADGES = {"badges.csv": "id,name,rarity,description", "badge_awards.csv": "profile,badge,awarded_on"}
"""Files that an archive may have besides, one or both."""
CONNECTIONS = {"connections.csv": "profile,other,connected_on"}
"""A file that an archive may have besides: each connection once, in either direction."""
PROJECTS = {
    "projects.csv": "id,owner,title,description,published,created_on",
    "collaborators.csv": "project,profile",
}
"""Files that an archive may have besides, one or both."""
FILES = {**HEADERS, **BADGES, **CONNECTIONS, **PROJECTS}
_TWICE = "connects two people whom the file connects already"
T = TypeVar("T")


async def import_community(folder: Path, source: str, report: Report, reading: Reading) -> None:
    """
    Take in the archive, or go on where an earlier run stopped; `report` grows on the way.

    Raises WrongFolder before anything is written, Interrupted after a whole batch. A bad row is told and passed over.
    """
    check_folder(folder)
    people, skills, openings = (folder / name for name in HEADERS)
    await _people(people, Progress(source, people.name, 0, fingerprint(people)), report, reading)
    # Whether a row's person is known depends on the people's file too.
    await _skills(skills, Progress(source, skills.name, 0, fingerprint(skills, people)), report, reading)
    await _openings(openings, Progress(source, openings.name, 0, fingerprint(openings, people)), report, reading)
    badges, awards = (folder / name for name in BADGES)
    if badges.exists():
        await _badges(badges, Progress(source, badges.name, 0, fingerprint(badges)), report, reading)
    if awards.exists():
        depends = (awards, people, badges) if badges.exists() else (awards, people)
        await _awards(awards, Progress(source, awards.name, 0, fingerprint(*depends)), report, reading)
    [known] = (folder / name for name in CONNECTIONS)
    if known.exists():
        await _connections(known, Progress(source, known.name, 0, fingerprint(known, people)), report, reading)
    projects, named = (folder / name for name in PROJECTS)
    if projects.exists():
        await _projects(projects, Progress(source, projects.name, 0, fingerprint(projects, people)), report, reading)
    if named.exists():
        depends = (named, people, projects) if projects.exists() else (named, people)
        await _collaborators(named, Progress(source, named.name, 0, fingerprint(*depends)), report, reading)


def check_folder(folder: Path) -> None:
    """Return when these are an archive's files, each with its header. Raises WrongFolder."""
    if not folder.is_dir():
        raise WrongFolder(f"{folder} is not a folder.")
    if missing := [name for name in HEADERS if not (folder / name).is_file()]:
        raise WrongFolder(f"{folder} is not a community's archive: it lacks {', '.join(missing)}.")
    for name, header in FILES.items():
        if not (folder / name).exists():
            continue
        first = next(Reading().lines(folder / name), "").rstrip("\r\n")
        if _header(first) != header.split(","):
            raise WrongFolder(f"{folder / name} begins with {first[:200]!r}, not with {header!r}.")


def _header(line: str) -> list[str]:
    """The names of the columns; as spreadsheets write them, they may be quoted."""
    try:
        return [name.strip() for name in next(csv.reader([line], strict=True), [])]
    except csv.Error:
        return []


def rows(path: Path, read: Callable[[list[str]], T], reading: Reading) -> Iterator[Read[T]]:
    """The file's rows behind the header, each through `read`; a bad one comes as the reason."""
    columns = FILES[path.name].count(",") + 1
    table = csv.reader(reading.lines(path), strict=True)
    line = 1
    while True:
        try:
            row = next(table)
        except StopIteration:
            return
        except csv.Error as broken:
            yield Read(line, None, f"not a row of CSV: {broken}")
        else:
            if row and line > 1:
                yield _read(line, row, columns, read)
        line = table.line_num + 1


def _read(line: int, row: list[str], columns: int, read: Callable[[list[str]], T]) -> Read[T]:
    if len(row) != columns:
        return Read(line, None, f"has {len(row)} columns, not {columns}")
    whole = "".join(row)
    if "\0" in whole:
        return Read(line, None, "holds a NUL character")
    try:
        whole.encode()
        return Read(line, read(row))
    except UnicodeEncodeError:
        return Read(line, None, "is not UTF-8")
    except BadRow as why:
        return Read(line, None, str(why))


async def _people(path: Path, start: Progress, report: Report, reading: Reading) -> None:
    report.taken["people: new"] = 0

    async def take(batch: list[Read[ArchivedPerson]], progress: Progress) -> None:
        read = _good(batch, path, report)
        companies = await import_runs.companies_named({each.company for _, each in read if each.company})
        people = [replace(each.person, company_id=companies.get(each.company)) for _, each in read]
        new = await import_runs.take_people(progress.source, people, progress)
        report.taken["people: new"] += new
        if known := len(people) - new:
            report.taken["people: here already, left as they are"] += known

    found = repeated_rows.named(rows(path, csv_archive.person_of, reading), lambda each: f"profile {each.person.key!r}")
    await take_in(found, start, take, report, reading)
    await _again_if_bad(start, report)


async def _skills(path: Path, start: Progress, report: Report, reading: Reading) -> None:
    report.taken["skills: new"] = 0

    async def take(batch: list[Read[tuple[str, str]]], progress: Progress) -> None:
        read = _good(batch, path, report)
        known = await import_runs.profiles_of(progress.source, {key for _, (key, _) in read})
        skills = [(known[key], code) for line, (key, code) in read if _known(key, known, path, line, report)]
        new = await import_runs.take_skills(skills, progress)
        report.taken["skills: new"] += new
        if here := len(skills) - new:
            report.taken["skills: here already"] += here

    await take_in(rows(path, csv_archive.skill_of, reading), start, take, report, reading)
    await _again_if_bad(start, report)


async def _openings(path: Path, start: Progress, report: Report, reading: Reading) -> None:
    report.taken["opening balances: new"] = 0

    async def take(batch: list[Read[ArchivedBalance]], progress: Progress) -> None:
        read = _good(batch, path, report)
        known = await import_runs.profiles_of(progress.source, {balance.key for _, balance in read})
        openings = [
            OpeningBalance(
                known[balance.key],
                balance.category,
                balance.points,
                progress.source,
                f"opening:{balance.key}:{balance.category.value}",
            )
            for line, balance in read
            if _known(balance.key, known, path, line, report) and balance.points
        ]
        new = await import_runs.take_openings(openings, progress)
        report.taken["opening balances: new"] += new
        if here := len(openings) - new:
            report.taken["opening balances: here already"] += here
        if zero := sum(not balance.points for _, balance in read):
            report.taken["opening balances of 0: nothing to take in"] += zero

    found = repeated_rows.named(
        rows(path, csv_archive.balance_of, reading), lambda each: f"{each.category.value} of profile {each.key!r}"
    )
    await take_in(found, start, take, report, reading)
    await _again_if_bad(start, report)


async def _badges(path: Path, start: Progress, report: Report, reading: Reading) -> None:
    report.taken["badges: new"] = 0

    async def take(batch: list[Read[Definition]], progress: Progress) -> None:
        read = _good(batch, path, report)
        new = await import_runs.take_badges([badge for _, badge in read], progress)
        report.taken["badges: new"] += new
        if here := len(read) - new:
            report.taken["badges: here already, described anew"] += here

    found = repeated_rows.named(rows(path, csv_archive.badge_of, reading), lambda each: f"badge {each.key!r}")
    await take_in(found, start, take, report, reading)
    await _again_if_bad(start, report)


async def _awards(path: Path, start: Progress, report: Report, reading: Reading) -> None:
    report.taken["badge awards: new"] = 0

    async def take(batch: list[Read[ArchivedAward]], progress: Progress) -> None:
        read = _good(batch, path, report)
        known = await import_runs.profiles_of(progress.source, {award.key for _, award in read})
        codes = await codes_of(progress.source, {award.badge for _, award in read})
        brought = []
        for line, award in read:
            if not _known(award.key, known, path, line, report):
                continue
            if award.badge in codes:
                brought.append(Brought(known[award.key], codes[award.badge], award.awarded_at))
            else:
                report.bad(path.name, line, f"there is no badge {award.badge[:60]!r}")
        new = await import_runs.take_awards(brought, progress)
        report.taken["badge awards: new"] += new
        if here := len(brought) - new:
            report.taken["badge awards: here already"] += here

    await take_in(rows(path, csv_archive.award_of, reading), start, take, report, reading)
    await _again_if_bad(start, report)


async def _connections(path: Path, start: Progress, report: Report, reading: Reading) -> None:
    report.taken["connections: new"] = 0
    before = await connection_rows.newest()

    async def take(batch: list[Read[ArchivedConnection]], progress: Progress) -> None:
        read = _good(batch, path, report)
        known = await import_runs.profiles_of(
            progress.source, {key for _, each in read for key in (each.key, each.other)}
        )
        pairs: dict[tuple[int, int], tuple[int, Pair]] = {}
        for line, each in read:
            if not all(_known(key, known, path, line, report) for key in (each.key, each.other)):
                continue
            one, other = sorted((known[each.key], known[each.other]))
            if one == other:
                report.bad(path.name, line, f"{each.key[:60]!r} and {each.other[:60]!r} are one person here")
            elif (one, other) in pairs:
                report.bad(path.name, line, _TWICE)
            else:
                pairs[one, other] = line, Pair(one, other, each.connected_at)
        taken = await import_runs.take_connections([pair for _, pair in pairs.values()], progress)
        lines = [line for line, _ in pairs.values()]
        twice = [place for place, number in taken.known.items() if number > before]
        for place in sorted(twice):
            report.bad(path.name, lines[place], _TWICE)
        report.taken["connections: new"] += taken.new
        if here := len(taken.known) - len(twice):
            report.taken["connections: here already"] += here
        if taken.blocked:
            report.taken["connections of people who blocked each other: left out"] += len(taken.blocked)

    await take_in(rows(path, csv_archive.connection_of, reading), start, take, report, reading, times=5)
    await _again_if_bad(start, report)


async def _projects(path: Path, start: Progress, report: Report, reading: Reading) -> None:
    report.taken["projects: new"] = 0

    async def take(batch: list[Read[ArchivedProject]], progress: Progress) -> None:
        read = _good(batch, path, report)
        known = await import_runs.profiles_of(progress.source, {each.owner for _, each in read})
        brought = [
            imported_projects.Brought(
                known[each.owner], each.key, each.title, each.description, each.published, each.created_at
            )
            for line, each in read
            if _known(each.owner, known, path, line, report)
        ]
        new = await import_runs.take_projects(brought, progress)
        report.taken["projects: new"] += new
        if here := len(brought) - new:
            report.taken["projects: here already, left as they are"] += here

    found = repeated_rows.named(rows(path, csv_archive.project_of, reading), lambda each: f"project {each.key!r}")
    await take_in(found, start, take, report, reading, times=5)
    await _again_if_bad(start, report)


async def _collaborators(path: Path, start: Progress, report: Report, reading: Reading) -> None:
    report.taken["collaborators: new"] = 0

    async def take(batch: list[Read[tuple[str, str]]], progress: Progress) -> None:
        read = _good(batch, path, report)
        known = await import_runs.profiles_of(progress.source, {profile for _, (_, profile) in read})
        projects = await imported_projects.projects_of(progress.source, {project for _, (project, _) in read})
        named = []
        for line, (project, profile) in read:
            if not _known(profile, known, path, line, report):
                continue
            if project in projects:
                named.append(imported_projects.Named(projects[project], known[profile]))
            else:
                report.bad(path.name, line, f"there is no project {project[:60]!r}")
        new = await import_runs.take_collaborators(named, progress)
        report.taken["collaborators: new"] += new
        if rest := len(named) - new:
            report.taken["collaborators: here already, owners, or parted by a block"] += rest

    await take_in(rows(path, csv_archive.collaborator_of, reading), start, take, report, reading, times=5)
    await _again_if_bad(start, report)


def _good(batch: list[Read[T]], path: Path, report: Report) -> list[tuple[int, T]]:
    good = []
    for row in batch:
        if row.value is None:
            report.bad(path.name, row.line, row.why)
        else:
            good.append((row.line, row.value))
    return good


def _known(key: str, known: Mapping[str, int], path: Path, line: int, report: Report) -> bool:
    if key not in known:
        report.bad(path.name, line, f"there is no profile {key[:60]!r}")
    return key in known


async def _again_if_bad(start: Progress, report: Report) -> None:
    # A file with bad rows is read again by the next run, which names those that are still bad.
    if report.bad_rows[start.file]:
        await import_runs.note_progress(start)
