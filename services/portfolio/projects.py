"""
Projects of a portfolio: created as drafts, which only their owner sees, and published when all required fields are filled.

Every change of a project locks the owner's score row: no edit can blank a field between the check of the fields and the
publishing. Rule: docs/rules/portfolio.md.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tortoise.transactions import in_transaction

from catalogue.criteria import PROJECTS
from catalogue.languages import Text
from catalogue.projects import TEXTS, ProjectFieldName
from models.portfolio import Project, ProjectImage, ProjectState
from models.transactions import require_transaction
from services.achievements import achievements
from services.core import audit, clock, idempotency, rate_limits
from services.core.audit import Actor
from services.errors import ErrorCode, Problem, Refused, refused
from services.media import image_cleanup
from services.media.images import PROJECT_IMAGE_SIZES
from services.portfolio import collaborators, listing, project_texts
from services.portfolio.project_texts import DAYS
from services.progress import counters
from services.progress.scores import lock_scores

MAX_PROJECTS: Final = 200
"""Projects of one profile."""
FIELDS: Final = (*TEXTS, *DAYS, "collaborator_ids", "skill_codes")
"""Names of the editable fields, as `create` and `update` accept them."""
Edit = Mapping[str, Any]
"""Texts, days and `collaborator_ids` and `skill_codes` (all of them). An absent field stays unchanged; None clears it."""


async def create(
    owner_id: int,
    edit: Edit,
    *,
    actor: Actor,
    publish: bool = False,
    key: str | None = None,
    named_collaborators: Sequence[int] | None = None,
) -> int:
    """
    Create a draft, or with `publish` a published project; returns its id. Repeating a key returns the first project's id.
    `named_collaborators`: the collaborators as the caller named them, if some were merged into those of `edit`: they make two
    calls with one key the same.

    Raises Refused: PROJECT_FIELD_MISSING (fact `field`; a draft needs a title), BAD_INPUT, TOO_MANY_ITEMS, UNKNOWN_TERM,
    problems of collaborators, RATE_LIMITED, and the errors of services/core/idempotency.py.
    """

    async def spend() -> None:
        await rate_limits.spend("edit-project", by=[f"account:{actor.account_id}"])
        await collaborators.spend_tag_limit(None, _collaborator_ids(edit), actor)

    async def make() -> idempotency.Answer:
        people = await lock_scores([owner_id, *_collaborator_ids(edit)])
        if owner_id not in people:
            raise refused(ErrorCode.NOT_FOUND, "There is no such profile.")
        if await Project.filter(owner_id=owner_id).count() >= MAX_PROJECTS:
            raise refused(
                ErrorCode.TOO_MANY_ITEMS, Text("A portfolio can have at most {most} projects.", most=MAX_PROJECTS)
            )
        project = Project(owner_id=owner_id, title="", created_at=clock.now())
        columns, problems = project_texts.read_edit(_columns(edit))
        project_texts.assign(project, columns)
        wrong = {problem.path for problem in problems}
        missing = project_texts.missing_fields(project) if publish else _missing_title(project)
        problems += [each for each in missing if each.path not in wrong]
        problems += project_texts.check_days(project, columns)
        if problems:
            raise Refused(*problems)
        await project.save()
        await collaborators.assign(project, _collaborator_ids(edit))
        await listing.assign_skills(project, edit.get("skill_codes") or ())
        if publish:
            await _publish(project, actor)
        return {"project": project.id}

    arguments = {**{name: edit[name] for name in sorted(edit)}, "publish": publish}
    if named_collaborators and "collaborator_ids" in edit:
        arguments["collaborator_ids"] = list(named_collaborators)
    call = await idempotency.run_once(actor.account_id or 0, key, "createProject", arguments, make, spend_first=spend)
    made: int = call.answer["project"]
    return made


async def update(
    owner_id: int,
    project_id: int,
    edit: Edit,
    *,
    actor: Actor,
    expected_version: int | None = None,
) -> None:
    """
    Write the fields of `edit`. An edit that changes nothing does not increment the version.

    Raises Refused: NOT_FOUND (no such project of this owner), VERSION_CONFLICT (fact `current_version`), or
    all problems at once: PROJECT_FIELD_MISSING, PROJECT_FIELD_REQUIRED (a published project would lose a required field;
    fact `field`), BAD_INPUT; then problems of collaborators, and of skills: UNKNOWN_TERM, TOO_MANY_ITEMS; RATE_LIMITED.
    """
    await rate_limits.spend("edit-project", by=[f"account:{actor.account_id}"])
    people = _collaborator_ids(edit)
    await collaborators.spend_tag_limit(project_id, people, actor)
    async with in_transaction():
        project = await lock_project(owner_id, project_id, others=people, expected_version=expected_version)
        published = project.state is ProjectState.PUBLISHED
        before = project_texts.filled_fields(project)
        columns, problems = project_texts.read_edit(_columns(edit))
        changed = project_texts.assign(project, columns)
        # An invalid field was not assigned, and has its problem already.
        lost = before - project_texts.filled_fields(project)
        if published:
            problems += [project_texts.field_required(name) for name in ProjectFieldName if name in lost]
        elif ProjectFieldName.TITLE in lost:
            problems += _missing_title(project)
        problems += project_texts.check_days(project, columns)
        if problems:
            raise Refused(*problems)
        retagged = "collaborator_ids" in edit and await collaborators.assign(project, people)
        skilled = "skill_codes" in edit and await listing.assign_skills(project, edit["skill_codes"] or ())
        if changed or retagged or skilled:
            project.edited_at = clock.now()
            await _save(project, *changed, "edited_at")
        if published and not listing.SEARCHED_COLUMNS.isdisjoint(changed):
            await listing.refresh(project)
        if published and retagged:
            await collaborators.notify_tagged(owner_id)


async def publish(owner_id: int, project_id: int, *, actor: Actor, expected_version: int | None = None) -> None:
    """
    Publish a draft and notify its collaborators. A published project stays unchanged.

    Raises Refused: NOT_FOUND, VERSION_CONFLICT, PROJECT_FIELD_MISSING (one per field, fact `field`), RATE_LIMITED.
    """
    await rate_limits.spend("edit-project", by=[f"account:{actor.account_id}"])
    async with in_transaction():
        project = await lock_project(owner_id, project_id, expected_version=expected_version)
        if project.state is ProjectState.PUBLISHED:
            return
        if missing := project_texts.missing_fields(project):
            raise Refused(*missing)
        await _publish(project, actor)


async def unpublish(owner_id: int, project_id: int, *, actor: Actor) -> None:
    """Make a published project a draft again; a draft stays unchanged. Raises Refused: NOT_FOUND."""
    async with in_transaction():
        project = await lock_project(owner_id, project_id)
        if project.state is ProjectState.PUBLISHED:
            project.state, project.published_at = ProjectState.DRAFT, None
            await _save(project, "state", "published_at")
            await listing.refresh(project)
            await _count_published(owner_id, -1)
            await audit.record("project.unpublished", actor=actor, account_id=actor.account_id, project=project.id)


async def delete(owner_id: int, project_id: int, *, actor: Actor) -> None:
    """Delete a project, its tags and its images. Raises Refused: NOT_FOUND."""
    async with in_transaction():
        project = await lock_project(owner_id, project_id)
        images: Any = ProjectImage.filter(project_id=project.id).values_list("image", flat=True)
        keys = list(await images)
        await project.delete()
        if project.state is ProjectState.PUBLISHED:
            await _count_published(owner_id, -1)
        await audit.record("project.deleted", actor=actor, account_id=actor.account_id, project=project_id)
    await image_cleanup.discard(keys, PROJECT_IMAGE_SIZES)


async def order(owner_id: int, project_ids: Sequence[int], *, actor: Actor) -> None:
    """
    Put these projects of the owner first, in this order. The others follow in their current order; a project that is
    created later comes before all of them.

    Raises Refused: NOT_FOUND (a project is not the owner's), BAD_INPUT (a duplicate), TOO_MANY_ITEMS, RATE_LIMITED.
    """
    if len(project_ids) > MAX_PROJECTS:
        raise refused(
            ErrorCode.TOO_MANY_ITEMS,
            Text("A portfolio can have at most {most} projects.", most=MAX_PROJECTS),
            path=("projectIds",),
        )
    if len(set(project_ids)) < len(project_ids):
        raise refused(ErrorCode.BAD_INPUT, "A project is listed more than once.", path=("projectIds",))
    await rate_limits.spend("edit-project", by=[f"account:{actor.account_id}"])
    async with in_transaction():
        await lock_scores([owner_id])
        rows: Any = Project.filter(owner_id=owner_id).order_by("place", "-id").values_list("id", "place")
        places = dict(await rows)
        problems = [
            Problem(ErrorCode.NOT_FOUND, "There is no such project.", ("projectIds", str(at)))
            for at, number in enumerate(project_ids)
            if number not in places
        ]
        if problems:
            raise Refused(*problems)
        moved = set(project_ids)
        # Places start at 1, because a new project has 0.
        for place, number in enumerate([*project_ids, *(each for each in places if each not in moved)], 1):
            if places[number] != place:
                await Project.filter(id=number).update(place=place)


async def lock_project(
    owner_id: int, project_id: int, *, others: Sequence[int] = (), expected_version: int | None = None
) -> Project:
    """
    Lock a project of this owner until the caller's transaction ends, with the score rows of the owner and of `others`.

    Raises Refused: NOT_FOUND (no such project of this owner), VERSION_CONFLICT.
    Requires a transaction.
    """
    require_transaction()
    await lock_scores([owner_id, *others])
    project = await Project.select_for_update().get_or_none(id=project_id, owner_id=owner_id)
    if project is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such project.", path=("projectId",))
    if expected_version is not None and expected_version != project.version:
        raise refused(
            ErrorCode.VERSION_CONFLICT,
            Text("The project was changed in the meantime: it is at version {version}.", version=project.version),
            path=("expectedVersion",),
            current_version=project.version,
        )
    return project


async def touch(project: Project) -> None:
    """Mark a locked project as edited now, and increment its version."""
    project.edited_at = clock.now()
    await _save(project, "edited_at")


async def _publish(project: Project, actor: Actor) -> None:
    owner_id: int = project.owner_id
    project.state, project.published_at = ProjectState.PUBLISHED, clock.now()
    await _save(project, "state", "published_at")
    await listing.refresh(project)
    await _count_published(owner_id, 1)
    await collaborators.notify_tagged(owner_id)
    await audit.record("project.published", actor=actor, account_id=actor.account_id, project=project.id)


async def _save(project: Project, *columns: str) -> None:
    project.version += 1
    await project.save(update_fields=[*columns, "version"])


async def _count_published(owner_id: int, times: int) -> None:
    await achievements.evaluate([await counters.add(owner_id, PROJECTS, times)])


def _missing_title(project: Project) -> list[Problem]:
    return [] if project.title else [project_texts.missing_field(ProjectFieldName.TITLE)]


def _columns(edit: Edit) -> Edit:
    return {name: value for name, value in edit.items() if name not in {"collaborator_ids", "skill_codes"}}


def _collaborator_ids(edit: Edit) -> Sequence[int]:
    people: Sequence[int] = edit.get("collaborator_ids") or ()
    if len(people) > collaborators.MAX_COLLABORATORS_IN_INPUT:
        text = Text("At most {most} people can be tagged.", most=collaborators.MAX_COLLABORATORS)
        raise refused(ErrorCode.TOO_MANY_ITEMS, text, path=("collaboratorIds",))
    return people
