"""The commands of the command line."""

from typer.main import get_command

from cli.__main__ import app


def commands() -> set[str]:
    found = set()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        found |= {f"{name} {each}" for each in command.commands} if hasattr(command, "commands") else {name}
    return found
