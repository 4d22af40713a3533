"""Ids of rows, as the graph gives them."""

from services.core import ids


def graph_id(prefix: str, number: int | None) -> str:
    """The id of a row of the type with this prefix, in the database of the test."""
    assert number is not None
    return ids.encode(ids.TYPES[prefix], number)


def number_in(graph_id: str) -> int:
    """The number of the row with this id."""
    found = ids.decode(graph_id)
    assert found is not None
    return found[1]
