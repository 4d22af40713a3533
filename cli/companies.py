"""`company`: companies and their mail domains."""

from typing import Annotated

import typer

from cli.command import with_database
from models.companies import Company
from models.database import Database
from services.accounts.companies import create_company

app = typer.Typer(help="Companies and their mail domains.", no_args_is_help=True)


@app.callback()
def companies() -> None:
    """Make `create` a subcommand: Typer would merge a single command into its group."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the company.")],
    *,
    domain: Annotated[
        str, typer.Option(help="Mail domain that it owns. People who sign up with an address there join it.")
    ],
    admin: Annotated[str, typer.Option(help="Email address of the admin's account, which must exist.")],
) -> None:
    """Create a company. Verified accounts on its domain without a company join it."""

    async def work(_database: Database) -> Company:
        return await create_company(name, domain=domain, admin_email=admin)

    typer.echo(f"Created the company {with_database(work).name}.")
