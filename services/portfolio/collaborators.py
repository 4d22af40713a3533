"""
Collaborators of a project: tagged by its owner, notified once it is published, and free to untag themselves.

A person who untagged themselves cannot be tagged again: the row stays. A tag is visible only on a published project and
only if the person is visible. Every writer locks the score row of the project's owner, so that changes to a project are
serialized. Rule: docs/rules/portfolio.md#collaborators.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.connections import Block
from models.portfolio import Project, ProjectCollaborator, ProjectState
from models.profiles import Profile
from models.transactions import forbid_transaction, require_transaction
from services.core import change_feed, clock, rate_limits
from services.core.audit import Actor
from services.core.change_feed import PersonKind
from services.errors import ErrorCode, Problem, Refused, refused
from services.progress.scores import lock_score_rows

MAX_COLLABORATORS: Final = 30
MIN_TAG_TIME: Final = timedelta(microseconds=1)
"""
Shortest time between tagging and untagging. `untagged_at == tagged_at` marks a tag that was never in force, because the
person had blocked the owner. Only the owner sees such a tag.
"""
MAX_COLLABORATORS_IN_INPUT: Final = 200
"""Above MAX_COLLABORATORS: an imported project may have more collaborators, and an edit may list them all."""


async def spend_tag_limit(project_id: int | None, wanted: Sequence[int], actor: Actor) -> None:
    """
    Spend the rate limit for the people that a call would tag anew on a project (None: a new project). No lock may wait for
    it. More than MAX_COLLABORATORS spend nothing: `assign` refuses them. Raises Refused: RATE_LIMITED.
    Must not run in a transaction.
    """
    forbid_transaction()
    once = set(wanted)
    rows: Any = ProjectCollaborator.filter(project_id=project_id or 0, profile_id__in=once)
    tagged = {row.profile_id for row in await rows if row.untagged_at in {None, row.tagged_at}} if once else set()
    new = once - tagged
    if 0 < len(new) <= MAX_COLLABORATORS:
        await rate_limits.spend("tag-collaborators", by=[f"account:{actor.account_id}"], cost=len(new))


async def assign(project: Project, wanted: Sequence[int]) -> bool:
    """
    Make these profiles the collaborators of a project; returns True if that changed anything. The caller must have called
    `spend_tag_limit`, and locked the score rows of the owner and of all of `wanted`.

    A hidden collaborator stays tagged: the owner cannot see the tag, so cannot have meant to remove it. A person who
    blocked the owner gets a tag that only the owner sees, so that the owner does not learn of the block. Raises Refused with
    one problem per wrong item of `wanted`, by its index: NOT_YOURSELF, NOT_FOUND (hidden or nonexistent), BLOCKED (by the
    owner), NOT_TAGGABLE (untagged themselves before); or TOO_MANY_ITEMS.
    Requires a transaction.
    """
    require_transaction()
    once = list(dict.fromkeys(wanted))
    rows = {row.profile_id: row for row in await ProjectCollaborator.filter(project_id=project.id)}
    visible = await _listed({*once, *rows})
    tagged = {number for number, row in rows.items() if row.untagged_at in {None, row.tagged_at}}
    new = [number for number in once if number not in tagged or number not in visible]
    if new and len(once) > MAX_COLLABORATORS:
        raise refused(
            ErrorCode.TOO_MANY_ITEMS,
            Text("At most {most} people can be tagged.", most=MAX_COLLABORATORS),
            path=("collaboratorIds",),
        )
    if new:
        blocking = await _check_new(project, new, wanted, visible, untagged=rows.keys() - tagged)
        now = clock.now()
        await ProjectCollaborator.bulk_create(
            [
                ProjectCollaborator(
                    project_id=project.id,
                    profile_id=number,
                    tagged_at=now,
                    untagged_at=now if number in blocking else None,
                )
                for number in new
            ]
        )
    removed = (tagged & visible) - set(once)
    if removed:
        await ProjectCollaborator.filter(project_id=project.id, profile_id__in=removed).delete()
    return bool(new or removed)


async def notify_tagged(owner_id: int) -> None:
    """
    Notify everyone who is tagged on a published project of this owner and was not notified yet. Does nothing while the
    owner is hidden. The caller must have locked the owner's score row.
    Requires a transaction.
    """
    require_transaction()
    if not await Profile.exists(id=owner_id, listed=True):
        return
    waiting: Any = ProjectCollaborator.filter(
        project__owner_id=owner_id, project__state=ProjectState.PUBLISHED, untagged_at=None, told_at=None
    )
    rows = await waiting.order_by("id").values("id", "project_id", "profile_id")
    if rows:
        await ProjectCollaborator.filter(id__in=[row["id"] for row in rows]).update(told_at=clock.now())
        await change_feed.publish_all(
            [
                change_feed.person_entry(row["profile_id"], PersonKind.COLLABORATOR_TAGGED, project=row["project_id"])
                for row in rows
            ]
        )


async def untag(profile_id: int, project_id: int) -> None:
    """
    Untag oneself from a project, permanently. Repeating it changes nothing. Raises Refused: NOT_FOUND (never tagged, or the
    project is not visible: a draft, or its owner is hidden).
    """
    found: Any = Project.filter(id=project_id, state=ProjectState.PUBLISHED, owner__listed=True)
    async with in_transaction():
        owner_id = await found.values_list("owner_id", flat=True)
        await lock_score_rows([profile_id, *owner_id])
        row = None
        if await found.exists():  # again under the lock
            row = await ProjectCollaborator.get_or_none(project_id=project_id, profile_id=profile_id)
        if row is None or row.untagged_at == row.tagged_at:
            raise refused(ErrorCode.NOT_FOUND, "You are not tagged on such a project.", path=("projectId",))
        if row.untagged_at is None:
            row.untagged_at = max(clock.now(), row.tagged_at + MIN_TAG_TIME)
            await row.save(update_fields=["untagged_at"])


async def remove_between(blocker_id: int, other_id: int) -> None:
    """
    Remove the tags of two people on each other's projects when one blocks the other. The caller must have locked both score
    rows. The other person cannot tag the blocker again, even after an unblock.
    Requires a transaction.
    """
    require_transaction()
    await ProjectCollaborator.filter(
        project_id__in=await _read_project_ids(blocker_id), profile_id=other_id, untagged_at=None
    ).delete()
    theirs = ProjectCollaborator.filter(
        project_id__in=await _read_project_ids(other_id), profile_id=blocker_id, untagged_at=None
    )
    now = clock.now()
    for row in await theirs:
        row.untagged_at = max(now, row.tagged_at + MIN_TAG_TIME)
        await row.save(update_fields=["untagged_at"])


async def _check_new(
    project: Project, new: Sequence[int], wanted: Sequence[int], visible: set[int], *, untagged: set[int]
) -> set[int]:
    """Return those of `new` who have blocked the owner. Raises Refused for those who cannot be tagged."""
    owner_id: int = project.owner_id
    by_owner: Any = Block.filter(blocker_id=owner_id, blocked_id__in=new).values_list("blocked_id", flat=True)
    by_them: Any = Block.filter(blocker_id__in=new, blocked_id=owner_id).values_list("blocker_id", flat=True)
    blocked, blocking = set(await by_owner), set(await by_them)
    problems = []
    for number in new:
        code, message = ErrorCode.NOT_FOUND, Text("There is no such profile.")
        if number == owner_id:
            code, message = ErrorCode.NOT_YOURSELF, Text("You cannot be tagged on your own project.")
        elif number in visible and number in blocked:
            code, message = ErrorCode.BLOCKED, Text("You have blocked this person. Unblock them first.")
        elif number in visible and number in untagged:
            code, message = ErrorCode.NOT_TAGGABLE, Text("This person cannot be tagged on this project.")
        elif number in visible:
            continue
        problems.append(Problem(code, message, ("collaboratorIds", str(wanted.index(number)))))
    if problems:
        raise Refused(*problems)
    return blocking


async def _listed(profile_ids: set[int]) -> set[int]:
    rows: Any = Profile.filter(id__in=profile_ids, listed=True).values_list("id", flat=True)
    return set(await rows) if profile_ids else set()


async def _read_project_ids(owner_id: int) -> list[int]:
    rows: Any = Project.filter(owner_id=owner_id).values_list("id", flat=True)
    return list(await rows)
