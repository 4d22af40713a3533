"""The words by which listed people are found: kept in the transaction of whatever changes a name, a title or a listing."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NamedTuple

from tortoise.transactions import in_transaction

from models.profiles import Profile, ProfileWord
from models.statements import Statement, execute_each
from models.transactions import forbid_transaction, require_transaction
from services.media import search_tokenizer

PROFILES_PER_BATCH = 1_000
"""People of one transaction of `rebuild`: other writers get their turn between two."""


class Found(NamedTuple):
    """A listed person, and the texts that they are found by."""

    profile_id: int
    name: str
    handle: str
    job_title: str


async def index(profile_ids: Iterable[int]) -> None:
    """
    Write anew the words of these profiles, from what their rows say now; hidden people keep none.

    Call it after the profiles were written. Three statements, however many people. The rows are
    locked, so that two who change one person do not both leave their words.
    Requires a transaction.
    """
    require_transaction()
    ids = sorted(set(profile_ids))
    if not ids:
        return
    # Whole rows: Tortoise locks none when it is asked for values.
    people = await Profile.filter(id__in=ids).order_by("id").select_for_update(no_key=True)
    await ProfileWord.filter(profile_id__in=ids).delete()
    await add([Found(each.id, each.name, each.handle, each.job_title) for each in people if each.listed])


async def add(people: Sequence[Found]) -> None:
    """Write the words of listed people who have none yet, in one statement. Requires a transaction."""
    require_transaction()
    rows = [
        [person.profile_id, word, place]
        for person in people
        for word, place in search_tokenizer.words_of_profile(person.name, person.handle, person.job_title).items()
    ]
    if not rows:
        return
    # No model instances: an import writes half a million of these.
    await execute_each(_ADD, rows)


_ADD = Statement.of("INSERT INTO profile_word (profile_id, word, place) VALUES ($1, $2, $3)")


async def rebuild(*, after: int = 0) -> AsyncIterator[tuple[int, int]]:
    """
    Write anew everybody's words, in order of id from beyond `after`, each thousand in a transaction of its own.

    Yields after each (the last id done, how many people it was): broken off there, it can go on from there. Running
    it again changes nothing.
    Must not run in a transaction.
    """
    forbid_transaction()
    while True:
        async with in_transaction():
            ids: Any = (
                Profile.filter(id__gt=after).order_by("id").limit(PROFILES_PER_BATCH).values_list("id", flat=True)
            )
            step = list(await ids)
            await index(step)
        if not step:
            return
        after = step[-1]
        yield after, len(step)
