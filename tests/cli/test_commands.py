"""The operator's commands, as a script would use them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from services.auth import access_tokens
from settings import HERE, Settings
from tests.helpers.commands import commands

RUNNER = CliRunner()


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_explains_itself(command: str) -> None:
    result = RUNNER.invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_a_token_is_the_last_line_of_the_output_and_nothing_else_is_there(cli) -> None:
    # given
    assert cli("account", "create", "bot@services.example", "--name", "Bot", "--service").exit_code == 0
    # when
    result = cli(
        "token",
        "create",
        "--account",
        "BOT@services.example",
        "--name",
        "pull",
        "--scope",
        "mx:leaderboard:read",
        "--scope",
        "mx:points:ingest",
    )
    # then
    assert result.exit_code == 0
    assert access_tokens.well_formed(result.stdout.removesuffix("\n"))
    assert result.stdout.strip() not in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["token", "create", "--account", "nobody@people.example", "--name", "x", "--scope", "mx:leaderboard:read"],
            1,
            "no account",
        ),
        (["account", "create", "nonsense", "--name", "x"], 1, "not an email address"),
        (["account", "create", "a@people.example", "--name", " "], 1, "name"),
        (["account", "create", "a@people.example"], 2, "--name"),
        (["profile", "attach", "nobody", "a@people.example"], 1, "no profile"),
        (
            ["company", "create", "Harbor", "--domain", "gmail.com", "--admin", "a@people.example"],
            1,
            "public mail domain",
        ),
        (["company", "create", "Harbor", "--domain", "harbor.example", "--admin", "a@people.example"], 1, "admin"),
        (["nothing"], 2, "nothing"),
    ],
)
def test_what_is_refused_is_said_on_standard_error(cli, words: list[str], code: int, said: str) -> None:
    result = cli(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_from_a_person_to_a_company(cli) -> None:
    for words in (
        ["account", "create", "ada@harbor.example", "--name", "Ada Okafor"],
        ["company", "create", "Harbor Works", "--domain", "harbor.example", "--admin", "ada@harbor.example"],
        ["verify-points"],
        ["verify-points", "--repair"],
        ["migrate"],
    ):
        result = cli(*words)
        assert (result.exit_code, result.stderr) == (0, ""), words
    again = cli("company", "create", "Twin", "--domain", "harbor.example", "--admin", "ada@harbor.example")
    assert again.exit_code == 1


def test_differences_are_an_exit_code(cli, settings: Settings) -> None:
    # given
    cli("account", "create", "ada@harbor.example", "--name", "Ada Okafor")
    import asyncio

    from models.database import opened
    from models.points import Score

    async def spoil() -> None:
        async with opened(settings):
            await Score.all().update(forum=5, overall=5)

    asyncio.run(spoil())
    # when
    found, repaired, clean = cli("verify-points"), cli("verify-points", "--repair"), cli("verify-points")
    # then
    assert (found.exit_code, repaired.exit_code, clean.exit_code) == (1, 0, 0)
    assert "forum is 5, the ledger says 0" in found.stderr


def test_an_old_or_unreachable_database_is_an_exit_code(cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.sqlite3")
    result = cli("verify-points")
    assert result.exit_code == 2 and "python -m cli migrate" in result.stderr
    assert cli("migrate").exit_code == 0 and cli("verify-points").exit_code == 0
    monkeypatch.setenv("PORT", "x")
    assert cli("verify-points").exit_code == 2


def test_the_schema_can_be_printed(cli) -> None:
    assert cli("export-schema", "-").stdout == (HERE / "schema.graphql").read_text("utf-8")
