"""What commands print is printed as it is, whatever stands in it."""

import ast
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from cli import printing
from cli.command import fail
from cli.report import Report
from cli.run import _greet
from settings import HERE

MARKUP = ["[/x]", "[bold]x[/bold]", "[red]", "\\[/x]", "[link=http://evil.example]x[/link]", "[/]"]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    written = StringIO()
    for console in (printing.out, printing.errors):
        monkeypatch.setattr(console, "_file", written)  # the console's own setter would keep what pytest captures
    return written


@pytest.mark.parametrize("value", MARKUP)
@pytest.mark.parametrize("command", ["forum", "community"])
def test_the_name_of_a_source_is_printed_as_it_is(cli, tmp_path: Path, command: str, value: str) -> None:
    folder = tmp_path / value.replace("/", "-")
    folder.mkdir()
    option = "--site" if command == "forum" else "--source"
    result = cli("import", command, str(folder), option, value)
    assert (result.exit_code, "Traceback" in result.stderr) == (2, False), result.stderr
    assert folder.name in result.stderr.replace("\n", "")


@pytest.mark.parametrize("value", MARKUP)
def test_errors_reports_and_tables_are_printed_as_they_are(terminal: StringIO, value: str) -> None:
    fail(value)
    _greet(f"http://{value}/graphql")
    report = Report(value)
    report.imported[value] += 1
    report.defects[value] += 1
    report.bad(value, 1, value)
    report.notes.append(value)
    report.show(printing.out)
    table = Table(value)
    table.add_row(value)
    printing.out.print(table)
    assert terminal.getvalue().count(value) >= 9, terminal.getvalue()


def test_nothing_in_a_report_moves_the_cursor(terminal: StringIO) -> None:
    report = Report("\x1b[2Jtitle")
    report.bad("x.csv", 1, "\x1b[2J\r")
    report.imported["\x1b[2J"] += 1
    report.notes.append("\x1b[2J")
    report.show(printing.out)
    assert "\x1b" not in terminal.getvalue() and "\r" not in terminal.getvalue()


def test_there_are_no_other_consoles() -> None:
    """A console that reads markup would take a value apart, or fail on it."""
    made = {
        str(file.relative_to(HERE))
        for file in (HERE / "cli").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == Console.__name__
    }
    assert made == {"cli/printing.py"}
