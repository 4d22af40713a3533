"""Which projects are in lists, and their search words and skills. docs/rules/portfolio.md#the-list-of-projects."""

from dataclasses import replace
from typing import Any

import pytest

from catalogue.terms import SKILLS
from models.database import Database
from models.portfolio import Project, ProjectSkill, ProjectWord
from models.profiles import Profile, Visibility
from services.media.search_tokenizer import MAX_PROJECT_WORDS, MAX_READ_WORDS, words_of_project
from services.portfolio import listing, projects
from services.profiles.profiles import refresh_visibility
from tests.helpers.projects import actor, id_of, make_project, people, problems, project_of, publish, update
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("database")


async def words(number: int) -> set[tuple[bytes, int]]:
    rows: Any = ProjectWord.filter(project_id=number).values_list("word", "place")
    return {(bytes(word), place) for word, place in await rows}


async def show(account: Any, visibility: Visibility) -> None:
    await Profile.filter(id=id_of(account)).update(visibility=visibility)
    await committed(refresh_visibility([id_of(account)]))


async def skills(number: int) -> set[str]:
    rows: Any = ProjectSkill.filter(project_id=number).values_list("skill", flat=True)
    return set(await rows)


def test_words_are_those_of_the_title_and_then_of_the_description() -> None:
    assert words_of_project("Berth planner", "Plans berths. BERTH!") == {
        b"berth": 0,
        b"planner": 0,
        b"plans": 1,
        b"berths": 1,
    }
    many = words_of_project("title", " ".join(f"w{n}" for n in range(1_000)))
    assert len(many) == MAX_PROJECT_WORDS and b"title" in many and b"w148" in many and b"w149" not in many


def test_a_text_of_few_words_is_read_as_far_as_words_may_be_indexed() -> None:
    again = " ".join("the" + "!" * n for n in range(MAX_READ_WORDS))
    assert words_of_project("title", f"{again} late") == {b"title": 0, b"the": 1}
    # the same piece again is not read again
    assert words_of_project("title", f"{'the ' * 2_000} late") == {b"title": 0, b"the": 1, b"late": 1}
    # a sign that stands for 18 letters
    assert len(words_of_project("\ufdfa" * 5_000, "")) <= MAX_PROJECT_WORDS


async def test_a_project_is_listed_while_it_is_published_and_its_owner_is_listed(database: Database) -> None:
    # given a draft
    [ada] = await people("Ada")
    number = await make_project(ada, publish=False, title="Berth planner", description="Ships")
    assert ((await project_of(number)).listed, await words(number)) == (False, set())
    # when it is published, edited, hidden with its owner, shown again, and taken back
    await publish(ada, number)
    assert (await project_of(number)).listed
    assert await words(number) == {(b"berth", 0), (b"planner", 0), (b"ships", 1)}
    await update(ada, number, title="Quay", description="Berth")
    assert await words(number) == {(b"quay", 0), (b"berth", 1)}
    await show(ada, Visibility.PRIVATE)
    assert not (await project_of(number)).listed
    await update(ada, number, title="Pier")
    assert not (await project_of(number)).listed
    hidden = await make_project(ada)
    assert not (await project_of(hidden)).listed
    await show(ada, Visibility.PUBLIC)
    assert (await project_of(number)).listed and (await project_of(hidden)).listed
    await projects.unpublish(id_of(ada), number, actor=actor(ada))
    # then
    assert ((await project_of(number)).listed, await words(number)) == (False, set())
    await projects.delete(id_of(ada), hidden, actor=actor(ada))
    assert await ProjectWord.all().count() == 0


async def test_a_rebuild_finds_what_is_there_and_restores_what_is_not(database: Database) -> None:
    [ada] = await people("Ada")
    numbers = [await make_project(ada, title=f"T{n}", publish=n < 2) for n in range(3)]
    before = [(await words(number), (await project_of(number)).listed) for number in numbers]
    for _ in range(2):
        assert [step async for step in listing.rebuild()] == [(numbers[-1], 3)]
        assert [(await words(number), (await project_of(number)).listed) for number in numbers] == before
        await ProjectWord.all().delete()
        await Project.all().update(listed=False)


async def test_skills_replace_each_other(database: Database) -> None:
    # given
    [ada] = await people("Ada")
    number = await make_project(ada, skill_codes=["sql", " python ", "sql"])
    assert await skills(number) == {"sql", "python"}
    version = (await project_of(number)).version
    # when, then
    await update(ada, number, skill_codes=["python", "sql"])
    assert (await project_of(number)).version == version
    await update(ada, number, skill_codes=["rust", "sql"])
    assert (await skills(number), (await project_of(number)).version) == ({"rust", "sql"}, version + 1)
    await update(ada, number, title="Other")
    assert await skills(number) == {"rust", "sql"}
    await update(ada, number, skill_codes=None)
    assert await skills(number) == set()


async def test_skills_that_cannot_be_chosen_are_refused_and_change_nothing(database: Database) -> None:
    [ada] = await people("Ada")
    number = await make_project(ada, skill_codes=["sql"])
    eleven = ["accessibility", "agile", "ai", "analytics", "angular", "azure", "aws", "cloud", "css", "data", "go"]
    for codes, code in ((["sql", "no such"], "UNKNOWN_TERM"), ([""], "UNKNOWN_TERM"), (eleven, "TOO_MANY_ITEMS")):
        assert await problems(update(ada, number, title="New", skill_codes=codes)) == [(code, ("skillCodes",))]
        assert await problems(make_project(ada, skill_codes=codes)) == [(code, ("skillCodes",))]
    assert ((await project_of(number)).title, await skills(number)) == ("Berth planner", {"sql"})
    assert await Project.all().count() == 1
    assert await problems(update(ada, number, skill_codes=eleven[:10])) == []


async def test_a_retired_skill_can_be_kept_and_not_added(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    [ada] = await people("Ada")
    number = await make_project(ada, skill_codes=["sql"])
    retired = {**SKILLS, "sql": replace(SKILLS["sql"], retired=True)}
    monkeypatch.setattr(listing, "SKILLS", retired)
    assert await problems(update(ada, number, skill_codes=["sql", "rust"])) == []
    await update(ada, number, skill_codes=["rust"])
    assert await problems(update(ada, number, skill_codes=["sql"])) == [("UNKNOWN_TERM", ("skillCodes",))]


async def test_owners_flip_together(database: Database) -> None:
    ada, ben = await people("Ada", "Ben")
    one, two = await make_project(ada), await make_project(ben)
    draft = await make_project(ada, publish=False)
    await committed(listing.refresh_owners({id_of(ada): False, id_of(ben): True}))
    assert [(await project_of(number)).listed for number in (one, two, draft)] == [False, True, False]
    await committed(listing.refresh_owners({id_of(ada): True, id_of(ben): False}))
    assert [(await project_of(number)).listed for number in (one, two, draft)] == [True, False, False]
