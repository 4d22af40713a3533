"""
Publishing a profile: its checklist, and the checklist items that a public profile cannot lose.

Rule: docs/rules/profiles.md#publish-checklist; docs/rules/points.md (points that are given once per profile: complete
your profile, make it public).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final
from uuid import uuid4

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.points import OnceAward
from models.profile_changes import ChangedField
from models.profiles import Profile, ProfileIndustry, ProfileSkill, Visibility
from models.transactions import require_transaction
from services.core import audit, clock, rate_limits
from services.core.audit import Actor, Change
from services.errors import ErrorCode, Problem, Refused, refused
from services.points.ledger import SYSTEM_SOURCE, ActivityEvent, record, record_many
from services.portfolio import collaborators
from services.profiles import profile_changes
from services.profiles.profiles import refresh_visibility
from services.progress.scores import lock_scores

PROFILE_COMPLETED, PROFILE_PUBLISHED = "PROFILE_COMPLETED", "PROFILE_PUBLISHED"
"""Activities of catalogue/activities.toml, each given once per profile."""


class ChecklistItem(Enum):
    """What a profile needs before it can be published, in the order of the checklist."""

    AVATAR = "AVATAR"
    JOB_TITLE = "JOB_TITLE"
    DEPARTMENT = "DEPARTMENT"
    COUNTRY = "COUNTRY"
    ABOUT = "ABOUT"
    SKILL = "SKILL"
    INDUSTRY = "INDUSTRY"
    LOOKING_FOR = "LOOKING_FOR"


CompletedItems = frozenset[ChecklistItem]
ITEM_MESSAGES: Final = {
    ChecklistItem.AVATAR: Text("Add an avatar."),
    ChecklistItem.JOB_TITLE: Text("Enter a job title."),
    ChecklistItem.DEPARTMENT: Text("Enter a department."),
    ChecklistItem.COUNTRY: Text("Choose your country of residence."),
    ChecklistItem.ABOUT: Text("Add some details about you."),
    ChecklistItem.SKILL: Text("Add at least one skill."),
    ChecklistItem.INDUSTRY: Text("Add at least one industry."),
    ChecklistItem.LOOKING_FOR: Text("Confirm whether you are looking for a job, a project, both or neither."),
}


async def lock_profile(profile_id: int) -> Profile:
    """
    Lock a profile until the caller's transaction ends: its score row first, as for events, then its own row.

    Raises Refused: NOT_FOUND.
    Requires a transaction.
    """
    require_transaction()
    await lock_scores([profile_id])
    profile = await Profile.select_for_update(no_key=True).get_or_none(id=profile_id)
    if profile is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such profile.")
    return profile


def completed_items(profile: Profile, *, skills: bool, industries: bool) -> CompletedItems:
    """The completed checklist items. `skills`, `industries`: the profile has at least one."""
    facts = {
        ChecklistItem.AVATAR: profile.avatar,
        ChecklistItem.JOB_TITLE: profile.job_title,
        ChecklistItem.DEPARTMENT: profile.department,
        ChecklistItem.COUNTRY: profile.country,
        ChecklistItem.ABOUT: profile.about,
        ChecklistItem.SKILL: skills,
        ChecklistItem.INDUSTRY: industries,
        ChecklistItem.LOOKING_FOR: profile.looking_for_confirmed,
    }
    return frozenset(item for item, completed in facts.items() if completed)


async def read_completed_items(profile: Profile) -> CompletedItems:
    """The completed checklist items. Indexes: unique (profile_id, skill), unique (profile_id, industry)."""
    return completed_items(
        profile,
        skills=await ProfileSkill.exists(profile_id=profile.id),
        industries=await ProfileIndustry.exists(profile_id=profile.id),
    )


async def completed_items_of(profile_id: int) -> CompletedItems:
    """The completed checklist items of a profile; none if there is no such profile."""
    profile = await Profile.get_or_none(id=profile_id)
    return frozenset() if profile is None else await read_completed_items(profile)


def lost_items(profile: Profile, before: CompletedItems, after: CompletedItems) -> list[ChecklistItem]:
    """
    The items that an edit must not undo: those of a public profile that were completed before. An imported public profile
    may lack items, and a private one may lose all.
    """
    if profile.visibility is not Visibility.PUBLIC:
        return []
    return [item for item in ChecklistItem if item in before and item not in after]


def item_required(item: ChecklistItem, path: tuple[str, ...] = ()) -> Problem:
    """The problem of an edit that would undo an item of a public profile."""
    return Problem(
        ErrorCode.CHECKLIST_ITEM_REQUIRED,
        Text(
            "A public profile needs this. {sentence} Or make the profile private first.",
            sentence=ITEM_MESSAGES[item],
        ),
        path,
        {"item": item},
    )


async def reward_completion(profile: Profile, after: CompletedItems) -> None:
    """
    Award the points for a complete profile when it is complete for the first time, public or private. The caller must
    have called `lock_profile`.
    Requires a transaction.
    """
    require_transaction()
    if len(after) == len(ChecklistItem):
        await _award_once(profile.id, PROFILE_COMPLETED)


async def reward_imported(joined: Mapping[int, datetime]) -> int:
    """
    Award imported profiles that are complete the points of a complete profile and, if public, of a published one.
    `joined`: the time of the events by profile id. Returns the number of complete profiles. No award is given twice. Five
    statements beside those of the events.
    """
    ids = list(joined)
    with_skills: Any = ProfileSkill.filter(profile_id__in=ids).distinct().values_list("profile_id", flat=True)
    with_industries: Any = ProfileIndustry.filter(profile_id__in=ids).distinct().values_list("profile_id", flat=True)
    skills, industries = set(await with_skills), set(await with_industries)
    awards: Any = OnceAward.filter(profile_id__in=ids, activity__in=[PROFILE_COMPLETED, PROFILE_PUBLISHED])
    awarded = set(await awards.values_list("profile_id", "activity"))
    complete = [
        profile
        for profile in await Profile.filter(id__in=ids).order_by("id")
        if len(completed_items(profile, skills=profile.id in skills, industries=profile.id in industries))
        == len(ChecklistItem)
    ]
    due = [
        (profile.id, activity)
        for profile in complete
        for activity in (PROFILE_COMPLETED, *([PROFILE_PUBLISHED] if profile.visibility is Visibility.PUBLIC else []))
    ]
    await record_many([_award(*each, joined[each[0]]) for each in due if each not in awarded])
    return len(complete)


async def publish(profile_id: int, *, actor: Actor) -> None:
    """
    Make a profile public, so that others see it and boards rank it; a public profile stays unchanged.

    The first time awards points. Raises Refused: CHECKLIST_ITEM_MISSING (one per item, fact `item`), RATE_LIMITED.
    """
    await rate_limits.spend("publish-profile", by=[f"account:{actor.account_id}"])
    async with in_transaction():
        # The lock makes edits wait, so that none can undo an item between the check and the commit.
        profile = await lock_profile(profile_id)
        if profile.visibility is Visibility.PUBLIC:
            return
        completed = await read_completed_items(profile)
        if missing := [item for item in ChecklistItem if item not in completed]:
            raise Refused(
                *(
                    Problem(ErrorCode.CHECKLIST_ITEM_MISSING, ITEM_MESSAGES[item], (), {"item": item})
                    for item in missing
                )
            )
        await _set_visibility(profile, Visibility.PUBLIC, actor)
        await reward_completion(profile, completed)
        await _award_once(profile.id, PROFILE_PUBLISHED)


async def unpublish(profile_id: int, *, actor: Actor) -> None:
    """Hide a profile from everyone else; a private profile stays unchanged. Its points and badges stay."""
    async with in_transaction():
        profile = await lock_profile(profile_id)
        if profile.visibility is not Visibility.PRIVATE:
            await _set_visibility(profile, Visibility.PRIVATE, actor)


async def _set_visibility(profile: Profile, visibility: Visibility, actor: Actor) -> None:
    change = Change(profile.visibility.value, visibility.value)
    profile.visibility = visibility
    await profile.save(update_fields=["visibility"])
    await refresh_visibility([profile.id])
    await profile_changes.record(profile.id, {ChangedField.VISIBILITY: change}, actor=actor)
    if visibility is Visibility.PUBLIC:
        await collaborators.notify_tagged(profile.id)  # for projects published while the profile was private
    await audit.record("profile.visibility-changed", actor=actor, account_id=actor.account_id, visibility=change)


async def _award_once(profile_id: int, activity: str) -> None:
    # Checked here, so that publishing again adds no DUPLICATE row to the ledger.
    if await OnceAward.exists(profile_id=profile_id, activity=activity):
        return
    await record(_award(profile_id, activity, clock.now()))


def _award(profile_id: int, activity: str, at: datetime) -> ActivityEvent:
    return ActivityEvent(
        activity=activity,
        profile_id=profile_id,
        occurred_at=at,
        source=SYSTEM_SOURCE,
        external_id=f"{activity.lower().replace('_', '-')}:{uuid4().hex}",
    )
