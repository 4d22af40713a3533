"""
Badges: who is given one, by the rule or by hand, who loses one, and which ones a person shows first.

The rule is docs/rules/badges.md: a level is given once, by whoever is first, and stays when points
fall. Reaching a level gives those below it too, so that each has its date. A revoked level never comes back by the rule.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from tortoise.transactions import in_transaction

from catalogue.badges import BADGES, Badge
from catalogue.languages import Text
from models.accounts import Account
from models.badges import AwardOrigin, BadgeAward, FeaturedBadge, ImportedBadge
from models.statements import Statement, execute_rows
from models.transactions import require_transaction
from services.core import audit, change_feed, clock
from services.core.change_feed import PersonKind
from services.errors import ErrorCode, Problem, Refused, refused
from services.open_badges import credential_status
from services.progress.counters import Movement
from services.progress.criteria import Facts, Watch, holds
from services.progress.scores import lock_scores

MAX_CODE: Final = 64
"""Characters of a badge's code."""
MAX_FEATURED: Final = 4
MAX_REASON: Final = 500

Level = tuple[str, int]
"""A badge's code and one of its levels."""
WATCH: Final = Watch[Level](
    {(badge.code, level): criterion for badge in BADGES.values() for level, criterion in enumerate(badge.levels, 1)}
)


class Given(NamedTuple):
    """A level of a badge that somebody has now and had not before."""

    profile_id: int
    badge: str
    level: int


@dataclass(frozen=True)
class Award:
    """A level of a badge to be given."""

    profile_id: int
    badge: str
    level: int
    awarded_at: datetime
    origin: AwardOrigin = AwardOrigin.RULE
    reason: str = ""
    reason_shown: bool = False


# By the rule


async def reached(movements: Sequence[Movement], facts: Mapping[int, Facts], *, told: bool) -> None:
    """Give the badges whose criteria these movements fulfilled: see services/achievements/achievements.py."""
    awards = []
    for movement in movements:
        levels = WATCH.fulfilled(movement, facts[movement.profile_id])
        awards += _awards(movement.profile_id, levels, movement.at)
    await give(awards, told=told)


def earned(profile_id: int, facts: Facts, at: datetime) -> list[Award]:
    """Every level whose criterion holds by these figures, as an award of that moment."""
    return _awards(profile_id, {key for key, criterion in WATCH.criteria.items() if holds(criterion, facts)}, at)


def _awards(profile_id: int, levels: Iterable[Level], at: datetime) -> list[Award]:
    highest: dict[str, int] = {}
    for badge, level in levels:
        highest[badge] = max(level, highest.get(badge, 0))
    return [
        Award(profile_id, badge, level, at) for badge, most in sorted(highest.items()) for level in range(1, most + 1)
    ]


async def give(awards: Sequence[Award], *, told: bool) -> list[Given]:
    """
    Give what is not given yet, with the people's score rows locked; answers what is new.

    The rule gives nothing to people who are not active, and nothing a second time, however many try at once: unique
    (profile_id, badge, level). With `told`, the person hears of the highest new level of each badge. Three statements.
    Requires a transaction.
    """
    require_transaction()
    if not awards:
        return []
    rows = [
        (
            each.profile_id,
            each.badge,
            each.level,
            each.origin.value,
            each.awarded_at,
            each.reason,
            each.reason_shown,
            _credential(),
        )
        for each in awards
    ]
    new = [Given(row["profile_id"], row["badge"], row["level"]) for row in await execute_rows(_GIVE, rows)]
    # A first level stands before no other: whether one stands before it, it was written with.
    climbed = {(each.profile_id, each.badge) for each in awards if each.level > 1}
    await rank(climbed & {(each.profile_id, each.badge) for each in new})
    if told:
        await _tell(new)
    return new


async def rank(badges: Iterable[tuple[int, str]]) -> None:
    """Set again which levels of these people's badges are out of the lists: revoked ones, and those below a higher one."""
    if rows := sorted(set(badges)):
        await execute_rows(_RANK, rows)


async def _tell(new: Iterable[Given]) -> None:
    highest: dict[tuple[int, str], int] = {}
    for each in new:
        key = each.profile_id, each.badge
        highest[key] = max(each.level, highest.get(key, 0))
    await change_feed.publish_all(
        [
            change_feed.person_entry(profile_id, PersonKind.BADGE, badge=badge, level=level)
            for (profile_id, badge), level in highest.items()
        ]
    )


