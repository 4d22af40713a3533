"""Badges of an import: their definitions and awards. No rule of this server awards them."""

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

MAX_BADGE_NAME: Final = 120
MAX_DESCRIPTION: Final = 500
MAX_CODE: Final = 64


@dataclass(frozen=True)
class BadgeDefinition:
    """A badge of another system; `key` is its id there."""

    key: str
    name: str
    rarity: Rarity
    description: str = ""


@dataclass(frozen=True)
class ImportedAward:
    """An award of another system; `badge` is the code of the badge."""

    profile_id: int
    badge: str
    awarded_at: datetime


def code_of(source: str, key: str) -> str:
    """
    The code of an imported badge in awards. It is stable for a source and a key, and differs from the codes of all other
    pairs and of the catalogue, which are in capitals.
    """
    plain = f"{source}.{key}"
    if re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", plain) and len(plain) <= MAX_CODE:
        return plain
    digest = blake2b(orjson.dumps((source, key)), digest_size=8).hexdigest()
    readable = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return f"{readable[:40].strip('-')}..{digest}"


async def store_definitions(source: str, definitions: Iterable[BadgeDefinition]) -> int:
    """
    Store badge definitions; returns how many are new. An existing definition is replaced. Of several with the same key the
    last counts. Unique (source, key).
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
    if await execute_rows(_STORE_DEFINITIONS, rows):
        await change_feed.publish(Topic.BADGES)
    return len(by_key.keys() - known.keys())


async def codes_of(source: str, keys: Iterable[str]) -> dict[str, str]:
    """The codes of a source's badges by key; unknown keys are omitted."""
    return await lookup(ImportedBadge, "code", source=source, column="key", keys=set(keys))


async def import_awards(awards: Sequence[ImportedAward]) -> int:
    """
    Store imported awards; returns how many are new. An existing award stays unchanged; of several for the same profile and
    badge the earliest counts. No one is notified.
    Requires a transaction.
    """
    require_transaction()
    if not awards:
        return 0
    await lock_scores(each.profile_id for each in awards)
    newest_first = sorted(awards, key=lambda each: each.awarded_at, reverse=True)
    earliest = {(each.profile_id, each.badge): each.awarded_at for each in newest_first}
    given = [badges.Award(*pair, 1, at, AwardOrigin.IMPORT) for pair, at in earliest.items()]
    return len(await badges.award(given, notify=False))


_STORE_DEFINITIONS = Statement.over_rows(
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
