"""`profile`: profiles and their accounts."""

from typing import Annotated

import typer

from cli.command import with_database
from models.accounts import Account
from models.database import Database
from services.accounts.accounts import attach_account

app = typer.Typer(help="Profiles of people.", no_args_is_help=True)


@app.callback()
def profiles() -> None:
    """Make `attach` a subcommand: Typer would merge a single command into its group."""


@app.command()
def attach(
    handle: Annotated[str, typer.Argument(help="Handle of an unclaimed profile.")],
    email: Annotated[str, typer.Argument(help="Email address of the person. It must not have an account yet.")],
) -> None:
    """Create the first account of an unclaimed profile."""

    async def work(_database: Database) -> Account:
        return await attach_account(handle, email)

    typer.echo(f"{with_database(work).email} now has the profile {handle}.")
