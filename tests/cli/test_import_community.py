from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from catalogue.badges import Rarity
from cli import batches
from cli.community import import_community
from cli.community_files import HEADERS, REQUIRED
from cli.file_reader import Interrupted, Reading, WrongFolder
from cli.imports import app
from cli.report import MAX_BAD_ROWS_PRINTED, Report
from models.badges import AwardOrigin, BadgeAward, ImportedBadge
from models.companies import Company
from models.database import Database
from models.imports import ImportProgress
from models.points import EntryKind, PointEntry, Score
from models.profiles import Profile, ProfileSkill, Visibility
from services.imports.imported_badges import code_of
from services.points.ledger_consistency import differences
from services.points.opening_balances import OPENED_AT
from settings import Settings

PROFILES = [
    '1,zoe,Zoë Example,Developer,DE,Harbor Works,"Builds ""things"".\nEvery day.",true,2019-05-04',
    "2,adam,Adam Example,,,,,false,2020-01-01",
    "3,kim,Kim Example,CTO,in,Harbor Works,,true,2021-12-31",
]
SKILLS = ["1,python", "1,GraphQL", "3,python"]
OPENINGS = ["1,FORUM,120", "1,LEARNING,0", "2,FORUM,5", "3,APP_STORE,-30", "3,PLATFORM,700"]


BADGE_ROWS = ['7,Founder,ORANGE,"There, on day one."', "Früh & spät,Early and Late,GREEN,"]
AWARDS = ["1,7,2020-05-06", "1,7,2019-05-06", "3,7,2021-12-31", "2,Früh & spät,2020-02-29"]


def write(folder: Path, name: str, rows: list[str]) -> None:
    header = HEADERS[name]
    (folder / name).write_text("\n".join([header, *rows, ""]), encoding="utf-8")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    for name, rows in zip(REQUIRED, (PROFILES, SKILLS, OPENINGS), strict=True):
        write(folder, name, rows)
    write(folder, "badges.csv", BADGE_ROWS)
    write(folder, "badge_awards.csv", AWARDS)
    return folder


async def take_in(folder: Path, stop: Callable[[Report], bool] = lambda _: False) -> Report:
    report = Report("archive")
    await import_community(folder, "community", report, Reading(lambda: stop(report)))
    return report


async def state() -> Any:
    """What an archive leaves behind."""
    skills: Any = ProfileSkill.all().order_by("profile_id", "skill").values_list("profile_id", "skill")
    scores: Any = Score.all().order_by("profile_id").values_list("profile_id", "overall", "forum", "platform")
    awards: Any = BadgeAward.filter(origin=AwardOrigin.IMPORT).order_by("profile_id", "badge")
    awards = await awards.values_list("profile_id", "badge", "awarded_at")
    return await skills, await scores, [(*who, at.date().isoformat()) for *who, at in awards]


EXPECTED = (
    [(1, "graphql"), (1, "python"), (3, "python")],
    [(1, 120, 120, 0), (2, 5, 5, 0), (3, 670, 0, 700)],
    [
        (1, "community.7", "2019-05-06"),
        (2, code_of("community", "Früh & spät"), "2020-02-29"),
        (3, "community.7", "2021-12-31"),
    ],
)


async def test_an_archive_becomes_people_skills_and_points(database: Database, archive: Path) -> None:
    # when
    report = await take_in(archive)
    # then
    zoe, adam, kim = await Profile.all().order_by("id")
    company = await Company.get()
    assert (zoe.handle, zoe.name, zoe.job_title, zoe.country) == ("zoe", "Zoë Example", "Developer", "DE")
    assert (zoe.about, zoe.visibility, zoe.joined_on) == (
        'Builds "things".\nEvery day.',
        Visibility.PUBLIC,
        date(2019, 5, 4),
    )
    assert (adam.country, adam.visibility, adam.listed) == (None, Visibility.PRIVATE, False)
    assert kim.country == "IN"
    companies: Any = Profile.all().order_by("id").values_list("company_id", flat=True)
    assert await companies == [company.id, None, company.id]
    assert await state() == EXPECTED
    assert report.imported["opening balances of 0: nothing to import"] == 1
    founder, other = await ImportedBadge.all().order_by("id")
    assert (founder.name, founder.rarity, founder.description) == ("Founder", Rarity.ORANGE, "There, on day one.")
    assert (other.key, other.description) == ("Früh & spät", "")
    assert (report.imported["badges: new"], report.imported["badge awards: new"]) == (2, 3)
    assert not report.notes
    assert not report.bad_rows
    assert [each async for each in differences()] == []


