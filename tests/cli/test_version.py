"""Which release runs: the command line, the health check and the log say the same."""

import tomllib

from typer.testing import CliRunner

from cli.__main__ import app
from settings import HERE, VERSION


def test_the_version_is_that_of_the_project() -> None:
    assert tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]["version"] == VERSION


def test_the_command_line_prints_the_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"{VERSION}\n")
