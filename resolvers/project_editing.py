"""Editing the viewer's projects. Projects of others are refused like ones that do not exist."""

from collections.abc import Sequence
from typing import Any

from resolvers.audit import actor_of
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.current_profiles import current
from resolvers.base.rows import Row
from services.portfolio import collaborators, project_images, projects
from services.portfolio.projects import FIELDS


async def create(context: Context, *, input: Any) -> Row:
    """Create a project of the viewer."""
    key = input.idempotency_key if isinstance(input.idempotency_key, str) else None
    given = input.collaborator_ids
    named = None if given is None else _people(given.value or ())
    made = await projects.create(
        context.viewer.own_profile,
        await _edit(input, context),
        actor=actor_of(context),
        publish=input.publish is True,
        key=key,
        named_collaborators=named,
    )
    return {"project_id": made}


async def update(context: Context, *, input: Any) -> Row:
    """Edit a project of the viewer."""
    number = _project(input.project_id)
    await projects.update(
        context.viewer.own_profile,
        number,
        await _edit(input, context),
        actor=actor_of(context),
        expected_version=_version(input),
    )
    return {"project_id": number}


async def publish(context: Context, *, input: Any) -> Row:
    """Publish a project of the viewer."""
    number = _project(input.project_id)
    await projects.publish(
        context.viewer.own_profile, number, actor=actor_of(context), expected_version=_version(input)
    )
    return {"project_id": number}


async def unpublish(context: Context, *, input: Any) -> Row:
    """Make a project of the viewer a draft again."""
    number = _project(input.project_id)
    await projects.unpublish(context.viewer.own_profile, number, actor=actor_of(context))
    return {"project_id": number}


async def delete(context: Context, *, input: Any) -> Row:
    """Delete a project of the viewer."""
    number = _project(input.project_id)
    await projects.delete(context.viewer.own_profile, number, actor=actor_of(context))
    return {"deleted_project_id": ids.encode("Project", number), "profile_id": context.viewer.profile_id}


async def order(context: Context, *, input: Any) -> Row:
    """Set the order of the viewer's projects."""
    numbers = [_project(each, "projectIds", str(place)) for place, each in enumerate(input.project_ids)]
    await projects.order(context.viewer.own_profile, numbers, actor=actor_of(context))
    return {"profile_id": context.viewer.profile_id}


async def untag(context: Context, *, input: Any) -> Row:
    """Remove the viewer from the collaborators of a project."""
    number = _project(input.project_id)
    await collaborators.untag(context.viewer.own_profile, number)
    return {"project_id": number}


async def add_image(context: Context, *, input: Any) -> Row:
    """Add a picture to a project of the viewer."""
    number = _project(input.project_id)
    caption = input.caption if isinstance(input.caption, str) else ""
    await project_images.add(
        context.viewer.own_profile, number, input.image.content, caption=caption, actor=actor_of(context)
    )
    return {"project_id": number}


async def remove_image(context: Context, *, input: Any) -> Row:
    """Remove a picture from a project of the viewer."""
    number = ids.number_of("ProjectImage", input.image_id, "imageId") or 0
    return {"project_id": await project_images.remove(context.viewer.own_profile, number)}


async def _edit(fields: Any, context: Context) -> dict[str, Any]:
    """The values to set: an absent field is missing, null is None. Collaborators that were merged are replaced."""
    edit: dict[str, Any] = {}
    for name in FIELDS:
        value = getattr(fields, name, None)
        if value is not None:
            edit[name] = value.value if hasattr(value, "value") else value
    if edit.get("collaborator_ids") is not None:
        edit["collaborator_ids"] = await current(_people(edit["collaborator_ids"]), context)
    return edit


def _people(profile_ids: Sequence[str]) -> list[int]:
    """Numbers of profiles; 0, which no profile has, for the id of another type."""
    return [ids.number_of("Profile", each, "collaboratorIds") or 0 for each in profile_ids]


def _project(text: str, *path: str) -> int:
    return ids.require_number("Project", text, *(path or ("projectId",)))


def _version(fields: Any) -> int | None:
    return fields.expected_version if isinstance(fields.expected_version, int) else None
