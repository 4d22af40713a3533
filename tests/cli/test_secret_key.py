"""Commands and servers refuse a wrong or missing secret key, with one message and exit code 2."""

import pytest

from models.secret_canary import SecretCanary
from settings import Settings
from tests.cli.conftest import Cli, Inside

OTHER_KEY = "a7" * 32


def said(text: str) -> str:
    return " ".join(text.split())


def test_a_command_with_a_wrong_key_does_nothing(
    cli: Cli, inside: Inside, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    assert cli("verify-points").exit_code == 0
    monkeypatch.setenv("SECRET_KEY", OTHER_KEY)
    for words in (["verify-points"], ["tshirts", "list"], ["run"]):
        # when
        result = cli(*words)
        # then
        assert (result.exit_code, result.stdout) == (2, ""), words
        assert "is not the one that this database was made with. Set SECRET_KEY" in said(result.stderr)
        assert OTHER_KEY not in result.stderr and settings.secret_key not in result.stderr
        assert "Traceback" not in result.stderr
    assert inside(lambda: SecretCanary.all().count()) == 1
    # what needs no secret
    assert cli("migrate").exit_code == 0


def test_a_lost_key_can_be_replaced(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("verify-points").exit_code == 0
    monkeypatch.setenv("SECRET_KEY", OTHER_KEY)
    assert cli("accept-secret-key").exit_code == 0
    assert cli("verify-points").exit_code == 0


@pytest.mark.postgres_only
@pytest.mark.parametrize("words", [["verify-points"], ["run"], ["accept-secret-key"]])
def test_on_postgresql_the_key_must_be_set(
    cli: Cli, inside: Inside, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    result = cli(*words)
    assert result.exit_code == 2 and "SECRET_KEY is not set. On PostgreSQL it must be set" in said(result.stderr)
    assert inside(lambda: SecretCanary.all().count()) == 0
    assert cli("migrate").exit_code == 0
