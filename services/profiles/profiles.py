"""Profiles: creation, and the columns that follow from visibility and accounts."""

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
from services.portfolio import listing
from services.profiles import handles
from services.progress import search_words

MAX_SUFFIX, MAX_WITH_SUFFIX = 12, 50
"""Characters of the suffix that distinguishes namesakes, and of the handle before it."""


@dataclass(frozen=True)
class NewPerson:
    """A profile to create. `details` are further columns of the profile table; codes are those of the catalogue."""

    name: str
    joined_on: date
    handle: str = ""
    """The preferred handle; empty: derived from the name. A taken handle gets a suffix."""
    key: str = ""
    """The person's id in another system, used as a readable suffix of the handle; empty: a random suffix."""
    visibility: Visibility = Visibility.PRIVATE
    company_id: int | None = None
    details: dict[str, Any] = field(default_factory=dict)
    skills: Sequence[str] = ()
    industries: Sequence[str] = ()


async def create_people(people: Sequence[NewPerson]) -> list[int]:
    """
    Create profiles and their score rows; returns their ids in order.

    No account has claimed them yet, so a public profile is listed at once. Raises IntegrityError if a concurrent writer
    took a handle.
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
    if await handles.owners_of_former(chosen):  # a concurrent change reserved it after _free_handles
        raise IntegrityError("A concurrent change of a handle reserved one of these handles.")
    ids = await lookup(Profile, "id", column="handle", keys=chosen)
    created = [ids[handle] for handle in chosen]
    await insert(
        [Score(profile_id=number, listed=profile.listed) for number, profile in zip(created, profiles, strict=True)]
    )
    await insert(
        [
            ProfileSkill(profile_id=number, skill=code)
            for number, person in zip(created, people, strict=True)
            for code in dict.fromkeys(person.skills)
        ]
    )
    await insert(
        [
            ProfileIndustry(profile_id=number, industry=code)
            for number, person in zip(created, people, strict=True)
            for code in dict.fromkeys(person.industries)
        ]
    )
    await search_words.add(
        [
            search_words.Found(number, profile.name, profile.handle, profile.job_title)
            for number, profile in zip(created, profiles, strict=True)
            if profile.listed
        ]
    )
    listed = {number: True for number, profile in zip(created, profiles, strict=True) if profile.listed}
    await change_feed.publish_all(change_feed.scores_changed(list(listed), listed))
    return created


async def _free_handles(people: Sequence[NewPerson]) -> list[str]:
    candidates = [_candidate_handles(person) for person in people]
    taken = await handles.taken({handle for each in candidates for handle in each})
    chosen = []
    for each in candidates:
        free = next((handle for handle in each if handle not in taken), None)
        free = free or f"{each[0][:MAX_WITH_SUFFIX]}-{secrets.token_hex(6)}"
        taken.add(free)
        chosen.append(free)
    return chosen


def _candidate_handles(person: NewPerson) -> list[str]:
    """Handles to try, best first. None of them contains what may be an email address."""
    first = handles.from_name(person.handle) or handles.from_name(person.name) or handles.random_handle()
    suffix = handles.from_name(person.key)[:MAX_SUFFIX].strip("-")
    return [first, f"{first[:MAX_WITH_SUFFIX]}-{suffix}"] if suffix else [first]


async def refresh_visibility(profile_ids: Iterable[int]) -> None:
    """
    Update the columns that follow from a profile's visibility and its accounts: active, listed, company. Call it in the
    transaction that changes visibility or accounts.

    The score row is locked first, as for events, because only an active profile earns points. All processes are notified
    of profiles that are or were listed, to update boards and other caches.
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
        active = [account for account in own if account.status is AccountStatus.ACTIVE]
        profile.active = bool(active) or not own
        profile.listed = profile.active and profile.visibility is Visibility.PUBLIC
        if own:
            profile.company_id = active[0].company_id if active else own[0].company_id
        await profile.save(update_fields=["active", "listed", "company_id"])
        score = scores[profile.id]
        if score.listed != profile.listed:
            score.listed = flips[profile.id] = profile.listed
            await score.save(update_fields=["listed"])
    await search_words.index(flips)
    await listing.refresh_owners(flips)
    # Also profiles that stay listed: their accounts decide on which company's board they are.
    on_boards = [number for number in ids if number in flips or scores[number].listed]
    await change_feed.publish_all(change_feed.scores_changed(on_boards, flips))
