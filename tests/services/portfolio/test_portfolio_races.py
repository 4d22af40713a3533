"""What happens to a portfolio at once: one thing after the other, and nothing in between. docs/rules/portfolio.md."""

from asyncio import gather

import pytest

from models.database import Database
from models.portfolio import Project, ProjectCollaborator, ProjectState
from services.portfolio import collaborators, projects
from tests.helpers.projects import actor, counted, id_of, make_project, people, problems, project_of, publish, update


@pytest.mark.postgres_only
async def test_of_many_that_publish_one_publishes(database: Database) -> None:
    [ada] = await people("Ada")
    number = await make_project(ada, publish=False)
    await gather(*(publish(ada, number) for _ in range(6)))
    assert ((await project_of(number)).version, await counted(ada)) == (2, 1)
    await gather(
        *(projects.unpublish(id_of(ada), number, actor=actor(ada)) for _ in range(3)),
        *(publish(ada, number) for _ in range(3)),
    )
    published = (await project_of(number)).state is ProjectState.PUBLISHED
    assert await counted(ada) == published


@pytest.mark.postgres_only
async def test_a_published_project_is_never_blank(database: Database) -> None:
    [ada] = await people("Ada")
    outcomes = set()
    for _ in range(12):
        number = await make_project(ada, publish=False)
        edited, published = await gather(problems(update(ada, number, results="")), problems(publish(ada, number)))
        project = await project_of(number)
        assert project.state is ProjectState.DRAFT or project.results, (edited, published)
        assert bool(edited) != bool(published)
        outcomes.add(project.state)
    assert await counted(ada) == await Project.filter(state=ProjectState.PUBLISHED).count()


@pytest.mark.postgres_only
async def test_the_same_key_at_once_makes_one_project(database: Database) -> None:
    [ada] = await people("Ada")
    numbers = await gather(*(make_project(ada, key="k") for _ in range(5)))
    assert (len(set(numbers)), await Project.all().count(), await counted(ada)) == (1, 1, 1)


@pytest.mark.postgres_only
async def test_deleting_and_naming_at_once_leave_nothing_behind(database: Database) -> None:
    ada, ben = await people("Ada", "Ben")
    for _ in range(8):
        number = await make_project(ada)
        await gather(
            problems(update(ada, number, collaborator_ids=[id_of(ben)])),
            problems(projects.delete(id_of(ada), number, actor=actor(ada))),
            problems(collaborators.untag(id_of(ben), number)),
        )
        assert await ProjectCollaborator.all().count() == 0
    assert await counted(ada) == 0


@pytest.mark.postgres_only
async def test_two_edits_of_one_version_are_one(database: Database) -> None:
    [ada] = await people("Ada")
    number = await make_project(ada)
    found = await gather(*(problems(update(ada, number, title=f"T{n}", expected_version=2)) for n in range(5)))
    assert sorted(map(bool, found)) == [False, True, True, True, True]
    assert (await project_of(number)).version == 3
