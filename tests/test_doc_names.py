"""Names of code in the documents: each path exists, and each identifier occurs in the sources."""

import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from cli.markdown import MADE
from settings import HERE, PREFIX, Settings

DOCUMENTS = [
    file
    for file in (HERE / "README.md", HERE / "CONTRIBUTING.md", HERE / "SECURITY.md", *(HERE / "docs").rglob("*.md"))
    if MADE not in file.read_text("utf-8")
]
SOURCES = {".graphql", ".html", ".js", ".json", ".py", ".toml", ".ts"}
FOLDERS = (
    "benchmarks",
    "catalogue",
    "cli",
    "clients",
    "docs",
    "execution",
    "models",
    "resolvers",
    "schema",
    "services",
    "tests",
    "web",
)
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*(/|\.(graphql|html|js|lock|md|po|py|toml|ts))")
IDENTIFIER = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(\(.*\))?")
ELSEWHERE = {"curl", "msgstr", "HttpOnly", "SameSite", "Secure"}
"""Words of other programs and standards."""
TO_COME = {"trackedSince"}
"""Names in rules about parts that do not exist yet."""
NOT_OURS = ("var/",)
"""Folders whose files are made at run time."""


@cache
def files() -> frozenset[str]:
    found = {each for folder in FOLDERS for each in (HERE / folder).rglob("*") if "node_modules" not in each.parts}
    found |= set(HERE.iterdir()) | set((HERE / ".ci").iterdir())
    return frozenset("/" + each.relative_to(HERE).as_posix() for each in found)


@cache
def words() -> frozenset[str]:
    """Every identifier of the sources, and the settings' names in the environment."""
    texts = [(HERE / name).read_text("utf-8") for name in files_of_sources()]
    settings = {each.name.upper() for each in fields(Settings)}
    found = {word for text in texts for word in re.findall(r"[A-Za-z_]\w*", text)}
    return frozenset(found | settings | {PREFIX + each for each in settings} | ELSEWHERE | TO_COME)


def files_of_sources() -> list[str]:
    own = Path(__file__).relative_to(HERE).as_posix()
    return [
        name.removeprefix("/")
        for name in files()
        if (Path(name).suffix in SOURCES or name == "/Makefile") and name.removeprefix("/") != own
    ]


def names_in(file: Path) -> list[str]:
    """What stands in backticks, outside of fenced blocks."""
    prose = re.sub(r"^```.*?^```$", "", file.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", prose)


def is_known(name: str) -> bool:
    if name.startswith(NOT_OURS):
        return True
    if PATH.fullmatch(name):
        return any(file.endswith("/" + name.rstrip("/")) for file in files())
    if identifier := IDENTIFIER.fullmatch(name):
        return set(identifier[1].split(".")) <= words()
    return True


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.relative_to(HERE).as_posix())
def test_names_of_code_in_a_document_exist(file: Path) -> None:
    # Names of a compiled plan (`A2`, `c10`) are explained where they stand.
    example = {"A2", "L14", "c10", "s22"} if "plan-and-fallback" in file.name else set()
    assert [name for name in names_in(file) if name not in example and not is_known(name)] == []


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("services/points/ledger.py", True),
        ("ledger.py", True),
        ("services/points/", True),
        ("services/points/ledgers.py", False),
        ("services/point/", False),
        ("Settings.database_url", True),
        ("Settings.no_such_setting", False),
        ("COMMUNITY_PORT", True),
        ("PORTS_OF_OURS", False),
        ("GET /healthz", True),
    ],
)
def test_a_name_is_known_if_it_is_there(name: str, known: bool) -> None:
    assert is_known(name) is known
