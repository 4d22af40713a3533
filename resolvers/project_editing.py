"""Writing one's own projects: whatever is not one's own is as if it did not exist."""

from collections.abc import Sequence
from typing import Any

from resolvers.audit import actor_of
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.rows import Row
from services.errors import ErrorCode, refused
from services.portfolio import collaborators, project_images, projects
from services.portfolio.projects import FIELDS


async def create(context: Context, *, input: Any) -> Row:
    """A new project of the viewer."""
    return {"project_id": await _create(context, input, submit=input.submit is True)}


async def update(context: Context, *, input: Any) -> Row:
    """The viewer's project, as edited."""
    return {"project_id": await _update(context, input)}


async def save_draft(context: Context, *, input: Any) -> Row:
    """The viewer's draft, new or as edited."""
    if isinstance(input.project, str):
        return {"project_id": await _update(context, input, draft=True)}
    return {"project_id": await _create(context, input)}


async def submit(context: Context, *, input: Any) -> Row:
    """The viewer's project, published now."""
    number = _project(input.project)
    await projects.submit(context.viewer.own_profile, number, actor=actor_of(context), expected_version=_version(input))
    return {"project_id": number}


async def unpublish(context: Context, *, input: Any) -> Row:
    """The viewer's project, a draft again."""
    number = _project(input.project)
    await projects.unpublish(context.viewer.own_profile, number, actor=actor_of(context))
    return {"project_id": number}


async def delete(context: Context, *, input: Any) -> Row:
    """The id of what is gone, and the viewer."""
    number = _project(input.project)
    await projects.delete(context.viewer.own_profile, number, actor=actor_of(context))
    return {"deleted_id": ids.encode("Project", number), "profile_id": context.viewer.profile_id}


async def order(context: Context, *, input: Any) -> Row:
    """The viewer, whose projects stand in this order now."""
    numbers = [_project(each, "projects", str(place)) for place, each in enumerate(input.projects)]
    await projects.order(context.viewer.own_profile, numbers, actor=actor_of(context))
    return {"profile_id": context.viewer.profile_id}


async def untag(context: Context, *, input: Any) -> Row:
    """The project, without the viewer's name."""
    number = _project(input.project)
    await collaborators.untag(context.viewer.own_profile, number)
    return {"project_id": number}


async def add_image(context: Context, *, input: Any) -> Row:
    """The viewer's project, with one more picture."""
    number = _project(input.project)
    caption = input.caption if isinstance(input.caption, str) else ""
    await project_images.add(
        context.viewer.own_profile, number, input.image.content, caption=caption, actor=actor_of(context)
    )
    return {"project_id": number}


async def remove_image(context: Context, *, input: Any) -> Row:
    """The viewer's project, without that picture."""
    number = ids.number_of("ProjectImage", input.image, "image") or 0
    return {"project_id": await project_images.remove(context.viewer.own_profile, number)}


async def _create(context: Context, given: Any, *, submit: bool = False) -> int:
    key = given.idempotency_key if isinstance(given.idempotency_key, str) else None
    return await projects.create(
        context.viewer.own_profile, _edit(given), actor=actor_of(context), submit=submit, key=key
    )


async def _update(context: Context, given: Any, *, draft: bool = False) -> int:
    number = _project(given.project)
    await projects.update(
        context.viewer.own_profile,
        number,
        _edit(given),
        actor=actor_of(context),
        expected_version=_version(given),
        draft=draft,
    )
    return number


def _edit(given: Any) -> dict[str, Any]:
    """What an input says: what is absent is missing, null is None, a plain value is itself."""
    edit: dict[str, Any] = {}
    for name in FIELDS:
        said = getattr(given, name, None)
        if said is not None:
            edit[name] = said.value if hasattr(said, "value") else said
    if edit.get("collaborators") is not None:
        edit["collaborators"] = _people(edit["collaborators"])
    return edit


def _people(given: Sequence[str]) -> list[int]:
    """Numbers of profiles; 0, which no profile has, for the id of something else."""
    return [ids.number_of("Profile", each, "collaborators") or 0 for each in given]


def _project(given: str, *path: str) -> int:
    path = path or ("project",)
    number = ids.number_of("Project", given, *path)
    if number is None:
        raise refused(ErrorCode.NOT_FOUND, "That is the id of something else.", path=path)
    return number


def _version(given: Any) -> int | None:
    return given.expected_version if isinstance(given.expected_version, int) else None
