"""Profiles."""

from typing import Annotated

import typer

from cli.command import with_database
from models.accounts import Account
from models.database import Database
from services.accounts.accounts import attach_account

app = typer.Typer(help="People as the community sees them.", no_args_is_help=True)


@app.callback()
def profiles() -> None:
    """Keep `attach` a command of its own."""


@app.command()
def attach(
    handle: Annotated[str, typer.Argument(help="Handle of a profile that nobody has claimed.")],
    email: Annotated[str, typer.Argument(help="Address of the person, without an account so far.")],
) -> None:
    """Give an unclaimed profile its first account."""

    async def work(_database: Database) -> Account:
        return await attach_account(handle, email)

    typer.echo(f"{with_database(work).email} now has the profile {handle}.")
