"""Projects, with what a test does not care about filled in."""

from typing import Any

from models.audit import Origin
from models.points import ProfileCounter
from models.portfolio import Project, ProjectCollaborator
from services.core.audit import Actor
from services.errors import Refused
from services.portfolio import projects
from services.progress import counters
from tests.helpers.factories import make_person
from tests.helpers.transactions import committed

WHOLE = {
    "title": "Berth planner",
    "description": "Ships onto berths.",
    "customer": "A harbor",
    "business_need": "Two ships, one place.",
    "solution": "A board.",
    "results": "One ship, one place.",
}
"""What it takes to be published."""


def actor(account: Any) -> Actor:
    return Actor(account.id, Origin.SESSION, "192.0.2.7")


def id_of(account: Any) -> int:
    return account.profile_id


async def people(*names: str, **more: Any) -> list[Any]:
    """Accounts of public people."""
    return [await make_person(name=name, **more) for name in names or ("Ada",)]


async def make_project(account: Any, *, publish: bool = True, key: str | None = None, **edit: Any) -> int:
    """A project of this account's person: published, unless told otherwise; returns its number."""
    return await projects.create(id_of(account), {**WHOLE, **edit}, actor=actor(account), publish=publish, key=key)


async def update(account: Any, project_id: int, **edit: Any) -> None:
    more = {name: edit.pop(name) for name in ("expected_version",) if name in edit}
    await projects.update(id_of(account), project_id, edit, actor=actor(account), **more)


async def publish(account: Any, project_id: int, **more: Any) -> None:
    await projects.publish(id_of(account), project_id, actor=actor(account), **more)


async def project_of(project_id: int) -> Project:
    return await Project.get(id=project_id)


async def tagged(project_id: int) -> list[int]:
    """Who is named on a project, for everyone to see."""
    rows: Any = ProjectCollaborator.filter(project_id=project_id, untagged_at=None).order_by("id")
    return list(await rows.values_list("profile_id", flat=True))


async def problems(call: Any) -> list[tuple[str, tuple[str, ...]]]:
    """The codes that a call is refused with, and where; nothing when it is not."""
    try:
        await call
    except Refused as refused:
        return [(each.code.value, tuple(each.path)) for each in refused.problems]
    return []


async def counted(account: Any) -> int:
    """The counter of published projects, which has to be what there is."""
    own = id_of(account)
    held = await ProfileCounter.get_or_none(profile_id=own, name="PROJECTS")
    assert await committed(counters.mismatches(await counters.read_ledger([own]))) == {}
    return held.times if held else 0
