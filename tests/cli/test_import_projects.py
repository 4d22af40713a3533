"""`import community` and its projects.csv and collaborators.csv: resumable, without notifications, and with no effect but on counters."""

from pathlib import Path
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from cli import batches
from cli.community import check_folder, import_community
from cli.community_files import HEADERS
from cli.file_reader import Interrupted, Reading, WrongFolder
from cli.report import Report
from models.badges import BadgeAward
from models.database import Database
from models.notices import Notice
from models.points import ProfileCounter
from models.portfolio import Project, ProjectCollaborator, ProjectSkill, ProjectState, ProjectWord
from services.connections import blocks
from services.core.audit import OPERATOR
from services.points.ledger_consistency import differences
from services.portfolio import collaborators, projects
from tests.conftest import CountStatements

PEOPLE = 9
SHOWN = [
    '7,1,Berth planner,"Ships ""onto"" berths.\r\nAll <b>day</b>.",true,2020-05-06',
    "x y,1,Half a thing,,false,2021-01-01",
    "8,2,Old,,true,2019-12-31",
]
NAMED = ["7,2", "7,4", "x y,4", "8,1"]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    people = [f"{n},,Person {n},,,,,{'true' if n % 3 else 'false'},2019-05-04" for n in range(1, PEOPLE + 1)]
    for name, rows in (("profiles.csv", people), ("skills.csv", []), ("opening_points.csv", [])):
        write(folder, name, rows)
    write(folder, "projects.csv", SHOWN)
    write(folder, "collaborators.csv", NAMED)
    return folder


def write(folder: Path, name: str, rows: list[str]) -> None:
    (folder / name).write_text("\n".join([HEADERS[name], *rows, ""]), encoding="utf-8", newline="")


async def take_in(folder: Path, reading: Reading | None = None) -> Report:
    report = Report("archive")
    await import_community(folder, "community", report, reading or Reading())
    return report


async def everything() -> tuple[Any, ...]:
    projects: Any = Project.all().order_by("id").values_list("owner_id", "key", "title", "state")
    named: Any = ProjectCollaborator.all().order_by("id").values_list("project__key", "profile_id", "untagged_at")
    counters: Any = ProfileCounter.all().order_by("profile_id").values_list("profile_id", "name", "times")
    return list(await projects), list(await named), list(await counters)


EXPECTED = (
    [
        (1, "7", "Berth planner", ProjectState.PUBLISHED),
        (1, "x y", "Half a thing", ProjectState.DRAFT),
        (2, "8", "Old", ProjectState.PUBLISHED),
    ],
    [("7", 2, None), ("7", 4, None), ("x y", 4, None), ("8", 1, None)],
    [(1, "PROJECTS", 1), (2, "PROJECTS", 1)],
)


async def test_portfolios_are_taken_in(database: Database, archive: Path) -> None:
    # when
    report = await take_in(archive)
    # then
    assert await everything() == EXPECTED
    assert (report.imported["projects: new"], report.imported["collaborators: new"]) == (3, 4)
    assert not report.bad_rows
    shown, draft, _ = await Project.all().order_by("id")
    assert shown.description == 'Ships "onto" berths.\r\nAll <b>day</b>.'
    assert shown.created_at.isoformat() == "2020-05-06T00:00:00+00:00"
    assert (shown.published_at, draft.published_at, shown.version) == (shown.created_at, None, 1)
    # counters are right; no badge was awarded, no one is notified, also not later
    assert [each async for each in differences()] == []
    await projects.update(1, shown.id, {"title": "Newer"}, actor=OPERATOR)
    async with in_transaction():
        await collaborators.notify_tagged(1)
    assert await BadgeAward.all().count() == await Notice.filter(topic="PERSON").count() == 0


async def test_a_second_run_finds_nothing_new_and_leaves_what_people_changed(database: Database, archive: Path) -> None:
    # given
    await take_in(archive)
    first = await Project.get(key="7")
    await collaborators.untag(2, first.id)
    await Project.filter(key="8").update(title="Edited")
    before = await everything()
    # when: the same files, then touched ones
    for touch in (False, True):
        if touch:
            write(archive, "projects.csv", [*SHOWN, ""])
        report = await take_in(archive)
        # then
        assert (report.imported["projects: new"], report.imported["collaborators: new"]) == (0, 0)
        assert await everything() == before
    assert report.imported["projects: here already, left as they are"] == 3


