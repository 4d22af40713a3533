from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from cli import batches, demo
from cli.demo import load_demo
from models.accounts import Account
from models.badges import BadgeAward, FeaturedBadge
from models.companies import Company, CompanyDomain
from models.connections import Connection, ConnectionRequest
from models.database import Database
from models.imports import ImportProgress
from models.points import EntryKind, Outcome, PointEntry, ProfileCounter, Score
from models.portfolio import Project, ProjectCollaborator, ProjectImage, ProjectState
from models.profiles import Profile
from resolvers.base.context import Context
from resolvers.connections import suggestions
from services.achievements import badges
from services.auth.principals import Principal
from services.core import clock
from services.imports import demo_second_profile, import_runs
from services.imports.demo import PEOPLE, SOURCE
from services.imports.demo_badges import FEATURING_PROFILES
from services.imports.demo_connections import REQUESTS_PER_SIGN_IN
from services.imports.demo_sign_ins import open_sign_ins
from services.points.ledger_consistency import differences
from settings import Settings

TODAY = datetime(2026, 3, 10, 0, 0, 30, tzinfo=UTC)


async def ledger() -> Any:
    rows: Any = PointEntry.all().order_by("id").values_list("profile_id", "activity", "occurred_at", "awarded")
    return await rows


async def check_connections(report: Any, database: Database) -> None:
    """Most people know somebody, a few know many; those who can sign in know people, and find requests to answer."""
    degrees: Any = ProfileCounter.filter(name="CONNECTIONS").order_by("-times").values_list("profile_id", "times")
    known = dict(await degrees)
    assert 2 * report.imported["connections: new"] == await Connection.all().count() == sum(known.values())
    assert len(known) > 0.9 * PEOPLE and min(known.values()) < 5 < max(known.values()) - 35
    assert await BadgeAward.filter(badge="SMALL_WORLD").count() > PEOPLE
    requests = await ConnectionRequest.all()
    asked = Counter(each.receiver_id for each in requests)
    opened = [await Account.get(email=each.email) for each in await open_sign_ins()]
    *ids, earlier = [each.own_profile_id for each in opened]
    assert known[earlier], "the earlier profile knows people, too"
    assert set(asked) == set(ids) and all(known[number] for number in ids)
    assert all(asked[number] >= REQUESTS_PER_SIGN_IN for number in ids)
    assert any(each.sender_id in ids for each in requests)
    assert all(each.sent_at <= TODAY for each in requests)
    senders: Any = Profile.filter(id__in=[each.sender_id for each in requests], listed=False)
    assert not await senders.exists()
    claimed = {each.profile_id for each in await Account.all()}
    assert {each.sender_id for each in requests} <= claimed
    assert PEOPLE * 0.8 < len(claimed) < PEOPLE
    assert [each async for each in differences()] == []
    for each, own in zip(opened[:2], ids, strict=False):
        found = await suggestions.of_profiles([own], Context(database, Principal(each.id, own)), first=20)
        assert found[0] and len(found[0]["edges"]) > REQUESTS_PER_SIGN_IN, (
            "a person who signs in finds people they may know"
        )


async def test_the_demo_is_a_whole_community(database: Database) -> None:
    # when
    with clock.frozen(TODAY):
        report = await load_demo(database)
    # then
    assert (await Profile.all().count(), await Score.all().count()) == (PEOPLE + 1, PEOPLE + 1)
    assert await Company.all().count() == await CompanyDomain.all().count() == 11
    outcomes: Any = PointEntry.all().distinct().values_list("outcome", flat=True)
    assert set(await outcomes) == {Outcome.AWARDED, Outcome.CAPPED, Outcome.SELF, Outcome.DUPLICATE}
    assert await PointEntry.filter(kind=EntryKind.REVERSAL).count() == 12
    assert not report.defects
    assert not await Profile.filter(avatar=None).exists()
    with_images = {each.id for each in await Project.filter(state=ProjectState.PUBLISHED)}
    assert {each.project_id for each in await ProjectImage.all()} == with_images
    assert await Profile.filter(listed=False).count() > 20, "some people are private"
    assert [each async for each in differences()] == []
    guide = await Profile.get(handle="ada-okafor")
    assert guide.listed
    earlier = await Profile.get(handle=demo_second_profile.KEY)
    assert (earlier.name, earlier.listed) == (guide.name, False), "one person has two profiles, to try a merge with"
    assert (await Score.get(profile_id=guide.id)).overall > 1_000
    published, drafts = (Project.filter(state=state) for state in (ProjectState.PUBLISHED, ProjectState.DRAFT))
    assert (report.imported["projects: published"], report.imported["projects: drafts"]) == (
        await published.count(),
        await drafts.count(),
    )
    assert (await published.filter(owner_id=guide.id).count(), await drafts.filter(owner_id=guide.id).count()) == (5, 1)
    assert (
        await published.count() > 100 < await ProjectCollaborator.filter(project__state=ProjectState.PUBLISHED).count()
    )
    assert not await published.filter(results="").exists()
    assert await FeaturedBadge.filter(profile_id=guide.id).count() == 4
    assert (
        report.imported["people who feature badges"]
        == await FeaturedBadge.filter(place=1).count()
        == FEATURING_PROFILES
    )
    shown: Any = BadgeAward.all().distinct().values_list("badge", flat=True)
    assert len(await shown) > 25
    await check_connections(report, database)
    await badges.feature(guide.id, [])
    scores: Any = Score.filter(listed=True).values_list("overall", flat=True)
    assert len(set(await scores)) < await Score.filter(listed=True).count(), "no ties"

    # and when it is loaded again, on the day or later
    before = await ledger()
    for later in (timedelta(), timedelta(days=40)):
        with clock.frozen(TODAY + later):
            report = await load_demo(database)
        assert (
            report.imported["people: new"],
            report.imported["events: new"],
            report.imported["connections: new"],
        ) == (0, 0, 0)
        assert not report.defects
    assert await ledger() == before
    assert not await FeaturedBadge.filter(profile_id=guide.id).exists(), "what people chose stays"


@pytest.mark.sqlite_only
async def test_a_demo_that_was_interrupted_is_completed_from_its_first_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 500)
    take = import_runs.import_events

    async def fails(events: Any, progress: import_runs.Progress) -> Any:
        if progress.rows > 1_000:
            raise OSError("no space left")
        return await take(events, progress)

    monkeypatch.setattr(import_runs, "import_events", fails)
    with clock.frozen(TODAY), pytest.raises(OSError, match="no space"):
        await load_demo(database)
    assert (await ImportProgress.get(file="events")).rows == 1_000
    monkeypatch.setattr(import_runs, "import_events", take)
    monkeypatch.setattr(batches, "ROWS_PER_BATCH", 5_000)
    # when
    with clock.frozen(TODAY + timedelta(days=1)):
        report = await load_demo(database)
    # then
    assert not report.defects
    own = PointEntry.filter(kind=EntryKind.ACTIVITY, source=SOURCE)
    assert report.imported["events: new"] == await own.count() - 1_000
    assert [each async for each in differences()] == []


@pytest.mark.sqlite_only
def test_the_command_tells_what_it_did(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("AVATAR_STORE", settings.avatar_store)
    app = Typer()
    demo.register(app)
    # when
    result = CliRunner().invoke(app, [])
    # then
    assert result.exit_code == 0, result.output
    assert "people: new" in result.stdout and "/graphql" in result.stdout
