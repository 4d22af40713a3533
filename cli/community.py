"""Imports a community's archive: CSV files of people, skills, opening balances, badges, connections and projects."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from tortoise.transactions import in_transaction

from cli import repeated_rows
from cli.batches import import_rows
from cli.community_files import HEADERS, IMPORTS, REQUIRED, Batch, FileImport
from cli.file_reader import Reading, WrongFolder, fingerprint
from cli.repeated_rows import Read
from cli.report import Report
from services.imports import import_runs
from services.imports.import_runs import BadRow, Progress

T = TypeVar("T")


async def import_community(folder: Path, source: str, report: Report, reading: Reading) -> None:
    """
    Import the archive, or continue where an earlier run stopped; `report` grows on the way.

    Raises WrongFolder before anything is written, Interrupted after a whole batch. Bad rows are reported and skipped.
    """
    check_folder(folder)
    for each in IMPORTS:
        if (folder / each.name).exists():
            await _import_file(each, folder, source, report, reading)


def check_folder(folder: Path) -> None:
    """Raise WrongFolder unless the folder has an archive's files, each with its header."""
    if not folder.is_dir():
        raise WrongFolder(f"{folder} is not a folder.")
    if missing := [name for name in REQUIRED if not (folder / name).is_file()]:
        raise WrongFolder(f"{folder} is not a community's archive: it lacks {', '.join(missing)}.")
    for name, header in HEADERS.items():
        if not (folder / name).exists():
            continue
        first = next(Reading().lines(folder / name), "").rstrip("\r\n")
        if _column_names(first) != header.split(","):
            raise WrongFolder(f"{folder / name} begins with {first[:200]!r}, not with {header!r}.")


def _column_names(line: str) -> list[str]:
    """Return the names of the columns. They may be quoted, as spreadsheets write them."""
    try:
        return [name.strip() for name in next(csv.reader([line], strict=True), [])]
    except csv.Error:
        return []


async def _import_file(each: FileImport[Any], folder: Path, source: str, report: Report, reading: Reading) -> None:
    path = folder / each.name
    decisive = [path, *(folder / name for name in each.depends_on if (folder / name).exists())]
    start = Progress(source, each.name, 0, fingerprint(*decisive))
    report.imported[f"{each.label}: new"] = 0
    prepared = await each.prepare()

    async def take(batch: list[Read[Any]], progress: Progress) -> None:
        good = _good_rows(batch, each.name, report)
        outcome = await each.take(Batch(each.name, good, progress, report, prepared))
        report.imported[f"{each.label}: new"] += outcome.new
        if outcome.known:
            report.imported[f"{each.label}: {each.known_label}"] += outcome.known
        for label, count in outcome.others.items():
            if count:
                report.imported[label] += count

    found = parsed_rows(path, each.parse, reading)
    if each.subject:
        found = repeated_rows.with_repeats_refused(found, each.subject)
    await import_rows(found, start, take, report, reading, times=each.times)
    if report.bad_rows[each.name]:
        # The next run must read the file again, to report the rows that are still bad.
        async with in_transaction():
            await import_runs.save_progress(start)


def parsed_rows(path: Path, parse: Callable[[list[str]], T], reading: Reading) -> Iterator[Read[T]]:
    """Yield the file's rows after the header, each through `parse`; a bad row comes as the reason."""
    columns = HEADERS[path.name].count(",") + 1
    table = csv.reader(reading.lines(path), strict=True)
    line = 1
    while True:
        try:
            row = next(table)
        except StopIteration:
            return
        except csv.Error as broken:
            yield Read(line, None, f"not a row of CSV: {broken}")
        else:
            if row and line > 1:
                yield _parse_row(line, row, columns, parse)
        line = table.line_num + 1


def _parse_row(line: int, row: list[str], columns: int, parse: Callable[[list[str]], T]) -> Read[T]:
    if len(row) != columns:
        return Read(line, None, f"has {len(row)} columns, not {columns}")
    whole = "".join(row)
    if "\0" in whole:
        return Read(line, None, "contains a NUL character")
    try:
        whole.encode()
        return Read(line, parse(row))
    except UnicodeEncodeError:
        return Read(line, None, "is not UTF-8")
    except BadRow as why:
        return Read(line, None, str(why))


def _good_rows(batch: list[Read[T]], file: str, report: Report) -> list[tuple[int, T]]:
    good = []
    for row in batch:
        if row.value is None:
            report.bad(file, row.line, row.why)
        else:
            good.append((row.line, row.value))
    return good
