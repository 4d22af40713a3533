"""Statistics of a person's points: per category and activity, over time, and today."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import NamedTuple

from catalogue.languages import Text
from catalogue.points import ACTIVITIES, Category
from models.points import EntryKind
from models.statements import Statement
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.core import clock
from services.errors import ErrorCode, refused
from services.points.opening_balances import OPENED_AT
from services.points.points_today import daily_caps, resets_at
from services.progress.counters import HIDDEN_OF
from services.progress.scores import COLUMNS

MAX_BUCKETS = 400
EARLIEST_DAY = date(1970, 1, 1)


class Bucket(Enum):
    """The length of the parts of a time series."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


DEFAULT_BUCKETS = {Bucket.DAY: 30, Bucket.WEEK: 52, Bucket.MONTH: 12}
"""Number of buckets without `since`, the one of `until` included."""

# One statement, so that lines and sums are of the same moment. Indexes: unique (profile_id, name); (profile_id, occurred_at, id);
# the primary key of score.
LINES = Statement.of(
    f"""
    SELECT profile_id, 'counter' AS line, name, times, points FROM profile_counter WHERE profile_id = ANY($1)
    UNION ALL
    SELECT profile_id, 'opening', category, 0, CAST(sum(awarded) AS int) FROM point_entry
    WHERE profile_id = ANY($1) AND occurred_at = $2 AND kind = '{EntryKind.OPENING.value}' GROUP BY profile_id, category
    """
    + "".join(
        f" UNION ALL SELECT profile_id, 'sum', '{category.value}', 0, {column} FROM score WHERE profile_id = ANY($1)"
        for category, column in COLUMNS.items()
    )
)
_MONDAY = Statement(sqlite="date(e.day, '-6 days', 'weekday 1')", postgres="date_trunc('week', e.day::timestamp)::date")
_FIRST = Statement(sqlite="date(e.day, 'start of month')", postgres="date_trunc('month', e.day::timestamp)::date")


def _series(bucket: Bucket) -> Statement:
    starts = {Bucket.DAY: Statement.of("e.day"), Bucket.WEEK: _MONDAY, Bucket.MONTH: _FIRST}[bucket]

    def of(start: str) -> str:
        return f"""
            SELECT e.profile_id, {start} AS starts_on, e.category, sum(e.awarded) AS points FROM point_entry e
            WHERE e.profile_id = ANY($1) AND e.occurred_at >= $2 AND e.occurred_at < $3
              AND e.kind <> '{EntryKind.OPENING.value}' AND e.shown = true
            GROUP BY e.profile_id, {start}, e.category
        """

    return Statement(sqlite=Statement.of(of(starts.sqlite)).sqlite, postgres=of(starts.postgres))


# Index (profile_id, occurred_at, id).
SERIES = {bucket: _series(bucket) for bucket in Bucket}


@columns("id", "categories")
async def of_profiles(profile_ids: Sequence[int], context: Context) -> list[Row]:
    """
    Each profile's points per category, and where they come from.

    A category's sum is that of its activities, its opening balance and its corrections, but at least 0. Corrections are
    visible penalties, their reversals, and compensation at a merge. The points of a silent penalty are subtracted from the
    activities and the opening balance, so that all figures add up and none reveals the penalty. Lines may be below 0, like
    entries of the history.
    """
    database = context.database
    rows = await database.fetch(LINES, profile_ids, OPENED_AT)
    counted: dict[int, list[Row]] = defaultdict(list)
    sums: dict[tuple[int, str], int] = {}
    openings: dict[tuple[int, str], int] = {}
    for row in rows:
        key = row["profile_id"], row["name"]
        if row["line"] == "counter":
            counted[row["profile_id"]].append(row)
        elif row["line"] == "sum":
            sums[key] = row["points"]
        else:
            openings[key] = row["points"]
    return [
        {
            "id": profile_id,
            "categories": [
                _category(
                    category, counted[profile_id], sums.get((profile_id, category.value), 0),
                    openings.get((profile_id, category.value), 0),
                )
                for category in Category
            ],
        }
        for profile_id in profile_ids
    ]  # fmt: skip


def _category(category: Category, counters: Sequence[Row], total: int, opening: int) -> Row:
    by_code = {row["name"]: row for row in counters}
    lines = [
        {"activity": vars(activity), "times": row["times"], "points": row["points"]}
        for code, activity in ACTIVITIES.items()
        if activity.category is category and (row := by_code.get(code)) and (row["times"] or row["points"])
    ]
    hidden = by_code.get(HIDDEN_OF[category])
    taken = -hidden["points"] if hidden else 0
    corrections = total + taken - opening - sum(line["points"] for line in lines)
    for line in sorted(lines, key=_absorption_order):
        lost = max(0, min(taken, line["points"]))
        line["points"], taken = line["points"] - lost, taken - lost
    return {
        "category": category,
        "points": max(0, total),
        "activities": lines,
        "opening": opening - max(0, min(taken, opening)),
        "corrections": corrections,
    }


