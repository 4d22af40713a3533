"""Profiles: how they come to be, and who sees them."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tortoise.exceptions import IntegrityError

from models.accounts import Account, AccountStatus
from models.points import Score
from models.profiles import Profile, ProfileIndustry, ProfileSkill, Visibility
from models.transactions import require_transaction
from services.core import change_feed, clock
from services.core.bulk import insert, lookup
from services.profiles import handles
from services.progress import search_words

MAX_SUFFIX, MAX_WITH_SUFFIX = 12, 50
"""Characters of what tells namesakes apart, and of a handle before it."""


@dataclass(frozen=True)
class NewPerson:
    """A profile to be made. `details` are further columns of the profile table; codes are the catalogues'."""

    name: str
    joined_on: date
    handle: str = ""
    """The wished one; empty: made from the name. A taken one gets a suffix."""
    key: str = ""
    """The person's id in another system, which tells namesakes apart in a readable way; empty: chance does."""
    visibility: Visibility = Visibility.PRIVATE
    company_id: int | None = None
    details: dict[str, Any] = field(default_factory=dict)
    skills: Sequence[str] = ()
    industries: Sequence[str] = ()


async def create_people(people: Sequence[NewPerson]) -> list[int]:
    """
    Make profiles, with their score rows, inside the caller's transaction; returns their ids in order.

    Nobody has claimed them yet, so a public one is listed at once. IntegrityError: another writer took a handle
    in the same moment.
    Requires a transaction.
    """
    require_transaction()
    chosen = await _free_handles(people)
    now = clock.now()
    profiles = [
        Profile(
            handle=handle,
            name=person.name,
            visibility=person.visibility,
            listed=person.visibility is Visibility.PUBLIC,
            company_id=person.company_id,
            joined_on=person.joined_on,
            created_at=now,
            **person.details,
        )
        for person, handle in zip(people, chosen, strict=True)
    ]
    await insert(profiles)
    if await handles.former(chosen):  # somebody had it, and changed theirs, since we looked
        raise IntegrityError("A handle was given away in the same moment.")
    ids = await lookup(Profile, "id", column="handle", keys=chosen)
    made = [ids[handle] for handle in chosen]
    await insert(
        [Score(profile_id=number, listed=profile.listed) for number, profile in zip(made, profiles, strict=True)]
    )
    await insert(
        [
            ProfileSkill(profile_id=n, skill=code)
            for n, p in zip(made, people, strict=True)
            for code in dict.fromkeys(p.skills)
        ]
    )
    await insert(
        [
            ProfileIndustry(profile_id=n, industry=code)
            for n, p in zip(made, people, strict=True)
            for code in dict.fromkeys(p.industries)
        ]
    )
    await search_words.add(
        [
            search_words.Found(number, profile.name, profile.handle, profile.job_title)
            for number, profile in zip(made, profiles, strict=True)
            if profile.listed
        ]
    )
    listed = {number: True for number, profile in zip(made, profiles, strict=True) if profile.listed}
    await change_feed.publish_all(change_feed.scores_changed(list(listed), listed))
    return made


async def _free_handles(people: Sequence[NewPerson]) -> list[str]:
    wishes = [_wishes(person) for person in people]
    taken = await handles.taken({wish for each in wishes for wish in each})
    chosen = []
    for each in wishes:
        free = next((wish for wish in each if wish not in taken), None)
        free = free or f"{each[0][:MAX_WITH_SUFFIX]}-{secrets.token_hex(6)}"
        taken.add(free)
        chosen.append(free)
    return chosen


def _wishes(person: NewPerson) -> list[str]:
    """Handles to try, the best first. What may be a mail address is in none of them."""
    first = handles.from_name(person.handle) or handles.from_name(person.name) or handles.neutral()
    suffix = handles.from_name(person.key)[:MAX_SUFFIX].strip("-")
    return [first, f"{first[:MAX_WITH_SUFFIX]}-{suffix}"] if suffix else [first]


async def refresh_visibility(profile_ids: Iterable[int]) -> None:
    """
    Set again what follows from a profile's visibility and its accounts: active, listed, shown company. Inside the
    transaction of whatever changed one of them.

    The score row is locked first, as for events: whether someone is active decides what they earn.
    Every process is told of those who are or were listed, for boards and whatever else is kept.
    Requires a transaction.
    """
    require_transaction()
    ids = sorted(set(profile_ids))
    scores = {
        score.pk: score for score in await Score.filter(profile_id__in=ids).order_by("profile_id").select_for_update()
    }
    accounts = await Account.filter(profile_id__in=ids).order_by("created_at", "id")
    flips: dict[int, bool] = {}
    for profile in await Profile.filter(id__in=ids):
        own = [account for account in accounts if account.profile_id == profile.id]
        alive = [account for account in own if account.status is AccountStatus.ACTIVE]
        profile.active = bool(alive) or not own
        profile.listed = profile.active and profile.visibility is Visibility.PUBLIC
        if own:
            profile.company_id = alive[0].company_id if alive else own[0].company_id
        await profile.save(update_fields=["active", "listed", "company_id"])
        score = scores[profile.id]
        if score.listed != profile.listed:
            score.listed = flips[profile.id] = profile.listed
            await score.save(update_fields=["listed"])
    await search_words.index(flips)
    # Also of those who stay listed: their accounts decide in which company's board they stand.
    on_boards = [number for number in ids if number in flips or scores[number].listed]
    await change_feed.publish_all(change_feed.scores_changed(on_boards, flips))
