"""`token`: personal access tokens."""

from typing import Annotated

import typer

from catalogue.scopes import SCOPES
from cli.command import with_database
from cli.ids import number_in
from cli.printing import printable
from models.database import Database
from services.auth.access_tokens import CreatedToken, of_account
from services.auth.access_tokens import create as create_token
from services.auth.access_tokens import delete as delete_token
from services.auth.account_lookup import account_by_email
from services.auth.principals import Row
from services.core import ids
from services.core.audit import OPERATOR

app = typer.Typer(help="Tokens that act for an account within scopes.", no_args_is_help=True)


@app.command()
def create(
    *,
    account: Annotated[str, typer.Option(help="Email address of the account that the token acts for.")],
    name: Annotated[str, typer.Option(help="Name of the token: its purpose.")],
    scope: Annotated[
        list[str], typer.Option(help=f"What the token may do; can be given several times. One of {', '.join(SCOPES)}.")
    ],
) -> None:
    """Create a token. Its secret is the last line of the output, and is printed only now."""

    async def work(_database: Database) -> CreatedToken:
        return await create_token((await account_by_email(account)).id, name=name, scopes=scope)

    made = with_database(work)
    typer.echo(f"Created the token {made.token.name} for {account}: {', '.join(made.token.scopes)}.", err=True)
    typer.echo(made.secret)


@app.command("list")
def list_(*, account: Annotated[str, typer.Option(help="Email address of the account.")]) -> None:
    """List the tokens of an account: id, last characters, name, scopes, and whether each is usable."""

    async def work(_database: Database) -> list[Row]:
        rows = await of_account((await account_by_email(account)).id)
        return [{**row, "id": ids.encode("PersonalAccessToken", row["id"])} for row in rows]

    for row in with_database(work):
        state = row["unusable"].value.lower().replace("_", " ") if row["unusable"] else "usable"
        typer.echo("\t".join((row["id"], f"…{row['hint']}", printable(row["name"]), ", ".join(row["scopes"]), state)))


@app.command()
def revoke(token: Annotated[str, typer.Argument(help="Id of the token, from `token list`.")]) -> None:
    """Delete a token. It stops working at once."""

    async def work(_database: Database) -> str:
        return (await delete_token(number_in("PersonalAccessToken", token), actor=OPERATOR)).name

    typer.echo(f"Revoked the token {with_database(work)}.")
