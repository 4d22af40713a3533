"""
Dates of rule awards: when the rule was met in the order of events, according to the current ledger.

A late event, or the reversal of one, therefore changes the date of an existing award. If after a reversal the rule was never
met, the award stays, keeps its last date, and is `unmet` until the rule is met again.
Rule: docs/rules/badges.md#date-of-a-badge.
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

MAX_CLOCK_SKEW: Final = timedelta(minutes=5)
"""An event may be this far ahead of this server's clock; its awards are dated by when it was recorded."""


class _Award(NamedTuple):
    id: int
    profile_id: int
    awarded_at: datetime
    unmet: bool
    criterion: Criterion


async def update_dates(movements: Iterable[Movement]) -> int:
    """
    Date the awards, old and new, whose rules use figures that have moved; returns how many dates changed.

    Call it after awards are written, with the score rows locked. One statement; three if a movement is older than an award.
    Requires a transaction.
    """
    require_transaction()
    moved = {each.profile_id: each for each in movements if each.figures}
    awards = [
        award
        for award in await _rule_awards({number: each.since - MAX_CLOCK_SKEW for number, each in moved.items()})
        if not names_of(award.criterion).isdisjoint(moved[award.profile_id].figures)
    ]
    return await _update_changed(awards, {number: each.since for number, each in moved.items()})


async def recompute_dates(profile_ids: Collection[int], *, awarded_at: datetime) -> int:
    """
    Date all rule awards of these profiles, with the score rows locked; returns how many dates changed.

    Connections and projects have no history, so awards for them keep their date, unless they were awarded at `awarded_at`,
    just before this call.
    Requires a transaction.
    """
    require_transaction()
    awards = await _rule_awards(dict.fromkeys(profile_ids, EPOCH))
    dated = [
        each
        for each in awards
        if each.awarded_at == awarded_at or names_of(each.criterion).isdisjoint({CONNECTIONS, PROJECTS})
    ]
    return await _update_changed(dated, {})


async def _rule_awards(since: Mapping[int, datetime]) -> list[_Award]:
    """Return rule awards dated at or after the moment of their profile, or unmet. Index: (profile_id, superseded, awarded_at)."""
    rows = await execute_rows(_AWARDS_SINCE, since.items())
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


async def _update_changed(awards: Sequence[_Award], since: Mapping[int, datetime]) -> int:
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
    await execute_rows(_UPDATE, changes)
    return len(changes)


_OF_RULE = f"""
    a.profile_id = p.id AND a.superseded IN (false, true) AND a.origin = '{AwardOrigin.RULE.value}'
        AND (a.awarded_at >= p.since OR a.unmet)
"""
_AWARDS_SINCE = Statement.over_rows(
    "SELECT a.id, a.profile_id, a.badge, a.level, a.awarded_at, a.unmet FROM {rows} p {awards}",
    id="bigint",
    since="timestamptz",
).put(awards=look_up("badge_award", "a", _OF_RULE))
# Primary key.
_UPDATE = Statement.over_rows(
    "UPDATE badge_award SET awarded_at = c.at, unmet = c.unmet FROM {rows} c WHERE badge_award.id = c.id",
    id="bigint",
    at="timestamptz",
    unmet="bool",
)
