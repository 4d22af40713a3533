"""Boards while profiles are merged, live and pinned: docs/rules/leaderboards.md#merged-profiles."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.accounts import Account
from models.database import Database
from models.profiles import Profile, Visibility
from services.core import clock
from services.errors import ErrorCode, Refused
from services.leaderboards import boards, queries, sql
from services.leaderboards.keys import Board, BoardKey, CompanyPeople, Period, window_of
from services.leaderboards.snapshots import Snapshots
from services.merging.plan import Pair
from services.points.corrections import reverse
from services.points.ledger import record
from services.profiles.profiles import refresh_visibility
from tests.helpers.factories import event, give, make_company, make_person
from tests.helpers.merging import merge
from tests.helpers.plain_boards import Ranked, Truth, live

NOW = datetime.fromisoformat("2026-03-11T15:00:00+00:00")
PERIODS = (Period.ALL_TIME, Period.LAST_30_DAYS, Period.WEEK)


class Community:
    """Eight people with ties among them, of whom some are merged; time goes on with each step."""

    def __init__(self) -> None:
        self.now, self.people = NOW, list[Account]()

    @classmethod
    async def make(cls) -> "Community":
        made = cls()
        with clock.frozen(made.now - timedelta(hours=3)):
            made.people = [await make_person() for _ in range(8)]
            for n, each in enumerate(made.people):
                await give(
                    each.own_profile_id,
                    "ANSWER_ACCEPTED",
                    1 + n // 2,
                    occurred_at=NOW - timedelta(days=1 + 20 * (n % 2)),
                )
                await give(each.own_profile_id, "RAPID_CERTIFIED", occurred_at=NOW - timedelta(days=2))
        return made

    def __getitem__(self, number: int) -> int:
        return self.people[number].own_profile_id

    async def then(self, work: Callable[[], Awaitable[Any]]) -> datetime:
        """Do something a minute later, and return a moment half a minute after it."""
        with clock.frozen(self.now + timedelta(seconds=30)):
            await work()
        self.now += timedelta(minutes=1)
        return self.now

    async def earn(self, number: int, times: int = 1) -> datetime:
        who = self[number]
        return await self.then(lambda: give(who, "ANSWER_ACCEPTED", times, occurred_at=self.now))

    async def merge(self, source: int, survivor: int) -> datetime:
        pair = Pair(self[source], self[survivor])
        after = await self.then(lambda: merge(pair))
        self.people[source] = self.people[survivor]
        return after


@pytest.fixture
async def community(database: Database) -> Community:
    return await Community.make()


async def rebuilt(database: Database, key: BoardKey) -> list[Ranked]:
    """The pinned board, made by another process that begins now."""
    board = await Snapshots(boards.Boards(database)).get(key)
    return [
        (each.rank, each.points, each.reached, each.profile_id) for each in queries.ranked(board, board.after(None, 99))
    ]


async def is_live(database: Database, people: CompanyPeople | None = None) -> None:
    truth = await Truth.read()
    for board in (Board.OVERALL, Board.FORUM, Board.LEARNING):
        for period in PERIODS:
            key = BoardKey(board, window_of(period, clock.today()), people)
            assert await live(database, key) == truth.board(key), key


async def pin(database: Database, at: datetime) -> dict[BoardKey, list[Ranked]]:
    """Every board as it is at this moment, snapshots made now."""
    truth, found = await Truth.read(), {}
    for board in (Board.OVERALL, Board.FORUM):
        for period in PERIODS:
            key = BoardKey(board, window_of(period, at.date()), at=at)
            found[key] = truth.board(key)
            assert await live(database, key) == found[key]
    return found


async def test_a_pinned_board_leaves_the_source_out_and_keeps_all_else(
    database: Database, community: Community
) -> None:
    # given pinned boards of several moments, also one that no process has made when the profiles are merged
    first = await community.earn(0, 2)
    with clock.frozen(first):
        before = await pin(database, first)
    second = await community.earn(7)
    with clock.frozen(second):
        truth = await Truth.read()
        unmade = {key._replace(at=second): truth.board(key._replace(at=second)) for key in before}
    # when a profile with points is merged into one with fewer, and the survivor goes on
    source, survivor = community[6], community[2]
    after = await community.merge(6, 2)
    later = await community.earn(2, 3)
    # then the live board has the sum
    with clock.frozen(later):
        await is_live(database)
        # and on both pinned boards everybody has the place that they had, except the source, who is on none
        for key, then in (*before.items(), *unmade.items()):
            seen = [each for each in then if each[3] != source]
            assert await live(database, key) == seen, key
            assert await rebuilt(database, key) == seen, key
            own = await queries.own(database, key, survivor)
            assert own and (own.rank, own.points, own.reached, own.profile_id) in seen
            moved = await queries.movements(database, key, [(survivor, own.rank), (community[5], 1)])
            assert moved[0] is None
        # and at a moment after the merge it is all the survivor's
        sum_of_both = await pin(database, later)
        for key, then in sum_of_both.items():
            assert source not in [each[3] for each in then]
            assert await rebuilt(database, key) == then
            assert await rebuilt(database, key._replace(at=after)) != []


async def test_who_was_hidden_stays_hidden_and_company_boards_have_the_people_of_today(
    database: Database, community: Community
) -> None:
    # given a hidden source, a hidden survivor, and people of a company
    company = (await make_company()).id
    async with in_transaction():
        await Account.filter(id__in=[community.people[n].id for n in (0, 4, 5)]).update(company_id=company)
        await Profile.filter(id__in=[community[1], community[3]]).update(visibility=Visibility.PRIVATE)
        await refresh_visibility([community[n] for n in range(6)])
    at = await community.earn(0)
    people = CompanyPeople(company)
    with clock.frozen(at):
        before = await pin(database, at)
        key = BoardKey(Board.FORUM, at=at, people=people)
        of_company = await live(database, key)
        assert {each[3] for each in of_company} == {community[0], community[4], community[5]}
    sources = community[1], community[7], community[5]
    points = {each[3]: each[1] for each in of_company}
    # when
    await community.merge(1, 0)
    await community.merge(7, 3)
    end = await community.merge(5, 2)
    # then
    with clock.frozen(end):
        await is_live(database)
        await is_live(database, people)
        for pinned, then in before.items():
            seen = [each for each in then if each[3] not in sources]
            assert await live(database, pinned) == await rebuilt(database, pinned) == seen
        # and the survivor, who has the source's account now, is one of the company, with the points of then
        now = await live(database, key)
        assert now == await rebuilt(database, key)
        assert {each[3] for each in now} == {community[0], community[4], community[2]}
        assert {each[1] for each in now if each[3] in points} == {points[community[0]], points[community[4]]}


async def test_several_merges_within_the_hour(database: Database, community: Community) -> None:
    # given one profile that was merged long ago, and a moment
    await community.merge(7, 6)
    community.now += timedelta(hours=2)
    at = await community.earn(6)
    with clock.frozen(at):
        before = await pin(database, at)
    unmade = [key._replace(at=at - timedelta(seconds=10)) for key in before]
    sources = community[6], community[5]
    # when two are merged into one, and that one later into another
    await community.merge(6, 4)
    between = await community.merge(5, 4)
    with clock.frozen(between):
        for key, then in before.items():
            seen = [each for each in then if each[3] not in sources]
            assert await live(database, key) == await rebuilt(database, key) == seen
        made_between = await pin(database, between)
    gone = community[4]
    end = await community.merge(4, 3)
    # then a snapshot that exists goes on, and so does every one of the time between
    with clock.frozen(end):
        await is_live(database)
        for key, then in before.items():
            assert await live(database, key) == [each for each in then if each[3] not in {*sources, gone}]
            # and one that would have to be made again is refused, never wrong
            with pytest.raises(Refused) as refusal:
                await rebuilt(database, key)
            assert refusal.value.problems[0].code is ErrorCode.SNAPSHOT_EXPIRED
        for key in unmade:
            with pytest.raises(Refused):
                await live(database, key)
        for key, then in made_between.items():
            assert (
                await live(database, key) == await rebuilt(database, key) == [each for each in then if each[3] != gone]
            )


async def test_points_that_are_taken_back_later_change_no_pinned_board(
    database: Database, community: Community
) -> None:
    # given an entry of the source, which a service reverses after the merge
    made = event(community[6], "ANSWER_ACCEPTED", occurred_at=community.now)
    at = await community.then(lambda: record(made))
    with clock.frozen(at):
        before = await pin(database, at)
    source = community[6]
    await community.merge(6, 2)
    end = await community.then(lambda: reverse(made.source, made.external_id))
    # then
    with clock.frozen(end):
        await is_live(database)
        for key, then in before.items():
            seen = [each for each in then if each[3] != source]
            assert await live(database, key) == await rebuilt(database, key) == seen


@pytest.mark.parametrize("known", ["source", "survivor"])
@pytest.mark.parametrize("read", ["scores_of", "sums_of"])
async def test_a_merge_during_a_read_shows_neither_both_nor_none(
    database: Database, community: Community, monkeypatch: pytest.MonkeyPatch, known: str, read: str
) -> None:
    # given boards of another process that read one of the two again, because of an event
    with clock.frozen(community.now + timedelta(hours=1)):
        await is_live(database)
        source, survivor = community[6], community[2]
        await give(source if known == "source" else survivor, "ANSWER_ACCEPTED", occurred_at=community.now)
        original: Any = getattr(sql, read)
        merged: list[Any] = []

        async def reading(*given: Any, **named: Any) -> Any:
            before = await original(*given, **named)
            if not merged:
                merged.append(True)
                await merge(Pair(source, survivor))
            return before

        monkeypatch.setattr(sql, read, reading)
        # when they are merged between two reads
        key = BoardKey(Board.FORUM)
        found = {each[3] for each in await live(database, key)}
        # then
        assert merged and source not in found and survivor in found
        await is_live(database)


async def test_a_merge_while_a_snapshot_is_made_is_not_in_it(
    database: Database, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a moment after which one of the two got points
    at = await community.earn(0)
    with clock.frozen(at):
        key = BoardKey(Board.FORUM, at=at)
        then = (await Truth.read()).board(key)
    await community.earn(2)
    original: Any = sql.sums_of
    merged: list[Any] = []

    async def reading(*given: Any, **named: Any) -> Any:
        if len(given) > 3 and not merged:  # at a moment
            merged.append(community[6])
            await merge(Pair(community[6], community[2]))
        return await original(*given, **named)

    monkeypatch.setattr(sql, "sums_of", reading)
    # when
    with clock.frozen(community.now + timedelta(minutes=1)):
        found = await live(database, key)
        # then
        assert merged and found == [each for each in then if each[3] not in merged]
        assert await rebuilt(database, key) == found
