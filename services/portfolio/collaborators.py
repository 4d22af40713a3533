"""
Who worked on a project: named by its owner, told once it is published, and free to take their name off.

Whoever took it off stays off: the row is kept. A tag shows only on a published project, and only of people who can be
seen. Whoever writes holds the score row of the project's owner, so that all that happens to a project comes one after the
other. Rule: docs/rules/portfolio.md#collaborators.
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
from services.progress.scores import lock_scores_only

MAX_COLLABORATORS: Final = 30
SHORTEST: Final = timedelta(microseconds=1)
"""
How long a tag stands at least before it is taken off. One that was taken off in the moment it was put on never stood: its
person had blocked the owner, who alone sees it.
"""
MOST_NAMED: Final = 200
"""Names that are looked at: a project that came with an import may have more collaborators, and keeps them."""


async def count_new_names(project_id: int | None, wanted: Sequence[int], actor: Actor) -> None:
    """
    Count whom a call would newly name on a project (None: on a new one), before its transaction: no lock waits for the
    counting. More than can be named are not counted: `name` refuses them. Raises Refused: RATE_LIMITED.
    Must not run in a transaction.
    """
    forbid_transaction()
    once = set(wanted)
    rows: Any = ProjectCollaborator.filter(project_id=project_id or 0, profile_id__in=once)
    named = {row.profile_id for row in await rows if row.untagged_at in {None, row.tagged_at}} if once else set()
    new = once - named
    if 0 < len(new) <= MAX_COLLABORATORS:
        await rate_limits.spend("tag-collaborators", by=[f"account:{actor.account_id}"], cost=len(new))


async def name(project: Project, wanted: Sequence[int]) -> bool:
    """
    Let these profiles be the collaborators of a project; returns True if that changed anything. The caller has locked the score
    rows of its owner and of all of `wanted`.

    Who is hidden now keeps the tag: the owner cannot see it, so cannot have meant it. Who has blocked the owner is named for
    the owner's eyes alone, who does not learn of the block. Raises Refused, one problem for each of `wanted` that is wrong,
    by its place: NOT_YOURSELF, NOT_FOUND (hidden, or never there), BLOCKED (by the owner), NOT_TAGGABLE (took the name off
    before); TOO_MANY_ITEMS. `count_new_names` comes before.
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
            path=("collaborators",),
        )
    if new:
        blocking = await _check(project, new, wanted, visible, off=rows.keys() - tagged)
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
    gone = (tagged & visible) - set(once)
    if gone:
        await ProjectCollaborator.filter(project_id=project.id, profile_id__in=gone).delete()
    return bool(new or gone)


async def tell(owner_id: int) -> None:
    """
    Let everybody hear of it who was named on a published project of this owner and has not heard yet; nobody, while the
    owner is hidden. The caller has locked the owner's score row.
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
    Take one's own name off a project, for good; again changes nothing. Raises Refused: NOT_FOUND (never named on it, or it
    cannot be seen: a draft, a hidden owner's).
    """
    found: Any = Project.filter(id=project_id, state=ProjectState.PUBLISHED, owner__listed=True)
    async with in_transaction():
        owner_id = await found.values_list("owner_id", flat=True)
        await lock_scores_only([profile_id, *owner_id])
        row = None
        if await found.exists():  # again under the lock
            row = await ProjectCollaborator.get_or_none(project_id=project_id, profile_id=profile_id)
        if row is None or row.untagged_at == row.tagged_at:
            raise refused(ErrorCode.NOT_FOUND, "You are not tagged on such a project.", path=("project",))
        if row.untagged_at is None:
            row.untagged_at = max(clock.now(), row.tagged_at + SHORTEST)
            await row.save(update_fields=["untagged_at"])


async def part(blocker_id: int, other_id: int) -> None:
    """
    Undo what two people named each other on, as one of them blocks the other: with both score rows
    locked. The other cannot put the blocker's name back, not even after an unblocking.
    Requires a transaction.
    """
    require_transaction()
    await ProjectCollaborator.filter(
        project_id__in=await _own(blocker_id), profile_id=other_id, untagged_at=None
    ).delete()
    theirs = ProjectCollaborator.filter(project_id__in=await _own(other_id), profile_id=blocker_id, untagged_at=None)
    now = clock.now()
    for row in await theirs:
        row.untagged_at = max(now, row.tagged_at + SHORTEST)
        await row.save(update_fields=["untagged_at"])


async def _check(
    project: Project, new: Sequence[int], wanted: Sequence[int], visible: set[int], *, off: set[int]
) -> set[int]:
    """Raise Refused for those who cannot be named; answers who of the others has blocked the owner."""
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
        elif number in visible and number in off:
            code, message = ErrorCode.NOT_TAGGABLE, Text("This person cannot be tagged on this project.")
        elif number in visible:
            continue
        problems.append(Problem(code, message, ("collaborators", str(wanted.index(number)))))
    if problems:
        raise Refused(*problems)
    return blocking


async def _listed(profile_ids: set[int]) -> set[int]:
    rows: Any = Profile.filter(id__in=profile_ids, listed=True).values_list("id", flat=True)
    return set(await rows) if profile_ids else set()


async def _own(owner_id: int) -> list[int]:
    rows: Any = Project.filter(owner_id=owner_id).values_list("id", flat=True)
    return list(await rows)
