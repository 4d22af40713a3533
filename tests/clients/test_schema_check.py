"""`make schema-check`: what relay-compiler, graphql-eslint, graphql-inspector and a typed client say of the schema."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from settings import HERE

CHECK = HERE / "clients" / "check"
SCHEMA = (HERE / "schema.graphql").read_text("utf-8")


def checked(*schema: Path) -> tuple[int, str]:
    """Exit code and output of the check."""
    done = subprocess.run(
        ["node", "check.js", *map(str, schema)], cwd=CHECK, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="there is no npm here")
@pytest.mark.skipif(not (CHECK / "node_modules").is_dir(), reason="its tools are not installed: make schema-check")
def test_the_tools_of_client_developers_find_nothing_wrong(tmp_path: Path) -> None:
    # One test, since both runs write into one folder.
    code, said = checked()
    assert (code, said.count("ok    ")) == (0, 6), said
    # given a page that Relay cannot turn, a name that says its type twice, and a field that a client of ours asks for
    wrong = tmp_path / "schema.graphql"
    broken = re.sub(r"(?s)(type LeaderboardEntryConnection \{.*?)pageInfo:", r"\1page:", SCHEMA)
    broken = broken.replace("type Level {\n", 'type Level {\n  """Twice."""\n  levelName: String\n\n')
    broken = broken.replace("  pointsAwarded: Int!", "  pointsGiven: Int!")
    wrong.write_text(broken, "utf-8")
    # when
    code, said = checked(wrong)
    # then
    failed = re.findall(r"^FAILED ([\w -]+?):", said, re.MULTILINE)
    assert (code, failed) == (
        1,
        ["relay-compiler", "graphql-eslint", "graphql-inspector", "graphql-codegen", "tsc --strict"],
    ), said
    assert "relay-connection-types" in said and "no-typename-prefix" in said


def test_the_tools_are_the_same_everywhere() -> None:
    package: Any = json.loads((CHECK / "package.json").read_text("utf-8"))
    lock: Any = json.loads((CHECK / "package-lock.json").read_text("utf-8"))
    wanted = {**package["devDependencies"], **package["overrides"]}
    assert all(re.fullmatch(r"(npm:@[\w/]+@)?\d+\.\d+\.\d+", version) for version in wanted.values())
    assert lock["packages"][""]["devDependencies"] == package["devDependencies"]
    held = {name: each for name, each in lock["packages"].items() if name}
    assert len(held) > 100
    assert [name for name, each in held.items() if "resolved" in each or "integrity" not in each] == []
