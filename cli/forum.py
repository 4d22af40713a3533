"""Imports a forum's dump: its users as profiles, its votes as points, its badges as badges of that forum."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.batches import batches, import_rows
from cli.file_reader import Reading, fingerprint
from cli.forum_dump import BADGES, ROOTS, PostIndex, files_of, rows
from cli.report import Report
from cli.xml_rows import Row
from services.errors import Problem
from services.imports import forum, import_runs
from services.imports.import_runs import BadRow, Progress
from services.points.ledger import ActivityEvent, Recorded


async def import_forum(folder: Path, source: str, report: Report, reading: Reading) -> None:
    """
    Import the dump, or continue where an earlier run stopped; `report` grows on the way.

    Raises WrongFolder before anything is written, Interrupted after a whole batch, BrokenFile after all rows before the
    break are imported.
    """
    files = files_of(folder)
    users, posts, votes = (files[name] for name in ROOTS)
    await _users(users, source, report, reading)
    with TemporaryDirectory(prefix="forum-import-") as scratch, PostIndex(Path(scratch)) as index:
        # The points of a vote depend on all three files.
        progress = Progress(source, votes.name, 0, fingerprint(votes, posts, users))
        await _votes(votes, posts, index, progress, report, reading)
    if badges := files.get(BADGES):
        await _badges(badges, Progress(source, badges.name, 0, fingerprint(badges, users)), report, reading)


async def _users(path: Path, source: str, report: Report, reading: Reading) -> None:
    report.imported["people: new"] = 0

    async def take(batch: list[Row], progress: Progress) -> None:
        people, defects = [], Counter[str]()
        for row in _readable(batch, path, report):
            try:
                person = forum.person_of(row.values, defects)
            except BadRow as why:
                report.bad(path.name, row.line, str(why))
                continue
            if person:
                people.append(person)
        new = await import_runs.import_people(source, people, progress)
        report.imported["people: new"] += new
        if known := len(people) - new:
            report.imported["people: here already, left as they are"] += known
        report.defects.update(defects)

    await import_rows(rows(path, reading), Progress(source, path.name, 0, fingerprint(path)), take, report, reading)


async def _votes(
    path: Path, posts: Path, index: PostIndex, progress: Progress, report: Report, reading: Reading
) -> None:
    report.imported["events: new"] = 0
    indexed = False

    async def take(batch: list[Row], progress: Progress) -> None:
        nonlocal indexed
        if not indexed:  # only if there is a vote to import
            _index(posts, index, report, reading)
            indexed = True
        defects = Counter[str]()
        votes = []
        for row in _readable(batch, path, report):
            try:
                votes.append(forum.vote_of(row.values))
            except BadRow as why:
                report.bad(path.name, row.line, str(why))
        events = await _events(votes, index, progress.source, defects)
        for answer in await import_runs.import_events(events, progress):
            _count_answer(answer, report)
        report.defects.update(defects)

    await import_rows(rows(path, reading), progress, take, report, reading)


async def _badges(path: Path, progress: Progress, report: Report, reading: Reading) -> None:
    report.imported["badge awards: new"] = 0

    async def take(batch: list[Row], progress: Progress) -> None:
        read = []
        for row in _readable(batch, path, report):
            try:
                read.append(forum.badge_of(row.values))
            except BadRow as why:
                report.bad(path.name, row.line, str(why))
        defects = Counter[str]()
        found = await import_runs.profiles_of(progress.source, {str(each.user) for each in read})
        people = {int(key): profile_id for key, profile_id in found.items()}
        awards = [each.award(progress.source, people[each.user]) for each in read if each.user in people]
        if missing := len(read) - len(awards):
            defects["badges whose owner is not among the users"] += missing
        definitions = [each.definition for each in read]
        new = await import_runs.import_awards(awards, progress, badges=definitions)
        report.imported["badge awards: new"] += new
        if here := len(awards) - new:
            report.imported["badge awards: here already"] += here
        report.defects.update(defects)

    await import_rows(rows(path, reading), progress, take, report, reading)


def _index(path: Path, index: PostIndex, report: Report, reading: Reading) -> None:
    def posts(batch: list[Row]) -> Iterable[tuple[int, int, int | None, int | None]]:
        for row in _readable(batch, path, report):
            try:
                owner = forum.optional_number(row.values, "OwnerUserId")
                post = forum.number(row.values, "Id"), forum.number(row.values, "PostTypeId"), owner
                yield *post, forum.optional_number(row.values, "ParentId")
            except BadRow as why:
                report.bad(path.name, row.line, str(why))
                continue
            if owner is None:
                report.defects["posts without owner (deleted)"] += 1

    for batch in batches(rows(path, reading)):
        index.add(posts(batch))
        report.imported[f"{path.name}: rows read"] += len(batch)


def _readable(batch: Iterable[Row], path: Path, report: Report) -> Iterator[Row]:
    """Yield the rows that could be parsed. Other rows are reported, and repaired rows are counted."""
    for row in batch:
        if row.why:
            report.bad(path.name, row.line, row.why)
            continue
        if row.repaired:
            report.defects[f"{path.name}: rows with characters that XML forbids, left out"] += 1
        yield row


async def _events(votes: list[forum.Vote], index: PostIndex, source: str, defects: Counter[str]) -> list[ActivityEvent]:
    posts = index.find([vote.post for vote in votes])
    users = {user for post in posts.values() for user in (post.owner, post.asker) if user is not None}
    found = await import_runs.profiles_of(source, map(str, users))
    people = {int(key): profile_id for key, profile_id in found.items()}
    return [event for vote in votes for event in forum.events_of(vote, posts.get(vote.post), people, source, defects)]


def _count_answer(answer: Recorded | Problem, report: Report) -> None:
    if isinstance(answer, Problem):
        report.defects[f"events refused: {answer.message}"] += 1
    elif answer.repeated:
        report.imported["events: here already"] += 1
    else:
        report.imported["events: new"] += 1
        report.imported[f"events: {answer.outcome.value.lower().replace('_', ' ')}"] += 1
        report.imported["points awarded"] += answer.awarded
