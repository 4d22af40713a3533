"""The SQL of the boards: score rows, sums from the ledger, members of companies."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from catalogue.points import Category
from models.accounts import AccountStatus
from models.database import Database, Row
from models.statements import Statement, read_datetime
from services.core.change_feed import Topic
from services.leaderboards.keys import ALL_TIME, CATEGORY_COLUMNS, FIRST_DAY, CompanyPeople, LedgerView, Window
from services.leaderboards.moments import Moment
from services.leaderboards.tables import BOARDS, Sums
from services.progress.scores import COLUMNS, DECIDES, EPOCH, PENALTIES, microseconds

ROWS_PER_READ = 5_000
"""Rows that one statement of a build reads."""
DAYS_PER_READ = timedelta(days=7)
"""Days of the ledger that one statement of a build sums up."""
MAX_IDS_BY_INDEX = 200
"""Profiles whose ledger is read in the event loop's thread; for more of them `fetch_long` is used."""
BEGINNING, END = date.min, date.max

_SUMS = ", ".join(f"{board}, {board}_reached" for board in ("overall", *COLUMNS.values()))
# Primary key.
_ALL_SCORES = Statement.of(
    f"SELECT profile_id, listed, {_SUMS} FROM score WHERE profile_id > $1 ORDER BY profile_id LIMIT $2"
)
_SCORES_OF = Statement.of(f"SELECT profile_id, listed, {_SUMS} FROM score WHERE profile_id = ANY($1)")
# Index (day, profile_id, category, awarded, occurred_at), which has all the columns.
_SUMS_OF_DAYS = Statement.of(
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
    SELECT profile_id, company_id, 0 AS shown FROM account WHERE status = $2 AND profile_id IS NOT NULL AND {account}
    UNION
    SELECT p.id, p.company_id, 0 FROM profile p
    WHERE p.company_id IS NOT NULL AND {profile} AND NOT EXISTS (SELECT 1 FROM account a WHERE a.profile_id = p.id)
"""
_SHOWN = "SELECT id AS profile_id, company_id, 1 AS shown FROM profile WHERE company_id IS NOT NULL AND {profile}"
_MEMBERS = Statement.of(_OF_COMPANY.format(account="company_id = $1", profile="p.company_id = $1"))
_MEMBERSHIPS = Statement.of(
    _OF_COMPANY.format(account="profile_id = ANY($1) AND company_id IS NOT NULL", profile="p.id = ANY($1)")
    + " UNION ALL "
    + _SHOWN.format(profile="id = ANY($1)")
)
_SHOWN_AT = Statement.of(_SHOWN.format(profile="company_id = $1"))


async def all_scores(database: Database) -> AsyncIterator[Sequence[Row]]:
    """Yield all rows of the score table in batches, in order of profile id."""
    last = 0
    while rows := await database.fetch_long(_ALL_SCORES, last, ROWS_PER_READ):
        yield rows
        last = rows[-1]["profile_id"]


async def scores_of(database: Database, ids: Sequence[int]) -> dict[int, tuple[bool, Sums]]:
    """Return whether each of these profiles is listed, and its all-time sums."""
    rows = await database.fetch(_SCORES_OF, list(ids))
    return {row["profile_id"]: listed_and_sums(row) for row in rows}


def listed_and_sums(row: Row) -> tuple[bool, Sums]:
    """Return whether the profile of a score row is listed, and its sums."""
    figures: Any = row
    _, listed, *sums = figures
    return bool(listed), sums


async def window_sums(database: Database, window: Window) -> AsyncIterator[Sequence[Row]]:
    """
    Yield the points of a window by profile and category, one week in each batch, with the time of the latest entry.

    That time is when the points were reached, except for the profiles that `profiles_with_corrections` returns.
    """
    start, last = max(window.first or FIRST_DAY, FIRST_DAY), window.last or FIRST_DAY
    while start <= last:
        end = min(start + DAYS_PER_READ - timedelta(days=1), last)
        yield await database.fetch_long(_SUMS_OF_DAYS, start, end)
        start = end + timedelta(days=1)


async def profiles_with_corrections(database: Database, window: Window) -> list[int]:
    """Return the profiles with reversals or silent penalties in the window: for them `window_sums` has the wrong time."""
    first, last = days_of(window)
    rows = await database.fetch_long(_CORRECTED, first, last)
    return [row["profile_id"] for row in rows]


async def sums_after(database: Database, view: LedgerView) -> Sequence[Row]:
    """Return the points of the window's days after the view, by profile and category."""
    first, last = days_of(view.window)
    return await database.fetch_long(_SUMS_OF_DAYS, max(first, view.until or first), last)


async def profiles_active_on(database: Database, on: Sequence[date]) -> list[int]:
    """Return the profiles with entries on these days, sorted."""
    found: set[int] = set()
    for day in on:
        rows = await database.fetch_long(_OF_DAY, day)
        found.update(row["profile_id"] for row in rows)
    return sorted(found)


async def last_change(database: Database) -> datetime:
    """Return when scores last changed, by the change feed: the same in every process. Index: (at)."""
    rows = await database.fetch(_LAST_CHANGE, Topic.SCORES.value)
    return read_datetime(rows[0]["at"]).astimezone(UTC) if rows else EPOCH


async def sums_of(
    database: Database,
    ids: Iterable[int],
    views: Sequence[LedgerView],
    moment: Moment | None = None,
    *,
    undone: Mapping[int, int] = MappingProxyType({}),
) -> dict[int, list[list[int]]]:
    """
    Return the sums of these profiles in each view, now or at a moment, by profile. Profiles without an entry in any view
    are absent. `undone`: merges (the survivor by former id) whose entries count for the profile that had them before.

    One statement for any number of views. Index (profile_id, occurred_at, id): days before the first view are not read.
    Unique (reverses_id).
    """
    asked = set(ids)
    if not views or not asked:
        return {}
    undone = {former: survivor for former, survivor in undone.items() if former in asked or survivor in asked}
    keys = sorted(asked.union(undone.values()))
    parameters: list[Any] = []

    def parameter(value: Any) -> str:
        parameters.append(value)
        return f"${len(parameters)}"

    ids_parameter = parameter(keys)
    # OFFSET 0 makes PostgreSQL run the subquery for each row, not read the whole ledger for a join. Unique (reverses_id).
    reversal = "SELECT 1 FROM point_entry r WHERE r.reverses_id = e.id"
    if moment is not None:
        reversal += f" AND {_belongs_to('r', database, moment, parameter)}"
    stands = f"NOT EXISTS ({reversal} LIMIT 1 OFFSET 0)"
    columns = []
    for number, view in enumerate(views):
        where = _counts_in(view, parameter)
        columns += [
            f"SUM(CASE WHEN {where} THEN e.awarded ELSE 0 END) AS p{number}",
            f"MAX(CASE WHEN {where} AND {DECIDES} AND {stands} THEN e.occurred_at END) AS r{number}",
        ]
    since = min(days_of(view.window)[0] for view in views)
    beginning = ""
    if since >= FIRST_DAY:
        begun = parameter(datetime(since.year, since.month, since.day, tzinfo=UTC))
        beginning = f" AND e.occurred_at >= {begun}"
    if moment is not None:
        beginning += f" AND {_belongs_to('e', database, moment, parameter)}"
    was_anothers = f"e.former_id = ANY({parameter(list(undone))})" if undone else "false"
    text = (
        f"SELECT CASE WHEN {was_anothers} THEN e.former_id ELSE e.profile_id END AS owner_id, e.category, {', '.join(columns)} FROM point_entry e"
        f" WHERE e.profile_id = ANY({ids_parameter}){beginning} AND e.awarded <> 0 GROUP BY 1, 2"
    )
    fetch = database.fetch if len(keys) <= MAX_IDS_BY_INDEX else database.fetch_long
    sums = _sums_in(await fetch(Statement.of(text), *parameters), len(views))
    return {profile_id: each for profile_id, each in sums.items() if profile_id in asked}


def _sums_in(rows: Sequence[Row], views: int) -> dict[int, list[list[int]]]:
    found: dict[int, list[list[int]]] = {}
    for row in rows:
        sums = found.get(row["owner_id"])
        if sums is None:
            sums = found[row["owner_id"]] = [[0] * (2 * BOARDS) for _ in range(views)]
        for number, each in enumerate(sums):
            add_to_sums(each, row["category"], row[f"p{number}"], row[f"r{number}"])
    return found


def _counts_in(view: LedgerView, parameter: Callable[[Any], str]) -> str:
    """Return the condition that a row `e` of the ledger counts in a view."""
    first, last = days_of(view.window)
    until = f" AND e.day < {parameter(view.until)}" if view.until else ""
    return f"e.day >= {parameter(first)} AND e.day <= {parameter(last)}{until}"


def _belongs_to(row: str, database: Database, moment: Moment, parameter: Callable[[Any], str]) -> str:
    """Return the condition that a row of the ledger, with this alias in the statement, belongs to a moment."""
    recorded = f"{row}.recorded_at <= {parameter(moment.at)}"
    if database.dialect == "sqlite":
        return f"{recorded} AND {row}.id <= {parameter(moment.last_entry)}"
    visible = f"pg_visible_in_snapshot({row}.xid::text::xid8, {parameter(moment.snapshot)}::text::pg_snapshot)"
    return f"{recorded} AND ({row}.xid < {parameter(moment.begin)} OR {visible})"


def add_to_sums(sums: list[int], category: str | Category, points: int, reached: Any) -> None:
    """Add one category's points to a profile's sums. `reached` is None if no entry decides when they were reached."""
    at = 0 if reached is None else microseconds(read_datetime(reached))
    for column in (0, CATEGORY_COLUMNS[category]):  # type: ignore[index]
        sums[2 * column] += points
        sums[2 * column + 1] = max(sums[2 * column + 1], at)


async def people_of(database: Database, people: CompanyPeople) -> set[int]:
    """
    Return the people of a company. Its members are the profiles with an active account in it, and unclaimed profiles assigned
    to it.
    """
    if people.shown:
        rows = await database.fetch_long(_SHOWN_AT, people.company_id)
    else:
        rows = await database.fetch_long(_MEMBERS, people.company_id, AccountStatus.ACTIVE.value)
    return {row["profile_id"] for row in rows}


async def memberships(database: Database, ids: Sequence[int]) -> dict[int, set[CompanyPeople]]:
    """Return of which companies each of these profiles is; a profile of none is absent."""
    found: dict[int, set[CompanyPeople]] = {}
    for row in await database.fetch(_MEMBERSHIPS, list(ids), AccountStatus.ACTIVE.value):
        found.setdefault(row["profile_id"], set()).add(CompanyPeople(row["company_id"], bool(row["shown"])))
    return found


def days_of(window: Window) -> tuple[date, date]:
    """Return the first and last day that count. A period excludes the day of opening balances; all time includes it."""
    if window == ALL_TIME:
        return BEGINNING, END
    return max(window.first or FIRST_DAY, FIRST_DAY), window.last or END
