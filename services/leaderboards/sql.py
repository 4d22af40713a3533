"""What boards are read from: the score rows, the ledger, the accounts of a company."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from catalogue.points import Category
from models.accounts import AccountStatus
from models.database import Database, Row
from models.statements import Statement
from services.core.change_feed import Topic
from services.leaderboards.keys import ALL_TIME, CATEGORY_PLACES, FIRST_DAY, LedgerView, Window
from services.leaderboards.moments import Moment
from services.leaderboards.tables import BOARDS, Sums
from services.progress.scores import COLUMNS, DECIDES, EPOCH, PENALTIES, microseconds

ROWS_PER_READ = 5_000
"""Rows that one statement of a build reads."""
SLICE = timedelta(days=7)
"""Days of the ledger that one statement of a build sums up."""
MAX_IDS_BY_INDEX = 200
"""People whose ledger is read in the loop's own thread; more of them are read aside."""
BEGINNING, END = date.min, date.max

_SUMS = ", ".join(f"{board}, {board}_reached" for board in ("overall", *COLUMNS.values()))
# Primary key.
_EVERYBODY = Statement.of(
    f"SELECT profile_id, listed, {_SUMS} FROM score WHERE profile_id > $1 ORDER BY profile_id LIMIT $2"
)
_PEOPLE = Statement.of(f"SELECT profile_id, listed, {_SUMS} FROM score WHERE profile_id = ANY($1)")
# Index (day, profile_id, category, awarded, occurred_at), which holds all that is asked.
_SLICE = Statement.of(
    "SELECT profile_id, category, SUM(awarded) AS points, MAX(occurred_at) AS reached FROM point_entry"
    " WHERE day >= $1 AND day <= $2 AND awarded <> 0 GROUP BY profile_id, category"
)
# Unique (reverses_id); unique (source, external_id).
_CORRECTED = Statement.of(f"""
    SELECT profile_id FROM point_entry WHERE reverses_id > 0 AND day >= $1 AND day <= $2
    UNION
    SELECT profile_id FROM point_entry WHERE source = '{PENALTIES}' AND shown = false AND day >= $1 AND day <= $2
""")
_OF_DAY = Statement.of("SELECT DISTINCT profile_id FROM point_entry WHERE day = $1")
# Index (at).
_LAST_CHANGE = Statement.of("SELECT at FROM notice WHERE topic = $1 ORDER BY at DESC LIMIT 1")
# Indexes: account (company_id), profile (company_id), account (profile_id).
_OF_COMPANY = """
    SELECT profile_id, company_id FROM account WHERE status = $2 AND profile_id IS NOT NULL AND {account}
    UNION
    SELECT p.id, p.company_id FROM profile p
    WHERE p.company_id IS NOT NULL AND {profile} AND NOT EXISTS (SELECT 1 FROM account a WHERE a.profile_id = p.id)
"""
_MEMBERS = Statement.of(_OF_COMPANY.format(account="company_id = $1", profile="p.company_id = $1"))
_MEMBERSHIPS = Statement.of(
    _OF_COMPANY.format(account="profile_id = ANY($1) AND company_id IS NOT NULL", profile="p.id = ANY($1)")
)


async def everybody(database: Database) -> AsyncIterator[Sequence[Row]]:
    """Everybody's all-time sums, in pieces, in order of id."""
    last = 0
    while rows := await database.fetch_long(_EVERYBODY, last, ROWS_PER_READ):
        yield rows
        last = rows[-1]["profile_id"]


async def people(database: Database, ids: Sequence[int]) -> dict[int, tuple[bool, Sums]]:
    """Whether each of these people is listed, and their all-time sums."""
    rows = await database.fetch(_PEOPLE, database.keys(list(ids)))
    return {row["profile_id"]: listed_and_sums(row) for row in rows}


def listed_and_sums(row: Row) -> tuple[bool, Sums]:
    """What a row of the score table says."""
    figures: Any = row
    _, listed, *sums = figures
    return bool(listed), sums


async def window_sums(database: Database, window: Window) -> AsyncIterator[Sequence[Row]]:
    """
    Points of a window, and the latest moment of what moved them, by person and category, a week at a time: it is when they
    were reached, except for those whom `corrected` names.
    """
    start, last = max(window.first or FIRST_DAY, FIRST_DAY), window.last or FIRST_DAY
    while start <= last:
        end = min(start + SLICE - timedelta(days=1), last)
        yield await database.fetch_long(_SLICE, _day(database, start), _day(database, end))
        start = end + timedelta(days=1)


async def corrected(database: Database, window: Window) -> list[int]:
    """Who has entries in the window that do not say when a sum was reached, though `window_sums` takes them to."""
    first, last = days(window)
    rows = await database.fetch_long(_CORRECTED, _day(database, first), _day(database, last))
    return [row["profile_id"] for row in rows]


async def gains(database: Database, cut: LedgerView) -> Sequence[Row]:
    """What the ledger says of the window by now and the cut leaves out: points by person and category."""
    first, last = days(cut.window)
    return await database.fetch_long(_SLICE, _day(database, max(first, cut.until or first)), _day(database, last))


async def people_of(database: Database, days_: Sequence[date]) -> list[int]:
    """Who has entries on these days."""
    found: set[int] = set()
    for day in days_:
        rows = await database.fetch_long(_OF_DAY, _day(database, day))
        found.update(row["profile_id"] for row in rows)
    return sorted(found)


