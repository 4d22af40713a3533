"""Reads the records of a section: a page of them for the view, or all of them, a batch at a time, for the download."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from services.personal_data.sections import Owner, Section, beyond
from services.personal_data.values import Reader, Value, columns_of, values_of

EXPORT_BATCH: Final = 200
"""Records that a download reads at once: about 0.1 s of the event loop."""

Stored = dict[str, Any]


async def count(section: Section, owner: Owner) -> int:
    """Number of records of a section."""
    return await section.rows(owner).count()


async def stored(
    section: Section, owner: Owner, size: int, *, after: Sequence[Any] = (), backward: bool = False
) -> list[Stored]:
    """
    Up to `size` rows after the one with the sort keys `after` (before it if `backward`), in the section's order. At most four
    statements with `values_of`, each by an index.
    """
    rows = section.rows(owner)
    if after:
        rows = rows.filter(beyond(section.order, tuple(after), backward=backward))
    order = [f"-{name}" if backward else name for name in section.order]
    found = await rows.order_by(*order).limit(size).values(*columns_of(section))
    return list(found[::-1] if backward else found)


def keys_of(section: Section, row: Stored) -> tuple[Any, ...]:
    """The sort keys of a row."""
    return tuple(row[name] for name in section.order)


async def every_batch(section: Section, reader: Reader) -> AsyncIterator[list[list[Value]]]:
    """All records of a section, in batches, so that memory is bounded."""
    after: tuple[Any, ...] = ()
    while rows := await stored(section, reader.owner, EXPORT_BATCH, after=after):
        yield await values_of(section, rows, reader)
        if len(rows) < EXPORT_BATCH:
            return
        after = keys_of(section, rows[-1])
