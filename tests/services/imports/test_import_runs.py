from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from catalogue.points import Category
from models.companies import Company, CompanyDomain
from models.database import Database
from models.imports import ImportedPerson, ImportProgress
from models.points import PointEntry, Score
from models.profiles import Profile, ProfileSkill
from services.errors import ErrorCode, Problem, Refused
from services.imports import import_runs
from services.imports.import_runs import Progress
from services.points.ledger import ActivityEvent, Recorded
from services.points.ledger_consistency import differences
from services.points.opening_balances import OpeningBalance
from services.profiles.profiles import NewPerson

SOURCE = "forum:x"


def progress(rows: int, file: str = "Users.xml", fingerprint: str = "f") -> Progress:
    return Progress(SOURCE, file, rows, fingerprint)


def people(*names: str) -> list[NewPerson]:
    return [NewPerson(name=name, key=name, joined_on=date(2020, 1, 1)) for name in names]


async def taken(*names: str) -> list[int]:
    await import_runs.import_people(SOURCE, people(*names), progress(len(names)))
    found = await import_runs.profiles_of(SOURCE, names)
    return [found[name] for name in names]


def upvotes(profile_id: int, numbers: Sequence[int]) -> list[ActivityEvent]:
    at = datetime(2020, 5, 31, tzinfo=UTC)
    return [ActivityEvent("UPVOTE_RECEIVED", profile_id, at, SOURCE, f"vote:{n}:owner") for n in numbers]


async def test_people_are_made_once_and_in_order(database: Database) -> None:
    # when
    first = await import_runs.import_people(SOURCE, people("zoe", "adam", "zoe"), progress(3))
    second = await import_runs.import_people(SOURCE, people("adam", "mia"), progress(5))
    # then
    assert (first, second) == (2, 1)
    names: Any = Profile.all().order_by("id").values_list("name", flat=True)
    assert await names == ["zoe", "adam", "mia"]
    assert await import_runs.rows_imported(SOURCE, "Users.xml", "f") == 5
    assert await Score.all().count() == 3


async def test_who_is_known_is_left_as_they_are(database: Database) -> None:
    # given
    [zoe] = await taken("zoe")
    await Profile.filter(id=zoe).update(name="Zoë")
    # when
    await import_runs.import_people(SOURCE, people("zoe"), progress(1))
    # then
    assert (await Profile.get(id=zoe)).name == "Zoë"


async def test_the_same_key_of_another_source_is_somebody_else(database: Database) -> None:
    # given
    [zoe] = await taken("zoe")
    # when
    await import_runs.import_people("forum:y", people("zoe"), Progress("forum:y", "Users.xml", 1, "f"))
    # then
    other = await import_runs.profiles_of("forum:y", ["zoe"])
    assert other["zoe"] != zoe
    assert await import_runs.profiles_of("forum:z", ["zoe"]) == {}


