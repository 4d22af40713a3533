"""What a process holds of the boards: tables of sums, the orders made of them, who is listed, who is in a company."""

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count
from typing import Final, NamedTuple

from services.leaderboards.history import Change
from services.leaderboards.keys import ALL_TIME, LedgerView
from services.leaderboards.orders import SortedRows
from services.leaderboards.tables import BOARDS, ZERO_SUMS, Sums, Table

LIVE: Final = LedgerView(ALL_TIME)
MOST_TABLES = 16
MOST_PEOPLE = 3_000_000
"""Rows of all tables together, that of all time apart; beyond either, the least recently read one is forgotten."""
MOST_COMPANIES = 64
_versions = count(1)


class Membership(NamedTuple):
    """Whether somebody is listed, and in which of the companies that are held."""

    listed: bool = False
    companies: frozenset[int] = frozenset()

    def among(self, company_id: int | None) -> bool:
        """Whether they rank among everyone (None) or in the company."""
        return self.listed and (company_id is None or company_id in self.companies)


class WindowTotals:
    """A table, and its orders by board and company."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.orders: list[dict[int | None, Ranking]] = [{} for _ in range(BOARDS)]

    def change(self, profile_id: int, sums: Sums, was: Membership, now: Membership, change: Change) -> None:
        """Set somebody's sums and move them in the orders in which that changes anything."""
        table = self.table
        row = table.row(profile_id)
        if row is None:
            if not any(sums):
                return
            row = table.add(profile_id)
        for place, orders in enumerate(self.orders):
            old = table.points[place][row], table.reached[place][row]
            new = sums[2 * place], sums[2 * place + 1]
            moved = []
            for company_id, live in orders.items():
                before = old[0] > 0 and was.among(company_id)
                after = new[0] > 0 and now.among(company_id)
                if before != after or (before and old != new):
                    moved.append((live, after))
                    if before:
                        live.order.remove(row)
            table.points[place][row], table.reached[place][row] = new
            for live, after in moved:
                if after:
                    live.order.insert(row)
                live.moved(change)


class Ranking:
    """An order that is kept true. `version` grows with every change, also over a time in which it was not held."""

    def __init__(self, order: SortedRows, changed: Change) -> None:
        self.order = order
        self.changed = changed
        self.version = next(_versions)
        self.pinned: tuple[int, datetime] | None = None
        """The version that a moment was found for last, and the moment."""

    def moved(self, change: Change) -> None:
        """Somebody came, left or moved."""
        self.version = next(_versions)
        self.changed = self.changed.later(change)


class State:
    """Everything held. It is thrown away as a whole when notices may have been missed."""

    def __init__(self) -> None:
        self.tables: OrderedDict[LedgerView, WindowTotals] = OrderedDict()
        self.companies: OrderedDict[int, set[int]] = OrderedDict()
        self.touched: list[set[int]] = []
        """For each build under way: whose sums, listing or company changed since it began."""
        self.flipped = array("q")
        """Everybody who appeared or left since everything is held, in the order of it."""
        self.moves: dict[int, int] = {}
        """For each company that is held: how often somebody came to it or left it."""
        self._listed = bytearray()

    def begin(self, table: Table, listed: bytearray) -> None:
        """Hold everybody's all-time sums, and whether they are listed, row by row."""
        self._listed = listed
        self.tables[LIVE] = WindowTotals(table)

    def listed(self, profile_id: int) -> bool:
        """Whether others see this person."""
        row = self.tables[LIVE].table.row(profile_id)
        return row is not None and bool(self._listed[row])

    def who(self, profile_id: int) -> Membership:
        """What decides on which boards somebody ranks, as it is held."""
        inside = frozenset(number for number, people in self.companies.items() if profile_id in people)
        return Membership(self.listed(profile_id), inside)

    def become(self, profile_id: int, now: Membership) -> None:
        """Remember what decides on which boards somebody ranks by now."""
        table = self.tables[LIVE].table
        row = table.row(profile_id)
        if row is None:
            row = table.add(profile_id, ZERO_SUMS)
            self._listed.append(0)
        if self._listed[row] != now.listed:
            self._listed[row] = now.listed
            self.flipped.append(profile_id)
        for number, people in self.companies.items():
            if (number in now.companies) != (profile_id in people):
                self.moves[number] = self.moves.get(number, 0) + 1
                (people.add if number in now.companies else people.discard)(profile_id)

    def ranked_rows(self, held: WindowTotals, place: int, company_id: int | None) -> Iterator[int]:
        """Rows of those who rank by this sum, in no order."""
        table = held.table
        points = table.points[place]
        if company_id is not None:
            for number in list(self.companies.get(company_id, ())):
                row = table.row(number)
                if row is not None and points[row] > 0 and self.listed(number):
                    yield row
        elif held is self.tables.get(LIVE):
            yield from (row for row in table.above_zero(place) if self._listed[row])
        else:
            yield from (row for row in table.above_zero(place) if self.listed(table.ids[row]))

    def touch(self, ids: Iterable[int]) -> None:
        """Tell every build under way who changes."""
        for touched in self.touched:
            touched.update(ids)

    def forget_touched(self, ids: set[int]) -> None:
        """Note no more in this very set."""
        self.touched = [each for each in self.touched if each is not ids]

    def used(self, cut: LedgerView, company_id: int | None) -> None:
        """Keep what was read last longest."""
        self.tables.move_to_end(cut)
        if company_id is not None:
            self.companies.move_to_end(company_id)

    def make_room(self) -> None:
        """Forget what has not been read for longest; never the all-time sums, and never what was read last."""
        while len(self.tables) > MOST_TABLES or (
            len(self.tables) > 2  # noqa: PLR2004 - all time, and the one just made
            and sum(len(held.table) for cut, held in self.tables.items() if cut != LIVE) > MOST_PEOPLE
        ):
            del self.tables[next(cut for cut in self.tables if cut != LIVE)]
        while len(self.companies) > MOST_COMPANIES:
            company_id, _ = self.companies.popitem(last=False)
            for held in self.tables.values():
                for orders in held.orders:
                    orders.pop(company_id, None)
