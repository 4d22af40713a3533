"""Which boards there are: what is compared, over which days, among whom, and at which moment."""

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
    """Over which days points count."""

    ALL_TIME = "ALL_TIME"
    LAST_30_DAYS = "LAST_30_DAYS"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


class Scope(Enum):
    """Among whom."""

    EVERYONE = "EVERYONE"
    OWN_COMPANY = "OWN_COMPANY"


PLACES: Final = {board: place for place, board in enumerate(Board)}
"""Where each board's sum stands among the six of a person."""
CATEGORY_PLACES: Final = {category.value: PLACES[Board(category.value)] for category in COLUMNS}
FIRST_DAY: Final = OPENED_AT.date() + timedelta(days=1)
"""OpeningBalance balances are dated on the day before, and count in no period: nothing else is as old."""
ROLLING_DAYS: Final = 30


class Window(NamedTuple):
    """A period as it lies in the calendar (UTC): both days count. All time has neither."""

    period: Period
    first: date | None = None
    last: date | None = None


ALL_TIME: Final = Window(Period.ALL_TIME)


class LedgerView(NamedTuple):
    """What the ledger says about a window. `until`: what it says of the days before that one, by when things happened."""

    window: Window
    until: date | None = None

    @property
    def whole(self) -> bool:
        """Whether it is all that the ledger says of the window by now."""
        return self.until is None


class BoardKey(NamedTuple):
    """
    One board: of a window, among everyone or the people of a company, as it is or as it was `at` a moment. `chosen`: whether
    the client named the moment; otherwise it is that of the request, and a cursor of any moment goes on there.
    """

    board: Board
    window: Window = ALL_TIME
    company_id: int | None = None
    at: datetime | None = None
    chosen: bool = False

    @property
    def cursor(self) -> str:
        """What a cursor of this list is bound to, beside the moment of the page that it comes from."""
        among = "everyone" if self.company_id is None else f"company {self.company_id}"
        return f"leaderboard {self.board.value} {self.window.period.value} {self.window.first} {among}"


def window_of(period: Period, day: date) -> Window:
    """
    The window of this period that holds the day; the last 30 days end with it. Weeks begin on Monday (ISO). Where the
    calendar ends, the first or the last window is shorter.
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


def before_week(window: Window, day: date) -> LedgerView:
    """
    The board of this window when the week of `day` began, on Monday 00:00 UTC: what had happened by then, however late
    it was recorded. The last 30 days were 30 others then; a week's board is compared with that of the week before, since
    it was empty when it began.
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
