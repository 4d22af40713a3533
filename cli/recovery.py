"""`recovery-email`: recovery email addresses, for support."""

from typing import Annotated

import typer

from cli.command import with_database
from models.database import Database
from services.accounts.recovery_email import set_by_operator
from services.auth.account_lookup import account_by_email

app = typer.Typer(help="Addresses for codes when a person has lost the account's own mailbox.", no_args_is_help=True)


@app.callback()
def recovery_emails() -> None:
    """Make `set` a subcommand: Typer would merge a single command into its group."""


@app.command("set")
def set_(
    email: Annotated[str, typer.Argument(help="Email address of the account.")],
    new: Annotated[str, typer.Argument(help="Recovery email; it counts as verified.")],
) -> None:
    """Set the recovery email of an account. First make sure that it belongs to the person: password resets go there."""

    async def work(_database: Database) -> None:
        await set_by_operator((await account_by_email(email)).id, new)

    with_database(work)
    typer.echo(f"The recovery email of {email.strip()} is set.")
