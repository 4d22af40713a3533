"""Pages of a list: how many rows from where, and the connection that is made of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from catalogue.languages import Text
from resolvers.base import cursors
from services.errors import ErrorCode, refused

DEFAULT = 20
MAX_PAGE_SIZE = 100
Row = Any


@dataclass(frozen=True)
class Page:
    """`size` rows after (or before, when `backward`) the row that `cursor` names; no cursor: from that end."""

    size: int
    cursor: str | None
    backward: bool


def page(first: int | None, after: str | None, last: int | None, before: str | None) -> Page:
    """
    Read the four arguments of a connection; neither `first` nor `last` means the first 20.

    Raises Refused: BAD_PAGE (a size outside 1 to 100, or both directions at once).
    """
    if last is None and before is None:
        return Page(_size("first", first), after, backward=False)
    if first is not None or after is not None:
        raise refused(ErrorCode.BAD_PAGE, "Ask for `first` and `after`, or for `last` and `before`, not for both.")
    return Page(_size("last", last), before, backward=True)


def _size(name: str, size: int | None) -> int:
    if size is None:
        return DEFAULT
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise refused(
            ErrorCode.BAD_PAGE,
            Text("`{name}` must be between 1 and {largest}.", name=name, largest=MAX_PAGE_SIZE),
            path=(name,),
        )
    return size


def connection(asked: Page, rows: Sequence[Row], cursor_of: Callable[[Row], str], **more: Any) -> dict[str, Any]:
    """
    The connection's row for rows in the list's order, of which there may be one more than asked for: it tells that
    there is a further page. `more` are the connection's own columns.
    """
    further = len(rows) > asked.size
    shown = (rows[1:] if asked.backward else rows[:-1]) if further else rows
    return {
        "edges": shown,
        "page_info": {
            "has_next_page": asked.cursor is not None if asked.backward else further,
            "has_previous_page": further if asked.backward else asked.cursor is not None,
            "start_cursor": cursor_of(shown[0]) if shown else None,
            "end_cursor": cursor_of(shown[-1]) if shown else None,
        },
        **more,
    }


async def newest(found: Any, asked: Page, of: str, names: Sequence[str]) -> list[Row]:
    """
    Rows of a queryset, the highest id first, with these columns; one more than asked for, as `connection` wants them.

    `of` is the list that its cursors are bound to; they hold the id alone. Raises Refused: BAD_CURSOR.
    """
    if asked.cursor is not None:
        [number] = cursors.decode(of, asked.cursor, int)
        found = found.filter(id__gt=number) if asked.backward else found.filter(id__lt=number)
    rows = await found.order_by("id" if asked.backward else "-id").limit(asked.size + 1).values(*names)
    return list(rows[::-1] if asked.backward else rows)
