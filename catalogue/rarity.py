"""Thresholds of badge rarity as data: catalogue/rarity.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from catalogue.badges import Rarity
from catalogue.criteria import BadCatalogue

RAREST_FIRST: Final = tuple(reversed(Rarity))


@dataclass(frozen=True)
class RarityRule:
    """Shares and margins are fractions of 1. `up_to` starts with the rarest colour; a share above all of them is GREEN."""

    small_community: int
    margin: Fraction
    up_to: Mapping[Rarity, Fraction]

    def colour(self, holders: int, people: int, *, given: Rarity, current: Rarity | None) -> Rarity:
        """
        Return the colour of a badge that `holders` of `people` have. `given` is the catalogue's colour, used in a small
        community. `current` is the colour by share until now, None if there is none; it changes only beyond a threshold's
        margin.
        """
        least = self.small_community if current is None else self.small_community * (1 - self.margin)
        if people < least or not people:
            return given
        share = Fraction(holders, people)
        return next(
            (each for each, limit in self.up_to.items() if share <= self._shifted(each, limit, current)), Rarity.GREEN
        )

    def _shifted(self, colour: Rarity, limit: Fraction, current: Rarity | None) -> Fraction:
        """Return the threshold above a colour, moved by the margin away from the current colour."""
        if current is None:
            return limit
        inside = RAREST_FIRST.index(current) <= RAREST_FIRST.index(colour)
        return limit * (1 + self.margin if inside else 1 - self.margin)


def read(table: Mapping[str, Any]) -> RarityRule:
    """Read the rule of a catalogue file. Raises BadCatalogue."""
    limits = table["up_to_percent"]
    up_to = {each: Fraction(str(limits[each.value])) / 100 for each in RAREST_FIRST if each.value in limits}
    values = list(up_to.values())
    if set(limits) != {each.value for each in RAREST_FIRST[:-1]} or not all(0 < value < 1 for value in values):
        raise BadCatalogue("rarity: each colour except the most common needs a limit above 0 and below 100 percent.")
    margin = Fraction(str(table["margin_percent"])) / 100
    shifted = [limit * (1 + sign * margin) for limit in values for sign in (-1, 1)]
    if not 0 <= margin < 1 or shifted != sorted(shifted):
        raise BadCatalogue(
            "rarity: limits must grow from the rarest colour on, and must not overlap with their margins."
        )
    return RarityRule(int(table["small_community"]), margin, up_to)


RARITY: Final = read(tomllib.loads((Path(__file__).parent / "rarity.toml").read_text("utf-8")))
