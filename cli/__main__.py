"""The commands for operators: `python -m cli --help`."""

import sys
from typing import Annotated

import typer

from cli import (
    accounts,
    avatars,
    badges,
    challenges,
    companies,
    database,
    deletion,
    demo,
    imports,
    merging,
    points,
    profiles,
    rebuild,
    recovery,
    reference,
    shop,
    tokens,
    tshirts,
)
from cli import credits as credit_commands
from settings import VERSION

app = typer.Typer(
    name="cli",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they contain personal data and secrets
)
accounts.register(app)
database.register(app)
deletion.register(app)
demo.register(app)
points.register(app)
reference.register(app)
credit_commands.register(app)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Commands for operators of this server. Settings come from the environment, as for the server."""


@app.command()
def run() -> None:
    """Update the tables, load the demo into an empty database, and serve until SIGTERM or Ctrl-C."""
    from cli.run import run as run_all

    run_all()


app.add_typer(accounts.app, name="account")
app.add_typer(avatars.app, name="avatars")
app.add_typer(badges.app, name="badges")
app.add_typer(challenges.app, name="challenges")
app.add_typer(companies.app, name="company")
app.add_typer(credit_commands.app, name="credits")
app.add_typer(imports.app, name="import")
app.add_typer(merging.app, name="merge")
app.add_typer(profiles.app, name="profile")
app.add_typer(rebuild.app, name="rebuild")
app.add_typer(recovery.app, name="recovery-email")
app.add_typer(shop.app, name="shop")
app.add_typer(tokens.app, name="token")
app.add_typer(tshirts.app, name="tshirts")

if __name__ == "__main__":
    sys.exit(app())
