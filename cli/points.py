"""The ledger of points."""

from typing import Annotated

import typer

from cli.running import REFUSED, errors, with_database
from models.database import Database
from services.verification import Difference, differences

SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add these commands at the top."""
    app.command("verify-points")(verify_points)


def verify_points(
    *, repair: Annotated[bool, typer.Option("--repair", help="Set the kept sums to what the ledger says.")] = False
) -> None:
    """
    Compare the kept sums of points with the ledger.

    Exit code 0: all right, or repaired; 1: there are differences.
    """

    async def work(_database: Database) -> list[Difference]:
        return [each async for each in differences(repair=repair)]

    with errors.status("Comparing the sums with the ledger …"):
        found = with_database(work)
    for each in found[:SHOWN]:
        typer.echo(f"profile {each.profile_id}: {each.column} is {each.kept}, the ledger says {each.ledger}", err=True)
    if len(found) > SHOWN:
        typer.echo(f"… and {len(found) - SHOWN} more", err=True)
    if not found:
        typer.echo("All sums equal the ledger.")
    elif repair:
        typer.echo(f"Repaired {len(found)} figures.")
    else:
        typer.echo(f"{len(found)} figures differ. Run again with --repair to set them right.")
        raise typer.Exit(REFUSED)
