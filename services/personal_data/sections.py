"""
The sections of a person's data: one per table that models/ownership/ declares as exported.

A section has the rows of the profile, or those of the account that is signed in: what belongs to another account of the same
person (its sessions, tokens, credits) is read by signing in to it. Rule: docs/rules/accounts.md#personal-data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from catalogue.languages import Text
from models import tables
from models.ownership import OWNERSHIP
from models.ownership.rules import Exported

OF_PROFILE: Final = Text("Belongs to your profile, whichever of your accounts you are signed in to.")
OF_ACCOUNT: Final = Text(
    "Belongs to the account that is signed in. To see that of another account of yours, sign in to it."
)

_ORDERS: Final[Mapping[type[Model], tuple[str, ...]]] = {
    tables.Connection: ("connected_at", "other_id"),
    tables.ConnectionRequest: ("sent_at", "id"),
    tables.Invite: ("created_at", "id"),
    tables.PointEntry: ("occurred_at", "id"),
    tables.Referral: ("at", "id"),
}
"""Order of the records, oldest first, where an index has another order than that of the primary key."""


class Owner(NamedTuple):
    """The person whose data is read, and the account that is signed in."""

    account_id: int
    profile_id: int


@dataclass(frozen=True)
class Section:
    """The rows of one table that are a person's. `code` is the table's name with hyphens."""

    code: str
    model: type[Model]
    title: str
    columns: tuple[str, ...]
    owner: str
    where: Mapping[str, Any]

    @property
    def of_account(self) -> bool:
        """True if the rows belong to an account, not to the profile."""
        return self._target is tables.Account

    @property
    def description(self) -> Text:
        """Whose rows these are."""
        return OF_ACCOUNT if self.of_account else OF_PROFILE

    @property
    def order(self) -> tuple[str, ...]:
        """The columns that the records are sorted by; the last one makes the order unique."""
        return _ORDERS.get(self.model, (str(self.model._meta.pk_attr),))

    def rows(self, owner: Owner) -> QuerySet[Any]:
        """All rows of the person. Index: the owner's column, with the order's where there may be many rows."""
        column, number = self.owner, owner.account_id if self.of_account else owner.profile_id
        if self._target is tables.Project:
            column = column.removesuffix("_id") + "__owner_id"
        return self.model.filter(**{column: number}, **self.where)

    @property
    def _target(self) -> type[Model]:
        """The table that the owner's column refers to."""
        return self.model if self.owner == "id" else refers_to(self.model, self.owner) or tables.Profile


def refers_to(model: type[Model], column: str) -> type[Model] | None:
    """The table that a column refers to, by a foreign key or by its name; None if it does not."""
    name = column.removesuffix("_id")
    if name == column:
        return None
    key: Any = model._meta.fields_map.get(name)
    if key is not None and getattr(key, "related_model", None) is not None:
        related: type[Model] = key.related_model
        return related
    return {"account": tables.Account, "actor": tables.Account, "profile": tables.Profile}.get(name)


def beyond(order: tuple[str, ...], keys: tuple[Any, ...], *, backward: bool = False) -> Q:
    """The condition that a row comes after the one with these keys. Its first column is compared by itself, for the index."""
    sign = "lt" if backward else "gt"
    first, *rest = order
    if not rest:
        return Q(**{f"{first}__{sign}": keys[0]})
    later = Q(**{f"{first}__{sign}": keys[0]}) | Q(**{first: keys[0], f"{rest[0]}__{sign}": keys[1]})
    return Q(**{f"{first}__{sign}e": keys[0]}) & later


def _sections() -> dict[str, Section]:
    found = {}
    for each in OWNERSHIP:
        if isinstance(each.export, Exported):
            code, export = each.table.replace("_", "-"), each.export
            columns = ("id", *export.columns) if each.model is tables.Profile else export.columns
            found[code] = Section(code, each.model, export.title, columns, export.owner, dict(export.where))
    first = ("profile", "account")
    return {code: found[code] for code in (*first, *sorted(set(found) - {*first}, key=lambda code: found[code].title))}


SECTIONS: Final = _sections()
"""By code: the profile and the accounts first, then by title."""
