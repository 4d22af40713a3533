"""Merges at the same moment: one is done, nothing is done twice, and nothing waits forever."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from models.accounts import Account
from models.audit import Origin
from models.database import Database
from models.merged_profiles import MergedProfile
from models.outbox import OutboxMessage
from models.ownership import OWNERSHIP
from models.profile_merges import MergeState, ProfileMerge
from models.profiles import Profile
from services.accounts import recovery_email
from services.auth import sessions
from services.auth.principals import Client
from services.core import change_feed, clock
from services.core.audit import Actor
from services.errors import ErrorCode
from services.merging import completion, operations, preview
from services.merging.operations import Initiator
from services.merging.plan import Pair
from services.merging.preview import TABLE_TITLES
from tests.helpers.factories import make_person
from tests.helpers.second_factors import code_of
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("database", "unlimited")
LOST = {ErrorCode.MERGE_IN_PROGRESS, ErrorCode.MERGE_NOT_OPEN, ErrorCode.PREVIEW_OUTDATED, ErrorCode.SAME_PROFILE}


async def ready(survivor: Account, source: Account) -> tuple[Initiator, int, str]:
    """A merge whose preview was seen: who, which and the preview's hash."""
    secret = await sessions.begin(survivor.id, Client("192.0.2.1", "A browser"))
    facts = await sessions.authenticate(secret)
    assert facts and facts.session_id
    await sessions.elevate(facts.session_id)
    by = Initiator(survivor.id, facts.session_id, Actor(survivor.id, Origin.SESSION, "192.0.2.1"))
    merge_id = await operations.start(by, source.email)
    await ProfileMerge.filter(id=merge_id).update(state=MergeState.VERIFIED)
    shown = await committed(preview.of(Pair(source.own_profile_id, survivor.own_profile_id)))
    assert shown is not None
    return by, merge_id, shown.hash


async def at_once(*merges: tuple[Initiator, int, str]) -> Counter[Any]:
    """Complete all at the same moment; how often each code came, None for those that are done."""
    async with asyncio.timeout(30):
        return Counter(await asyncio.gather(*(code_of(completion.complete(*each)) for each in merges)))


async def of_merge(kind: str) -> int:
    return await OutboxMessage.filter(kind=kind).count()


async def test_the_same_merge_twenty_times(database: Database) -> None:
    ada, ben = await make_person(), await make_person()
    merge = await ready(ada, ben)
    assert await at_once(*[merge] * 20) == {None: 20}
    assert await of_merge("merge-done") == 2 and await MergedProfile.all().count() == 1


async def test_into_each_other() -> None:
    ada, ben = await make_person(), await make_person()
    codes = await at_once(await ready(ada, ben), await ready(ben, ada))
    assert codes[None] == 1 and set(codes) <= {None, *LOST}, codes
    assert await Profile.filter(id__in=[ada.profile_id, ben.profile_id]).count() == 1
    assert await MergedProfile.all().count() == 1 and await of_merge("merge-done") == 2


async def test_in_a_ring_of_three() -> None:
    people = [await make_person() for _ in range(3)]
    merges = [await ready(people[n], people[n - 1]) for n in range(3)]
    codes = await at_once(*merges, *merges)
    assert codes[None] == 2 and set(codes) <= {None, *LOST}, codes
    assert await Profile.filter(id__in=[each.profile_id for each in people]).count() == 2
    assert await Account.filter(profile_id=None).count() == 0


async def test_one_profile_wanted_by_many() -> None:
    ben = await make_person()
    merges = [await ready(await make_person(), ben) for _ in range(5)]
    codes = await at_once(*merges)
    assert codes[None] == 1 and set(codes) <= {None, *LOST}, codes


