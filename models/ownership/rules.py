"""
What merging, deletion and export do to each table with data of people.

A profile is merged into another one: the *source* into the *survivor* (services/merging/). An account is deleted, and with
the last one its profile (services/deletion/). A person downloads what is stored about them (services/personal_data/). All three
follow the declarations. A test fails for a table that refers to a profile or an account and declares nothing, and for a column that
no rule covers. Rule: docs/rules/accounts.md#declarations-per-table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tortoise.models import Model

# Merging: what happens to the rows of the source.


@dataclass(frozen=True)
class Moved:
    """
    The rows get the survivor in `column`. With `unless_same`, a row is dropped if the survivor has one that is equal in these
    columns.
    """

    column: str = "profile_id"
    unless_same: tuple[str, ...] = ()


@dataclass(frozen=True)
class Combined:
    """The rows of both become those of the survivor by `rule`. services/merging/ has a module of the name `by` that does it."""

    by: str
    rule: str
    columns: tuple[str, ...] = ("profile_id",)


@dataclass(frozen=True)
class Rebuilt:
    """The rows follow from other tables, and are made again for the survivor. Those of the source are deleted."""

    by: str
    column: str = "profile_id"


@dataclass(frozen=True)
class Unaffected:
    """Merging changes nothing."""

    why: str


# Deletion: what happens when an account goes, and when the last one takes its profile along.


@dataclass(frozen=True)
class Deleted:
    """
    The rows are deleted with the account or profile in one of `columns`. With `by`, services/deletion/ has a module of this
    name that does first what `rule` says.
    """

    columns: tuple[str, ...] = ("profile_id",)
    by: str | None = None
    rule: str = ""


@dataclass(frozen=True)
class Cleared:
    """The rows belong to others and stay; these columns become null: a deleted user."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Anonymised:
    """The rows stay without what identifies the person, as `rule` says. services/deletion/ has a module of the name `by`."""

    by: str
    rule: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Retained:
    """The rows stay as they are: they do not identify a person."""

    why: str
    columns: tuple[str, ...] = ()


# Export: what a person downloads.


@dataclass(frozen=True)
class Exported:
    """
    A section of the person's data: the rows whose `owner` is the profile or the account, with these columns, oldest first.
    A column that refers to another person is replaced by that person's public name. `where`: only rows with these values; the
    person may not know of the others.
    """

    title: str
    columns: tuple[str, ...]
    owner: str = "profile_id"
    where: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class NotExported:
    """Not in the download."""

    why: str


MergeRule = Moved | Combined | Rebuilt | Unaffected
DeletionRule = Deleted | Cleared | Anonymised | Retained
ExportRule = Exported | NotExported


@dataclass(frozen=True)
class Ownership:
    """The rules of one table."""

    model: type[Model]
    merge: Sequence[MergeRule]
    deletion: Sequence[DeletionRule]
    export: ExportRule

    @property
    def table(self) -> str:
        """Name of the table."""
        name: Any = self.model._meta.db_table
        return str(name)


STAYS_WITH_ACCOUNT: Final = Unaffected("It belongs to an account, and the accounts of both profiles stay as they are.")
STAYS_WITH_PROJECT: Final = Unaffected("It belongs to a project.")
WITH_ACCOUNT: Final = Deleted(("account_id",))
WITH_PROFILE: Final = Deleted(("profile_id",))
WITH_PROJECT: Final = Deleted(("project_id",))
SECRET: Final = NotExported("It is a secret, or a digest of one.")
DERIVED: Final = NotExported("It follows from other tables.")
PASSING: Final = NotExported("It is deleted after hours or days, and repeats what other tables say.")
