"""Accounts."""

from typing import Annotated

import typer

from cli.running import with_database
from models.accounts import Account
from models.database import Database
from services.accounts import create_account

app = typer.Typer(help="Logins of people and of services.", no_args_is_help=True)


@app.callback()
def accounts() -> None:
    """Keep `create` a command of its own."""


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="Its address: it never changes, and counts as verified.")],
    *,
    name: Annotated[str, typer.Option(help="The person's or the service's name.")],
    service: Annotated[bool, typer.Option("--service", help="For another service: no profile, only tokens.")] = False,
) -> None:
    """Make an account. A person gets a private profile of that name."""

    async def work(_database: Database) -> Account:
        return await create_account(email, name=name, service=service)

    account = with_database(work)
    typer.echo(f"Made the account {account.email} of a {account.kind.value.lower()}.")
