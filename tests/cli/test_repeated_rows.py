"""A key that a file has twice: other content is named, the same again does no harm, and memory does not grow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import batches, repeated_rows
from cli.community import import_community
from cli.community_files import HEADERS
from cli.file_reader import Reading, WrongFolder
from cli.repeated_rows import Read
from cli.report import Report
from models.badges import ImportedBadge
from models.database import Database
from models.points import Score
from models.portfolio import Project
from models.profiles import Profile

ROWS = {
    "profiles.csv": ["p1,,Ann,Dev,NL,,,true,2020-01-01", "p2,,Ben,Dev,NL,,,true,2020-01-01"],
    "skills.csv": ["p1,python", "p1,python"],
    "opening_points.csv": ["p1,FORUM,10", "p2,FORUM,7"],
    "badges.csv": ["b1,Founder,ORANGE,There.", "b2,Helper,GREEN,Helped."],
    "projects.csv": ["j1,p1,First,What it is,true,2020-05-01", "j2,p2,Second,,false,2020-05-01"],
}
AGAIN = {
    "profiles.csv": ("p1,,Ann again,Dev,NL,,,true,2020-01-01", "profile 'p1'"),
    "opening_points.csv": ("p1,FORUM,20", "FORUM of profile 'p1'"),
    "badges.csv": ("b1,Founder,GREEN,There.", "badge 'b1'"),
    "projects.csv": ("j1,p2,First,What it is,true,2020-05-01", "project 'j1'"),
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for name, rows in ROWS.items():
        (tmp_path / name).write_text("\n".join([HEADERS[name], *rows, ""]), "utf-8")
    return tmp_path


async def take_in(folder: Path) -> tuple[Report, list[str]]:
    """What was taken in, and what was said of bad rows."""
    said: list[str] = []
    report = Report("archive")
    report.error = said.append  # type: ignore[method-assign, assignment]
    await import_community(folder, "community", report, Reading())
    return report, said


async def state() -> Any:
    people: Any = Profile.all().order_by("id").values_list("name", "job_title")
    points: Any = Score.all().order_by("profile_id").values_list("overall", flat=True)
    badges: Any = ImportedBadge.all().order_by("key").values_list("name", "rarity")
    projects: Any = Project.all().order_by("id").values_list("owner_id", "title")
    return [list(await each) for each in (people, points, badges, projects)]


@pytest.mark.parametrize("name", AGAIN)
@pytest.mark.parametrize("size", [1, 1_000])
async def test_other_content_under_a_known_key_is_named_and_the_first_counts(
    database: Database, archive: Path, name: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", size)
    monkeypatch.setattr(repeated_rows, "ROWS_PER_LOOKUP", size)
    row, subject = AGAIN[name]
    with (archive / name).open("a") as file:
        file.write(f"{row}\n{ROWS[name][0]}\n{row}\n")
    # when
    report, said = await take_in(archive)
    # then
    assert said == [f"{name}:{line}: {subject} is in line 2 already, with other content" for line in (4, 6)]
    assert report.bad_rows == {name: 2}
    met = await state()
    (archive / name).write_text("\n".join([HEADERS[name], *ROWS[name], ""]), "utf-8")
    # and the same without the mistake changes nothing
    report, said = await take_in(archive)
    assert (said, report.bad_rows) == ([], {})
    assert await state() == met
    assert len(met[0]) == 2


async def test_white_space_around_a_key_makes_no_other_key(database: Database, archive: Path) -> None:
    with (archive / "profiles.csv").open("a") as file:
        file.write(" p1 ,,Ann third,Dev,NL,,,true,2020-01-01\n p1 , , Ann , Dev,nl,,,true,2020-01-01\n")
    report, said = await take_in(archive)
    assert said == ["profiles.csv:4: profile 'p1' is in line 2 already, with other content"]
    assert await Profile.all().count() == 2
    assert report.imported["people: new"] == 2


def test_many_rows_are_not_kept_in_memory() -> None:
    held: list[int] = []

    def source() -> Iterator[Read[tuple[int, str]]]:
        for number in range(20_000):
            held.append(number)
            yield Read(number, (number % 10_000, "x" if number != 15_000 else "y"))

    bad = []
    for row in repeated_rows.with_repeats_refused(source(), lambda each: f"row {each[0]}"):
        assert len(held) - row.line <= repeated_rows.ROWS_PER_LOOKUP
        if row.why:
            bad.append(row)
    assert bad == [Read(15_000, None, "row 5000 is in line 5000 already, with other content")]


@pytest.mark.parametrize("header", ['"id","handle","name","job_title","country","company","about","public","joined_on"', '\ufeffid,"handle", name ,job_title,country,company,about,public,joined_on\r'])  # fmt: skip
async def test_quoted_headers_are_read(database: Database, archive: Path, header: str) -> None:
    (archive / "profiles.csv").write_text("\n".join([header, *ROWS["profiles.csv"], ""]), "utf-8")
    report, _ = await take_in(archive)
    assert report.imported["people: new"] == 2


@pytest.mark.parametrize("header", ['"id', 'id,handle,name"', "", "\n", "id;handle;name;job_title", "handle,id,name,job_title,country,company,about,public,joined_on"])  # fmt: skip
async def test_another_header_is_refused(database: Database, archive: Path, header: str) -> None:
    (archive / "profiles.csv").write_text(f"{header}\n{ROWS['profiles.csv'][0]}\n", "utf-8")
    with pytest.raises(WrongFolder, match=r"profiles\.csv begins with"):
        await take_in(archive)
    assert await Profile.all().count() == 0
