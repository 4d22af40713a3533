"""The live boards against the tables, whatever happens to those: docs/rules/leaderboards.md."""

import asyncio
import os
import sys
from asyncio import gather
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tortoise.transactions import in_transaction

from catalogue.points import Category
from models.accounts import Account, AccountStatus
from models.database import Database
from models.profiles import Profile, Visibility
from services.core import clock
from services.core.change_feed import follower
from services.errors import ErrorCode, Refused
from services.leaderboards import boards, queries
from services.leaderboards.keys import Board, BoardKey, CompanyPeople, Period, window_of
from services.merging.plan import Pair
from services.points.corrections import penalize, reverse
from services.points.ledger import record_many
from services.points.ledger_consistency import differences
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.profiles.profiles import refresh_visibility
from tests.helpers import merging
from tests.helpers.factories import event, give, make_company, make_person, make_profile
from tests.helpers.plain_boards import Truth, live

ACTIVITIES = ("ANSWER_ACCEPTED", "UPVOTE_RECEIVED", "DOWNVOTE_RECEIVED")
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)


def people_of(companies: list[int]) -> list[CompanyPeople]:
    """The members of these companies, and the people who show them."""
    return [CompanyPeople(each, shown=shown) for each in companies for shown in (False, True)]


async def equal(database: Database, companies: list[int], *, on: date | None = None) -> None:
    """Every board, period and company equals a plain recomputation."""
    truth, day = await Truth.read(), on or clock.today()
    for period in Period:
        for board in Board:
            for people in (None, *people_of(companies)):
                key = BoardKey(board, window_of(period, day), people)
                assert await live(database, key) == truth.board(key), key


async def moved_right(database: Database, companies: list[int]) -> None:
    truth = await Truth.read()
    for period in Period:
        for people in (None, *people_of(companies)):
            key = BoardKey(Board.OVERALL, window_of(period, clock.today()), people)
            on_it = await live(database, key)
            moved = await queries.movements(database, key, [(each[3], each[0]) for each in on_it])
            assert dict(zip([each[3] for each in on_it], moved, strict=True)) == truth.movement(key, clock.today()), key


_numbers = count(1)


