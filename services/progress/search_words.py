"""Search words of listed people: written in the transaction that changes a name, a title or the visibility."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NamedTuple

from tortoise.transactions import in_transaction

from models.profiles import Profile, ProfileWord
from models.statements import Statement, execute_each
from models.transactions import forbid_transaction, require_transaction
from services.media import search_tokenizer

PROFILES_PER_BATCH = 1_000
"""Profiles per transaction of `rebuild`; other writers run between two transactions."""


class Found(NamedTuple):
    """A listed person, and the texts that are searched."""

    profile_id: int
    name: str
    handle: str
    job_title: str


async def index(profile_ids: Iterable[int]) -> None:
    """
    Replace the words of these profiles by those of their current rows; hidden people have none.

    Call it after the profiles were written. Three statements for any number of people. The rows are locked, so that two
    concurrent changes of a person do not both leave their words. Requires a transaction.
    """
    require_transaction()
    ids = sorted(set(profile_ids))
    if not ids:
        return
    # Whole rows: Tortoise does not lock with `values()`.
    people = await Profile.filter(id__in=ids).order_by("id").select_for_update(no_key=True)
    await ProfileWord.filter(profile_id__in=ids).delete()
    await add([Found(each.id, each.name, each.handle, each.job_title) for each in people if each.listed])


async def add(people: Sequence[Found]) -> None:
    """Insert the words of listed people who have none yet, in one statement. Requires a transaction."""
    require_transaction()
    rows = [
        [person.profile_id, word, place]
        for person in people
        for word, place in search_tokenizer.words_of_profile(person.name, person.handle, person.job_title).items()
    ]
    if not rows:
        return
    # Without model instances: an import writes half a million rows.
    await execute_each(_ADD, rows)


_ADD = Statement.of("INSERT INTO profile_word (profile_id, word, place) VALUES ($1, $2, $3)")


async def rebuild(*, after: int = 0) -> AsyncIterator[tuple[int, int]]:
    """
    Replace the words of all people, in order of id above `after`, 1,000 per transaction.

    Yields (last id, number of people) after each batch: an interrupted run can resume there. Repeating it changes
    nothing. Must not run in a transaction: each batch commits.
    """
    forbid_transaction()
    while True:
        async with in_transaction():
            ids: Any = (
                Profile.filter(id__gt=after).order_by("id").limit(PROFILES_PER_BATCH).values_list("id", flat=True)
            )
            batch = list(await ids)
            await index(batch)
        if not batch:
            return
        after = batch[-1]
        yield after, len(batch)