async def test_people_and_progress_are_written_together_or_not_at_all(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    async def fails(_: Progress) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(import_runs, "save_progress", fails)
    # when
    with pytest.raises(OSError, match="no space"):
        await import_runs.import_people(SOURCE, people("zoe"), progress(1))
    # then
    assert (await Profile.all().count(), await ImportedPerson.all().count()) == (0, 0)


async def test_events_and_progress_are_written_together_or_not_at_all(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    [zoe] = await taken("zoe")

    async def fails(_: Progress) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(import_runs, "save_progress", fails)
    # when
    with pytest.raises(OSError, match="no space"):
        await import_runs.import_events(upvotes(zoe, range(3)), progress(3, "Votes.xml"))
    # then
    assert await PointEntry.all().count() == 0
    assert (await Score.get(profile_id=zoe)).overall == 0


async def test_events_are_taken_once(database: Database) -> None:
    # given
    [zoe] = await taken("zoe")
    # when
    first = await import_runs.import_events(upvotes(zoe, range(7)), progress(7, "Votes.xml"))
    second = await import_runs.import_events(upvotes(zoe, range(8)), progress(8, "Votes.xml"))
    # then
    assert [each.repeated for each in first if isinstance(each, Recorded)] == [False] * 7
    assert [each.repeated for each in second if isinstance(each, Recorded)] == [True] * 7 + [False]
    assert (await Score.get(profile_id=zoe)).forum == 50
    assert await import_runs.rows_imported(SOURCE, "Votes.xml", "f") == 8


async def test_a_refused_event_does_not_hinder_the_others(database: Database) -> None:
    # given
    [zoe] = await taken("zoe")
    # when
    answers = await import_runs.import_events([*upvotes(zoe + 1, [1]), *upvotes(zoe, [2])], progress(2, "Votes.xml"))
    # then
    assert isinstance(answers[0], Problem)
    assert answers[0].code is ErrorCode.NOT_FOUND
    assert (await Score.get(profile_id=zoe)).overall == 10


async def test_a_batch_without_events_still_counts_as_read(database: Database) -> None:
    assert await import_runs.import_events([], progress(9, "Votes.xml")) == []
    assert await import_runs.import_opening_balances([], progress(9, "opening_points.csv")) == 0
    assert await import_runs.import_skills([], progress(9, "skills.csv")) == 0
    assert await ImportProgress.filter(rows=9).count() == 3


async def test_a_changed_file_is_read_from_the_start(database: Database) -> None:
    # given
    await taken("zoe", "adam")
    # then
    assert await import_runs.rows_imported(SOURCE, "Users.xml", "f") == 2
    assert await import_runs.rows_imported(SOURCE, "Users.xml", "another") == 0
    assert await import_runs.rows_imported(SOURCE, "Posts.xml", "f") == 0
    assert await import_runs.read_progress(SOURCE, "Posts.xml") is None


async def test_openings_are_taken_once_and_add_up(database: Database) -> None:
    # given
    zoe, adam = await taken("zoe", "adam")
    openings = [
        OpeningBalance(zoe, Category.FORUM, 120, SOURCE, "opening:zoe:FORUM"),
        OpeningBalance(zoe, Category.LEARNING, 30, SOURCE, "opening:zoe:LEARNING"),
        OpeningBalance(adam, Category.FORUM, 0, SOURCE, "opening:adam:FORUM"),
    ]
    # when
    first = await import_runs.import_opening_balances(openings, progress(3, "opening_points.csv"))
    second = await import_runs.import_opening_balances(openings, progress(3, "opening_points.csv"))
    # then
    assert (first, second) == (2, 0)
    score = await Score.get(profile_id=zoe)
    assert (score.forum, score.learning, score.overall) == (120, 30, 150)
    assert [each async for each in differences()] == []


async def test_an_opening_for_nobody_is_refused_and_changes_nothing(database: Database) -> None:
    # given
    [zoe] = await taken("zoe")
    openings = [
        OpeningBalance(zoe, Category.FORUM, 5, SOURCE, "opening:zoe:FORUM"),
        OpeningBalance(zoe + 1, Category.FORUM, 5, SOURCE, "opening:nobody:FORUM"),
    ]
    # when
    with pytest.raises(Refused):
        await import_runs.import_opening_balances(openings, progress(2, "opening_points.csv"))
    # then
    assert await PointEntry.all().count() == 0
    assert await import_runs.rows_imported(SOURCE, "opening_points.csv", "f") == 0


async def test_skills_are_taken_once(database: Database) -> None:
    # given
    zoe, adam = await taken("zoe", "adam")
    # when
    first = await import_runs.import_skills(
        [(zoe, "python"), (adam, "python"), (zoe, "python")], progress(3, "skills.csv")
    )
    second = await import_runs.import_skills([(zoe, "python"), (zoe, "sql")], progress(5, "skills.csv"))
    # then
    assert (first, second) == (2, 1)
    assert await ProfileSkill.filter(profile_id=zoe).count() == 2


async def test_companies_are_found_by_name_or_made(database: Database) -> None:
    # given
    first = await import_runs.companies_by_name(["Harbor Works"])
    # when
    both = await import_runs.companies_by_name(
        ["Harbor Works", "harbor works"], domains={"harbor works": "harbor.example"}
    )
    # then
    assert both["Harbor Works"] == first["Harbor Works"]
    assert await Company.all().count() == 2
    domain: Any = await CompanyDomain.get(domain="harbor.example")
    assert domain.company_id == both["harbor works"]
    assert await import_runs.companies_by_name([]) == {}


async def test_a_taken_domain_stays_where_it_is(database: Database) -> None:
    # given
    await import_runs.companies_by_name(["A"], domains={"A": "a.example"})
    # when
    await import_runs.companies_by_name(["B"], domains={"B": "a.example"})
    # then
    assert await CompanyDomain.all().count() == 1


async def test_a_batch_takes_the_same_statements_whatever_its_size(database: Database, count_statements: Any) -> None:
    # given
    await taken("somebody")
    totals = set()
    for names in (["a", "b"], [f"person {n}" for n in range(40)]):
        # when
        with count_statements() as seen:
            await import_runs.import_people(SOURCE, people(*names), progress(len(names)))
        # then
        totals.add(seen.total)
    assert len(totals) == 1