class Storm:
    """Things that happen to a few people, at random."""

    def __init__(
        self, random: Random, now: datetime, people: list[Account], unclaimed: list[int], companies: list[int]
    ) -> None:
        self.random, self.people, self.unclaimed, self.companies = random, people, unclaimed, companies
        self.now = now + timedelta(days=random.randrange(7), hours=random.randrange(24))
        self.reported: list[str] = []
        self.pins: list[tuple[BoardKey, Any]] = []
        self.merges = self.merged_under_pins = 0

    def anybody(self) -> int:
        return self.random.choice([*(each.own_profile_id for each in self.people), *self.unclaimed])

    async def earn(self) -> None:
        ago = timedelta(days=self.random.choice([0, 0, 0, 1, 6, 8, 28, 29, 30, 40, 100]))
        events = [
            event(self.anybody(), self.random.choice(ACTIVITIES), occurred_at=self.now - ago)
            for _ in range(self.random.randint(1, 3))
        ]
        self.reported += [each.external_id for each in events]
        await record_many(events)

    async def take_back(self) -> None:
        if self.reported:
            await reverse("test", self.random.choice(self.reported))

    async def punish(self) -> None:
        await penalize(
            self.anybody(), self.random.choice(list(Category)), self.random.choice([1, 15, 40]),
            reason="x", shown=self.random.random() < 0.5, external_id=f"penalty:{next(_numbers)}",
        )  # fmt: skip

    async def open_a_balance(self) -> None:
        who = self.anybody()
        await record_opening_balances(
            [OpeningBalance(who, self.random.choice(list(Category)), 15, "archive", f"{next(_numbers)}")]
        )

    async def hide_or_show(self) -> None:
        who = self.anybody()
        async with in_transaction():
            await Profile.filter(id=who).update(visibility=self.random.choice(list(Visibility)))
            await refresh_visibility([who])

    async def in_or_out(self) -> None:
        account = self.random.choice(self.people)
        async with in_transaction():
            await Account.filter(id=account.id).update(status=self.random.choice(list(AccountStatus)))
            await refresh_visibility([account.own_profile_id])

    async def change_company(self) -> None:
        account = self.random.choice(self.people)
        async with in_transaction():
            await Account.filter(id=account.id).update(company_id=self.random.choice([None, *self.companies]))
            await refresh_visibility([account.own_profile_id])

    async def merge(self) -> None:
        source, survivor = self.anybody(), self.anybody()
        if source == survivor or len(self.people) + len(self.unclaimed) <= 4:
            return
        self.merges += 1
        self.merged_under_pins += any(source in [each[3] for each in then] for _, then in self.pins)
        await merging.merge(Pair(source, survivor))
        self.unclaimed = [each for each in self.unclaimed if each != source]
        for account in self.people:
            await account.refresh_from_db(["profile_id"])

    async def wait(self) -> None:
        self.now += self.random.choice(
            [timedelta(minutes=20), timedelta(hours=7), timedelta(days=1), timedelta(days=5)]
        )

    STEPS = (
        earn,
        earn,
        earn,
        take_back,
        punish,
        open_a_balance,
        hide_or_show,
        hide_or_show,
        in_or_out,
        change_company,
        merge,
        wait,
    )

    async def step(self, database: Database) -> None:
        self.now += timedelta(seconds=1)
        with clock.frozen(self.now):
            await self.random.choice(self.STEPS)(self)
        with clock.frozen(self.now):
            await self.look(database)

    async def look(self, database: Database) -> None:
        """Read one board, which may have been cached long ago, and every pinned one."""
        key = BoardKey(
            self.random.choice(list(Board)),
            window_of(self.random.choice(list(Period)), self.now.date()),
            self.random.choice([None, *people_of(self.companies)]),
        )
        truth = await Truth.read()
        assert await live(database, key) == truth.board(key), key
        self.pins = [
            (pinned, then) for pinned, then in self.pins if self.now - (pinned.at or MONDAY) <= timedelta(hours=1)
        ]
        for pinned, then in self.pins:
            seen = [each for each in then if truth.listed.get(each[3])]
            assert await live(database, pinned) == seen, pinned
            fresh = boards.Boards(database)  # another process
            try:
                assert await _pinned_by(fresh, pinned) == seen, pinned
            except Refused as refusal:  # a survivor was merged in turn
                assert refusal.problems[0].code is ErrorCode.SNAPSHOT_EXPIRED and self.merges > 1  # noqa: PT017
        if self.random.random() < 0.4 and key.people is None:
            self.pins.append((key._replace(at=self.now), truth.board(key)))
            self.now += timedelta(microseconds=1)


async def _pinned_by(other: boards.Boards, key: BoardKey) -> list[Any]:
    from services.leaderboards.snapshots import Snapshots

    pin = await Snapshots(other).get(key)
    return [
        (each.rank, each.points, each.reached, each.profile_id) for each in queries.ranked(pin, pin.after(None, 99))
    ]


async def test_boards_equal_the_tables_after_any_storm(database: Database) -> None:
    # given
    companies = [(await make_company(f"Company {n}")).id for n in range(2)]
    seen: dict[str, Any] = {"examples": 0, "pins": 0, "merged": 0, "now": MONDAY}

    @settings(
        max_examples=8,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(random=st.randoms(use_true_random=False), steps=st.integers(5, 30))
    async def each(random: Random, steps: int) -> None:
        with clock.frozen(seen["now"]):
            people = [await make_person(public=random.random() < 0.8) for _ in range(3)]
            unclaimed = [await make_profile(company_id=companies[n % 2]) for n in range(2)]
        storm = Storm(random, seen["now"], people, unclaimed, companies)
        for _ in range(steps):
            try:
                await storm.step(database)
            finally:
                seen["now"] = storm.now + timedelta(hours=1)  # time goes on, also from one example to the next
            seen["pins"] += len(storm.pins)
        with clock.frozen(storm.now):
            await equal(database, companies)
            await moved_right(database, companies)
            await equal(database, companies[:1], on=storm.now.date() - timedelta(days=35))
        seen["examples"] += 1
        seen["merged"] += storm.merged_under_pins

    # when
    await in_this_loop(each)
    # then
    assert seen["examples"] >= 8 and seen["pins"] > 0 and seen["merged"] > 0, seen
    assert [each async for each in differences()] == []


@pytest.mark.postgres_only
async def test_boards_equal_the_tables_while_many_write_and_read(database: Database) -> None:
    # given
    company = (await make_company()).id
    people = [await make_profile(f"P{n}", company_id=company if n % 2 else None) for n in range(12)]
    keys = [
        BoardKey(board, window_of(period, clock.today()), among)
        for board in (Board.OVERALL, Board.FORUM)
        for period in (Period.ALL_TIME, Period.LAST_30_DAYS, Period.WEEK)
        for among in (None, *people_of([company]))
    ]

    async def write(n: int) -> None:
        await give(people[n % 12], times=2, occurred_at=clock.now() - timedelta(hours=1))

    async def vanish(n: int) -> None:
        async with in_transaction():
            await Profile.filter(id=people[n]).update(visibility=Visibility.PRIVATE if n % 3 else Visibility.PUBLIC)
            await refresh_visibility([people[n]])

    async def read(n: int) -> None:
        for _ in range(4):
            board = await queries.listing(database, keys[n % len(keys)])
            places = board.after(None, 100)
            assert len({each.profile_id for each in places}) == len(places) == board.total
            assert [each.standing for each in places] == sorted(
                (each.standing for each in places), key=lambda standing: (-standing[0], standing[1], standing[2])
            )

    # when
    await gather(*(work(n) for n in range(12) for work in (write, read, vanish, write, read)))
    # then
    truth = await Truth.read()
    for key in keys:
        assert await live(database, key) == truth.board(key), key


async def test_what_another_process_writes_is_on_the_board(database: Database, settings: Any) -> None:
    # given a cached board
    ada = await make_profile()
    key = BoardKey(Board.OVERALL)
    assert await live(database, key) == []
    # when
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER_PROCESS, str(ada), env={**os.environ, "DATABASE_URL": settings.database_url}
    )
    assert await process.wait() == 0
    await follower(database).poll()  # the job of a serving process, each half second
    # then
    assert [each[:2] for each in await live(database, key)] == [(1, 15)]


