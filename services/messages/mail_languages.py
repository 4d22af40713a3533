"""The language of messages to a person. docs/decisions/0016-languages.md gives the reasons."""

from collections.abc import Collection
from typing import Any

from catalogue import languages
from models.accounts import Account
from models.profiles import Profile


async def of_person(profile_id: int | None) -> str:
    """
    Return the language that a person has chosen. Without a choice or a profile, return that of the current request,
    English outside a request. Always one statement, so that its time does not reveal whose mailbox it is.
    """
    chosen: Any = Profile.filter(id=profile_id or 0).values_list("language", flat=True)
    return _first(await chosen)


async def of_people(profile_ids: Collection[int]) -> dict[int, str]:
    """Return `of_person` for each of these profiles, by id. One statement for all, also for none."""
    chosen: Any = Profile.filter(id__in=[*profile_ids] or [0]).values_list("id", "language")
    found = dict(await chosen)
    return {each: _first([found.get(each)]) for each in profile_ids}


async def of_account(account_id: int) -> str:
    """Return the language of an account's person, as `of_person` does."""
    chosen: Any = Account.filter(id=account_id).values_list("profile__language", flat=True)
    return _first(await chosen)


def _first(chosen: list[str | None]) -> str:
    return next((each for each in chosen if each in languages.LANGUAGES), languages.current_language())
