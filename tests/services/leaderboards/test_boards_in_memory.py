"""The parts of live boards: periods, sorted rows, versions, and the limits of the cache."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.database import Database
from services.core import clock
from services.core.change_feed import FeedBatch
from services.leaderboards import boards, cache, sorted_rows
from services.leaderboards.keys import Board, BoardKey, CompanyPeople, Period, window_of
from services.leaderboards.tables import ZERO_SUMS, ScoreTable
from tests.helpers.factories import give, make_company, make_profile
from tests.helpers.plain_boards import Truth, live


@pytest.mark.parametrize(
    ("period", "day", "first", "last"),
    [
        (Period.WEEK, "2026-01-01", "2025-12-29", "2026-01-04"),
        (Period.WEEK, "2026-01-05", "2026-01-05", "2026-01-11"),
        (Period.MONTH, "2028-02-29", "2028-02-01", "2028-02-29"),
        (Period.MONTH, "2026-12-31", "2026-12-01", "2026-12-31"),
        (Period.QUARTER, "2026-11-21", "2026-10-01", "2026-12-31"),
        (Period.QUARTER, "2026-03-31", "2026-01-01", "2026-03-31"),
        (Period.YEAR, "2026-07-04", "2026-01-01", "2026-12-31"),
        (Period.LAST_30_DAYS, "2026-03-31", "2026-03-02", "2026-03-31"),
    ],
)
async def test_the_days_of_a_period(period: Period, day: str, first: str, last: str) -> None:
    window = window_of(period, date.fromisoformat(day))
    assert (window.first, window.last) == (date.fromisoformat(first), date.fromisoformat(last))


async def test_what_is_not_read_any_more_is_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(cache, "MAX_WINDOWS", 4)
    monkeypatch.setattr(cache, "MAX_COMPANIES", 2)
    await give(await make_profile(), occurred_at=clock.now() - timedelta(days=3))
    companies = [(await make_company(f"Company {n}")).id for n in range(4)]
    # when
    for n in range(12):
        key = BoardKey(
            Board.FORUM,
            window_of(Period.LAST_30_DAYS, clock.today() - timedelta(days=5 * n)),
            CompanyPeople(companies[n % 4]),
        )
        assert await live(database, key) == (await Truth.read()).board(key)
    # then
    state = boards.for_database(database).cached
    assert len(state.windows) == 4 and len(state.companies) == 2 and cache.ALL_TIME_VIEW in state.windows
    assert {company for each in state.windows.values() for rankings in each.rankings for company in rankings} <= set(
        state.companies
    ) | {None}


async def test_missed_notices_make_everything_anew(database: Database) -> None:
    # given
    ada = await make_profile()
    await give(ada)
    live_before = await boards.for_database(database).ranking(Board.FORUM)
    # when
    boards.for_database(database)._receive(FeedBatch((), everything=True))
    # then
    live_now = await boards.for_database(database).ranking(Board.FORUM)
    assert live_now is not live_before and live_now.version > live_before.version
    assert [each[3] for each in await live(database, BoardKey(Board.FORUM))] == [ada]


async def test_a_version_grows_with_every_change_and_with_nothing_else(database: Database) -> None:
    # given
    ada, hidden = await make_profile(), await make_profile(public=False)
    await give(ada)
    held_now = boards.for_database(database)
    forum, learning = (await held_now.ranking(Board.FORUM)).version, (await held_now.ranking(Board.LEARNING)).version
    # when nothing that is seen there changes
    await give(hidden)
    assert (await held_now.ranking(Board.FORUM)).version == forum
    # when something does
    await give(ada)
    # then
    assert (await held_now.ranking(Board.FORUM)).version > forum
    assert (await held_now.ranking(Board.LEARNING)).version == learning


people_ = st.dictionaries(st.integers(1, 60), st.tuples(st.integers(-3, 8), st.integers(0, 3)), max_size=60)


@given(start=people_, changes=st.lists(st.tuples(st.integers(1, 80), st.integers(-3, 8), st.integers(0, 3))))
def test_an_order_is_what_sorting_gives(start: Any, changes: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_rows, "MAX_BLOCK", 4)
        patch.setattr(sorted_rows, "ROWS_PER_SORT", 8)
        # given
        table, sums = ScoreTable(), dict(start)
        for number, (points, reached) in start.items():
            table.add(number, [points, reached, *ZERO_SUMS[2:]])
        order = sorted_rows.SortedRows(table, 0, sorted_rows.sort(table, 0, table.rows_with_points(0)))
        # when
        for number, points, reached in changes:
            _move(table, order, number, points, reached)
            sums[number] = points, reached
        # then
        right = sorted((-points, reached, number) for number, (points, reached) in sums.items() if points > 0)
        places = order.between(0, 1_000)
        assert [(-each.points, each.reached, each.profile_id) for each in places] == right
        assert order.total == len(right) and [each.position for each in places] == list(range(len(right)))
        for each in places:
            assert order.above(each.points) == sum(other.points > each.points for other in places)
            assert order.after(each.standing, 3) == places[each.position + 1 : each.position + 4]
            assert order.before(each.standing, 3) == places[max(0, each.position - 3) : each.position]


@given(start=people_, changes=st.lists(st.tuples(st.integers(1, 80), st.integers(-3, 8), st.integers(0, 3))))
def test_a_frozen_order_stays_as_it_was(start: Any, changes: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_rows, "MAX_BLOCK", 4)
        # given an order that is frozen after every few changes
        table, frozen = ScoreTable(), []
        for number, (points, reached) in start.items():
            table.add(number, [points, reached, *ZERO_SUMS[2:]])
        order = sorted_rows.SortedRows(table, 0, sorted_rows.sort(table, 0, table.rows_with_points(0)))
        # when
        for count, (number, points, reached) in enumerate(changes):
            if count % 3 == 0:
                standings = [each.standing for each in order.between(0, 1_000)]
                frozen.append((order.freeze(), standings, dict(_sums(table))))
            _move(table, order, number, points, reached)
        # then each is as it was, and the live order is right
        for each, standings, _ in frozen:
            assert [place.standing for place in each.between(0, 1_000)] == standings and each.total == len(standings)
            for place in each.between(0, 1_000):
                assert each.position_of(sorted_rows.sort_key(place.standing)) == place.position
        assert [each.standing for each in order.between(0, 1_000)] == sorted(
            ((points, reached, number) for number, (points, reached) in _sums(table).items() if points > 0),
            key=sorted_rows.sort_key,
        )
        # when one that was frozen late is put back to what an early one was
        if len(frozen) > 1:
            late, (_, standings, sums) = frozen[-1][0], frozen[0]
            for row, number in enumerate(table.ids):
                late.restore(row, *sums.get(number, (0, 0)))
            assert [each.standing for each in late.between(0, 1_000)] == standings


def _move(table: ScoreTable, order: sorted_rows.SortedRows, number: int, points: int, reached: int) -> None:
    row = table.row(number)
    if row is None:
        row = table.add(number)
    if table.points[0][row] > 0:
        order.remove(row)
    table.put(row, [points, reached, *ZERO_SUMS[2:]])
    if points > 0:
        order.insert(row)


def _sums(table: ScoreTable) -> dict[int, tuple[int, int]]:
    return {number: (table.points[0][row], table.reached[0][row]) for row, number in enumerate(table.ids)}
