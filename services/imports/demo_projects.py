"""
What the demo's people have built: published projects and drafts, with those who worked on them. Made by lot but always the
same.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from tortoise.transactions import in_transaction

from catalogue.criteria import PROJECTS
from models.portfolio import Project, ProjectCollaborator, ProjectState
from models.profiles import Visibility
from services.achievements import achievements
from services.core.bulk import insert
from services.imports.demo import DAY_SECONDS, SEED, SOURCE, TABLES, Member
from services.imports.imported_projects import projects_of
from services.progress import counters
from services.progress.counters import Tally
from services.progress.scores import lock_scores_only

SHOWING: Final = 70
"""So many people have projects; the guide is one of them."""
OF_GUIDE: Final = 5
TEXTS: Final = ("title", "description", "business_need", "solution", "results")


async def build(members: Sequence[Member], profiles: Mapping[str, int], anchor: date) -> tuple[int, int]:
    """Fill the portfolios of some of the demo's people; returns how many projects are published, and how many are drafts."""
    lot = Random(SEED + 2)  # noqa: S311 - play, and it must come out the same
    lists = tomllib.loads((TABLES / "projects.toml").read_text("utf-8"))
    guide, *others = members
    showing = [guide, *lot.sample(others, SHOWING - 1)]
    made = [
        project
        for member in showing
        for project in _portfolio(lot, lists, member, profiles[member.person.key], anchor, first=member is guide)
    ]
    async with in_transaction():
        await lock_scores_only(profiles[member.person.key] for member in showing)
        known = await projects_of(SOURCE, {project.key or "" for project in made})
        made = [project for project in made if project.key not in known]  # a run that broke off got so far
        await insert(made)
        numbers = await projects_of(SOURCE, {project.key or "" for project in made})
        tally = Tally()
        published = [project for project in made if project.state is ProjectState.PUBLISHED]
        for project in published:
            tally.add(project.owner_id, PROJECTS, 1, 0, project.created_at)
        public = [profiles[each.person.key] for each in members if each.person.visibility is Visibility.PUBLIC]
        await insert([named for project in made for named in _named(lot, project, numbers[project.key or ""], public)])
        await achievements.evaluate(await counters.keep(tally, {}), notify=False)
    return len(published), len(made) - len(published)


def _portfolio(
    lot: Random, lists: dict[str, Any], member: Member, owner_id: int, anchor: date, *, first: bool
) -> list[Project]:
    key, joined_on = member.person.key, member.person.joined_on
    size = OF_GUIDE if first else lot.choice((1, 1, 1, 2, 2, 3, 4))
    chosen = [(row, ProjectState.PUBLISHED) for row in lot.sample(lists["projects"], size)]
    if first or not lot.randrange(3):
        chosen.append((lot.choice(lists["drafts"]), ProjectState.DRAFT))
    made = []
    for nth, (row, state) in enumerate(chosen):
        begun = joined_on + timedelta(days=lot.randrange((anchor - joined_on).days - 60))
        shown = begun + timedelta(days=lot.randrange(10, 60))
        at = datetime.combine(shown, time(), UTC) + timedelta(seconds=lot.randrange(DAY_SECONDS))
        published = state is ProjectState.PUBLISHED
        made.append(
            Project(
                owner_id=owner_id,
                **{name: row.get(name, "") for name in TEXTS},
                customer=lot.choice(lists["customers"]) if published else "",
                started_on=begun,
                ended_on=shown if published else None,
                state=state,
                created_at=at,
                published_at=at if published else None,
                source=SOURCE,
                key=f"{key}:{nth}",
            )
        )
    return made


def _named(lot: Random, project: Project, number: int, public: Sequence[int]) -> list[ProjectCollaborator]:
    owner_id: int = project.owner_id
    people = [each for each in lot.sample(public, lot.choice((0, 1, 2, 2, 3, 5))) if each != owner_id]
    told_at = project.published_at
    return [
        ProjectCollaborator(project_id=number, profile_id=each, tagged_at=project.created_at, told_at=told_at)
        for each in people
    ]
