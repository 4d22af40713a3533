"""Token scopes as data: the fields of the schema that each scope opens."""

import re
import tomllib
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

ERRORS: Final = frozenset(
    {
        "UserError",
        "ChecklistError",
        "InsufficientCreditsError",
        "PlainError",
        "ProjectFieldError",
        "ProofRequiredError",
        "RateLimitError",
        "VersionConflictError",
    }
)
"""Types of errors in payloads. A scope that opens a mutation also opens these."""
NODES: Final = frozenset(
    {
        "Account",
        "ApiKey",
        "AuditEntry",
        "Company",
        "ConnectionRequest",
        "CreditEntry",
        "Invite",
        "PersonAccount",
        "PersonalAccessToken",
        "PersonalDataDownload",
        "PointEntry",
        "Profile",
        "ProfileMerge",
        "Project",
        "ProjectImage",
        "ServiceAccount",
        "Session",
        "ShopOrder",
        "Viewer",
    }
)
"""Types with an id. A scope that opens `Node.id` also opens theirs: `node(id:) { id }` can be any of them."""


@dataclass(frozen=True)
class Scope:
    """A permission that a token can have."""

    name: str
    group: str
    about: str
    opens: frozenset[str]
    """`Type.field`, or `Type.*` for all fields of a type."""
    service_only: bool = False
    """True if only a service account can have it."""


def _scopes() -> dict[str, Scope]:
    text = (Path(__file__).parent / "scopes.toml").read_text("utf-8")
    return {
        name: Scope(name, row["group"], row["about"], _opened(row["opens"]), row.get("service_only", False))
        for name, row in tomllib.loads(text).items()
    }


def _opened(opens: list[str]) -> frozenset[str]:
    """
    Return the fields that a scope opens. With a mutation these are also the error types, and with `Node.id` the ids of all
    nodes, because clients select these on an interface.
    """
    mutates = any(each.startswith("Mutation.") for each in opens)
    return frozenset(
        {
            *opens,
            *(f"{each}.*" for each in ERRORS if mutates),
            *(f"{each}.id" for each in NODES if "Node.id" in opens),
        }
    )


SCOPES: Final = _scopes()
TokenScopeName: Any = Enum(  # type: ignore[misc]  # its members come from scopes.toml
    "TokenScopeName", {re.sub("[:-]", "_", name).upper(): name for name in SCOPES}
)
"""The scopes by their names in the graph: `MX_LEADERBOARD_READ` for `mx:leaderboard:read`, which is its value."""


def names_of(scopes: Iterable[str]) -> list[Any]:
    """Return the TokenScopeName of each of these scopes, sorted. A scope that is not in the catalogue any more is left out."""
    return [TokenScopeName(name) for name in sorted(scopes) if name in SCOPES]


@lru_cache(maxsize=1_024)
def opened_by(scopes: frozenset[str]) -> frozenset[str]:
    """Return all fields that these scopes open together. An unknown name opens nothing."""
    return frozenset().union(*(SCOPES[name].opens for name in scopes if name in SCOPES))


def closed(coordinates: Iterable[str], scopes: AbstractSet[str]) -> list[str]:
    """Return those of the fields (as `Type.field`) that these scopes do not open, sorted."""
    opened = opened_by(frozenset(scopes))
    return sorted(each for each in coordinates if each not in opened and f"{each.partition('.')[0]}.*" not in opened)


def opening(coordinate: str, *, service: bool) -> list[str]:
    """
    Return the scopes of which any one opens this field, those that only read first. Only those that the account can have:
    `service` for a service account, else a person. Empty if no token of such an account may use the field.
    """
    found = [
        scope.name
        for scope in SCOPES.values()
        if (service or not scope.service_only) and not closed({coordinate}, {scope.name})
    ]
    return sorted(found, key=lambda name: (not name.endswith(":read"), name))
