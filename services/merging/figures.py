"""What two profiles have, and what the merged one will have: for the preview. Rule: docs/rules/accounts.md#merging-preview."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalogue.points import Category, CertificationLevel


@dataclass(frozen=True)
class Figures:
    """
    What one profile has. Points are sums of the ledger: they can be below 0, and are then displayed as 0. `badges`: badges with a
    valid level. `challenges`: codes of the completed ones. `certifications`: levels passed, lowest first.
    """

    points: Mapping[Category, int]
    overall: int
    level: int
    badges: int
    challenges: tuple[str, ...]
    certifications: tuple[CertificationLevel, ...]
    academy_units: int
    learning_paths: int


@dataclass(frozen=True)
class MergeFigures:
    """The figures of both profiles, and of the survivor after the merge."""

    source: Figures
    survivor: Figures
    merged: Figures
