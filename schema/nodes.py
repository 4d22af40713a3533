"""What everything with an id has in common."""

from collections.abc import Callable
from typing import Any

import strawberry

from resolvers.base import ids, nodes
from schema.fields import answered_by, column

PAGE = {
    "first": "How many rows from the start or after `after`, 1 to 100; 20 unless asked.",
    "after": "Rows after the one with this cursor.",
    "last": "How many rows from the end or before `before`, 1 to 100.",
    "before": "Rows before the one with this cursor.",
}
"""What the arguments of a connection are."""


def id_of(type_name: str, key: str = "id") -> Callable[[Any], str]:
    """Read the id of a row of this type."""
    start = ids.PREFIXES[type_name] + "_"
    return lambda row: f"{start}{row[key]}"


@strawberry.interface(description="Something that can be fetched again by its id.")
class Node:
    id: strawberry.ID = column("Opaque; the same for as long as the thing exists.")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = column("Whether there are further rows after this page.")
    has_previous_page: bool = column("Whether there are rows before this page.")
    start_cursor: str | None = column("Cursor of the first row; null on an empty page.")
    end_cursor: str | None = column("Cursor of the last row; null on an empty page.")


@strawberry.type
class NodesQuery:
    node: Node | None = answered_by(
        nodes.node, "Anything by its id; null where you may not see it.", arguments={"id": "An id of this graph."}
    )
    nodes: list[Node | None] = answered_by(
        nodes.nodes,
        "Things by their ids, in that order; null where you may not see one.",
        arguments={"ids": "Up to 100 ids."},
    )
