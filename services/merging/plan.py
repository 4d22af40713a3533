"""What a merge does, counted before it is done: each step of services/merging/engine.py makes its part."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from catalogue.points import Category


class Pair(NamedTuple):
    """Two profiles: everything of the source goes to the survivor, and the source then no longer exists."""

    source: int
    survivor: int


@dataclass(frozen=True)
class TablePlan:
    """
    Rows of one table. `kept`: the survivor's, unchanged. `moved`: the source's, which get the survivor. `combined`: the source's that
    become one with a row of the survivor. `lost`: rows of either that disappear for another reason, such as a connection between
    the two. `added`: new rows of the survivor. So it has `kept + moved + added` rows in the end.
    """

    table: str
    kept: int = 0
    moved: int = 0
    combined: int = 0
    lost: int = 0
    added: int = 0


class Kept(Enum):
    """Whose value of a field the merged profile has."""

    SURVIVOR = "SURVIVOR"
    SOURCE = "SOURCE"


class MergedFieldName(Enum):
    """A field of the profile that a preview shows."""

    NAME = "NAME"
    AVATAR = "AVATAR"
    JOB_TITLE = "JOB_TITLE"
    DEPARTMENT = "DEPARTMENT"
    COUNTRY = "COUNTRY"
    LOCATION = "LOCATION"
    ABOUT = "ABOUT"
    WEBSITE = "WEBSITE"
    LOOKING_FOR = "LOOKING_FOR"
    GITHUB = "GITHUB"
    MEETUP = "MEETUP"
    TWITTER = "TWITTER"
    LINKEDIN = "LINKEDIN"
    SKYPE = "SKYPE"
    JOINED_ON = "JOINED_ON"
    LANGUAGE = "LANGUAGE"
    VISIBILITY = "VISIBILITY"
    COMPANY = "COMPANY"


@dataclass(frozen=True)
class FieldPlan:
    """
    A field of the profile that one of the two has filled in. `value` is what is kept, `other` what is lost: texts for people, the same
    in every language; empty if there is none.
    """

    field: MergedFieldName
    kept: Kept
    value: str
    other: str = ""


class CompensationReason(Enum):
    """Why a merge takes points back."""

    DUPLICATE = "DUPLICATE"
    """Both profiles had the points of an activity that counts once."""
    SELF = "SELF"
    """One of the two profiles got the points for what the other one did."""


@dataclass(frozen=True)
class Compensation:
    """
    Entries of the ledger that are taken back, of one activity. `points`: what is taken; below 0 what is given back, for entries that
    took points; 0 for events that a daily cap left without points, and that no longer count.
    """

    reason: CompensationReason
    category: Category
    activity: str
    entries: int
    points: int


@dataclass(frozen=True)
class StepPlan:
    """The part of one step."""

    tables: Sequence[TablePlan] = ()
    fields: Sequence[FieldPlan] = ()
    compensations: Sequence[Compensation] = ()
