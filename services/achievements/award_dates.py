"""
Dates of awards that a rule gave: when the rule was met in the order of what happened, as the ledger knows it now.

So an event that comes late, and one that is taken back, move the date of a badge that somebody has
already. Where the rule is not met any more at any time, because something was taken back, the award stays, keeps the date that
was last known, and is `unmet` until the rule is met again. Rule: docs/rules/badges.md#date-of-a-badge.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from catalogue.badges import BADGES
from catalogue.criteria import CONNECTIONS, PROJECTS, Criterion
from models.badges import AwardOrigin
from models.statements import Statement, execute_rows, look_up, read_datetime
from models.transactions import require_transaction
from services.progress.counters import Movement
from services.progress.scores import EPOCH
from services.progress.timelines import first_met, names_of

SKEW: Final = timedelta(minutes=5)
"""An event may lie so far ahead of our clock; what it earns is dated by when it was recorded."""


class _Award(NamedTuple):
    id: int
    profile_id: int
    awarded_at: datetime
    unmet: bool
    criterion: Criterion


async def follow(movements: Iterable[Movement]) -> int:
    """
    Date the awards, old and new, of which these movements touched the rule; returns how many got another date.

    Inside the transaction that made the movements, after awards were written, with the score rows locked. One
    statement; three where something that moved is older than an award.
    Requires a transaction.
    """
    require_transaction()
    moved = {each.profile_id: each for each in movements if each.figures}
    awards = [
        award
        for award in await _awards({number: each.since - SKEW for number, each in moved.items()})
        if not names_of(award.criterion).isdisjoint(moved[award.profile_id].figures)
    ]
    return await _date(awards, {number: each.since for number, each in moved.items()})


async def set_right(profile_ids: Collection[int], *, given_at: datetime) -> int:
    """
    Date all awards of these profiles; returns how many got another date. Connections and projects come and go without a
    trace, so what they earned keeps its date, unless it was given just now, at `given_at`. With the score rows locked.
    Requires a transaction.
    """
    require_transaction()
    awards = await _awards(dict.fromkeys(profile_ids, EPOCH))
    dated = [
        each
        for each in awards
        if each.awarded_at == given_at or names_of(each.criterion).isdisjoint({CONNECTIONS, PROJECTS})
    ]
    return await _date(dated, {})


async def _awards(since: Mapping[int, datetime]) -> list[_Award]:
    """The awards by rules that are of these moments or younger, or unmet. Index: (profile_id, superseded, awarded_at)."""
    rows = await execute_rows(_YOUNG, since.items())
    return [
        _Award(
            row["id"],
            row["profile_id"],
            read_datetime(row["awarded_at"]),
            bool(row["unmet"]),
            badge.levels[row["level"] - 1],
        )
        for row in rows
        if (badge := BADGES.get(row["badge"])) and row["level"] <= len(badge.levels)
    ]


async def _date(awards: Sequence[_Award], since: Mapping[int, datetime]) -> int:
    wanted: defaultdict[int, set[Criterion]] = defaultdict(set)
    for each in awards:
        wanted[each.profile_id].add(each.criterion)
    moments = await first_met(wanted, since) if wanted else {}
    changes = []
    for each in awards:
        moment = moments.get((each.profile_id, each.criterion))
        dated = (moment or each.awarded_at, moment is None)
        if dated != (each.awarded_at, each.unmet):
            changes.append((each.id, *dated))
    await execute_rows(_DATE, changes)
    return len(changes)


_OF_RULE = f"""
    a.profile_id = p.id AND a.superseded IN (false, true) AND a.origin = '{AwardOrigin.RULE.value}'
        AND (a.awarded_at >= p.since OR a.unmet)
"""
_YOUNG = Statement.over_rows(
    "SELECT a.id, a.profile_id, a.badge, a.level, a.awarded_at, a.unmet FROM {rows} p {awards}",
    id="bigint",
    since="timestamptz",
).put(awards=look_up("badge_award", "a", _OF_RULE))
# Primary key.
_DATE = Statement.over_rows(
    "UPDATE badge_award SET awarded_at = c.at, unmet = c.unmet FROM {rows} c WHERE badge_award.id = c.id",
    id="bigint",
    at="timestamptz",
    unmet="bool",
)
