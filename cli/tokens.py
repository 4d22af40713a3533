"""Personal access tokens."""

from typing import Annotated

import typer

from catalogue.scopes import SCOPES
from cli.running import with_database
from models.database import Database
from services.accounts import account_by_email
from services.tokens import Created
from services.tokens import create as create_token

app = typer.Typer(help="Tokens that act for an account within scopes.", no_args_is_help=True)


@app.callback()
def tokens() -> None:
    """Keep `create` a command of its own."""


@app.command()
def create(
    *,
    account: Annotated[str, typer.Option(help="Address of the account that the token acts for.")],
    name: Annotated[str, typer.Option(help="What the token is for.")],
    scope: Annotated[
        list[str], typer.Option(help=f"What it may do; give it several times. One of {', '.join(SCOPES)}.")
    ],
) -> None:
    """Make a token. Its secret is the last line of the output, and is shown this once."""

    async def work(_database: Database) -> Created:
        return await create_token((await account_by_email(account)).id, name=name, scopes=scope)

    made = with_database(work)
    typer.echo(f"Made the token {made.token.name} for {account}: {', '.join(made.token.scopes)}.", err=True)
    typer.echo(made.secret)
