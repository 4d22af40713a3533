from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from cli import batches, demo
from cli.demo import load_demo
from models.companies import Company, CompanyDomain
from models.database import Database
from models.imports import ImportProgress
from models.points import EntryKind, Outcome, PointEntry, Score
from models.profiles import Profile
from services import clock, imports
from services.demo import PEOPLE
from services.verification import differences
from settings import Settings

TODAY = datetime(2026, 3, 10, 0, 0, 30, tzinfo=UTC)


async def ledger() -> Any:
    rows: Any = PointEntry.all().order_by("id").values_list("profile_id", "activity", "occurred_at", "awarded")
    return await rows


async def test_the_demo_is_a_whole_community(database: Database) -> None:
    # when
    with clock.frozen(TODAY):
        report = await load_demo(database)
    # then
    assert (await Profile.all().count(), await Score.all().count()) == (PEOPLE, PEOPLE)
    assert await Company.all().count() == await CompanyDomain.all().count() == 11
    outcomes: Any = PointEntry.all().distinct().values_list("outcome", flat=True)
    assert set(await outcomes) == {Outcome.AWARDED, Outcome.CAPPED, Outcome.SELF, Outcome.DUPLICATE}
    assert await PointEntry.filter(kind=EntryKind.REVERSAL).count() == 12
    assert not report.defects
    assert [each async for each in differences()] == []
    guide = await Profile.get(handle="ada-okafor")
    assert guide.listed
    assert (await Score.get(profile_id=guide.id)).overall > 1_000
    scores: Any = Score.filter(listed=True).values_list("overall", flat=True)
    assert len(set(await scores)) < await Score.filter(listed=True).count(), "no ties"

    # and when it is loaded again, on the day or later
    before = await ledger()
    for later in (timedelta(), timedelta(days=40)):
        with clock.frozen(TODAY + later):
            report = await load_demo(database)
        assert (report.taken["people: new"], report.taken["events: new"]) == (0, 0)
        assert not report.defects
    assert await ledger() == before


async def test_a_demo_that_was_interrupted_is_completed_from_its_first_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(batches, "BATCH", 500)
    take = imports.take_events

    async def fails(events: Any, progress: imports.Progress) -> Any:
        if progress.rows > 1_000:
            raise OSError("no space left")
        return await take(events, progress)

    monkeypatch.setattr(imports, "take_events", fails)
    with clock.frozen(TODAY), pytest.raises(OSError, match="no space"):
        await load_demo(database)
    assert (await ImportProgress.get(file="events")).rows == 1_000
    monkeypatch.setattr(imports, "take_events", take)
    monkeypatch.setattr(batches, "BATCH", 5_000)
    # when
    with clock.frozen(TODAY + timedelta(days=1)):
        report = await load_demo(database)
    # then
    assert not report.defects
    assert report.taken["events: new"] == await PointEntry.filter(kind=EntryKind.ACTIVITY).count() - 1_000
    assert [each async for each in differences()] == []


@pytest.mark.sqlite_only
def test_the_command_tells_what_it_did(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    app = Typer()
    demo.register(app)
    # when
    result = CliRunner().invoke(app, [])
    # then
    assert result.exit_code == 0, result.output
    assert "people: new" in result.stdout
