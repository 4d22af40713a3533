"""
Projects, and the tags of the two on projects of others.

The survivor's projects come first, then the source's. On a project of a third person the two are tagged once, and an untag of
their own stays; a tag of one on a project of the other disappears. A block also works between the tags of one of the two and
the projects of the other. Rules: docs/rules/accounts.md#merging-people, docs/rules/portfolio.md#collaborators.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from models.portfolio import Project, ProjectCollaborator, ProjectState
from models.profiles import Profile
from models.statements import Statement, execute, execute_rows, read_datetime
from models.transactions import require_transaction
from services.core import clock
from services.merging.blocks import Blocks, blocks_of
from services.merging.plan import Pair, StepPlan, TablePlan
from services.portfolio import collaborators, listing


@dataclass(frozen=True)
class _Tag:
    """A tag of `profile` on a project of `owner`. `untagged_at == tagged_at`: see MIN_TAG_TIME of services/portfolio/collaborators.py."""

    id: int
    profile: int
    project: int
    owner: int
    tagged_at: datetime
    untagged_at: datetime | None
    told_at: datetime | None
    published: bool

    @property
    def is_known(self) -> bool:
        """True if the person may know of it: on a published project, and not one that a block kept from them."""
        return self.published and self.untagged_at != self.tagged_at

    @property
    def is_untagged(self) -> bool:
        """True if the person removed it."""
        return self.untagged_at not in {None, self.tagged_at}


@dataclass
class _Decision:
    """
    `changed`: tags that stay with other times. `deleted`: ids of tags. The rest are counts of the two's own tags that the person may
    know of, because the preview shows them.
    """

    changed: list[_Tag] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    kept: int = 0
    moved: int = 0
    combined: int = 0
    lost: int = 0


async def plan(pair: Pair) -> StepPlan:
    """Count the projects, and the tags of the two on projects of others."""
    projects: Any = Project.filter(owner_id__in=pair).values_list("owner_id", flat=True)
    owners = list(await projects)
    tags = await _decide(pair, clock.now())
    return StepPlan(
        [
            TablePlan("project", kept=owners.count(pair.survivor), moved=owners.count(pair.source)),
            TablePlan("project_collaborator", kept=tags.kept, moved=tags.moved, combined=tags.combined, lost=tags.lost),
        ]
    )


async def affected(pair: Pair) -> Collection[int]:
    """Return the owners of the projects on which the two are tagged: they may change the tags meanwhile."""
    rows: Any = ProjectCollaborator.filter(profile_id__in=pair).distinct().values_list("project__owner_id", flat=True)
    return list(await rows)


async def apply(pair: Pair, now: datetime) -> None:
    """
    Give the survivor the projects and tags. The counter of projects is counted again by `progress`. People on projects of the source
    that a public survivor makes visible are notified, as if it had been published now. Requires a transaction, with the score
    rows of both and of all `affected` people locked.
    """
    require_transaction()
    decision = await _decide(pair, now)
    if decision.deleted:
        await execute(_DELETE_TAGS, decision.deleted)
    await execute_rows(
        _CHANGE_TAGS, [(each.id, each.tagged_at, each.untagged_at, each.told_at) for each in decision.changed]
    )
    await ProjectCollaborator.filter(profile_id=pair.source).update(profile_id=pair.survivor)
    await execute(_NUMBER, *pair)
    await Project.filter(owner_id=pair.source).update(owner_id=pair.survivor)
    survivor = await Profile.get(id=pair.survivor)
    await listing.refresh_owners({survivor.id: survivor.listed})
    await collaborators.notify_tagged(survivor.id)


async def _decide(pair: Pair, now: datetime) -> _Decision:
    found, blocks = _Decision(), await blocks_of(pair)
    by_project: defaultdict[int, list[_Tag]] = defaultdict(list)
    for tag in _read(await execute(_OF_THE_TWO, *pair)):
        if tag.owner in pair:
            found.deleted.append(tag.id)
            found.lost += 1
        else:
            by_project[tag.project].append(tag)
    for tags in by_project.values():
        first = next((each for each in tags if each.profile == pair.survivor), tags[0])
        after = _united(first, tags)
        found.deleted += [each.id for each in tags if each is not first]
        ended = _end(
            found, first, after, blocked=first.owner in blocks.by_others, blocking=first.owner in blocks.by_own, now=now
        )
        known = [each for each in tags if each.is_known]
        if not known:
            continue
        found.combined += len(known) - 1
        if ended:
            found.lost += 1
        elif any(each.profile == pair.survivor for each in known):
            found.kept += 1
        else:
            found.moved += 1
    await _end_others_tags(found, pair, blocks, now)
    return found


def _united(first: _Tag, tags: Sequence[_Tag]) -> _Tag:
    """The tag with the times of both."""
    if len(tags) == 1:
        return first
    tagged_at = min(each.tagged_at for each in tags)
    untagged = [each.untagged_at for each in tags if each.is_untagged]
    stands = any(each.untagged_at is None for each in tags)
    untagged_at = min(filter(None, untagged)) if untagged else None if stands else tagged_at
    told_at = min((each.told_at for each in tags if each.told_at), default=None)
    return replace(first, tagged_at=tagged_at, untagged_at=untagged_at, told_at=told_at)


def _end(found: _Decision, before: _Tag, after: _Tag, *, blocked: bool, blocking: bool, now: datetime) -> bool:
    """
    End a tag as services/portfolio/collaborators.py: `remove_between` does: it is deleted if the owner has `blocked` the person, which
    returns True, and counts as untagged if the person is `blocking` the owner.
    """
    if blocked and after.untagged_at is None:
        found.deleted.append(before.id)
        return True
    if blocking and after.untagged_at is None:
        after = replace(after, untagged_at=max(now, after.tagged_at + collaborators.MIN_TAG_TIME))
    if after != before:
        found.changed.append(after)
    return False


async def _end_others_tags(found: _Decision, pair: Pair, blocks: Blocks, now: datetime) -> None:
    """End tags of people who were blocked by, or have blocked, the other of the two."""
    if people := [*{*blocks.by_own, *blocks.by_others}]:
        for tag in _read(await execute(_ON_THEIR_PROJECTS, *pair, people)):
            blocked = tag.profile in blocks.by_own
            _end(found, tag, tag, blocked=blocked, blocking=tag.profile in blocks.by_others, now=now)


def _read(rows: Iterable[dict[str, Any]]) -> list[_Tag]:
    return [
        _Tag(
            row["id"],
            row["profile_id"],
            row["project_id"],
            row["owner_id"],
            read_datetime(row["tagged_at"]),
            untagged_at=_moment(row["untagged_at"]),
            told_at=_moment(row["told_at"]),
            published=row["state"] == ProjectState.PUBLISHED.value,
        )
        for row in rows
    ]


def _moment(stored: datetime | str | None) -> datetime | None:
    return None if stored is None else read_datetime(stored)


_SELECT = """
    SELECT t.id, t.profile_id, t.project_id, p.owner_id, t.tagged_at, t.untagged_at, t.told_at, p.state
    FROM project_collaborator t JOIN project p ON p.id = t.project_id
