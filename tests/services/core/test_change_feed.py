"""Notices: told once they are true, told to everybody, told once; never missed and never told of what was undone."""

# ruff: noqa: PT012 - an exception has to pass a transaction's end

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from catalogue.points import Category
from models.accounts import AccountStatus
from models.database import Database, opened
from models.notices import Notice
from models.profiles import Profile, Visibility
from services.core import change_feed, clock
from services.core.change_feed import FeedBatch, Follower, PersonKind, Topic, follower, publish
from services.points.corrections import penalize, reverse
from services.points.ledger import record_many
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.profiles import profiles
from settings import Settings
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, event, give, make_person, make_profile
from tests.helpers.transactions import committed


class Undone(Exception):
    """Undoes a transaction."""


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self, of: Follower, *topics: Topic) -> None:
        self.news: list[FeedBatch] = []
        self.stops = [of.on(topic, self.news.append) for topic in topics or Topic]

    @property
    def facts(self) -> list[Any]:
        return [told.facts for news in self.news for told in news.entries]


@pytest.fixture
async def here(database: Database) -> Follower:
    """This process's reader, after its first look."""
    reader = follower(database)
    await reader.catch_up()
    return reader


@pytest.fixture
async def elsewhere(settings: Settings, database: Database) -> AsyncIterator[Follower]:
    """Another process's reader: nothing that this one writes is known to it beforehand."""
    async with opened(settings) as other:
        reader = Follower(other)
        await reader.poll()
        yield reader


async def test_what_is_committed_is_told_here_at_once_and_only_once(here: Follower) -> None:
    heard = Heard(here)
    async with in_transaction():
        await committed(publish(Topic.BADGES, facts={"n": 1}))
        await here.catch_up()
        assert heard.facts == []
    await here.catch_up()
    await here.catch_up()
    await here.poll()
    assert heard.facts == [{"n": 1}]


async def test_what_is_undone_is_never_told(here: Follower, elsewhere: Follower) -> None:
    heard, there = Heard(here), Heard(elsewhere)
    with pytest.raises(Undone):
        async with in_transaction():
            await committed(publish(Topic.BADGES, facts={"n": 1}))
            raise Undone
    async with in_transaction():
        with pytest.raises(Undone):
            async with in_transaction():
                await publish(Topic.BADGES, facts={"n": 2})
                raise Undone
        await publish(Topic.BADGES, facts={"n": 3})
    await here.catch_up()
    await elsewhere.poll()
    assert heard.facts == there.facts == [{"n": 3}]


async def test_another_process_hears_it_at_its_next_look(elsewhere: Follower) -> None:
    heard = Heard(elsewhere, Topic.SCORES)
    await committed(publish(Topic.SCORES, facts={"profiles": [5]}))
    await committed(publish(Topic.BADGES))
    await elsewhere.poll()
    assert [(len(news.entries), news.everything) for news in heard.news] == [(1, False)]
    assert heard.facts == [{"profiles": [5]}]
    told = heard.news[0].entries[0]
    assert (told.topic, told.profile_id) == (Topic.SCORES, None)
    assert abs(clock.now() - told.at) < timedelta(seconds=10)


async def test_nothing_from_before_the_first_look_is_told(database: Database) -> None:
    await committed(publish(Topic.BADGES, facts={"n": 1}))
    reader = Follower(database)
    heard = Heard(reader)
    await reader.poll()
    await committed(publish(Topic.BADGES, facts={"n": 2}))
    await reader.poll()
    assert heard.facts == [{"n": 2}]


async def test_one_batch_keeps_the_order_of_writing(here: Follower) -> None:
    heard = Heard(here)
    async with in_transaction():
        for number in range(20):
            await publish(Topic.BADGES, facts={"n": number})
    await here.catch_up()
    assert len(heard.news) == 1
    assert heard.facts == [{"n": number} for number in range(20)]


async def test_a_listener_that_fails_keeps_nobody_else_from_hearing(here: Follower) -> None:
    def fail(_: FeedBatch) -> None:
        raise Undone

    here.on(Topic.BADGES, fail)
    heard = Heard(here, Topic.BADGES)
    await committed(publish(Topic.BADGES, facts={"n": 1}))
    await here.catch_up()
    assert heard.facts == [{"n": 1}]


async def test_whoever_has_left_hears_nothing_more(here: Follower) -> None:
    heard, other = Heard(here, Topic.BADGES), Heard(here, Topic.BADGES)
    heard.stops[0]()
    heard.stops[0]()
    await committed(publish(Topic.BADGES))
    await here.catch_up()
    assert (len(heard.news), len(other.news)) == (0, 1)


