"""Projects of the demo: published ones and drafts, with collaborators. Random with a fixed seed."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from tortoise.transactions import in_transaction

from catalogue.criteria import PROJECTS
from models.portfolio import Project, ProjectCollaborator, ProjectSkill, ProjectState
from models.profiles import Visibility
from services.achievements import achievements
from services.core.bulk import insert
from services.imports.demo import SEED, SOURCE, TABLES, Member, random_time
from services.imports.imported_projects import projects_of
from services.portfolio import listing
from services.progress import counters
from services.progress.counters import Tally
from services.progress.scores import lock_score_rows

OWNERS: Final = 70
"""People with projects, the guide included."""
GUIDE_PROJECTS: Final = 5
TEXTS: Final = ("title", "description", "business_need", "solution", "results")


async def add_projects(members: Sequence[Member], profiles: Mapping[str, int], anchor: date) -> tuple[int, int]:
    """Add projects to some profiles; returns the numbers of published projects and of drafts."""
    rng = Random(SEED + 2)
    lists = tomllib.loads((TABLES / "projects.toml").read_text("utf-8"))
    skills = {row["title"]: row.get("skills", ()) for row in (*lists["projects"], *lists["drafts"])}
    guide, *others = members
    owners = [guide, *rng.sample(others, OWNERS - 1)]
    projects = [
        project
        for member in owners
        for project in _portfolio(rng, lists, member, profiles[member.person.key], anchor, is_guide=member is guide)
    ]
    async with in_transaction():
        await lock_score_rows(profiles[member.person.key] for member in owners)
        known = await projects_of(SOURCE, {project.key or "" for project in projects})
        new = [project for project in projects if project.key not in known]  # an interrupted run may have added some
        await insert(new)
        ids = await projects_of(SOURCE, {project.key or "" for project in new})
        await insert(
            [
                ProjectSkill(project_id=ids[project.key or ""], skill=code)
                for project in new
                for code in skills.get(project.title, ())
            ]
        )
        tally = Tally()
        published = [project for project in new if project.state is ProjectState.PUBLISHED]
        await listing.add_words(
            [listing.Found(ids[each.key or ""], each.title, each.description) for each in published]
        )
        for project in published:
            tally.add(project.owner_id, PROJECTS, 1, 0, project.created_at)
        public = [profiles[each.person.key] for each in members if each.person.visibility is Visibility.PUBLIC]
        await insert([tag for project in new for tag in _tags(rng, project, ids[project.key or ""], public)])
        await achievements.evaluate(await counters.write_tally(tally, {}), notify=False)
    return len(published), len(new) - len(published)


def _portfolio(
    rng: Random, lists: dict[str, Any], member: Member, owner_id: int, anchor: date, *, is_guide: bool
) -> list[Project]:
    key, joined_on = member.person.key, member.person.joined_on
    size = GUIDE_PROJECTS if is_guide else rng.choice((1, 1, 1, 2, 2, 3, 4))
    chosen = [(row, ProjectState.PUBLISHED) for row in rng.sample(lists["projects"], size)]
    if is_guide or not rng.randrange(3):
        chosen.append((rng.choice(lists["drafts"]), ProjectState.DRAFT))
    projects = []
    for nth, (row, state) in enumerate(chosen):
        started_on = joined_on + timedelta(days=rng.randrange((anchor - joined_on).days - 60))
        ended_on = started_on + timedelta(days=rng.randrange(10, 60))
        at = random_time(rng, ended_on)
        published = state is ProjectState.PUBLISHED
        projects.append(
            Project(
                owner_id=owner_id,
                **{name: row.get(name, "") for name in TEXTS},
                customer=rng.choice(lists["customers"]) if published else "",
                started_on=started_on,
                ended_on=ended_on if published else None,
                state=state,
                created_at=at,
                published_at=at if published else None,
                listed=published and member.person.visibility is Visibility.PUBLIC,
                source=SOURCE,
                key=f"{key}:{nth}",
            )
        )
    return projects


def _tags(rng: Random, project: Project, project_id: int, public: Sequence[int]) -> list[ProjectCollaborator]:
    owner_id: int = project.owner_id
    people = [each for each in rng.sample(public, rng.choice((0, 1, 2, 2, 3, 5))) if each != owner_id]
    told_at = project.published_at
    return [
        ProjectCollaborator(project_id=project_id, profile_id=each, tagged_at=project.created_at, told_at=told_at)
        for each in people
    ]