async def test_opening_balances_have_one_time_and_name_their_row(database: Database, archive: Path) -> None:
    # when
    await take_in(archive)
    # then
    entries = await PointEntry.all().order_by("id")
    assert {entry.kind for entry in entries} == {EntryKind.OPENING}
    assert {entry.occurred_at for entry in entries} == {OPENED_AT}
    assert [entry.external_id for entry in entries][:2] == ["opening:1:FORUM", "opening:2:FORUM"]


async def test_ids_follow_the_order_of_the_file(
    database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 7)
    keys = [str(number * 37 % 101) for number in range(1, 51)]
    write(archive, "profiles.csv", [f"{key},handle-{key},Name {key},,,,,true,2020-01-01" for key in keys])
    write(archive, "skills.csv", [])
    write(archive, "opening_points.csv", [])
    # when
    await take_in(archive)
    # then
    handles: Any = Profile.all().order_by("id").values_list("id", "handle")
    assert await handles == [(number, f"handle-{key}") for number, key in enumerate(keys, 1)]


async def test_a_second_run_finds_nothing_new(database: Database, archive: Path) -> None:
    # given
    await take_in(archive)
    # when
    report = await take_in(archive)
    # then
    assert [report.imported[f"{what}: new"] for what in ("people", "skills", "opening balances")] == [0, 0, 0]
    assert report.imported["profiles.csv: rows imported by an earlier run"] == 3
    assert await state() == EXPECTED


async def test_a_touched_archive_is_read_again_and_adds_nothing(database: Database, archive: Path) -> None:
    # given
    await take_in(archive)
    write(archive, "profiles.csv", [*PROFILES, ""])
    # when
    report = await take_in(archive)
    # then
    assert [report.imported[f"{what}: new"] for what in ("people", "skills", "opening balances")] == [0, 0, 0]
    assert report.imported["people: here already, left as they are"] == 3
    assert report.imported["opening balances: here already"] == 4
    assert await state() == EXPECTED


@pytest.mark.parametrize("file", REQUIRED)
async def test_an_interrupted_run_goes_on_where_it_stopped(
    database: Database, archive: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 2)
    with pytest.raises(Interrupted):
        await take_in(archive, stop=lambda report: report.imported[f"{file}: rows read"] > 0)
    assert (await ImportProgress.get(file=file)).rows == 2
    # when
    await take_in(archive)
    # then
    assert await state() == EXPECTED
    assert [each async for each in differences()] == []