async def test_whoever_slept_longer_than_notices_are_kept_is_told_that_anything_may_have_changed(
    here: Follower,
) -> None:
    heard = Heard(here, Topic.BADGES)
    await committed(publish(Topic.BADGES, facts={"n": 1}))
    with clock.frozen(clock.now() + change_feed.MAX_READER_LAG + timedelta(minutes=1)):
        await here.poll()
        assert [(news.entries, news.everything) for news in heard.news] == [([], True)]
        await committed(publish(Topic.BADGES, facts={"n": 2}))
        await here.catch_up()
    assert (heard.facts, heard.news[-1].everything) == ([{"n": 2}], False)


@pytest.fixture
def looks(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this process's reader has asked so far."""
    asked: list[str] = []
    poll = database.poll

    async def counted(text: str, *params: Any) -> Any:
        asked.append(text)
        return await poll(text, *params)

    monkeypatch.setattr(database, "poll", counted)
    return asked


async def test_catching_up_costs_nothing_when_there_is_nothing(
    here: Follower, looks: list[str], count_statements: CountStatements
) -> None:
    await committed(publish(Topic.BADGES))
    await here.catch_up()
    assert len(looks) == 1
    with count_statements() as seen:
        for _ in range(5):
            await here.catch_up()
    assert (len(looks), seen.total) == (1, 0)
    await committed(publish(Topic.BADGES))
    await here.catch_up()
    await here.catch_up()
    assert len(looks) == 2


async def test_old_notices_are_deleted(database: Database) -> None:
    with clock.frozen(NOON):
        await committed(publish(Topic.BADGES))
    with clock.frozen(NOON + timedelta(minutes=1)):
        await committed(publish(Topic.BADGES))
    assert await change_feed.forget_old(NOON + change_feed.CHANGE_RETENTION + timedelta(seconds=1)) == 1
    assert await Notice.all().count() == 1


async def test_a_reader_that_cannot_look_says_so_once_and_goes_on(
    here: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard(here, Topic.BADGES)

    async def broken(*_: Any, **__: Any) -> Sequence[Any]:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(here._reader, "read", broken)
        await here.keep_up()
        await here.keep_up()
    await committed(publish(Topic.BADGES, facts={"n": 1}))
    await here.keep_up()
    assert heard.facts == [{"n": 1}]


# PostgreSQL: ids come in the order of writing, not of committing


@pytest.mark.postgres_only
async def test_a_slow_transaction_with_a_smaller_id_is_not_missed(settings: Settings, elsewhere: Follower) -> None:
    heard = Heard(elsewhere)
    slow = await asyncpg.connect(settings.database)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(
            "INSERT INTO notice (xid, topic, facts, at)"
            " VALUES (pg_current_xact_id()::text::bigint, 'BADGES', '{\"n\": \"slow\"}', now())"
        )
        for number in range(3):
            await committed(publish(Topic.BADGES, facts={"n": number}))
            await elsewhere.poll()
        await elsewhere.poll()
        assert heard.facts == [{"n": 0}, {"n": 1}, {"n": 2}]
        await transaction.commit()
    finally:
        await slow.close()
    await elsewhere.poll()
    await elsewhere.poll()
    assert heard.facts == [{"n": 0}, {"n": 1}, {"n": 2}, {"n": "slow"}]
    await committed(publish(Topic.BADGES, facts={"n": 3}))
    await elsewhere.poll()
    assert heard.facts[4:] == [{"n": 3}]


@pytest.mark.postgres_only
async def test_what_was_undone_is_not_looked_for_for_ever(here: Follower, looks: list[str]) -> None:
    with pytest.raises(Undone):
        async with in_transaction():
            await committed(publish(Topic.BADGES))
            raise Undone
    await here.catch_up()
    await here.catch_up()
    assert len(looks) == 1


@pytest.mark.postgres_only
async def test_writers_and_readers_at_once_miss_and_repeat_nothing(here: Follower, elsewhere: Follower) -> None:
    heard, there = Heard(here), Heard(elsewhere)
    done = asyncio.Event()

    async def write(number: int) -> None:
        async with in_transaction():
            await publish(Topic.BADGES, facts={"n": number})
            await asyncio.sleep(0.001 * (number % 7))
        await here.catch_up()
        assert {"n": number} in heard.facts

    async def follow() -> None:
        while not done.is_set():
            await elsewhere.poll()

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(number) for number in range(60)))
    done.set()
    await following
    await elsewhere.poll()
    for facts in (heard.facts, there.facts):
        assert sorted(each["n"] for each in facts) == list(range(60))


# What the rules tell


async def told(topic: Topic) -> list[Any]:
    """Whom and what, leaving out what achievements tell on their own account."""
    rows = await Notice.filter(topic=topic.value).order_by("id")
    return [(row.profile_id, row.facts) for row in rows if row.facts.get("kind") not in {"BADGE", "CHALLENGE"}]


async def forget() -> None:
    await Notice.all().delete()


