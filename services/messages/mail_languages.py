"""In which language a person is written to. Rule: docs/decisions/0016-languages.md."""

from collections.abc import Collection
from typing import Any

from catalogue import languages
from models.accounts import Account
from models.profiles import Profile


async def of_person(profile_id: int | None) -> str:
    """
    The language that a person has chosen; for one who has not, or is not known, that of the request that causes the
    mail: English where there is none. One statement in any case: its time tells nothing of whose mailbox that is.
    """
    chosen: Any = Profile.filter(id=profile_id or 0).values_list("language", flat=True)
    return _first(await chosen)


async def of_people(profile_ids: Collection[int]) -> dict[int, str]:
    """`of_person` of each of these profiles, by id. One statement for all of them, also for none."""
    chosen: Any = Profile.filter(id__in=[*profile_ids] or [0]).values_list("id", "language")
    found = dict(await chosen)
    return {each: _first([found.get(each)]) for each in profile_ids}


async def of_account(account_id: int) -> str:
    """The language of an account's person, as in `of_person`."""
    chosen: Any = Account.filter(id=account_id).values_list("profile__language", flat=True)
    return _first(await chosen)


def _first(chosen: list[str | None]) -> str:
    return next((each for each in chosen if each in languages.LANGUAGES), languages.current())