def _credential() -> str:
    return secrets.token_hex(16)


# By hand


async def grant(
    profile_id: int,
    badge: str,
    *,
    level: int = 1,
    reason: str,
    reason_shown: bool = False,
    actor: audit.Actor = audit.OPERATOR,
) -> None:
    """
    Give a level of a badge by hand, and those below it that were never given; a revoked level counts again.

    `reason_shown`: whether those who see the badge and its credential may read the reason; else operators alone may.

    Raises Refused: BAD_INPUT (no reason, no such level), NOT_FOUND (no such badge or profile), ALREADY_EXISTS.
    """
    reason = _reason(reason)
    found = (await definitions([badge])).get(badge)
    if found is None:
        raise refused(ErrorCode.NOT_FOUND, Text("There is no badge {badge!r}.", badge=badge), path=("badge",))
    if not 1 <= level <= max(1, len(found.levels)):
        raise refused(
            ErrorCode.BAD_INPUT, Text("{badge} has no level {level}.", badge=badge, level=level), path=("level",)
        )
    async with in_transaction():
        await _lock(profile_id)
        now = clock.now()
        award = await BadgeAward.get_or_none(profile_id=profile_id, badge=badge, level=level)
        if award and award.revoked_at is None:
            raise refused(
                ErrorCode.ALREADY_EXISTS,
                Text("The profile already has level {level} of {badge}.", badge=badge, level=level),
                path=("badge",),
            )
        if award:
            await BadgeAward.filter(id=award.id).update(
                origin=AwardOrigin.OPERATOR,
                revoked_at=None,
                revoked_reason="",
                awarded_at=now,
                reason=reason,
                reason_shown=reason_shown,
            )
            await credential_status.restore([award.credential])
            await rank([(profile_id, badge)])
            await _tell([Given(profile_id, badge, level)])
        by_hand = [
            Award(profile_id, badge, each, now, AwardOrigin.OPERATOR, reason, reason_shown)
            for each in range(1, level if award else level + 1)
        ]
        await give(by_hand, told=not award)
        await _note("badge.granted", profile_id, actor, badge=badge, level=level, reason=reason)


async def revoke(
    profile_id: int, badge: str, *, level: int = 1, reason: str, actor: audit.Actor = audit.OPERATOR
) -> list[int]:
    """
    Take back a level of a badge and those above it: all of the badge, unless `level` says from which one on. What is left below
    shows again. The badge is no longer featured. Answers the levels taken back.

    Raises Refused: BAD_INPUT (no reason), NOT_FOUND (the profile has no such level).
    """
    reason = _reason(reason)
    async with in_transaction():
        await _lock(profile_id)
        held: Any = BadgeAward.filter(profile_id=profile_id, badge=badge, level__gte=level, revoked_at=None)
        levels = sorted(await held.values_list("level", flat=True))
        if not levels:
            raise refused(
                ErrorCode.NOT_FOUND,
                Text("The profile has no {badge} of level {level} or above.", badge=badge, level=level),
                path=("badge",),
            )
        now = clock.now()
        await credential_status.revoke(await held.values_list("id", "credential"), at=now)
        await held.update(revoked_at=now, revoked_reason=reason)
        await rank([(profile_id, badge)])
        await FeaturedBadge.filter(profile_id=profile_id, badge=badge).delete()
        await _note("badge.revoked", profile_id, actor, badge=badge, level=levels[0], reason=reason)
        return levels


async def feature(profile_id: int, badges: Sequence[str]) -> None:
    """
    Show these badges first, in this order, and no others.

    Raises Refused, with all that is wrong: TOO_MANY_ITEMS (over four), BADGE_REPEATED, BADGE_NOT_EARNED (facts: `badge`).
    """
    if len(badges) > MAX_FEATURED:
        text = Text("At most {max_featured} badges can be featured.", max_featured=MAX_FEATURED)
        raise refused(ErrorCode.TOO_MANY_ITEMS, text, path=("badges",))
    async with in_transaction():
        await _lock(profile_id)
        rows: Any = BadgeAward.filter(profile_id=profile_id, badge__in=_possible(badges), revoked_at=None)
        held = set(await rows.values_list("badge", flat=True)) if badges else set()
        held &= (await definitions(list(held))).keys()
        if wrong := list(_wrong(badges, held)):
            raise Refused(*wrong)
        await FeaturedBadge.filter(profile_id=profile_id).delete()
        for place, badge in enumerate(badges, 1):
            await FeaturedBadge.create(profile_id=profile_id, badge=badge, place=place)


