"""The report of an import: counts at its end, and bad rows on its way."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from cli.printing import errors, printable

MAX_BAD_ROWS_PRINTED = 20
"""Bad rows of one file that are printed; the others are only counted."""


class Report:
    """Counts of imported rows, defects and bad rows. Counts keep the order in which they first occurred."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.imported: Counter[str] = Counter()
        self.defects: Counter[str] = Counter()
        self.bad_rows: Counter[str] = Counter()
        self.notes: list[str] = []

    def bad(self, file: str, line: int, why: str) -> None:
        """Count a bad row, and print the first ones of each file on standard error."""
        self.bad_rows[file] += 1
        if self.bad_rows[file] <= MAX_BAD_ROWS_PRINTED:
            self.error(f"{file}:{line}: {why}")

    def error(self, text: str) -> None:
        """Print a text on standard error, without markup."""
        errors.print(printable(text))

    def show(self, console: Console) -> None:
        """Print the summary. The number of bad rows that were not printed goes to standard error first."""
        for file, count in self.bad_rows.items():
            if count > MAX_BAD_ROWS_PRINTED:
                self.error(f"{file}: {count - MAX_BAD_ROWS_PRINTED:,} more bad rows")
        table = Table(title=printable(self.title), title_justify="left", show_header=False, min_width=60)
        table.add_column("What", overflow="fold")
        table.add_column("Count", justify="right", no_wrap=True)
        for counts in (
            self.imported,
            self.defects,
            Counter({f"{file}: bad rows": n for file, n in self.bad_rows.items()}),
        ):
            for what, count in counts.items():
                table.add_row(printable(what), f"{count:,}")
            table.add_section()
        console.print(table)
        for note in self.notes:
            console.print(printable(note), soft_wrap=True)
