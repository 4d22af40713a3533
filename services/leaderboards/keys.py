"""Keys of boards: what is compared, over which days, among which profiles, and at which moment."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final, NamedTuple

from services.points.opening_balances import OPENED_AT
from services.progress.scores import COLUMNS


class Board(Enum):
    """What is compared."""

    OVERALL = "OVERALL"
    FORUM = "FORUM"
    APP_STORE = "APP_STORE"
    PLATFORM = "PLATFORM"
    COMMUNITY = "COMMUNITY"
    LEARNING = "LEARNING"


class Period(Enum):
    """The days whose points count."""

    ALL_TIME = "ALL_TIME"
    LAST_30_DAYS = "LAST_30_DAYS"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


BOARD_COLUMNS: Final = {board: column for column, board in enumerate(Board)}
"""The column of each board's sum among the six of a profile."""
CATEGORY_COLUMNS: Final = {category.value: BOARD_COLUMNS[Board(category.value)] for category in COLUMNS}
FIRST_DAY: Final = OPENED_AT.date() + timedelta(days=1)
"""Opening balances are dated on the day before, so that they count in no period. No other entry is older than this day."""
ROLLING_DAYS: Final = 30


class Window(NamedTuple):
    """A period in the calendar (UTC), from its first to its last day. All time has neither."""

    period: Period
    first: date | None = None
    last: date | None = None


ALL_TIME: Final = Window(Period.ALL_TIME)


class LedgerView(NamedTuple):
    """The ledger's entries of a window. With `until`: only those of the days before it, by the time of the event."""

    window: Window
    until: date | None = None

    @property
    def is_complete(self) -> bool:
        """Return True if it contains all entries of the window."""
        return self.until is None


class CompanyPeople(NamedTuple):
    """
    The people of a company: those with an active account in it, for its members; or, `shown`, those whose profile shows this
    company, for everyone else. A person with accounts in two companies shows one of them.
    """

    company_id: int
    shown: bool = False


class BoardKey(NamedTuple):
    """
    One board: of a window, among everyone or the people of a company, live or as it was `at` a moment.

    `chosen_by_client`: the client named the moment, so a cursor must be of the same moment. Otherwise the moment is that
    of the request, and it accepts a cursor of any moment.
    """

    board: Board
    window: Window = ALL_TIME
    people: CompanyPeople | None = None
    at: datetime | None = None
    chosen_by_client: bool = False

    @property
    def cursor(self) -> str:
        """The text that a cursor of this list is bound to, beside the moment of its page."""
        among = "everyone" if self.people is None else f"company {self.people.company_id} {self.people.shown}"
        return f"leaderboard {self.board.value} {self.window.period.value} {self.window.first} {among}"


def window_of(period: Period, day: date) -> Window:
    """
    Return the window of this period that contains the day; the last 30 days end with it. Weeks begin on Monday (ISO). At
    the first and last dates of Python's calendar a window is shorter.
    """
    match period:
        case Period.ALL_TIME:
            return ALL_TIME
        case Period.LAST_30_DAYS:
            first, last = date.fromordinal(max(1, day.toordinal() - ROLLING_DAYS + 1)), day
        case Period.WEEK:
            first = date.fromordinal(day.toordinal() - day.weekday())
            last = date.fromordinal(min(first.toordinal() + 6, date.max.toordinal()))
        case Period.MONTH:
            first, last = _months(day.replace(day=1), 1)
        case Period.QUARTER:
            first, last = _months(day.replace(month=day.month - (day.month - 1) % 3, day=1), 3)
        case Period.YEAR:
            first, last = day.replace(month=1, day=1), day.replace(month=12, day=31)
    return Window(period, first, last)


def view_of_week_start(window: Window, day: date) -> LedgerView:
    """
    Return the view of this window at the start of the week of `day`, on Monday 00:00 UTC: the events before it, however
    late they were recorded. The last 30 days are those that ended on Monday. For a week's board it is the whole week
    before, because the board was empty when the week began.
    """
    if window.period is Period.WEEK and window.first:
        return LedgerView(window_of(Period.WEEK, date.fromordinal(max(1, window.first.toordinal() - 1))))
    monday = date.fromordinal(day.toordinal() - day.weekday())
    if window.period is Period.LAST_30_DAYS and window.last == day:
        window = window_of(Period.LAST_30_DAYS, monday)
    return LedgerView(window, until=monday)


def _months(first: date, count: int) -> tuple[date, date]:
    last_month = first.month + count - 1
    return first, first.replace(month=last_month, day=monthrange(first.year, last_month)[1])
