"""The pages of docs/reference that are made from code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from catalogue.limits import LIMITS
from catalogue.scopes import SCOPES
from cli.__main__ import app
from cli.markdown import table
from cli.reference import FOLDER, STATUS, pages
from models import tables
from schema.error_rows import PLACES, Place
from services.errors import ErrorCode
from settings import HERE, PREFIX, Settings
from tests.helpers.commands import commands


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages(get_command(app))


def test_the_pages_are_those_of_the_code(made: dict[str, str]) -> None:
    outdated = [name for name, page in made.items() if text(name) != page]
    assert outdated == [], "docs/reference is out of date: run `make docs`"


def test_the_command_writes_every_page(made: dict[str, str], tmp_path: Path) -> None:
    # when
    done = CliRunner().invoke(app, ["export-docs", str(tmp_path / "reference")])
    # then
    assert done.exit_code == 0, done.output
    assert {file.name: file.read_text("utf-8") for file in (tmp_path / "reference").iterdir()} == made


def test_a_table_escapes_what_would_end_a_cell() -> None:
    assert (
        table(("A", "B"), [("one | two", "three\n  four")]) == "| A | B |\n| --- | --- |\n| one \\| two | three four |"
    )


def text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def test_every_setting_command_scope_and_limit_has_a_row() -> None:
    assert all(f"| `{PREFIX}{each.name.upper()}` |" in text("settings.md") for each in fields(Settings))
    assert set(re.findall(r"^## (.+)$", text("commands.md"), re.MULTILINE)) == commands()
    assert all(f"`{each}`" in text("scopes.md") for each in SCOPES)
    assert all(f"| `{each}` |" in text("limits-and-costs.md") for each in LIMITS)


def test_every_table_is_named_beside_the_people_it_belongs_to() -> None:
    page = text("personal-data.md")
    for name in tables.__all__:
        assert f"`{getattr(tables, name)._meta.db_table}`" in page
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert "Rows of the person are deleted (`account_id`)" in rows["api_key"]
    assert "`counterpart_id` becomes null" in rows["point_entry"] and "“Points”" in rows["point_entry"]
    assert "Not shown." in rows["password"]


def test_every_error_code_has_a_row_and_a_place() -> None:
    codes = {each.value for each in ErrorCode}
    assert set(STATUS) <= codes
    rows = {
        row[0]: row[1:]
        for row in re.findall(r"^\| `([A-Z_]+)` \| (.*) \| (.*) \| (.*) \|$", text("error-codes.md"), re.MULTILINE)
    }
    assert set(rows) == codes
    assert all(row[0] and row[1] for row in rows.values())


def test_what_is_always_a_top_level_error_is_said_to_be_one() -> None:
    folders = ("resolvers", "services", "execution", "web")
    raised = {
        code
        for folder in folders
        for file in (HERE / folder).rglob("*.py")
        for code in re.findall(r"NotAllowed\(\s*ErrorCode\.([A-Z_]+)", file.read_text("utf-8"))
    }
    assert len(raised) > 4
    assert {each for each in raised if Place.TOP_LEVEL not in PLACES.get(ErrorCode(each), ())} == set()
