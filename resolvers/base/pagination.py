"""Pages of a list: how many rows from where, and the connection that is made of them."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import Any, TypeVar

from catalogue.languages import Text
from resolvers.base.rows import Row
from services.errors import ErrorCode, refused

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
Result = TypeVar("Result")


@dataclass(frozen=True)
class Page:
    """`size` rows after (before if `backward`) the row of `cursor`; from that end of the list if there is no cursor."""

    size: int
    cursor: str | None
    backward: bool


def paged(reader: Callable[..., Coroutine[Any, Any, Result]]) -> Callable[..., Coroutine[Any, Any, Result]]:
    """
    Give a reader or coroutine the arguments `first`, `after`, `last` and `before` in place of its parameter `page`.

    The decorated function raises Refused: BAD_PAGE (a size outside 1 to 100, or both directions at once).
    """

    @wraps(reader)
    async def read(
        *positional: Any,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        **others: Any,
    ) -> Result:
        return await reader(*positional, page=_page_of(first, after, last, before), **others)

    own = signature(reader)
    parameters: list[Parameter] = []
    for each in own.parameters.values():
        parameters += _PAGE_PARAMETERS if each.name == "page" else [each]
    vars(read)["__signature__"] = own.replace(parameters=parameters)
    return read


_PAGE_PARAMETERS = [
    Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=kind)
    for name, kind in (("first", int | None), ("after", str | None), ("last", int | None), ("before", str | None))
]


def _page_of(first: int | None, after: str | None, last: int | None, before: str | None) -> Page:
    """The page that the four arguments of a connection mean; the first 20 rows if neither size is provided."""
    if last is None and before is None:
        return Page(_size("first", first), after, backward=False)
    if first is not None or after is not None:
        raise refused(ErrorCode.BAD_PAGE, "Use `first` and `after`, or `last` and `before`, but not both.")
    return Page(_size("last", last), before, backward=True)


def _size(name: str, size: int | None) -> int:
    if size is None:
        return DEFAULT_PAGE_SIZE
    check_size(size, name=name)
    return size


def check_size(size: int, largest: int = MAX_PAGE_SIZE, *, name: str = "first") -> None:
    """Raise Refused, BAD_PAGE, for a number of rows outside 1 to `largest`; `name` is the argument."""
    if not 1 <= size <= largest:
        text = Text("`{name}` must be between 1 and {largest}.", name=name, largest=largest)
        raise refused(ErrorCode.BAD_PAGE, text, path=(name,))


def connection(
    page: Page,
    rows: Sequence[Row],
    cursor_of: Callable[[Row], str],
    *,
    visible: Callable[[Row], bool] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """
    The connection's row for rows in the list's order. One row more than `page.size` means that there is a further page.

    Rows that are not `visible` any more are left out of the edges. They do not change whether there is a further page;
    if none is left, the cursors are theirs, so that a client can read on. `more` are the connection's own columns.
    """
    further = len(rows) > page.size
    listed = (rows[1:] if page.backward else rows[:-1]) if further else rows
    edges = listed if visible is None else [row for row in listed if visible(row)]
    ends = edges or listed
    return {
        "edges": edges,
        "page_info": {
            "has_next_page": page.cursor is not None if page.backward else further,
            "has_previous_page": further if page.backward else page.cursor is not None,
            "start_cursor": cursor_of(ends[0]) if ends else None,
            "end_cursor": cursor_of(ends[-1]) if ends else None,
        },
        **more,
    }