OTHER_PROCESS = """
import asyncio, sys
from datetime import UTC, datetime
from models.database import opened
from services.core.runtime import Runtime
from services.points.ledger import ActivityEvent, record
from settings import Settings

async def main():
    settings = Settings.from_environment()
    async with opened(settings) as database:
        with Runtime(settings, database).active():
            await record(ActivityEvent("ANSWER_ACCEPTED", int(sys.argv[1]), datetime.now(UTC), "other", "1"))

asyncio.run(main())
"""


async def test_a_slow_transaction_is_in_no_pin_of_an_earlier_moment(database: Database) -> None:
    """What was recorded before the moment and committed after it was fixed does not belong to it, in any process."""
    # given
    then = clock.now() - timedelta(minutes=1)
    with clock.frozen(then - timedelta(minutes=1)):
        ada, ben = await make_profile("Ada"), await make_profile("Ben")
        await give(ada)
    key = queries.key_of(Board.FORUM, Period.ALL_TIME, on=None, at=then, people=None)
    pinned = await live(database, key)
    assert [each[3] for each in pinned] == [ada]
    # when
    with clock.frozen(then - timedelta(seconds=1)):
        await give(ben, times=2)
    # then
    assert [each[3] for each in await live(database, key._replace(at=None))] == [ben, ada]
    assert await live(database, key) == pinned
    assert await _pinned_by(boards.Boards(database), key) == pinned


async def test_points_fall_out_of_the_last_30_days_at_midnight(database: Database) -> None:
    # given
    ada, ben = await make_profile(), await make_profile()
    evening = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
    with clock.frozen(evening):
        await give(ada, occurred_at=datetime(2026, 3, 2, 0, 0, tzinfo=UTC))
        await give(ben, occurred_at=datetime(2026, 3, 3, 0, 0, tzinfo=UTC))
        key = BoardKey(Board.FORUM, window_of(Period.LAST_30_DAYS, clock.today()))
        assert [each[3] for each in await live(database, key)] == [ada, ben]
    # when
    with clock.frozen(evening + timedelta(seconds=1)):
        after = BoardKey(Board.FORUM, window_of(Period.LAST_30_DAYS, clock.today()))
        fallen = await live(database, after)
    # then
    assert key.window.first == date(2026, 3, 2) and after.window.first == date(2026, 3, 3)
    assert [each[3] for each in fallen] == [ben]


async def in_this_loop(test: Any) -> None:
    """Let hypothesis drive a coroutine from a thread, in this loop: the database lives here."""
    loop, inner = asyncio.get_running_loop(), test.hypothesis.inner_test

    def drive(*args: Any, **kwargs: Any) -> None:
        asyncio.run_coroutine_threadsafe(inner(*args, **kwargs), loop).result()

    test.hypothesis.inner_test = drive
    await asyncio.to_thread(test)
