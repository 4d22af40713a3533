"""What goes, and how many rows of each table: counted before it is done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Going:
    """
    What is deleted: accounts, and their profile if no account is left. `profile_id` is 0, which no row has, if a profile stays or
    there is none. `addresses` are the keys of all addresses that go: of the accounts, and the recovery address of the profile.
    """

    account_ids: tuple[int, ...]
    profile_id: int
    addresses: tuple[str, ...]
    stays_id: int = 0
    """The profile that loses an account and stays; 0 if it goes too, or there is none."""


@dataclass(frozen=True)
class TablePlan:
    """
    Rows of one table. `deleted`: the person's own. `cleared`: rows of others that no longer name the person. `anonymised`: rows
    that stay without what identifies the person. `hidden`: of the deleted, those that the person must not know of, such as blocks by others
    and silent penalties.
    """

    table: str
    deleted: int = 0
    cleared: int = 0
    anonymised: int = 0
    hidden: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Leftovers:
    """What is outside of the database and goes after the commit: keys of the image store, and of the store of downloads."""

    avatars: Sequence[str] = ()
    project_images: Sequence[str] = ()
    downloads: Sequence[str] = ()


class Step(Protocol):
    """A module of this folder that does the special part of some tables. models/ownership names it by `by`."""

    async def plan(self, going: Going) -> Sequence[TablePlan]:
        """Count the rows that no general rule counts. Changes nothing."""
        ...

    async def apply(self, going: Going, now: datetime) -> None:
        """Do it, before the rows of the general rules go, in the transaction of the deletion, with everything locked."""
        ...
