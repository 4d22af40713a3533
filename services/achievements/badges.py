"""
Badges: award them by the rule or by hand, revoke them, and feature them on a profile.

A level is awarded once and stays when points fall. Reaching a level awards the levels below it too, so that each has its
date. The rule never awards a revoked level again. Rule: docs/rules/badges.md.
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
from services.progress.criteria import CriteriaIndex, Facts, is_met
from services.progress.scores import lock_scores

MAX_CODE: Final = 64
"""Characters of a badge's code."""
MAX_FEATURED: Final = 4
MAX_REASON: Final = 500

Level = tuple[str, int]
"""A badge's code and one of its levels."""
WATCH: Final = CriteriaIndex[Level](
    {(badge.code, level): criterion for badge in BADGES.values() for level, criterion in enumerate(badge.levels, 1)}
)


class NewLevel(NamedTuple):
    """A new level of a badge that a profile has."""

    profile_id: int
    badge: str
    level: int


@dataclass(frozen=True)
class Award:
    """A level of a badge to award."""

    profile_id: int
    badge: str
    level: int
    awarded_at: datetime
    origin: AwardOrigin = AwardOrigin.RULE
    reason: str = ""
    reason_shown: bool = False


# By the rule


async def reached(movements: Sequence[Movement], facts: Mapping[int, Facts], *, notify: bool) -> None:
    """Award the badges whose criteria these movements have fulfilled: see services/achievements/achievements.py."""
    awards = []
    for movement in movements:
        levels = WATCH.fulfilled(movement, facts[movement.profile_id])
        awards += _awards(movement.profile_id, levels, movement.at)
    await award(awards, notify=notify)


def earned(profile_id: int, facts: Facts, at: datetime) -> list[Award]:
    """Return an award, dated `at`, for every level whose criterion these figures fulfil."""
    return _awards(profile_id, {key for key, criterion in WATCH.criteria.items() if is_met(criterion, facts)}, at)


def _awards(profile_id: int, levels: Iterable[Level], at: datetime) -> list[Award]:
    highest: dict[str, int] = {}
    for badge, level in levels:
        highest[badge] = max(level, highest.get(badge, 0))
    return [
        Award(profile_id, badge, level, at) for badge, most in sorted(highest.items()) for level in range(1, most + 1)
    ]