def _wrong(badges: Sequence[str], held: set[str]) -> Iterable[Problem]:
    for place, badge in enumerate(badges):
        name = badge[:MAX_CODE]
        path, facts = ("badges", str(place)), {"badge": name}
        if badge in badges[:place]:
            yield Problem(ErrorCode.BADGE_REPEATED, Text("{name} is listed more than once.", name=name), path, facts)
        elif badge not in held:
            yield Problem(
                ErrorCode.BADGE_NOT_EARNED, Text("{name} is not a badge that you have earned.", name=name), path, facts
            )


def _possible(codes: Sequence[str]) -> list[str]:
    """Those that a badge can have: for longer ones the database would not even look."""
    return [code for code in codes if len(code) <= MAX_CODE]


async def definitions(codes: Sequence[str] | None = None) -> dict[str, Badge]:
    """
    Badges by their codes, those that came with imports included; all there are, or those of `codes`. The catalogue's
    come first. An imported one has no levels to earn: it is given by hand, at level 1.
    """
    found = dict(BADGES) if codes is None else {code: BADGES[code] for code in codes if code in BADGES}
    if codes is not None and len(found) == len(set(codes)):
        return found
    rows = ImportedBadge.all() if codes is None else ImportedBadge.filter(code__in=_possible(codes))
    for row in await rows.order_by("source", "id"):
        found[row.code] = Badge(row.code, row.name, row.description, row.rarity, ())
    return found


async def _lock(profile_id: int) -> None:
    # Whatever changes a person's badges queues up here: events, an operator, the person in two windows.
    if not await lock_scores([profile_id]):
        raise refused(ErrorCode.NOT_FOUND, "There is no such profile.", path=("profile",))


async def _note(action: str, profile_id: int, actor: audit.Actor, *, badge: str, level: int, reason: str) -> None:
    account = await Account.filter(profile_id=profile_id).order_by("created_at", "id").first()
    of = account.id if account else None
    await audit.record(action, actor=actor, account_id=of, profile=profile_id, badge=badge, level=level, reason=reason)


def _reason(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= MAX_REASON:
        raise refused(
            ErrorCode.BAD_INPUT,
            Text("A reason has 1 to {max_reason} characters.", max_reason=MAX_REASON),
            path=("reason",),
        )
    return text


def _higher(row: str) -> str:
    """Condition: the same badge and profile as `row` have a higher level that is not revoked. Unique index of the three."""
    return f"""
        EXISTS (SELECT 1 FROM badge_award h WHERE h.profile_id = {row}.profile_id AND h.badge = {row}.badge
            AND h.level > {row}.level AND h.revoked_at IS NULL)
    """


_COLUMNS = {
    "profile_id": "bigint",
    "badge": "text",
    "level": "int",
    "origin": "text",
    "awarded_at": "timestamptz",
    "reason": "text",
    "reason_shown": "bool",
    "credential": "text",
}
_GIVE = Statement.over_rows(
    f"""
    INSERT INTO badge_award ({", ".join(_COLUMNS)}, superseded, unmet, revoked_reason)
    SELECT {", ".join(f"g.{name}" for name in _COLUMNS)}, {_higher("g")}, false, ''
    FROM {{rows}} g JOIN profile p ON p.id = g.profile_id
    WHERE p.active OR g.origin <> 'RULE'
    ON CONFLICT (profile_id, badge, level) DO NOTHING RETURNING profile_id, badge, level
    """,
    **_COLUMNS,
)
_RANK = Statement.over_rows(
    f"""
    UPDATE badge_award AS a SET superseded = (a.revoked_at IS NOT NULL OR {_higher("a")})
    FROM {{rows}} k WHERE a.profile_id = k.profile_id AND a.badge = k.badge
    """,
    profile_id="bigint",
    badge="text",
)
