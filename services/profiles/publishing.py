"""
Going public: what a profile needs for it, and what an edit of a public one may not take away.

Rule: docs/rules/profiles.md#publish-checklist and "Points" (once for life: complete your profile, make it public).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final
from uuid import uuid4

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.points import OnceAward
from models.profiles import Profile, ProfileIndustry, ProfileSkill, Visibility
from models.transactions import require_transaction
from services.core import audit, clock, rate_limits
from services.core.audit import Actor, Change
from services.errors import ErrorCode, Problem, Refused, refused
from services.points.ledger import SYSTEM_SOURCE, ActivityEvent, record, record_many
from services.portfolio import collaborators
from services.profiles.profiles import refresh_visibility
from services.progress.scores import lock_scores

COMPLETED, PUBLISHED = "PROFILE_COMPLETED", "PROFILE_PUBLISHED"
"""Activities of catalogue/activities.toml, each once for life."""


class ChecklistItem(Enum):
    """What a profile needs before it can be made public, in the order it is asked for."""

    AVATAR = "AVATAR"
    JOB_TITLE = "JOB_TITLE"
    DEPARTMENT = "DEPARTMENT"
    COUNTRY = "COUNTRY"
    ABOUT = "ABOUT"
    SKILL = "SKILL"
    INDUSTRY = "INDUSTRY"
    LOOKING_FOR = "LOOKING_FOR"


Done = frozenset[ChecklistItem]
SENTENCES: Final = {
    ChecklistItem.AVATAR: Text("Add an avatar."),
    ChecklistItem.JOB_TITLE: Text("Enter a job title."),
    ChecklistItem.DEPARTMENT: Text("Enter a department."),
    ChecklistItem.COUNTRY: Text("Choose your country of residence."),
    ChecklistItem.ABOUT: Text("Add some details about you."),
    ChecklistItem.SKILL: Text("Add at least one skill."),
    ChecklistItem.INDUSTRY: Text("Add at least one industry."),
    ChecklistItem.LOOKING_FOR: Text("Confirm whether you are looking for a job, a project, both or neither."),
}


async def locked(profile_id: int) -> Profile:
    """
    The profile, locked until the caller's transaction ends: its score row first, as for events, then itself.

    Raises Refused: NOT_FOUND (merged or deleted since the request began).
    Requires a transaction.
    """
    require_transaction()
    await lock_scores([profile_id])
    profile = await Profile.select_for_update().get_or_none(id=profile_id)
    if profile is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such profile.")
    return profile


def done_by(profile: Profile, *, skills: bool, industries: bool) -> Done:
    """What of the checklist is done by a profile of these columns that names some skill, some industry, or none."""
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
    return frozenset(item for item, there in facts.items() if there)


async def done(profile: Profile) -> Done:
    """What of the checklist is done. Indexes: unique (profile_id, skill), unique (profile_id, industry)."""
    return done_by(
        profile,
        skills=await ProfileSkill.exists(profile_id=profile.id),
        industries=await ProfileIndustry.exists(profile_id=profile.id),
    )


async def done_of(profile_id: int) -> Done:
    """What of the checklist is done by a profile; nothing where there is none."""
    profile = await Profile.get_or_none(id=profile_id)
    return frozenset() if profile is None else await done(profile)


def undone(profile: Profile, before: Done, after: Done) -> list[ChecklistItem]:
    """
    What an edit may not take from this profile: items of a public one that were done before. What an imported public
    profile never had may stay undone, and a private one may lose everything.
    """
    if profile.visibility is not Visibility.PUBLIC:
        return []
    return [item for item in ChecklistItem if item in before and item not in after]


def still_needed(item: ChecklistItem, path: tuple[str, ...] = ()) -> Problem:
    """Say that an edit of a public profile would undo an item."""
    return Problem(
        ErrorCode.CHECKLIST_ITEM_REQUIRED,
        Text(
            "A public profile needs this. {sentence} Or make the profile private first.",
            sentence=SENTENCES[item],
        ),
        path,
        {"item": item},
    )


async def reward_completion(profile: Profile, after: Done) -> None:
    """
    Give the points for a complete profile when it is complete for the first time, public or private. Inside the
    caller's transaction, which holds `locked`.
    Requires a transaction.
    """
    require_transaction()
    if len(after) == len(ChecklistItem):
        await _reward(profile.id, COMPLETED)


async def reward_imported(joined: Mapping[int, datetime]) -> int:
    """
    Give profiles that came complete from elsewhere the points of a complete profile and, where they are public, of a public
    one, dated as given by profile; returns to how many. Nothing is given twice. Five statements beside those of the events.
    """
    ids = list(joined)
    skilled: Any = ProfileSkill.filter(profile_id__in=ids).distinct().values_list("profile_id", flat=True)
    industrious: Any = ProfileIndustry.filter(profile_id__in=ids).distinct().values_list("profile_id", flat=True)
    skills, industries = set(await skilled), set(await industrious)
    awarded: Any = OnceAward.filter(profile_id__in=ids, activity__in=[COMPLETED, PUBLISHED])
    held = set(await awarded.values_list("profile_id", "activity"))
    complete = [
        profile
        for profile in await Profile.filter(id__in=ids).order_by("id")
        if len(done_by(profile, skills=profile.id in skills, industries=profile.id in industries)) == len(ChecklistItem)
    ]
    wanted = [
        (profile.id, activity)
        for profile in complete
        for activity in (COMPLETED, *([PUBLISHED] if profile.visibility is Visibility.PUBLIC else []))
    ]
    await record_many([_award(*each, joined[each[0]]) for each in wanted if each not in held])
    return len(complete)


async def publish(profile_id: int, *, actor: Actor) -> None:
    """
    Make a profile public, so that others see it and boards rank it; nothing happens to a public one.

    The first time gives its points. Raises Refused: CHECKLIST_ITEM_MISSING, once for each item with the fact `item`;
    RATE_LIMITED.
    """
    await rate_limits.spend("publish-profile", by=[f"account:{actor.account_id}"])
    async with in_transaction():
        # Edits wait: none may undo an item between this look at the list and the end.
        profile = await locked(profile_id)
        if profile.visibility is Visibility.PUBLIC:
            return
        there = await done(profile)
        if missing := [item for item in ChecklistItem if item not in there]:
            raise Refused(
                *(Problem(ErrorCode.CHECKLIST_ITEM_MISSING, SENTENCES[item], (), {"item": item}) for item in missing)
            )
        await _show_to(profile, Visibility.PUBLIC, actor)
        await reward_completion(profile, there)
        await _reward(profile.id, PUBLISHED)


async def make_private(profile_id: int, *, actor: Actor) -> None:
    """Hide a profile from everybody else; nothing happens to a private one. What it earned stays."""
    async with in_transaction():
        profile = await locked(profile_id)
        if profile.visibility is not Visibility.PRIVATE:
            await _show_to(profile, Visibility.PRIVATE, actor)


async def _show_to(profile: Profile, visibility: Visibility, actor: Actor) -> None:
    change = Change(profile.visibility.value, visibility.value)
    profile.visibility = visibility
    await profile.save(update_fields=["visibility"])
    await refresh_visibility([profile.id])
    if visibility is Visibility.PUBLIC:
        await collaborators.tell(profile.id)  # of projects that were published while the profile was private
    await audit.record("profile.visibility-changed", actor=actor, account_id=actor.account_id, visibility=change)


async def _reward(profile_id: int, activity: str) -> None:
    # Asked here, so that going public again leaves no row of an award that was not given.
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