def _absorption_order(line: Row) -> tuple[bool, int]:
    """Sort key of the lines that absorb a silent penalty: capped ones first, whose events often give less, then the largest."""
    return line["activity"]["cap"] is None, -line["points"]


class Span(NamedTuple):
    """Buckets of a series: the first days of all of them, and the day after the last."""

    starts: tuple[date, ...]
    end: date


@columns("starts_on", "points", "categories")
async def series(
    profile_ids: Sequence[int],
    context: Context,
    *,
    bucket: Bucket = Bucket.WEEK,
    since: date | None = None,
    until: date | None = None,
    category: Category | None = None,
) -> list[list[Row]]:
    """
    Points over time of each profile: one row for each bucket from the one of `since` to the one of `until`, both whole,
    empty ones included. From the ledger, by the time of the events; opening balances, which have none, and silent penalties
    are left out.

    Each figure is at least 0. Raises Refused: BAD_INPUT (the end before the beginning), TOO_MANY_ITEMS.
    """
    span = _span(bucket, since, until)
    database = context.database
    begin, end = (datetime.combine(day, time(), UTC) for day in (span.starts[0], span.end))
    rows = await database.fetch_long(SERIES[bucket], profile_ids, begin, end)
    found: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row[0], str(row[1])][row[2]] = row[3]
    categories = [(each, each.value) for each in (Category if category is None else [category])]
    starts = [(start, start.isoformat()) for start in span.starts]
    return [
        [_bucket_row(start, found[profile_id, key], categories) for start, key in starts] for profile_id in profile_ids
    ]


def _bucket_row(start: date, found: Mapping[str, int], categories: Sequence[tuple[Category, str]]) -> Row:
    return {
        "starts_on": start,
        "points": max(0, sum([found.get(name, 0) for _, name in categories])),
        "categories": [{"category": category, "points": max(0, found.get(name, 0))} for category, name in categories],
    }


def _span(bucket: Bucket, since: date | None, until: date | None) -> Span:
    if since is not None and since > (until or clock.today()):
        if until is None:
            raise refused(ErrorCode.BAD_INPUT, "`since` is in the future.", path=("since",))
        raise refused(ErrorCode.BAD_INPUT, "`until` is before `since`.", path=("until",))
    last = _start(bucket, until or clock.today())
    if last < _start(bucket, EARLIEST_DAY) or last.year >= date.max.year:
        raise refused(ErrorCode.BAD_INPUT, "A series must be between the years 1970 and 9998.", path=("until",))
    if since is None:
        first = last
        for _ in range(DEFAULT_BUCKETS[bucket] - 1):
            first = _start(bucket, max(EARLIEST_DAY, first - timedelta(days=1)))
    else:
        first = _start(bucket, since)
    if first < _start(bucket, EARLIEST_DAY):
        raise refused(ErrorCode.BAD_INPUT, "A series must be between the years 1970 and 9998.", path=("since",))
    if (last - first).days // MIN_DAYS[bucket] >= 2 * MAX_BUCKETS:  # before the buckets are listed
        raise _too_many_buckets()
    starts = [first]
    while starts[-1] < last:
        starts.append(_next(bucket, starts[-1]))
    if len(starts) > MAX_BUCKETS:
        raise _too_many_buckets()
    return Span(tuple(starts), _next(bucket, last))


MIN_DAYS = {Bucket.DAY: 1, Bucket.WEEK: 7, Bucket.MONTH: 28}


def _too_many_buckets() -> Exception:
    return refused(
        ErrorCode.TOO_MANY_ITEMS,
        Text("A series can have at most {most_buckets} intervals.", most_buckets=MAX_BUCKETS),
        path=("since",),
    )


def _start(bucket: Bucket, day: date) -> date:
    """The first day of a day's bucket; weeks begin on Monday (ISO 8601)."""
    if bucket is Bucket.WEEK:
        return date.fromordinal(max(1, day.toordinal() - day.weekday()))
    return day.replace(day=1) if bucket is Bucket.MONTH else day


def _next(bucket: Bucket, start: date) -> date:
    if bucket is Bucket.MONTH:
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=MIN_DAYS[bucket])


@columns("activity", "earned", "cap", "remaining", "resets_at")
async def points_today(profile_ids: Sequence[int], context: Context) -> list[list[Row] | None]:
    """The points of each person today (UTC) from every capped activity; None for any but the viewer."""
    own = context.viewer.own_profile
    found = await daily_caps([own], clock.today()) if own in profile_ids else {}
    reset = resets_at()
    return [
        [
            {
                "activity": vars(room.activity),
                "earned": room.earned,
                "cap": room.activity.cap,
                "remaining": room.remaining,
                "resets_at": reset,
            }
            for room in found[profile_id]
        ]
        if profile_id in found
        else None
        for profile_id in profile_ids
    ]
