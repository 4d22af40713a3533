"""Ids and pages, shared by all types."""

from collections.abc import Callable
from typing import Any

import strawberry

from resolvers.base import nodes
from schema.fields import answered_by, column
from services.core import ids
from services.core.runtime import current

PAGE_ARGUMENTS = {
    "first": "Number of rows from the start or after `after`, 1 to 100; 20 by default.",
    "after": "Return rows after this cursor.",
    "last": "Number of rows from the end or before `before`, 1 to 100.",
    "before": "Return rows before this cursor.",
}
"""Descriptions of a connection's arguments."""


def id_of(type_name: str, key: str = "id") -> Callable[[Any], str]:
    """Return a function that reads the id of a row of this type."""
    prefix = ids.PREFIXES[type_name]
    return lambda row: current().ids[prefix].encode(row[key])


def nodes_by(description: str, read: Callable[[Any], Any] = lambda edge: edge) -> Any:
    """Declare `nodes` of a connection. `read` reads the row of the node from the row of its edge."""
    return column(description, read=lambda row: [read(edge) for edge in row["edges"]])


@strawberry.interface(description="An object with an id that `Query.node` accepts.")
class Node:
    id: strawberry.ID = column("Opaque id, like `prf_5k2v9x0qcm`; it never changes.")


@strawberry.type(description="Position of a page in its list.")
class PageInfo:
    has_next_page: bool = column("True if there are rows after this page.")
    has_previous_page: bool = column("True if there are rows before this page.")
    start_cursor: str | None = column("Cursor of the first row; null if the page is empty.")
    end_cursor: str | None = column("Cursor of the last row; null if the page is empty.")


@strawberry.type
class NodesQuery:
    node: Node | None = answered_by(
        nodes.node,
        "An object by its id; null if it does not exist or you may not see it. A text that is not an id is refused with BAD_ID.",
        arguments={"id": "Id of the object, like `prf_5k2v9x0qcm`."},
    )
    nodes: list[Node | None] | None = answered_by(
        nodes.nodes,
        "Objects by their ids, in the same order; null for each that does not exist or that you may not see. A text that is not an id is refused with BAD_ID, with all others.",
        arguments={"ids": "Up to 100 ids."},
    )
