"""The ledger of points."""

from typing import Annotated

import typer

from catalogue.points import Category
from cli.command import REFUSED, with_database
from cli.printing import errors
from models.database import Database
from models.points import PointEntry
from services.accounts import support
from services.points.corrections import Reversal
from services.points.ledger_consistency import Difference, differences

MAX_ROWS_PRINTED = 50
corrections = typer.Typer(help="Corrections of what people were given.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands at the top."""
    app.command("verify-points")(verify_points)
    app.add_typer(corrections, name="points")


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
    for each in found[:MAX_ROWS_PRINTED]:
        typer.echo(
            f"profile {each.profile_id}: {each.column} is {each.stored}, the ledger says {each.ledger}", err=True
        )
    if len(found) > MAX_ROWS_PRINTED:
        typer.echo(f"… and {len(found) - MAX_ROWS_PRINTED} more", err=True)
    if not found:
        typer.echo("All sums equal the ledger.")
    elif repair:
        typer.echo(f"Repaired {len(found)} figures.")
    else:
        typer.echo(f"{len(found)} figures differ. Run again with --repair to set them right.")
        raise typer.Exit(REFUSED)


@corrections.command()
def penalize(
    handle: Annotated[str, typer.Argument(help="Handle of the person's profile.")],
    category: Annotated[Category, typer.Argument(case_sensitive=False, help="Where the points are taken from.")],
    points: Annotated[int, typer.Argument(min=1, max=1_000_000, help="How many.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; the person reads it, unless the penalty is silent.")],
    silent: Annotated[
        bool, typer.Option("--silent", help="The person does not see the penalty, only the sums.")
    ] = False,
    event: Annotated[str, typer.Option(help="An id of your own: the same one again takes nothing further.")] = "",
) -> None:
    """Take points from somebody. Take it back with `points reverse operator:penalties EVENT`."""

    async def work(_database: Database) -> PointEntry:
        return await support.penalize(handle, category, points, reason=reason, silent=silent, external_id=event)

    entry = with_database(work)
    typer.echo(f"Took {-entry.awarded} points from {handle} in {category.value}: {entry.source} {entry.external_id}")


@corrections.command()
def reverse(
    source: Annotated[str, typer.Argument(help="Who reported the event, as the ledger names it.")],
    external_id: Annotated[str, typer.Argument(help="The reporter's own id of the event.")],
) -> None:
    """Take back exactly what an event gave, or what a penalty took."""

    async def work(_database: Database) -> Reversal:
        return await support.reverse(source, external_id)

    taken = with_database(work)
    again = "was taken back before" if taken.repeated else "is taken back"
    typer.echo(f"The event {again}: {taken.entry.awarded:+d} points in {taken.entry.category.value}.")