@pytest.mark.parametrize(
    ("file", "row", "why"),
    [
        ("profiles.csv", "4,x,X,,,,,true", "has 8 columns, not 9"),
        ("profiles.csv", "4,x, ,,,,,true,2020-01-01", "name is empty"),
        ("profiles.csv", " ,x,X,,,,,true,2020-01-01", "id is empty"),
        ("profiles.csv", f"4,x,{'X' * 121},,,,,true,2020-01-01", "name has 121 characters, more than 120"),
        ("profiles.csv", "4,x,X,,ZZ,,,true,2020-01-01", "country is 'ZZ', not an ISO 3166-1 code"),
        ("profiles.csv", "4,x,X,,,,,yes,2020-01-01", "public is 'yes', not true or false"),
        ("profiles.csv", "4,x,X,,,,,true,1.1.2020", "joined_on is '1.1.2020', not a day"),
        ("profiles.csv", "4,x,X,,,,,true,2999-01-01", "joined_on is 2999-01-01, in the future"),
        ("profiles.csv", "4,x,X\0,,,,,true,2020-01-01", "contains a NUL character"),
        ("profiles.csv", '4,x,"X"y,,,,,true,2020-01-01', "not a row of CSV"),
        ("profiles.csv", '4,x,"X,,,,,true,2020-01-01', "not a row of CSV"),
        ("skills.csv", "1,flash", "there is no skill 'flash' to choose"),
        ("skills.csv", "99,python", "there is no profile '99'"),
        ("opening_points.csv", "1,BAKING,5", "category is 'BAKING', not one of FORUM"),
        ("opening_points.csv", "1,FORUM,many", "points is 'many', not a whole number"),
        ("opening_points.csv", "1,PLATFORM,100000001", "points is '100000001', not a whole number up to 100,000,000"),
        ("opening_points.csv", "99,FORUM,5", "there is no profile '99'"),
        ("badges.csv", "8,Founder,GOLD,", "rarity is 'GOLD', not one of GREEN, BLUE, PURPLE, ORANGE"),
        ("badges.csv", "8,,GREEN,", "name is empty"),
        ("badges.csv", f"8,X,GREEN,{'y' * 501}", "description has 501 characters, more than 500"),
        ("badge_awards.csv", "99,7,2020-01-01", "there is no profile '99'"),
        ("badge_awards.csv", "1,99,2020-01-01", "there is no badge '99'"),
        ("badge_awards.csv", "1,7,2999-01-01", "awarded_on is 2999-01-01, in the future"),
        ("badge_awards.csv", "1,7,yesterday", "awarded_on is 'yesterday', not a day"),
    ],
)
async def test_a_bad_row_is_named_and_the_others_are_taken(
    database: Database, archive: Path, file: str, row: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # given
    lines = (archive / file).read_text("utf-8").splitlines()
    write(archive, file, [*lines[1:], row])
    # when
    report = await take_in(archive)
    # then
    assert f"{file}:{len(lines) + 1}: {why}" in capsys.readouterr().err
    assert report.bad_rows == {file: 1}
    assert await state() == EXPECTED


async def test_bytes_that_are_not_utf_8_are_a_bad_row(
    database: Database, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given
    with (archive / "profiles.csv").open("ab") as file:
        file.write(b"4,x,X\xff,,,,,true,2020-01-01\n5,y,Y,,,,,true,2020-01-01\n")
    # when
    report = await take_in(archive)
    # then
    assert "profiles.csv:6: is not UTF-8" in capsys.readouterr().err
    assert report.imported["people: new"] == 4


async def test_many_bad_rows_are_named_only_at_first(
    database: Database, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given
    write(archive, "skills.csv", [*SKILLS, *["99,python"] * (MAX_BAD_ROWS_PRINTED + 7)])
    # when
    report = await take_in(archive)
    # then
    assert capsys.readouterr().err.count("there is no profile '99'") == MAX_BAD_ROWS_PRINTED
    assert report.bad_rows["skills.csv"] == MAX_BAD_ROWS_PRINTED + 7


async def test_a_file_with_bad_rows_is_read_again(database: Database, archive: Path) -> None:
    # given
    write(archive, "skills.csv", [*SKILLS, "1,no-such"])
    await take_in(archive)
    # when
    report = await take_in(archive)
    # then
    assert report.bad_rows == {"skills.csv": 1}
    assert report.imported["skills: new"] == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [("skills.csv", None), ("opening_points.csv", "profile;category;points\n"), ("profiles.csv", "")],
)
async def test_a_wrong_folder_is_refused_before_anything_is_written(
    database: Database, archive: Path, name: str, content: str | None
) -> None:
    # given
    if content is None:
        (archive / name).unlink()
    else:
        (archive / name).write_text(content)
    # then
    with pytest.raises(WrongFolder, match=name):
        await take_in(archive)
    assert await Profile.all().count() == 0


def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("SECRET_KEY", settings.secret_key)
    return CliRunner().invoke(app, arguments)


@pytest.mark.sqlite_only
def test_the_command_ends_with_0_when_every_row_was_taken(
    settings: Settings, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(settings, monkeypatch, "community", str(archive))
    assert result.exit_code == 0, result.output
    assert "people: new" in result.stdout
    assert "badge awards: new" in result.stdout


@pytest.mark.sqlite_only
def test_the_command_ends_with_1_when_rows_were_bad(
    settings: Settings, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    write(archive, "skills.csv", [*SKILLS, *["1,no-such"] * 30])
    # when
    result = run(settings, monkeypatch, "community", str(archive))
    # then
    assert result.exit_code == 1
    assert "skills.csv: 10 more bad rows" in result.stderr
    assert "skills.csv: bad rows" in result.stdout


@pytest.mark.sqlite_only
def test_the_command_ends_with_2_when_it_was_refused(
    settings: Settings, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(settings, monkeypatch, "community", str(tmp_path)).exit_code == 2
    assert run(settings, monkeypatch, "community", str(archive), "--source", "x" * 65).exit_code == 2
    assert run(settings, monkeypatch, "community").exit_code == 2