@pytest.mark.parametrize("file", ["projects.csv", "collaborators.csv"])
async def test_an_interrupted_run_goes_on_where_it_stopped(
    database: Database, archive: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 2)
    report = Report("archive")
    many = [f"m{n},1,Title {n},,true,2020-01-01" for n in range(25)]
    write(archive, "projects.csv", [*SHOWN, *many])
    write(archive, "collaborators.csv", [*NAMED, *(f"m{n},5" for n in range(25))])
    with pytest.raises(Interrupted):
        await import_community(archive, "community", report, Reading(lambda: report.imported[f"{file}: rows read"] > 0))
    # when
    await take_in(archive)
    # then
    assert (await Project.all().count(), await ProjectCollaborator.all().count()) == (28, 29)
    assert (await ProfileCounter.get(profile_id=1, name="PROJECTS")).times == 26
    assert [each async for each in differences()] == []


async def test_bad_rows_are_named_and_passed_over(database: Database, archive: Path) -> None:
    # given
    write(
        archive,
        "projects.csv",
        [
            *SHOWN,
            "9,404,T,,true,2020-01-01",
            "9,1,,d,true,2020-01-01",
            ",1,T,d,true,2020-01-01",
            "9,1,T,d,yes,2020-01-01",
            "9,1,T,d,true,2999-01-01",
            "9,1,T,d,true",
            f"9,1,{'x' * 121},d,true,2020-01-01",
            "9,1,T,bell \a,true,2020-01-01",
        ],
    )
    write(archive, "collaborators.csv", [*NAMED, "7,404", "404,1", "7", "8,2", "7,2"])
    # when
    report = await take_in(archive)
    # then
    assert (report.bad_rows["projects.csv"], report.bad_rows["collaborators.csv"]) == (8, 3)
    assert await everything() == EXPECTED
    # the owner himself, and who is named already
    assert report.imported["collaborators: here already, owners, or parted by a block"] == 2


async def test_skills_and_search_words_of_projects(database: Database, archive: Path) -> None:
    # given: eleven skills of a project, one twice, and rows that cannot be used
    codes = ["agile", "ai", "analytics", "angular", "azure", "aws", "cloud", "css", "data", "go", "java"]
    write(
        archive, "project_skills.csv", ["x y,SQL", *(f"7,{code}" for code in codes), "7,ai", "7,no such", "404,ai", "7"]
    )
    for _ in range(2):
        # when
        report = await take_in(archive)
        # then
        skills: Any = ProjectSkill.all().order_by("id").values_list("project__key", "skill")
        assert await skills == [("x y", "sql"), *(("7", code) for code in codes[:10])]
    assert report.bad_rows["project_skills.csv"] == 3
    listed: Any = Project.filter(listed=True).order_by("id").values_list("key", flat=True)
    assert await listed == ["7", "8"]
    words: Any = ProjectWord.all().order_by("id").values_list("project__key", "word")
    assert {(key, bytes(word)) for key, word in await words} >= {("7", b"berth"), ("7", b"onto"), ("8", b"old")}
    assert not await ProjectWord.exists(project__key="x y")


async def test_a_block_parts_people_in_an_archive_too(database: Database, archive: Path) -> None:
    # given
    write(archive, "collaborators.csv", [])
    await take_in(archive)
    await blocks.block(4, 1)
    # when
    write(archive, "collaborators.csv", NAMED)
    await take_in(archive)
    # then
    assert (await everything())[1] == [("7", 2, None), ("8", 1, None)]


def test_a_wrong_header_is_refused(archive: Path) -> None:
    (archive / "collaborators.csv").write_text("profile,project\n")
    with pytest.raises(WrongFolder, match="begins with"):
        check_folder(archive)


async def test_statements_do_not_grow_with_the_rows(
    database: Database, archive: Path, count_statements: CountStatements
) -> None:
    seen = []
    for number in (5, 10, 40):
        write(archive, "projects.csv", [f"n{number}-{n},{n % 8 + 1},T,d,true,2020-01-01" for n in range(number)])
        write(archive, "collaborators.csv", [f"n{number}-{n},{(n + 3) % 8 + 1}" for n in range(number)])
        with count_statements() as statements:
            await take_in(archive)
        seen.append(len([text for text in statements.texts if "project" in text.lower() or "counter" in text]))
    assert seen[1] == seen[2] <= 6
