"""Badges that come with an import: what they are, and who brings one along. No rule gives them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

import orjson

from catalogue.badges import Rarity
from models.badges import AwardOrigin, ImportedBadge
from models.statements import Statement, execute_rows
from models.transactions import require_transaction
from services.achievements import badges
from services.core import change_feed
from services.core.bulk import lookup
from services.core.change_feed import Topic
from services.progress.scores import lock_scores

MAX_NAME: Final = 120
MAX_DESCRIPTION: Final = 500
LONGEST_CODE: Final = 64


@dataclass(frozen=True)
class Definition:
    """A badge of another system; `key` is its id there."""

    key: str
    name: str
    rarity: Rarity
    description: str = ""


@dataclass(frozen=True)
class Brought:
    """That somebody was given the badge of this code there."""

    profile_id: int
    badge: str
    awarded_at: datetime


def code_of(source: str, key: str) -> str:
    """
    What our awards name it by: always the same for a source and a key, and never that of another pair or of a badge of our
    catalogue, whose codes are in capitals.
    """
    plain = f"{source}.{key}"
    if re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", plain) and len(plain) <= LONGEST_CODE:
        return plain
    digest = blake2b(orjson.dumps((source, key)), digest_size=8).hexdigest()
    readable = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return f"{readable[:40].strip('-')}..{digest}"


async def define(source: str, definitions: Iterable[Definition]) -> int:
    """
    Remember these badges; returns how many are new. What an earlier import said of one is replaced. In the caller's
    transaction. Of several with one key the last counts. Unique (source, key).
    Requires a transaction.
    """
    require_transaction()
    by_key = {each.key: each for each in definitions}
    if not by_key:
        return 0
    known = await codes_of(source, by_key)
    rows = [
        (source, each.key, code_of(source, each.key), each.name, each.description, each.rarity.value)
        for each in by_key.values()
    ]
    if await execute_rows(_DEFINE, rows):
        await change_feed.publish(Topic.BADGES)
    return len(by_key.keys() - known.keys())


async def codes_of(source: str, keys: Iterable[str]) -> dict[str, str]:
    """The codes of a source's badges by their keys there; unknown keys are left out."""
    return await lookup(ImportedBadge, "code", source=source, column="key", keys=set(keys))


async def award(brought: Sequence[Brought]) -> int:
    """
    Give people what they bring along, in the caller's transaction; returns how many are new. One that is here is left as it
    is; of several of one badge it is the earliest. Nobody is told.
    Requires a transaction.
    """
    require_transaction()
    if not brought:
        return 0
    await lock_scores(each.profile_id for each in brought)
    newest_first = sorted(brought, key=lambda each: each.awarded_at, reverse=True)
    earliest = {(each.profile_id, each.badge): each.awarded_at for each in newest_first}
    awards = [badges.Award(*whose, 1, at, AwardOrigin.IMPORT) for whose, at in earliest.items()]
    return len(await badges.award(awards, notify=False))


_DEFINE = Statement.over_rows(
    """
    INSERT INTO imported_badge (source, key, code, name, description, rarity)
    SELECT source, key, code, name, description, rarity FROM {rows} b WHERE true
    ON CONFLICT (source, key) DO UPDATE
    SET name = excluded.name, description = excluded.description, rarity = excluded.rarity
    WHERE (imported_badge.name, imported_badge.description, imported_badge.rarity)
        <> (excluded.name, excluded.description, excluded.rarity)
    RETURNING key
    """,
    source="text",
    key="text",
    code="text",
    name="text",
    description="text",
    rarity="text",
)