async def test_starting_and_cancelling_while_it_merges() -> None:
    ada, ben = await make_person(), await make_person()
    merge = await ready(ada, ben)
    by, merge_id, _ = merge
    theirs = await ready(ben, await make_person())
    async with asyncio.timeout(30):
        done = await asyncio.gather(
            code_of(completion.complete(*merge)),
            code_of(operations.start(by, "nobody@people.example", "a key")),
            code_of(operations.start(theirs[0], "nobody@people.example", "a key")),
            code_of(operations.cancel(by, merge_id)),
            code_of(operations.verify_code(by, merge_id, "1")),
        )
    assert done[0] in {None, ErrorCode.MERGE_NOT_OPEN} and (done[1], done[2]) == (None, None)
    assert (await Profile.filter(id=ben.profile_id).exists()) is (done[0] is not None)


async def test_a_crash_leaves_both_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    ada, ben = await make_person(), await make_person()
    merge = await ready(ada, ben)

    async def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr(change_feed, "publish", fails)
        with pytest.raises(RuntimeError):
            await completion.complete(*merge)
    assert await Profile.filter(id__in=[ada.profile_id, ben.profile_id]).count() == 2
    assert (await ProfileMerge.get()).state is MergeState.VERIFIED and await of_merge("merge-done") == 0
    assert await at_once(merge) == {None: 1}


async def test_the_preview_shows_the_tables_that_people_know() -> None:
    ada, ben = await make_person(), await make_person()
    shown = await committed(preview.of(Pair(ben.own_profile_id, ada.own_profile_id)))
    assert shown is not None
    planned = {each.table for each in shown.plan.tables}
    not_shown = {
        "account", "imported_person", "merged_profile", "notice", "once_award", "outbox_message", "profile", "profile_change", "profile_counter",
        "profile_word", "score", "session",
    }  # fmt: skip
    assert planned - TABLE_TITLES.keys() <= not_shown, "a new table gets a title, or is here"
    assert TABLE_TITLES.keys() <= {each.table for each in OWNERSHIP}


async def test_old_merges_are_forgotten() -> None:
    ada, now = await make_person(), clock.now()
    by = Initiator(ada.id, 0, Actor(ada.id, Origin.SESSION))
    for state, days in ((MergeState.DONE, 29), (MergeState.DONE, 30), (MergeState.STARTED, 1), (MergeState.STARTED, 0)):
        merge_id = await operations.start(by, "nobody@people.example")
        await ProfileMerge.filter(id=merge_id).update(state=state, started_at=now - timedelta(days=days))
    assert await operations.forget_old(now) == 2
    assert await ProfileMerge.filter(state=MergeState.DONE).count() == await ProfileMerge.all().count() - 1 == 1


async def test_an_address_that_is_no_longer_of_the_source_proves_nothing() -> None:
    ada, ben = await make_person(), await make_person()
    other = await make_person()
    await Account.filter(id=other.id).update(profile_id=ben.profile_id)
    await recovery_email.set_by_operator(ben.id, "ben@home.example")
    choices = {}

    async def proven_by(name: str) -> ErrorCode | None:
        merge = await ready(ada, ben)
        row = await ProfileMerge.get(id=merge[1])
        for place, choice in enumerate(operations.choices_of(row)):
            choices["recovery" if choice.recovery else "other" if choice.account == other.id else "typed"] = place
        await ProfileMerge.filter(id=row.id).update(proven_choice=choices[name])
        if name == "recovery":
            await recovery_email.set_by_operator(ben.id, "someone@home.example")
        else:
            await Account.filter(id=other.id).update(profile_id=(await make_person()).profile_id)
        by, merge_id, _ = merge
        shown = await committed(preview.of(Pair(ben.own_profile_id, ada.own_profile_id)))
        assert shown is not None
        return await code_of(completion.complete(by, merge_id, shown.hash))

    assert await proven_by("recovery") is ErrorCode.MERGE_NOT_OPEN
    assert await proven_by("other") is ErrorCode.MERGE_NOT_OPEN
    assert await MergedProfile.all().count() == 0
