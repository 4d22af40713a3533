"""docs/reference/import-community.md says of every file which columns it has, in their order."""

import re

from catalogue.points import Category
from catalogue.projects import TEXTS
from cli.community_files import HEADERS
from services.accounts.companies import MAX_COMPANY_NAME
from services.imports import csv_archive, import_runs, imported_badges
from services.media.text_rules import MAX_CHARACTERS
from settings import HERE

TEXT = (HERE / "docs" / "reference" / "import-community.md").read_text("utf-8")
SECTIONS = {each.partition("\n")[0]: each for each in TEXT.split("\n## ")[1:]}


def test_every_file_and_every_column_is_documented_in_order() -> None:
    columns = {name: ",".join(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) for name, section in SECTIONS.items()}
    assert columns == HEADERS


def test_the_bounds_are_those_of_the_code() -> None:
    def longest(file: str, column: str) -> int:
        [row] = re.findall(rf"^\| `{column}` \| (.*) \|$", SECTIONS[file], re.MULTILINE)
        [number] = re.findall(r"at most ([\d,]+) characters", row)
        return int(number.replace(",", ""))

    assert longest("profiles.csv", "name") == MAX_CHARACTERS["name"]
    assert longest("profiles.csv", "job_title") == MAX_CHARACTERS["job_title"]
    assert longest("profiles.csv", "company") == MAX_COMPANY_NAME
    assert longest("badges.csv", "name") == imported_badges.MAX_BADGE_NAME
    assert longest("badges.csv", "description") == imported_badges.MAX_DESCRIPTION
    assert longest("projects.csv", "title") == TEXTS["title"].longest
    assert longest("projects.csv", "description") == TEXTS["description"].longest
    assert f"up to {import_runs.MAX_KEY} characters" in TEXT
    assert f"from -{csv_archive.MAX_POINTS:,} to {csv_archive.MAX_POINTS:,}" in TEXT
    assert all(f"`{each.value}`" in SECTIONS["opening_points.csv"] for each in Category)