async def test_points_tell_every_process_and_the_person(database: Database) -> None:
    account = await make_person()
    ada = account.own_profile_id
    await forget()
    await give(ada, "ANSWER_ACCEPTED")
    assert await told(Topic.SCORES) == [(None, {"profiles": [ada]})]
    [(whose, facts)] = await told(Topic.PERSON)
    assert (whose, facts["kind"], facts["category"], facts["activity"]) == (ada, "POINTS", "FORUM", "ANSWER_ACCEPTED")
    assert facts["points"] > 0


async def test_a_higher_level_is_told_after_the_points_that_gave_it(database: Database) -> None:
    ada = (await make_person()).own_profile_id
    await forget()
    await record_many([event(ada, "ANSWER_ACCEPTED", occurred_at=NOON - timedelta(days=n)) for n in range(40)])
    kinds = [facts["kind"] for _, facts in await told(Topic.PERSON)]
    level = [facts for _, facts in await told(Topic.PERSON) if facts["kind"] == "LEVEL"]
    assert kinds[:-1] == ["POINTS"] * (len(kinds) - 1)
    assert len(level) == 1 and level[0]["level"] >= 1
    await forget()
    await give(ada, "UPVOTE_RECEIVED")
    assert [facts["kind"] for _, facts in await told(Topic.PERSON)] == ["POINTS"]


async def test_nobody_is_told_of_points_of_the_unclaimed_the_deactivated_or_for_nothing(database: Database) -> None:
    unclaimed = await make_profile()
    account = await make_person()
    ada = account.own_profile_id
    await forget()
    await give(unclaimed)
    await record_many([event(ada, counterpart_id=ada)])
    assert await told(Topic.PERSON) == []
    await type(account).filter(id=account.id).update(status=AccountStatus.DEACTIVATED)
    await committed(change_feed.publish_all([change_feed.person_entry(ada, PersonKind.BADGE, badge="X", level=1)]))
    assert await told(Topic.PERSON) == []


async def test_opening_balances_tell_nobody_in_person(database: Database) -> None:
    ada = (await make_person()).own_profile_id
    await forget()
    await record_opening_balances([OpeningBalance(ada, Category.FORUM, 50_000, "import", "1")])
    assert await told(Topic.SCORES) == [(None, {"profiles": [ada]})]
    assert await told(Topic.PERSON) == []


@pytest.mark.parametrize("shown", [True, False])
async def test_a_silent_penalty_is_never_told_and_neither_is_its_reversal(database: Database, *, shown: bool) -> None:
    ada = (await make_person()).own_profile_id
    await give(ada, "ANSWER_ACCEPTED", 5)
    await forget()
    await penalize(ada, Category.FORUM, 10, reason="Spam", shown=shown, external_id="1")
    await reverse("operator:penalties", "1")
    assert await told(Topic.SCORES) == [(None, {"profiles": [ada]})] * 2
    told_points = [facts["points"] for _, facts in await told(Topic.PERSON) if facts["kind"] == "POINTS"]
    assert told_points == ([-10, 10] if shown else [])


async def test_who_appears_and_who_leaves_is_told_with_it(database: Database) -> None:
    ada = await make_profile(public=True)
    await make_profile(public=False)
    assert await told(Topic.SCORES) == [(None, {"profiles": [ada], "listed": {str(ada): True}})]
    await forget()
    await Profile.filter(id=ada).update(visibility=Visibility.PRIVATE)
    async with in_transaction():
        await profiles.refresh_visibility([ada])
    assert await told(Topic.SCORES) == [(None, {"profiles": [ada], "listed": {str(ada): False}})]
    await forget()
    async with in_transaction():
        await profiles.refresh_visibility([ada])
    assert await told(Topic.SCORES) == []


async def test_thousands_of_people_are_told_in_pieces() -> None:
    new = change_feed.scores_changed(range(2_500), {2_400: True})
    assert [len(each.facts["profiles"]) for each in new] == [1_000, 1_000, 500]
    assert [each.facts.get("listed") for each in new] == [None, None, {"2400": True}]


async def test_a_batch_is_told_in_one_statement(database: Database, count_statements: CountStatements) -> None:
    people = [(await make_person()).own_profile_id for _ in range(3)]
    with count_statements() as seen:
        await record_many([event(each) for each in people for _ in range(4)])
    # one for sums, points and levels, one for badges
    assert len([text for text in seen.texts if "INTO notice" in text]) == 2
    assert len(await told(Topic.PERSON)) == 12


async def test_texts_of_any_kind_survive(here: Follower) -> None:
    ada = (await make_person()).own_profile_id
    await here.catch_up()
    heard = Heard(here, Topic.PERSON)
    await committed(
        change_feed.publish_all([change_feed.person_entry(ada, PersonKind.BADGE, badge="\"é\\ 😀'", level=1)])
    )
    await here.catch_up()
    assert heard.facts == [{"kind": "BADGE", "badge": "\"é\\ 😀'", "level": 1}]
    assert heard.news[0].entries[0].profile_id == ada
