"""The boards once more, said plainly: everything read, everything counted, everything sorted. What live boards must equal."""

from datetime import date, timedelta
from typing import Any

from models.accounts import Account, AccountStatus
from models.database import Database
from models.points import EntryKind, PointEntry
from models.profiles import Profile, Visibility
from services.leaderboards import queries
from services.leaderboards.keys import Board, BoardKey, CompanyPeople, Period, Window, window_of
from services.progress.scores import microseconds

Ranked = tuple[int, int, int, int]
"""Rank, points, reached, profile."""


class Truth:
    """What the tables say, read once."""

    def __init__(self, ledger: Any, profiles: Any, accounts: Any) -> None:
        self.ledger = ledger
        taken_back = {entry.reverses_id for entry in ledger}
        self.deciding = {
            entry.id
            for entry in ledger
            if entry.kind is not EntryKind.REVERSAL and entry.shown and entry.id not in taken_back
        }
        own: dict[int, list[Any]] = {each.id: [] for each in profiles}
        for account in accounts:
            if account.profile_id is not None:
                own[account.profile_id].append(account)
        self.listed, self.companies = {}, {}
        for each in profiles:
            active = [account for account in own[each.id] if account.status is AccountStatus.ACTIVE]
            self.listed[each.id] = each.visibility is Visibility.PUBLIC and bool(active or not own[each.id])
            member_of = {account.company_id for account in active} if own[each.id] else {each.company_id}
            self.companies[each.id] = {CompanyPeople(one) for one in member_of - {None}}
            if each.company_id is not None:
                self.companies[each.id].add(CompanyPeople(each.company_id, shown=True))

    @classmethod
    async def read(cls) -> "Truth":
        return cls(await PointEntry.all(), await Profile.all(), await Account.all())

    def sums(self, board: Board, window: Window, *, until: date = date.max) -> dict[int, tuple[int, int]]:
        """Points and when they were reached, by profile."""
        found: dict[int, tuple[int, int]] = {}
        for entry in self.ledger:
            counts = (
                entry.awarded
                and (board is Board.OVERALL or entry.category.value == board.value)
                and entry.day < until
                and (
                    window.first is None
                    or (window.first <= entry.day <= window.last and entry.kind is not EntryKind.OPENING)
                )
            )
            if counts:
                points, reached = found.get(entry.profile_id, (0, 0))
                at = microseconds(entry.occurred_at) if entry.id in self.deciding else 0
                found[entry.profile_id] = points + entry.awarded, max(reached, at)
        return found

    def board(self, key: BoardKey, *, until: date = date.max) -> list[Ranked]:
        """Everybody on a board, in order."""
        sums = self.sums(key.board, key.window, until=until)
        standing = sorted(
            (-points, reached, who)
            for who, (points, reached) in sums.items()
            if points > 0 and self.listed[who] and (key.people is None or key.people in self.companies[who])
        )
        all_points = [-points for points, _, _ in standing]
        return [(all_points.index(-points) + 1, -points, reached, who) for points, reached, who in standing]

    def movement(self, key: BoardKey, day: Any) -> dict[int, int | None]:
        """Places gained since Monday, by profile."""
        monday = day - timedelta(days=day.weekday())
        window = key.window
        if window.period is Period.WEEK and window.first:
            window = window_of(Period.WEEK, window.first - timedelta(days=1))
        elif window.period is Period.LAST_30_DAYS and window.last == day:
            window = window_of(Period.LAST_30_DAYS, monday)
        then = {who: rank for rank, _, _, who in self.board(key._replace(window=window), until=monday)}
        return {who: then[who] - rank if who in then else None for rank, _, _, who in self.board(key)}


async def live(database: Database, key: BoardKey) -> list[Ranked]:
    """Everybody on a live board, walked through in small pages."""
    board = await queries.listing(database, key)
    found: list[Ranked] = []
    at = None
    while places := board.after(at, 4):
        found += [(each.rank, each.points, each.reached, each.profile_id) for each in queries.ranked(board, places)]
        at = places[-1].standing
    assert board.total == len(found)
    backward: list[Ranked] = []
    at = None
    while places := board.before(at, 3):
        backward = [
            (each.rank, each.points, each.reached, each.profile_id) for each in queries.ranked(board, places)
        ] + backward
        at = places[0].standing
    assert backward == found
    return found
