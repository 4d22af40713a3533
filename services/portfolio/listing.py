"""
What lists of projects are read from: whether a project is listed, its search words and its skills.

A project is listed if it is published and its owner is listed. Published projects have search words, also those of hidden
owners: a change of visibility then does not write the words again, and searches read listed projects only.
Rule: docs/rules/portfolio.md#the-list-of-projects.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.terms import SKILLS
from models.portfolio import Project, ProjectSkill, ProjectState, ProjectWord
from models.profiles import Profile
from models.statements import Statement, execute_each
from models.transactions import forbid_transaction, require_transaction
from services.errors import ErrorCode, refused
from services.media import search_tokenizer

MAX_SKILLS: Final = 10
"""Skills of one project."""
PROJECTS_PER_BATCH: Final = 200
"""Projects per transaction of `rebuild`; other writers run between two transactions."""
SEARCHED_COLUMNS: Final = frozenset({"title", "description"})


class Found(NamedTuple):
    """A published project, and the texts that are searched."""

    project_id: int
    title: str
    description: str


async def refresh(project: Project) -> None:
    """
    Set `listed` of a project and replace its search words, by its state and its owner's visibility. The caller must have
    locked the owner's score row, and saves the project before.
    Requires a transaction.
    """
    require_transaction()
    published = project.state is ProjectState.PUBLISHED
    project.listed = published and await Profile.exists(id=project.owner_id, listed=True)
    await project.save(update_fields=["listed"])
    await ProjectWord.filter(project_id=project.id).delete()
    if published:
        await add_words([Found(project.id, project.title, project.description)])


async def refresh_owners(flips: Mapping[int, bool]) -> None:
    """
    Set `listed` of all projects of owners who became listed (true) or hidden (false). Index (owner_id, state, place, id).
    Requires a transaction.
    """
    require_transaction()
    for is_listed in (True, False):
        if owners := [owner_id for owner_id, flipped in flips.items() if flipped is is_listed]:
            await Project.filter(owner_id__in=owners, state=ProjectState.PUBLISHED).update(listed=is_listed)


async def add_words(projects: Sequence[Found]) -> None:
    """Insert the words of published projects that have none yet, in one statement. Requires a transaction."""
    require_transaction()
    rows = [
        [project.project_id, word, place]
        for project in projects
        for word, place in search_tokenizer.words_of_project(project.title, project.description).items()
    ]
    if rows:
        await execute_each(_ADD, rows)


async def assign_skills(project: Project, codes: Sequence[str]) -> bool:
    """
    Make these the skills of a locked project; returns True if that changed anything. A project can keep a retired skill,
    but not add it. Raises Refused: UNKNOWN_TERM, TOO_MANY_ITEMS.
    Requires a transaction.
    """
    require_transaction()
    rows: Any = ProjectSkill.filter(project_id=project.id).values_list("skill", flat=True)
    before = set(await rows)
    wanted = check_skills(codes, before)
    if new := [code for code in wanted if code not in before]:
        await ProjectSkill.bulk_create([ProjectSkill(project_id=project.id, skill=code) for code in new])
    if gone := before - set(wanted):
        await ProjectSkill.filter(project_id=project.id, skill__in=gone).delete()
    return bool(new or gone)


def check_skills(codes: Sequence[str], before: set[str] | frozenset[str] = frozenset()) -> list[str]:
    """The codes without duplicates. Raises Refused: UNKNOWN_TERM (also a retired one that is not in `before`), TOO_MANY_ITEMS."""
    once = list(dict.fromkeys(each.strip() for each in codes))
    unknown = [code for code in once if code not in before and (code not in SKILLS or SKILLS[code].retired)]
    if unknown:
        names = ", ".join(repr(code[:60]) for code in unknown[:5])
        text = Text("There is no {word} {names} to choose.", word=Text("skill"), names=names)
        raise refused(ErrorCode.UNKNOWN_TERM, text, path=("skillCodes",))
    if len(once) > MAX_SKILLS:
        text = Text("At most {most} can be chosen.", most=MAX_SKILLS)
        raise refused(ErrorCode.TOO_MANY_ITEMS, text, path=("skillCodes",))
    return once


async def rebuild(*, after: int = 0) -> AsyncIterator[tuple[int, int]]:
    """
    Replace `listed` and the words of all projects, in order of id above `after`.

    Yields (last id, number of projects) after each batch: an interrupted run can resume there. Repeating it changes
    nothing. Must not run in a transaction: each batch commits.
    """
    forbid_transaction()
    while True:
        async with in_transaction():
            batch = (
                await Project.filter(id__gt=after)
                .order_by("id")
                .limit(PROJECTS_PER_BATCH)
                .select_for_update(no_key=True)
            )
            for project in batch:
                await refresh(project)
        if not batch:
            return
        after = batch[-1].id
        yield after, len(batch)


_ADD = Statement.of("INSERT INTO project_word (project_id, word, place) VALUES ($1, $2, $3)")
