"""What an import tells at its end, and about bad rows on its way."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from cli.printing import errors, printable

NAMED = 20
"""Bad rows of one file that are named; the others are counted."""


class Report:
    """What was taken in, what was not, and why. Counts keep the order in which they first came up."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.taken: Counter[str] = Counter()
        self.defects: Counter[str] = Counter()
        self.bad_rows: Counter[str] = Counter()
        self.notes: list[str] = []

    def bad(self, file: str, line: int, why: str) -> None:
        """Count a bad row; the first ones of a file are named on stderr."""
        self.bad_rows[file] += 1
        if self.bad_rows[file] <= NAMED:
            self.error(f"{file}:{line}: {why}")

    def error(self, text: str) -> None:
        """Say it on stderr, as it is."""
        errors.print(printable(text))

    def show(self, console: Console) -> None:
        """Print the summary; on stderr first how many bad rows were not named."""
        for file, count in self.bad_rows.items():
            if count > NAMED:
                self.error(f"{file}: {count - NAMED:,} more bad rows")
        table = Table(title=printable(self.title), title_justify="left", show_header=False, min_width=60)
        table.add_column("What", overflow="fold")
        table.add_column("Count", justify="right", no_wrap=True)
        for counts in (
            self.taken,
            self.defects,
            Counter({f"{file}: bad rows": n for file, n in self.bad_rows.items()}),
        ):
            for what, count in counts.items():
                table.add_row(printable(what), f"{count:,}")
            table.add_section()
        console.print(table)
        for note in self.notes:
            console.print(printable(note), soft_wrap=True)
