"""What the documents promise is there, and what is there stands in them."""

import re
from dataclasses import fields

import pytest
from typer.main import get_command

from catalogue.scopes import SCOPES
from cli.__main__ import app
from settings import HERE, BadSetting, Settings

README = (HERE / "README.md").read_text("utf-8")


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_readme_has_every_setting_with_its_default_and_sentence(setting) -> None:
    default = f"{setting.default:g}" if isinstance(setting.default, float) else setting.default
    shown = f"`{default}`" if default != "" else "(empty)"
    assert f"| `{setting.name.upper()}` | {shown} | {setting.metadata['about']} |" in README


def test_readme_has_no_setting_that_is_not_there() -> None:
    table = README.partition("## Settings")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE)) == {
        setting.name.upper() for setting in fields(Settings)
    }


def commands() -> set[str]:
    found = set()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        found |= {f"{name} {each}" for each in command.commands} if hasattr(command, "commands") else {name}
    return found


def test_readme_has_every_command_and_no_other() -> None:
    table = README.partition("## Commands")[2].partition("\n## ")[0]
    listed = {
        " ".join(re.findall(r"^[a-z-]+(?: [a-z0-9-]+)?(?=$| )", row)[:1])
        for row in re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    }
    assert listed == commands()


def test_readme_has_every_scope() -> None:
    assert set(re.findall(r"^\| `(mx:[a-z0-9:-]+)`", README, re.MULTILINE)) == set(SCOPES)


def test_every_decision_says_how_it_is_enforced() -> None:
    decisions = sorted((HERE / "docs" / "decisions").glob("*.md"))
    assert len(decisions) >= 3
    for file in decisions:
        text = file.read_text("utf-8").lower()
        assert all(f"## {each}" in text for each in ("context", "decision", "consequences")), file.name
        assert "enforced" in text, file.name


def test_links_inside_the_documents_lead_somewhere() -> None:
    for file in [*HERE.glob("*.md"), *(HERE / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\((?!https?://)([^)#]+)", file.read_text("utf-8")):
            assert (file.parent / link).exists(), f"{file.name}: {link}"


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PORT": "x"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"ANONYMOUS": "maybe"}, "ANONYMOUS"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"MAX_DEPTH": "0"}, "MAX_DEPTH"),
        ({"DRAIN_SECONDS": "-1"}, "DRAIN_SECONDS"),
        ({"DRAIN_SECONDS": "nan"}, "DRAIN_SECONDS"),
        ({"PUBLIC_URL": "graph.example"}, "PUBLIC_URL"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(BadSetting, match=named):
        Settings.from_environment(environment)


def test_settings_come_from_the_environment_and_empty_ones_do_not() -> None:
    read = Settings.from_environment({"PORT": "9000", "HOST": "", "DRAIN_SECONDS": "1.5", "OTHER": "x"})
    assert (read.port, read.host, read.drain_seconds, read.address) == (9000, "127.0.0.1", 1.5, "http://127.0.0.1:9000")
    assert Settings(public_url="https://graph.example/").address == "https://graph.example"
