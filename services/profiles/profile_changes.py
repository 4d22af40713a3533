"""
The history of personal data: each change of a field, with who made it, when and from where.

An entry is written in the transaction of its change, so there is none without the other. Values are stored as they are:
texts up to a limit, codes of lists joined by commas. Of an avatar only that there is one. Rule: docs/rules/accounts.md#personal-data.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from models import versions
from models.accounts import Account
from models.profile_changes import ChangedField, ProfileChange
from models.profiles import Profile, ProfileIndustry, ProfileSkill
from models.transactions import require_transaction
from services.core import clock
from services.core.audit import Actor, Change
from services.core.bulk import insert

MAX_CHANGED_CHARACTERS: Final = 1_000
"""Characters stored of a value; a longer one ends with an ellipsis."""
MIGRATION: Final = "profile_changes"
"""Name of the migration that made the table, without its number."""

_TEXTS: Final = {
    ChangedField.ABOUT: "about",
    ChangedField.COUNTRY: "country",
    ChangedField.DEPARTMENT: "department",
    ChangedField.GITHUB: "github",
    ChangedField.HANDLE: "handle",
    ChangedField.JOB_TITLE: "job_title",
    ChangedField.LANGUAGE: "language",
    ChangedField.LINKEDIN: "linkedin",
    ChangedField.LOCATION: "location",
    ChangedField.MEETUP: "meetup",
    ChangedField.NAME: "name",
    ChangedField.RECOVERY_EMAIL: "recovery_email",
    ChangedField.SKYPE: "skype",
    ChangedField.TWITTER: "twitter",
    ChangedField.WEBSITE: "website",
}
"""Fields with a column of texts or codes in the profile."""

Values = dict[ChangedField, str | None]


def values_of(profile: Profile, *, skills: Sequence[str] = (), industries: Sequence[str] = ()) -> Values:
    """The values of a profile that a change of it may change, for `record_differences`."""
    answers = [
        word for word, chosen in (("JOB", profile.looking_for_job), ("PROJECT", profile.looking_for_project)) if chosen
    ]
    return {
        **{field: getattr(profile, name) or None for field, name in _TEXTS.items()},
        ChangedField.AVATAR: profile.avatar and f"PICTURE {profile.avatar}",
        ChangedField.INDUSTRIES: _joined(industries),
        ChangedField.LOOKING_FOR: (", ".join(answers) or "NEITHER") if profile.looking_for_confirmed else None,
        ChangedField.SKILLS: _joined(skills),
        ChangedField.VISIBILITY: profile.visibility.value,
    }


def united(one: str | None, other: str | None) -> str | None:
    """The value of a list with the codes of two such values."""
    return _joined({code for each in (one, other) if each for code in each.split(", ")})


def _joined(codes: Iterable[str]) -> str | None:
    return ", ".join(sorted(codes)) or None


async def read_values(profile_id: int) -> Values:
    """The values of a stored profile, with its lists: for writers that change many fields at once."""
    skills: Any = ProfileSkill.filter(profile_id=profile_id).values_list("skill", flat=True)
    industries: Any = ProfileIndustry.filter(profile_id=profile_id).values_list("industry", flat=True)
    return values_of(await Profile.get(id=profile_id), skills=await skills, industries=await industries)


async def record_differences(profile_id: int, before: Values, after: Values, *, actor: Actor) -> None:
    """
    Write an entry for each value that differs.
    Requires a transaction.
    """
    require_transaction()
    changes = {field: Change(before[field], new) for field, new in after.items() if before[field] != new}
    await record(profile_id, changes, actor=actor)


async def record(
    profile_id: int, changes: Mapping[ChangedField, Change], *, actor: Actor, account_id: int | None = None
) -> None:
    """
    Write an entry for each of these changes of a profile, or of one of its accounts.
    Requires a transaction.
    """
    require_transaction()
    await insert([_entry(profile_id, field, change, actor, account_id) for field, change in changes.items()])


async def record_account(account: Account, *, actor: Actor) -> None:
    """
    Write the entry of an account that was created on a profile.
    Requires a transaction.
    """
    require_transaction()
    created = {ChangedField.ACCOUNT: Change(None, account.email)}
    await record(account.own_profile_id, created, actor=actor, account_id=account.id)


async def record_many(changes: Mapping[int, Change], field: ChangedField, *, actor: Actor) -> None:
    """
    Write an entry for one changed field of each of these profiles.
    Requires a transaction.
    """
    require_transaction()
    await insert([_entry(profile_id, field, change, actor, None) for profile_id, change in changes.items()])


async def tracked_since(profile: Profile) -> datetime:
    """From when on the history of this profile is complete: its creation, or the migration that began the history if later."""
    began = await versions.applied_at(MIGRATION)
    return max(began, profile.created_at)


def _entry(profile_id: int, field: ChangedField, change: Change, actor: Actor, account_id: int | None) -> ProfileChange:
    return ProfileChange(
        profile_id=profile_id,
        account_id=account_id,
        actor_id=actor.account_id,
        at=clock.now(),
        origin=actor.origin,
        address=actor.address[:45],
        field=field,
        old=_stored(field, change.old),
        new=_stored(field, change.new),
    )


def _stored(field: ChangedField, value: object) -> str | None:
    if value is None:
        return None
    text = "PICTURE" if field is ChangedField.AVATAR else str(value)
    return text if len(text) <= MAX_CHANGED_CHARACTERS else f"{text[: MAX_CHANGED_CHARACTERS - 1]}…"
