"""Companies."""

from typing import Annotated

import typer

from cli.command import with_database
from models.companies import Company
from models.database import Database
from services.accounts.companies import create_company

app = typer.Typer(help="Companies and their mail domains.", no_args_is_help=True)


@app.callback()
def companies() -> None:
    """Keep `create` a command of its own."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="The company's name.")],
    *,
    domain: Annotated[str, typer.Option(help="Mail domain it owns; who signs up with an address there joins it.")],
    admin: Annotated[str, typer.Option(help="Address of its admin, who has an account.")],
) -> None:
    """Make a company. Verified accounts on its domain that belong to none join it."""

    async def work(_database: Database) -> Company:
        return await create_company(name, domain=domain, admin_email=admin)

    typer.echo(f"Made the company {with_database(work).name}.")
