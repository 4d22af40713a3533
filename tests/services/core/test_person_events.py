"""The events of one person, read from a position on: each once, none missed, in order."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest

from models.database import Database
from models.notices import Notice
from services.core import change_feed, clock, person_events
from services.core.change_feed import PersonKind, person_entry
from services.core.person_events import Position
from settings import Settings
from tests.conftest import CountStatements
from tests.helpers.factories import make_person
from tests.helpers.transactions import committed


async def tell(profile_id: int, *levels: int) -> None:
    await committed(
        change_feed.publish_all([person_entry(profile_id, PersonKind.LEVEL, level=level) for level in levels])
    )


async def read(database: Database, profile_id: int, position: Position) -> tuple[list[int], Position]:
    """The levels of all events after a position, and the position after them."""
    levels: list[int] = []
    while found := await person_events.after(database, profile_id, position):
        levels += [each.entry.facts["level"] for each in found]
        position = found[-1].position
    return levels, position


async def test_events_come_in_order_from_now_on_and_only_the_persons(database: Database) -> None:
    ada, ben = (await make_person()).own_profile_id, (await make_person()).own_profile_id
    await tell(ada, 1, 2)
    start = await person_events.now(database)
    assert await read(database, ada, start) == ([], start)
    await tell(ada, 3, 4)
    await tell(ben, 5)
    await tell(ada, 6)
    levels, position = await read(database, ada, start)
    assert levels == [3, 4, 6] and (await read(database, ada, position))[0] == []
    assert (await read(database, ben, start))[0] == [5]


async def test_reading_goes_on_after_any_event(database: Database, count_statements: CountStatements) -> None:
    # given: 300 events of one transaction, and 20 of another
    ada = (await make_person()).own_profile_id
    start = await person_events.now(database)
    await tell(ada, *range(300))
    await tell(ada, *range(300, 320))
    # when
    positions: list[Position] = []
    position = start
    while found := await person_events.after(database, ada, position):
        assert len(found) <= person_events.MAX_EVENTS
        positions += [each.position for each in found]
        position = found[-1].position
    # then: from each position exactly the rest
    assert len(positions) == 320
    for nth in (0, 98, 99, 100, 150, 299, 300, 318, 319):
        assert (await read(database, ada, positions[nth]))[0] == list(range(nth + 1, 320))
    with count_statements() as seen:
        await person_events.after(database, ada, positions[-1])
    assert seen.total == (1 if database.dialect == "sqlite" else 2)


@pytest.mark.postgres_only
async def test_a_slow_transaction_is_read_once_from_wherever_one_goes_on(
    database: Database, settings: Settings
) -> None:
    # given: a transaction that writes first and commits last
    ada = (await make_person()).own_profile_id
    start = await person_events.now(database)
    slow = await asyncpg.connect(settings.database_url)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(
            "INSERT INTO notice (xid, topic, profile_id, facts, at) SELECT pg_current_xact_id()::text::bigint, 'PERSON', $1,"
            " jsonb_build_object('kind', 'LEVEL', 'level', n), now() FROM generate_series(1, 3) n",
            ada,
        )
        await tell(ada, 4, 5)
        first = await person_events.after(database, ada, start)
        assert [each.entry.facts["level"] for each in first] == [4, 5]
        await transaction.commit()
    finally:
        await slow.close()
    await tell(ada, 6)
    # then: the slow ones come, wherever the reader stopped, and nothing comes twice
    assert (await read(database, ada, first[1].position))[0] == [1, 2, 3, 6]
    assert (await read(database, ada, first[0].position))[0] == [5, 1, 2, 3, 6]
    rest = await person_events.after(database, ada, first[1].position)
    assert (await read(database, ada, rest[1].position))[0] == [3, 6]


@pytest.mark.postgres_only
async def test_readers_that_stop_and_go_on_while_many_write_get_each_event_once(database: Database) -> None:
    # given
    ada = (await make_person()).own_profile_id
    start = await person_events.now(database)
    writing = asyncio.gather(*(tell(ada, *range(20 * nth, 20 * nth + 20)) for nth in range(20)))
    # when: each goes on after one event of what it got, so that every step is a new start
    got: list[int] = []
    position, step = start, 0
    while not writing.done() or await person_events.after(database, ada, position):
        found: Sequence[person_events.PersonEvent] = await person_events.after(database, ada, position)
        step += 1
        kept = found[: 1 + step % 7]
        got += [each.entry.facts["level"] for each in kept]
        position = kept[-1].position if kept else position
    await writing
    # then
    assert sorted(got) == list(range(400))


async def test_a_position_knows_when_what_follows_may_be_deleted(database: Database) -> None:
    position = await person_events.now(database)
    assert position.is_stored
    with clock.frozen(clock.now() + change_feed.CHANGE_RETENTION):
        assert not position.is_stored


async def test_a_deleted_event_does_not_give_its_id_to_another(database: Database) -> None:
    ada = (await make_person()).own_profile_id
    await tell(ada, 1)
    position = await person_events.now(database)
    with clock.frozen(clock.now() + timedelta(days=1)):
        await change_feed.forget_old(clock.now())
    assert await Notice.all().count() == 0
    await tell(ada, 2)
    assert (await read(database, ada, position))[0] == [2]
