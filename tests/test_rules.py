"""The rules in docs/rules: every reference leads to one, and no reference leads out of the repository."""

import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent.parent
RULES = HERE / "docs" / "rules"
REFERENCE = re.compile(r"docs/rules/([\w-]+\.md)(?:#([\w-]+))?")
LINK = re.compile(r"\]\(([\w-]+\.md)?(?:#([\w-]+))?\)")
FOLDERS = ("catalogue", "cli", "docs", "execution", "models", "resolvers", "schema", "services", "tests", "web")


def sources() -> list[Path]:
    found = [
        each for folder in FOLDERS for each in (HERE / folder).rglob("*") if each.suffix in {".py", ".md", ".toml"}
    ]
    return [*found, *HERE.glob("*.py"), *HERE.glob("*.md")]


@cache
def anchors(name: str) -> frozenset[str]:
    """The anchors of a file of rules, made from its headings as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", (RULES / name).read_text("utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def test_every_reference_to_a_rule_resolves() -> None:
    wrong = []
    for file in sources():
        for name, anchor in REFERENCE.findall(file.read_text("utf-8")):
            if not (RULES / name).is_file() or (anchor and anchor not in anchors(name)):
                wrong.append(f"{file.relative_to(HERE)}: {name}#{anchor}")
    assert not wrong


@pytest.mark.parametrize("file", sorted(RULES.glob("*.md")), ids=lambda file: file.name)
def test_links_between_the_rules_resolve(file: Path) -> None:
    links = [(name or file.name, anchor) for name, anchor in LINK.findall(file.read_text("utf-8"))]
    assert not [link for link in links if link[1] and link[1] not in anchors(link[0])]
    assert all((RULES / name).is_file() for name, _ in links)


def test_every_file_of_rules_is_in_the_index_and_no_heading_stands_twice() -> None:
    index = (RULES / "README.md").read_text("utf-8")
    for file in RULES.glob("*.md"):
        headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
        assert len(headings) == len(set(headings)), file.name
        assert file.name == "README.md" or f"({file.name})" in index, file.name
