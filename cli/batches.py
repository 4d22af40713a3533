"""Imports the rows of a file in batches, and continues where an earlier run stopped."""

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
    Yield the rows in lists of `times` ROWS_PER_BATCH; the last one can be shorter. A BrokenFile from `rows` is raised after
    the last good row. Any other error drops the batch in which it occurs.
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


async def import_rows(
    rows: Iterable[T],
    start: Progress,
    take: Callable[[list[T], Progress], Awaitable[None]],
    report: Report,
    reading: Reading,
    *,
    times: int = 1,
) -> None:
    """
    Pass a file's rows to `take` in batches, with the progress that the batch's transaction must store.

    Rows that an earlier run imported are skipped; `start` identifies the file. `times`: larger batches, for small rows that
    touch many places of an index: these cost less when many are written at once. Raises Interrupted between batches.
    """
    done = await import_runs.rows_imported(start.source, start.file, start.fingerprint)
    if done:
        report.imported[f"{start.file}: rows imported by an earlier run"] = done
    report.imported[f"{start.file}: rows read"] = 0
    for batch in batches(islice(rows, done, None), times=times):
        done += len(batch)
        await take(batch, Progress(start.source, start.file, done, start.fingerprint))
        report.imported[f"{start.file}: rows read"] += len(batch)
        reading.check_stop()