"""
# Index: project_collaborator (profile_id, untagged_at, project_id).
_OF_THE_TWO = Statement.of(f"{_SELECT} WHERE t.profile_id IN ($1, $2) ORDER BY t.id")
# Index: project (owner_id, state, place, id); unique (project_id, profile_id).
_ON_THEIR_PROJECTS = Statement.of(f"{_SELECT} WHERE p.owner_id IN ($1, $2) AND t.profile_id = ANY($3) ORDER BY t.id")
_DELETE_TAGS = Statement.of("DELETE FROM project_collaborator WHERE id = ANY($1)")
_CHANGE_TAGS = Statement.over_rows(
    """
    UPDATE project_collaborator AS t SET tagged_at = n.tagged_at, untagged_at = n.untagged_at, told_at = n.told_at
    FROM {rows} n WHERE n.id = t.id
    """,
    id="bigint",
    tagged_at="timestamptz",
    untagged_at="timestamptz",
    told_at="timestamptz",
)
# From 1 on, because a new project has 0 and comes first.
_NUMBER = Statement.of("""
    UPDATE project SET place = n.place FROM (
        SELECT id, ROW_NUMBER() OVER (
            ORDER BY CASE WHEN owner_id = $1 THEN 1 ELSE 0 END, project.place, id DESC
        ) AS place FROM project WHERE owner_id IN ($1, $2)
    ) n WHERE n.id = project.id
""")
