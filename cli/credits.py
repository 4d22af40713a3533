"""`credits`, `verify-credits`: corrections of credits, and the comparison of balances with their entries."""

from typing import Annotated

import typer

from cli.command import REFUSED, with_database
from cli.printing import errors
from models.credits import CreditEntry
from models.database import Database
from services.core import ids
from services.credits.credit_ledger import Difference, differences
from services.credits.credit_ledger import correct as correct_credits

MAX_ROWS_PRINTED = 50

app = typer.Typer(help="Credits of accounts, spent in the shop.", no_args_is_help=True)


def register(top: typer.Typer) -> None:
    """Add the top-level command."""
    top.command("verify-credits")(verify_credits)


@app.callback()
def credits_() -> None:
    """Make `correct` a subcommand: Typer would merge a single command into its group."""


@app.command(context_settings={"ignore_unknown_options": True})
def correct(
    email: Annotated[str, typer.Argument(help="Email address of the account.")],
    amount: Annotated[
        int, typer.Argument(help="Credits to add. A negative number takes credits, at most the balance.")
    ],
    *,
    reason: Annotated[str, typer.Option(help="Reason; the owner of the account sees it.")],
) -> None:
    """Add or take credits. The correction is recorded in the audit trail and in the account's credit history."""

    async def work(_database: Database) -> CreditEntry:
        return await correct_credits(email, amount, reason=reason)

    typer.echo(f"{email.strip()} now has {with_database(work).balance_after:,} credits.")


def verify_credits(
    *, repair: Annotated[bool, typer.Option("--repair", help="Set wrong balances to the sum of their entries.")] = False
) -> None:
    """
    Compare every credit balance with the sum of its entries.

    Exit code 0: all equal, or repaired; 1: there are differences. A wrong entry is never repaired: entries are not edited.
    """

    async def work(_database: Database) -> tuple[list[str], bool]:
        found = [_described(each) async for each in differences(repair=repair)]
        return found, repair and not [each async for each in differences()]

    with errors.status("Comparing the balances with their entries …"):
        found, repaired = with_database(work)
    for each in found[:MAX_ROWS_PRINTED]:
        typer.echo(each, err=True)
    if len(found) > MAX_ROWS_PRINTED:
        typer.echo(f"… and {len(found) - MAX_ROWS_PRINTED} more", err=True)
    if not found:
        typer.echo("All balances equal their entries.")
    elif repaired:
        typer.echo(f"Repaired {len(found)} balances.")
    else:
        typer.echo(f"{len(found)} accounts differ.")
        raise typer.Exit(REFUSED)


def _described(each: Difference) -> str:
    entry = "" if each.entry_id is None else f" after {ids.encode('CreditEntry', each.entry_id)}"
    account = ids.encode("Account", each.account_id)
    return f"{account}: the balance{entry} is {each.stored}, the entries sum to {each.expected}"