async def award(awards: Sequence[Award], *, notify: bool) -> list[NewLevel]:
    """
    Award what is not awarded yet, with the people's score rows locked; returns the new levels.

    The rule awards nothing to inactive profiles, and nothing twice, even concurrently: unique (profile_id, badge, level).
    `notify`: notify each person of the highest new level of each badge. Three statements.
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
    new = [NewLevel(row["profile_id"], row["badge"], row["level"]) for row in await execute_rows(_AWARD, rows)]
    # A new first level cannot supersede another; whether it is superseded itself is set by the insert.
    climbed = {(each.profile_id, each.badge) for each in awards if each.level > 1}
    await update_superseded(climbed & {(each.profile_id, each.badge) for each in new})
    if notify:
        await _notify(new)
    return new


async def update_superseded(badges: Iterable[tuple[int, str]]) -> None:
    """Set `superseded` again for these profiles and badges: revoked levels, and those below a higher one, are not listed."""
    if rows := sorted(set(badges)):
        await execute_rows(_UPDATE_SUPERSEDED, rows)


async def _notify(new: Iterable[NewLevel]) -> None:
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
    Award a level of a badge by hand, with the missing levels below it; a revoked level becomes valid again.

    `reason_shown`: viewers of the badge and its credential may read the reason; otherwise only operators may.

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
        existing = await BadgeAward.get_or_none(profile_id=profile_id, badge=badge, level=level)
        if existing and existing.revoked_at is None:
            raise refused(
                ErrorCode.ALREADY_EXISTS,
                Text("The profile already has level {level} of {badge}.", badge=badge, level=level),
                path=("badge",),
            )
        if existing:
            await BadgeAward.filter(id=existing.id).update(
                origin=AwardOrigin.OPERATOR,
                revoked_at=None,
                revoked_reason="",
                awarded_at=now,
                reason=reason,
                reason_shown=reason_shown,
            )
            await credential_status.restore([existing.credential])
            await update_superseded([(profile_id, badge)])
            await _notify([NewLevel(profile_id, badge, level)])
        by_hand = [
            Award(profile_id, badge, each, now, AwardOrigin.OPERATOR, reason, reason_shown)
            for each in range(1, level if existing else level + 1)
        ]
        await award(by_hand, notify=not existing)
        await _note("badge.granted", profile_id, actor, badge=badge, level=level, reason=reason)


async def revoke(
    profile_id: int, badge: str, *, level: int = 1, reason: str, actor: audit.Actor = audit.OPERATOR
) -> list[int]:
    """
    Revoke a badge from `level` upwards; without `level`, the whole badge. The highest remaining level is listed again. The
    badge is no longer featured. Returns the revoked levels.

    Raises Refused: BAD_INPUT (no reason), NOT_FOUND (the profile has no such level).
    """
    reason = _reason(reason)
    async with in_transaction():
        await _lock(profile_id)
        current: Any = BadgeAward.filter(profile_id=profile_id, badge=badge, level__gte=level, revoked_at=None)
        levels = sorted(await current.values_list("level", flat=True))
        if not levels:
            raise refused(
                ErrorCode.NOT_FOUND,
                Text("The profile has no {badge} of level {level} or above.", badge=badge, level=level),
                path=("badge",),
            )
        now = clock.now()
        await credential_status.revoke(await current.values_list("id", "credential"), at=now)
        await current.update(revoked_at=now, revoked_reason=reason)
        await update_superseded([(profile_id, badge)])
        await FeaturedBadge.filter(profile_id=profile_id, badge=badge).delete()
        await _note("badge.revoked", profile_id, actor, badge=badge, level=levels[0], reason=reason)
        return levels


async def feature(profile_id: int, badges: Sequence[str]) -> None:
    """
    Feature these badges, in this order, and no others.

    Raises Refused, with all problems: TOO_MANY_ITEMS (over four), BADGE_REPEATED, BADGE_NOT_EARNED (facts: `badge`).
    """
    if len(badges) > MAX_FEATURED:
        text = Text("At most {max_featured} badges can be featured.", max_featured=MAX_FEATURED)
        raise refused(ErrorCode.TOO_MANY_ITEMS, text, path=("badgeCodes",))
    async with in_transaction():
        await _lock(profile_id)
        rows: Any = BadgeAward.filter(profile_id=profile_id, badge__in=_valid_codes(badges), revoked_at=None)
        earned_badges = set(await rows.values_list("badge", flat=True)) if badges else set()
        earned_badges &= (await definitions(list(earned_badges))).keys()
        if problems := list(_problems_of(badges, earned_badges)):
            raise Refused(*problems)
        await FeaturedBadge.filter(profile_id=profile_id).delete()
        for place, badge in enumerate(badges, 1):
            await FeaturedBadge.create(profile_id=profile_id, badge=badge, place=place)


def _problems_of(badges: Sequence[str], earned_badges: set[str]) -> Iterable[Problem]:
    for place, badge in enumerate(badges):
        name = badge[:MAX_CODE]
        path, facts = ("badgeCodes", str(place)), {"badge": name}
        if badge in badges[:place]:
            yield Problem(ErrorCode.BADGE_REPEATED, Text("{name} is listed more than once.", name=name), path, facts)
        elif badge not in earned_badges:
            yield Problem(
                ErrorCode.BADGE_NOT_EARNED, Text("{name} is not a badge that you have earned.", name=name), path, facts
            )


def _valid_codes(codes: Sequence[str]) -> list[str]:
    """Return the codes that a badge can have: the database raises an error for longer ones."""
    return [code for code in codes if len(code) <= MAX_CODE]


async def definitions(codes: Sequence[str] | None = None) -> dict[str, Badge]:
    """
    Return badges by code, imported ones included: all, or those of `codes`. Badges of the catalogue come first. An imported
    badge has no levels to earn: it is awarded by hand, at level 1.
    """
    found = dict(BADGES) if codes is None else {code: BADGES[code] for code in codes if code in BADGES}
    if codes is not None and len(found) == len(set(codes)):
        return found
    rows = ImportedBadge.all() if codes is None else ImportedBadge.filter(code__in=_valid_codes(codes))
    for row in await rows.order_by("source", "id"):
        found[row.code] = Badge(row.code, row.name, row.description, row.rarity, ())
    return found


async def _lock(profile_id: int) -> None:
    # All changes of a person's badges wait here: events, an operator, the person in two windows.
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


def _has_higher(row: str) -> str:
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
_AWARD = Statement.over_rows(
    f"""
    INSERT INTO badge_award ({", ".join(_COLUMNS)}, superseded, unmet, revoked_reason)
    SELECT {", ".join(f"g.{name}" for name in _COLUMNS)}, {_has_higher("g")}, false, ''
    FROM {{rows}} g JOIN profile p ON p.id = g.profile_id
    WHERE p.active OR g.origin <> 'RULE'
    ON CONFLICT (profile_id, badge, level) DO NOTHING RETURNING profile_id, badge, level
    """,
    **_COLUMNS,
)
_UPDATE_SUPERSEDED = Statement.over_rows(
    f"""
    UPDATE badge_award AS a SET superseded = (a.revoked_at IS NOT NULL OR {_has_higher("a")})
    FROM {{rows}} k WHERE a.profile_id = k.profile_id AND a.badge = k.badge
    """,
    profile_id="bigint",
    badge="text",
)
