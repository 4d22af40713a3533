"""Recovery emails, in support cases."""

from typing import Annotated

import typer

from cli.command import with_database
from models.database import Database
from services.accounts.recovery_email import set_by_operator
from services.auth.account_lookup import account_by_email

app = typer.Typer(help="Where codes go when an account's own mail is lost.", no_args_is_help=True)


@app.callback()
def recovery_emails() -> None:
    """Keep `set` a command of its own."""


@app.command("set")
def set_(
    email: Annotated[str, typer.Argument(help="Address of the person's account.")],
    new: Annotated[str, typer.Argument(help="The recovery email; it counts as verified.")],
) -> None:
    """Set a person's recovery email. Make sure first that it is theirs: password resets go there."""

    async def work(_database: Database) -> None:
        await set_by_operator((await account_by_email(email)).id, new)

    with_database(work)
    typer.echo(f"The recovery email of {email.strip()} is set.")
