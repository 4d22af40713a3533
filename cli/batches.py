"""A file's rows on their way into the database: batch by batch, on from where an earlier run stopped."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from cli.file_reader import BrokenFile, Reading
from cli.report import Report
from services.imports import import_runs
from services.imports.import_runs import Progress

ROWS_PER_BATCH = 1_000
"""Rows of one transaction."""
T = TypeVar("T")


def batches(rows: Iterable[T], *, times: int = 1) -> Iterator[list[T]]:
    """
    The rows in lists of `times` BATCH, the last one shorter. A BrokenFile in `rows` is raised behind the last good row; any
    other error drops the batch it happens in.
    """
    source = iter(rows)
    while True:
        batch: list[T] = []
        try:
            batch.extend(islice(source, ROWS_PER_BATCH * times))
        except BrokenFile:
            if batch:
                yield batch
            raise
        if not batch:
            return
        yield batch


async def take_in(
    rows: Iterable[T],
    start: Progress,
    take: Callable[[list[T], Progress], Awaitable[None]],
    report: Report,
    reading: Reading,
    *,
    times: int = 1,
) -> None:
    """
    Hand a file's rows to `take`, with the progress that the batch's transaction has to note.

    Rows that an earlier run took in are passed over; `start` names the file. `times`: for small rows that are written all
    over their indexes, which costs less for many at once. Raises Interrupted between batches.
    """
    done = await import_runs.rows_taken(start.source, start.file, start.fingerprint)
    if done:
        report.taken[f"{start.file}: rows taken in by an earlier run"] = done
    report.taken[f"{start.file}: rows read"] = 0
    for batch in batches(islice(rows, done, None), times=times):
        done += len(batch)
        await take(batch, Progress(start.source, start.file, done, start.fingerprint))
        report.taken[f"{start.file}: rows read"] += len(batch)
        reading.go_on()
