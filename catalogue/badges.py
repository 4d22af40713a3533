"""Badges as data: catalogue/badges.toml."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from catalogue.criteria import BadCatalogue, Criterion, criterion_of

MOST_LEVELS: Final = 5
LONGEST_CODE: Final = 48
"""Maximum characters of a code. Codes of imported badges are lower case, so they never equal a code of the catalogue."""


class Rarity(Enum):
    """Rarity of a badge, from the most common to the rarest."""

    GREEN = "GREEN"
    BLUE = "BLUE"
    PURPLE = "PURPLE"
    ORANGE = "ORANGE"


@dataclass(frozen=True)
class Badge:
    """A badge that can be earned. Level 1 is the first of `levels`; every level is harder than the one before."""

    code: str
    name: str
    description: str
    rarity: Rarity
    levels: tuple[Criterion, ...]


def read(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Badge]:
    """Return the badges of a catalogue file by code. Raises BadCatalogue."""
    badges = {code: _badge(code, table) for code, table in tables.items()}
    names = [badge.name.casefold() for badge in badges.values()]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadCatalogue(f"Two badges have the name {twice[0]!r}.")
    return badges


def _badge(code: str, table: Mapping[str, Any]) -> Badge:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", code) or len(code) > LONGEST_CODE:
        raise BadCatalogue(f"{code}: a code consists of A to Z, 0 to 9 and _, at most {LONGEST_CODE} characters.")
    if table.keys() != {"name", "description", "rarity", "levels"}:
        raise BadCatalogue(f"{code}: a badge has exactly name, description, rarity and levels.")
    if not table["name"].strip() or not table["description"].strip():
        raise BadCatalogue(f"{code}: a badge needs a name and a description of one sentence.")
    if table["rarity"] not in Rarity.__members__:
        raise BadCatalogue(f"{code}: {table['rarity']!r} is not a rarity.")
    levels = tuple(
        criterion_of(criterion, f"{code}, level {number}") for number, criterion in enumerate(table["levels"], 1)
    )
    if not 1 <= len(levels) <= MOST_LEVELS:
        raise BadCatalogue(f"{code}: a badge needs 1 to {MOST_LEVELS} levels.")
    for number, (lower, higher) in enumerate(pairwise(levels), 2):
        if not higher.implies(lower) or lower.implies(higher):
            raise BadCatalogue(f"{code}: level {number} is not harder than the one before.")
    return Badge(code, table["name"], table["description"], Rarity(table["rarity"]), levels)


BADGES: Final = read(tomllib.loads((Path(__file__).parent / "badges.toml").read_text("utf-8")))
