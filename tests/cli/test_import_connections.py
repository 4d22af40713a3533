"""`import community` and connections.csv: each connection once, resumable, and nothing but counters follows."""

from pathlib import Path
from typing import Any

import pytest

from cli import batches
from cli.community import import_community
from cli.community_files import HEADERS
from cli.file_reader import Interrupted, Reading, WrongFolder
from cli.report import Report
from models.badges import BadgeAward
from models.connections import Connection
from models.database import Database
from models.notices import Notice
from models.points import ProfileCounter
from services.connections import blocks, connection_rows
from services.imports import import_runs
from services.points.ledger_consistency import differences
from tests.conftest import CountStatements

PEOPLE = 12
KNOWN = ["1,2,2020-05-06", "3,1,2019-01-31", "2,3,2021-12-31"]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    write(
        folder,
        "profiles.csv",
        [f"{n},,Person {n},,,,,{'true' if n % 3 else 'false'},2019-05-04" for n in range(1, PEOPLE + 1)],
    )
    write(folder, "skills.csv", [])
    write(folder, "opening_points.csv", [])
    write(folder, "connections.csv", KNOWN)
    return folder


def write(folder: Path, name: str, rows: list[str]) -> None:
    (folder / name).write_text("\n".join([HEADERS[name], *rows, ""]), encoding="utf-8")


async def take_in(folder: Path, reading: Reading | None = None) -> Report:
    report = Report("archive")
    await import_community(folder, "community", report, reading or Reading())
    return report


async def pairs() -> list[tuple[int, int, str]]:
    rows: Any = (
        Connection.all().order_by("profile_id", "other_id").values_list("profile_id", "other_id", "connected_at")
    )
    return [(one, other, at.isoformat()) for one, other, at in await rows]


async def everything() -> tuple[Any, ...]:
    counters: Any = ProfileCounter.all().order_by("profile_id").values_list("profile_id", "name", "times")
    return await pairs(), list(await counters)


async def test_each_connection_becomes_a_pair_of_rows_and_is_counted(database: Database, archive: Path) -> None:
    # when
    report = await take_in(archive)
    # then
    assert await pairs() == [
        (1, 2, "2020-05-06T00:00:00+00:00"),
        (1, 3, "2019-01-31T00:00:00+00:00"),
        (2, 1, "2020-05-06T00:00:00+00:00"),
        (2, 3, "2021-12-31T00:00:00+00:00"),
        (3, 1, "2019-01-31T00:00:00+00:00"),
        (3, 2, "2021-12-31T00:00:00+00:00"),
    ]
    assert report.imported["connections: new"] == 3 and not report.bad_rows and not report.notes
    assert (await everything())[1] == [(number, "CONNECTIONS", 2) for number in (1, 2, 3)]
    assert [each async for each in differences()] == []
    # and no one is notified, and no badge awarded
    assert await BadgeAward.all().count() == await Notice.filter(topic="PERSON").count() == 0


async def test_bad_rows_are_named_and_the_others_are_taken(
    database: Database, archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given, in batches of five: one stands twice in a batch, one in two batches
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 1)
    bad = ["4,4,2020-01-01", "4,99,2020-01-01", "98,99,2020-01-01", "4,5,2999-01-01", "4,5", ",5,2020-01-01", "4,5,x"]
    write(archive, "connections.csv", ["1,2,2020-05-06", "2,1,2020-05-06", *bad, *KNOWN[1:], "1,2,2020-05-06"])
    # when
    report = await take_in(archive)
    # then
    assert (report.imported["connections: new"], report.bad_rows["connections.csv"]) == (3, len(bad) + 2)
    said = capsys.readouterr().err
    for line, why in (
        (3, "connects already"),
        (4, "with itself"),
        (5, "no profile '99'"),
        (6, "no profile '98'"),
        (7, "in the future"),
        (8, "2 columns"),
        (9, "profile is empty"),
        (10, "not a day"),
        (13, "connects already"),
    ):
        assert any(each.startswith(f"connections.csv:{line}: ") and why in each for each in said.splitlines()), (
            line,
            said,
        )
    before = await everything()
    # when it is repaired
    write(archive, "connections.csv", KNOWN)
    report = await take_in(archive)
    # then
    assert (report.imported["connections: new"], report.imported["connections: here already"]) == (0, 3)
    assert not report.bad_rows and await everything() == before


async def test_an_interrupted_run_goes_on_where_it_stopped(
    database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 2)
    every = [f"{a},{b},2020-01-{a:02}" for a in range(1, PEOPLE + 1) for b in range(1, a)]
    write(archive, "connections.csv", every)
    take, taken = import_runs.import_connections, list[int]()

    async def noting(some: Any, progress: import_runs.Progress) -> connection_rows.ImportResult:
        taken.append(progress.rows)
        return await take(some, progress)

    monkeypatch.setattr(import_runs, "import_connections", noting)
    # when
    with pytest.raises(Interrupted):
        await take_in(archive, Reading(lambda: len(taken) == 3))
    assert await Connection.all().count() == 2 * 30
    report = await take_in(archive)
    # then
    assert taken == [10, 20, 30, 40, 50, 60, 66]
    assert report.imported["connections.csv: rows imported by an earlier run"] == 30
    assert (report.imported["connections: new"], await Connection.all().count()) == (36, 2 * 66)
    assert [each async for each in differences()] == []
    # when it is run again
    report = await take_in(archive)
    # then
    assert report.imported["connections: new"] == 0 and await Connection.all().count() == 2 * 66


async def test_who_blocked_each_other_stay_apart(database: Database, archive: Path) -> None:
    write(archive, "connections.csv", [])
    await take_in(archive)
    await blocks.block(2, 1)
    write(archive, "connections.csv", KNOWN)
    report = await take_in(archive)
    assert report.imported["connections of people who blocked each other: left out"] == 1
    assert {(one, other) for one, other, _ in await pairs()} == {(1, 3), (3, 1), (2, 3), (3, 2)}


async def test_another_header_is_refused_before_anything_is_written(database: Database, archive: Path) -> None:
    (archive / "connections.csv").write_text("a,b\n")
    with pytest.raises(WrongFolder, match="connected_on"):
        await take_in(archive)
    assert await ProfileCounter.all().count() == 0


async def test_statements_do_not_grow_with_the_rows_of_a_batch(
    database: Database, archive: Path, count_statements: CountStatements
) -> None:
    seen = []
    for some in (KNOWN, [f"{a},{b},2020-01-01" for a in range(4, PEOPLE + 1) for b in range(4, a)]):
        write(archive, "connections.csv", some)
        with count_statements() as statements:
            await take_in(archive)
        seen.append(statements.total)
        write(archive, "connections.csv", [])
        await take_in(archive)
    assert seen[1] <= seen[0]