async def last_change(database: Database) -> datetime:
    """When scores last changed, by the notices that are kept: the same in every process. Index: (at)."""
    rows = await database.fetch(_LAST_CHANGE, Topic.SCORES.value)
    return _read(rows[0]["at"]).astimezone(UTC) if rows else EPOCH


async def sums_of(
    database: Database, ids: Iterable[int], cuts: Sequence[LedgerView], moment: Moment | None = None
) -> dict[int, list[list[int]]]:
    """
    The sums of these people in each of the cuts, as they are or as they were at a moment, by person; people without an
    entry in any of them are left out.

    One statement, whatever the number of cuts. Index (profile_id, occurred_at, id): days before the first of the cuts
    are not read; unique (reverses_id).
    """
    keys = list(ids)
    if not cuts or not keys:
        return {}
    given: list[Any] = []

    def mark(value: Any) -> str:
        given.append(value)
        return f"${len(given)}"

    asked = [mark(database.keys(keys))]
    # With an offset PostgreSQL asks for each row, and does not read the whole ledger for a join. Unique (reverses_id).
    taken_back = "SELECT 1 FROM point_entry r WHERE r.reverses_id = e.id"
    if moment is not None:
        taken_back += f" AND {_belongs('r', database, moment, mark)}"
    stands = f"NOT EXISTS ({taken_back} LIMIT 1 OFFSET 0)"
    columns = []
    for number, cut in enumerate(cuts):
        where = _within(cut, database, mark)
        columns += [
            f"SUM(CASE WHEN {where} THEN e.awarded ELSE 0 END) AS p{number}",
            f"MAX(CASE WHEN {where} AND {DECIDES} AND {stands} THEN e.occurred_at END) AS r{number}",
        ]
    since = min(days(cut.window)[0] for cut in cuts)
    beginning = ""
    if since >= FIRST_DAY:
        begun = mark(_moment(database, datetime(since.year, since.month, since.day, tzinfo=UTC)))
        beginning = f" AND e.occurred_at >= {begun}"
    if moment is not None:
        beginning += f" AND {_belongs('e', database, moment, mark)}"
    text = (
        f"SELECT e.profile_id, e.category, {', '.join(columns)} FROM point_entry e"
        f" WHERE e.profile_id = ANY({asked[0]}){beginning} AND e.awarded <> 0 GROUP BY e.profile_id, e.category"
    )
    fetch = database.fetch if len(keys) <= MAX_IDS_BY_INDEX else database.fetch_long
    found: dict[int, list[list[int]]] = {}
    for row in await fetch(Statement.of(text), *given):
        sums = found.get(row["profile_id"])
        if sums is None:
            sums = found[row["profile_id"]] = [[0] * (2 * BOARDS) for _ in cuts]
        for number, each in enumerate(sums):
            count(each, row["category"], row[f"p{number}"], row[f"r{number}"])
    return found


def _within(cut: LedgerView, database: Database, mark: Callable[[Any], str]) -> str:
    """The condition that a row `e` of the ledger counts in a cut."""
    first, last = days(cut.window)
    until = f" AND e.day < {mark(_day(database, cut.until))}" if cut.until else ""
    return f"e.day >= {mark(_day(database, first))} AND e.day <= {mark(_day(database, last))}{until}"


def _belongs(row: str, database: Database, moment: Moment, mark: Callable[[Any], str]) -> str:
    """The condition that a row of the ledger, named so in the statement, belongs to a moment."""
    recorded = f"{row}.recorded_at <= {mark(_moment(database, moment.at))}"
    if database.dialect == "sqlite":
        return f"{recorded} AND {row}.id <= {mark(moment.last_entry)}"
    visible = f"pg_visible_in_snapshot({row}.xid::text::xid8, {mark(moment.seen)}::text::pg_snapshot)"
    return f"{recorded} AND ({row}.xid < {mark(moment.begin)} OR {visible})"


def count(sums: list[int], category: str | Category, points: int, reached: Any) -> None:
    """Add one category of somebody to their sums; None as `reached`: nothing moved it."""
    at = 0 if reached is None else microseconds(_read(reached))
    for place in (0, CATEGORY_PLACES[category]):  # type: ignore[index]
        sums[2 * place] += points
        sums[2 * place + 1] = max(sums[2 * place + 1], at)


async def members(database: Database, company_id: int) -> set[int]:
    """Who belongs to a company: by an active account, or unclaimed and shown with it."""
    rows = await database.fetch_long(_MEMBERS, company_id, AccountStatus.ACTIVE.value)
    return {row["profile_id"] for row in rows}


async def memberships(database: Database, ids: Sequence[int]) -> dict[int, set[int]]:
    """The companies that each of these people belongs to; nobody without one."""
    found: dict[int, set[int]] = {}
    for row in await database.fetch(_MEMBERSHIPS, database.keys(list(ids)), AccountStatus.ACTIVE.value):
        found.setdefault(row["profile_id"], set()).add(row["company_id"])
    return found


def days(window: Window) -> tuple[date, date]:
    """The first and the last day that count. In all time these are all days, in a period none of opening balances."""
    if window == ALL_TIME:
        return BEGINNING, END
    return max(window.first or FIRST_DAY, FIRST_DAY), window.last or END


def _read(stored: Any) -> datetime:
    return datetime.fromisoformat(stored) if isinstance(stored, str) else stored


def _day(database: Database, day: date) -> Any:
    return day.isoformat() if database.dialect == "sqlite" else day


def _moment(database: Database, moment: datetime) -> Any:
    return moment.isoformat(" ") if database.dialect == "sqlite" else moment
