"""Projects of a portfolio: docs/rules/portfolio.md."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.projects import FIELDS, TEXTS
from models.audit import AuditEntry
from models.badges import BadgeAward
from models.database import Database
from models.portfolio import Project, ProjectState
from services.core import clock, rate_limits
from services.media.text_rules import NotFit
from services.portfolio import project_texts, projects
from tests.helpers.factories import NOON
from tests.helpers.projects import (
    WHOLE,
    actor,
    counted,
    id_of,
    make_project,
    people,
    problems,
    project_of,
    publish,
    update,
)

pytestmark = pytest.mark.usefixtures("database")


# Writing


async def test_a_draft_needs_only_a_title(database: Database) -> None:
    # given
    [ada] = await people("Ada")
    # when
    with clock.frozen(NOON):
        number = await projects.create(id_of(ada), {"title": " A thing "}, actor=actor(ada))
    # then
    project = await project_of(number)
    assert (project.title, project.description, project.customer, project.state) == (
        "A thing",
        "",
        "",
        ProjectState.DRAFT,
    )
    assert (project.version, project.created_at, project.edited_at, project.published_at) == (1, NOON, None, None)
    assert await counted(ada) == 0
    for title in ("", " \n ", None):
        assert await problems(projects.create(id_of(ada), {"title": title}, actor=actor(ada))) == [
            ("PROJECT_FIELD_MISSING", ("title",))
        ]
    assert await problems(projects.create(id_of(ada), {}, actor=actor(ada))) == [("PROJECT_FIELD_MISSING", ("title",))]
    assert await problems(update(ada, number, title=" ")) == [("PROJECT_FIELD_MISSING", ("title",))]
    assert await Project.all().count() == 1


async def test_what_is_absent_stays_and_null_clears(database: Database) -> None:
    # given
    [ada] = await people("Ada")
    number = await make_project(ada, publish=False, started_on=date(2024, 2, 29), ended_on=date(2024, 2, 29))
    # when
    await update(ada, number, customer=None, results="", started_on=None, solution="Another")
    # then
    project = await project_of(number)
    assert (project.customer, project.results, project.started_on, project.solution) == ("", "", None, "Another")
    assert (project.title, project.description, project.ended_on) == (
        "Berth planner",
        WHOLE["description"],
        date(2024, 2, 29),
    )
    assert (project.version, project.edited_at is None) == (2, False)
    # when nothing changes
    await update(ada, number, solution=" Another ", customer=None)
    await update(ada, number)
    assert (await project_of(number)).version == 2


async def test_an_edit_of_an_older_version_changes_nothing(database: Database) -> None:
    [ada] = await people("Ada")
    number = await make_project(ada, publish=False)
    await update(ada, number, title="Second", expected_version=1)
    assert await problems(update(ada, number, title="Third", expected_version=1)) == [
        ("VERSION_CONFLICT", ("expectedVersion",))
    ]
    assert await problems(publish(ada, number, expected_version=1)) == [("VERSION_CONFLICT", ("expectedVersion",))]
    assert ((await project_of(number)).title, await counted(ada)) == ("Second", 0)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a\r\nb\tc\n\n d",
        "Ω ≠ 漢字 🦆 \u202eabc",
        "'; DROP TABLE project; --",
        "&amp;",
        "{0} %s $1 ?",
    ],
)
async def test_texts_are_kept_as_typed(text: str) -> None:
    [ada] = await people("Ada")
    number = await make_project(ada, description=text, results=f"  {text}\n")
    project = await project_of(number)
    assert (project.description, project.results) == (text, text)


@pytest.mark.sqlite_only
async def test_everything_that_is_wrong_is_said_at_once(database: Database) -> None:
    # given
    [ada] = await people("Ada")
    # when
    found = await problems(
        make_project(
            ada,
            title="x" * 121,
            description="nul\0",
            customer="two\nlines",
            business_need="y" * 5001,
            solution=" ",
            results="\u200b",
            started_on=date(2025, 1, 2),
            ended_on=date(2025, 1, 1),
        )
    )
    # then
    assert found == [
        ("BAD_INPUT", ("title",)),
        ("BAD_INPUT", ("description",)),
        ("BAD_INPUT", ("customer",)),
        ("BAD_INPUT", ("businessNeed",)),
        ("BAD_INPUT", ("results",)),
        ("PROJECT_FIELD_MISSING", ("solution",)),
        ("BAD_INPUT", ("endedOn",)),
    ]
    assert await Project.all().count() == 0


@given(st.text(max_size=300), st.sampled_from(sorted(TEXTS)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_text_is_kept_as_typed_or_refused(database: Database, typed: str, column: str) -> None:
    try:
        kept = project_texts.checked_text(column, typed)
    except NotFit:
        return
    assert kept == typed.strip() and len(kept) <= (TEXTS[column].longest or 0)
    kept.encode()
    assert "\0" not in kept
    assert project_texts.checked_text(column, kept) == kept


async def test_work_does_not_end_before_it_begins(database: Database) -> None:
    [ada] = await people("Ada")
    number = await make_project(ada, publish=False, started_on=date(2024, 5, 2), ended_on=date(2024, 5, 2))
    assert await problems(update(ada, number, ended_on=date(2024, 5, 1))) == [("BAD_INPUT", ("endedOn",))]
    assert await problems(update(ada, number, started_on=date(2024, 5, 3))) == [("BAD_INPUT", ("startedOn",))]
    assert await problems(update(ada, number, started_on=date(2024, 5, 3), ended_on=None)) == []


@pytest.mark.sqlite_only
async def test_a_portfolio_has_an_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "MAX_PROJECTS", 2)
    [ada] = await people("Ada")
    numbers = [await make_project(ada, publish=False) for _ in range(2)]
    assert await problems(make_project(ada)) == [("TOO_MANY_ITEMS", ())]
    await projects.delete(id_of(ada), numbers[0], actor=actor(ada))
    assert await problems(make_project(ada)) == []


@pytest.mark.sqlite_only
async def test_writing_is_limited(database: Database) -> None:
    [ada] = await people("Ada")
    number = await make_project(ada)
    with clock.frozen(NOON):
        await rate_limits.charge("edit-project", by=[f"account:{ada.id}"], cost=1_000)
        for call in (make_project(ada), update(ada, number, title="x"), publish(ada, number)):
            assert await problems(call) == [("RATE_LIMITED", ())]
        # what takes something back is free
        await projects.unpublish(id_of(ada), number, actor=actor(ada))
        await projects.delete(id_of(ada), number, actor=actor(ada))


# Publishing


async def test_publishing_takes_every_text(database: Database) -> None:
    # given
    [ada] = await people("Ada")
    number = await projects.create(id_of(ada), {"title": "A thing", "solution": "s"}, actor=actor(ada))
    # when, then: one error for each field that is missing, in the editor's order
    missing = [("PROJECT_FIELD_MISSING", (name,)) for name in ("description", "customer", "businessNeed", "results")]
    assert await problems(publish(ada, number)) == missing
    assert (await project_of(number)).state is ProjectState.DRAFT
    assert await problems(projects.create(id_of(ada), {"title": "x"}, actor=actor(ada), publish=True)) == [
        *missing[:3],
        ("PROJECT_FIELD_MISSING", ("solution",)),
        missing[3],
    ]
    # when all is there
    await update(ada, number, **{name: text for name, text in WHOLE.items() if name != "title"})
    with clock.frozen(now := clock.now() + timedelta(hours=1)):
        await publish(ada, number)
        await publish(ada, number)
    # then
    project = await project_of(number)
    assert (project.state, project.published_at, project.version) == (ProjectState.PUBLISHED, now, 3)
    assert await counted(ada) == 1
    published = await AuditEntry.filter(action="project.published").get()
    assert (published.account_id, published.facts) == (ada.id, {"project": number})


@pytest.mark.parametrize("column", [field.column for field in FIELDS.values() if field.required])
async def test_a_published_project_keeps_each_text(column: str) -> None:
    # given
    [ada] = await people("Ada")
    number = await make_project(ada)
    for blank in ("", None, " \n"):
        # when
        found = await problems(update(ada, number, **{column: blank, "ended_on": date(2024, 1, 1)}))
        # then
        assert found == [("PROJECT_FIELD_REQUIRED", project_texts.input_path(column))]
    project = await project_of(number)
    assert (getattr(project, column), project.ended_on, project.version) == (WHOLE[column], None, 2)
    # but it may be said otherwise
    assert await problems(update(ada, number, **{column: "Otherwise"})) == []


async def test_what_an_imported_project_never_said_may_stay_unsaid(database: Database) -> None:
    # given
    [ada] = await people("Ada")
    now = clock.now()
    project = await Project.create(
        owner_id=id_of(ada),
        title="Old",
        description="d",
        state=ProjectState.PUBLISHED,
        created_at=now,
        published_at=now,
    )
    # when, then
    assert await problems(update(ada, project.id, title="Newer", results="")) == []
    assert await problems(update(ada, project.id, description="")) == [("PROJECT_FIELD_REQUIRED", ("description",))]
    assert await problems(publish(ada, project.id)) == []  # it is published
    # what is said once stays said
    await update(ada, project.id, customer="A harbor")
    assert await problems(update(ada, project.id, customer=None)) == [("PROJECT_FIELD_REQUIRED", ("customer",))]


async def test_unpublishing_and_deleting_take_it_back(database: Database) -> None:
    # given
    [ada] = await people("Ada")
    one, two = [await make_project(ada) for _ in range(2)]
    assert await counted(ada) == 2
    # when
    for _ in range(2):
        await projects.unpublish(id_of(ada), one, actor=actor(ada))
    # then it is a draft, and can be emptied
    project = await project_of(one)
    assert (project.state, project.published_at, await counted(ada)) == (ProjectState.DRAFT, None, 1)
    assert await problems(update(ada, one, results=None)) == []
    assert await problems(update(ada, two, results=None)) == [("PROJECT_FIELD_REQUIRED", ("results",))]
    # when
    await projects.delete(id_of(ada), two, actor=actor(ada))
    await projects.delete(id_of(ada), one, actor=actor(ada))
    assert (await Project.all().count(), await counted(ada)) == (0, 0)
    assert await problems(projects.delete(id_of(ada), one, actor=actor(ada))) == [("NOT_FOUND", ("projectId",))]


async def test_a_badge_follows_and_stays(database: Database) -> None:
    [ada] = await people("Ada")
    await make_project(ada, publish=False)
    badge: Any = BadgeAward.filter(profile_id=id_of(ada))
    before = set(await badge.values_list("badge", flat=True))
    number = await make_project(ada)
    [earned] = set(await badge.values_list("badge", flat=True)) - before
    await projects.delete(id_of(ada), number, actor=actor(ada))
    assert earned in set(await badge.values_list("badge", flat=True))


# Whose


async def test_what_is_not_ones_own_does_not_exist(database: Database) -> None:
    # given
    ada, eve = await people("Ada", "Eve")
    for number in (await make_project(ada), await make_project(ada, publish=False)):
        before = await Project.filter(id=number).values()
        # when
        calls = [
            update(eve, number, title="Mine"),
            update(eve, number, title="Mine", expected_version=1),
            publish(eve, number, expected_version=7),
            projects.unpublish(id_of(eve), number, actor=actor(eve)),
            projects.delete(id_of(eve), number, actor=actor(eve)),
        ]
        # then
        for call in calls:
            assert await problems(call) == [("NOT_FOUND", ("projectId",))]
        assert await problems(projects.order(id_of(eve), [number], actor=actor(eve))) == [
            ("NOT_FOUND", ("projectIds", "0"))
        ]
        assert await Project.filter(id=number).values() == before


# Order


async def shown(account: Any) -> list[str]:
    rows: Any = Project.filter(owner_id=id_of(account)).order_by("place", "-id").values_list("title", flat=True)
    return list(await rows)


async def test_the_owner_chooses_the_order(database: Database) -> None:
    # given
    [ada] = await people("Ada")
    a, b, c = [await make_project(ada, title=title, publish=title != "b") for title in "abc"]
    assert await shown(ada) == ["c", "b", "a"]
    # when, then
    await projects.order(id_of(ada), [a, c], actor=actor(ada))
    assert await shown(ada) == ["a", "c", "b"]
    await make_project(ada, title="d")
    assert await shown(ada) == ["d", "a", "c", "b"]
    await projects.order(id_of(ada), [], actor=actor(ada))
    assert await shown(ada) == ["d", "a", "c", "b"]
    assert await problems(projects.order(id_of(ada), [a, b, a], actor=actor(ada))) == [("BAD_INPUT", ("projectIds",))]
    assert await problems(projects.order(id_of(ada), [b, 999_999], actor=actor(ada))) == [
        ("NOT_FOUND", ("projectIds", "1"))
    ]
    assert await problems(projects.order(id_of(ada), range(1, 300), actor=actor(ada))) == [
        ("TOO_MANY_ITEMS", ("projectIds",))
    ]


# The same call again


async def test_a_repeated_call_makes_one_project(database: Database) -> None:
    # given
    ada, eve = await people("Ada", "Eve")
    day: dict[str, Any] = {"started_on": date(2024, 1, 1)}
    # when
    first = await make_project(ada, key="k", **day)
    assert await make_project(ada, key="k", **day) == first
    # then
    assert (await Project.all().count(), await counted(ada)) == (1, 1)
    assert await problems(make_project(ada, key="k", title="Another")) == [
        ("IDEMPOTENCY_MISMATCH", ("idempotencyKey",))
    ]
    assert await problems(make_project(ada, key="k", publish=False, **day)) == [
        ("IDEMPOTENCY_MISMATCH", ("idempotencyKey",))
    ]
    # and a key is an account's own; what was refused used it not up
    assert await make_project(eve, key="k", **day) != first
    assert await problems(make_project(ada, key="again", title="")) == [("PROJECT_FIELD_MISSING", ("title",))]
    assert await problems(make_project(ada, key="again")) == []
