"""`verify-points`, `points`: comparison of the sums with the ledger, and corrections."""

from typing import Annotated

import typer

from catalogue.points import Category
from cli.command import REFUSED, with_database
from cli.printing import errors
from models.database import Database
from models.points import PointEntry
from services.accounts import support
from services.core import ids
from services.points.corrections import Reversal
from services.points.ledger_consistency import Difference, differences

MAX_ROWS_PRINTED = 50
corrections = typer.Typer(help="Corrections of points.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the top-level commands."""
    app.command("verify-points")(verify_points)
    app.add_typer(corrections, name="points")


def verify_points(
    *, repair: Annotated[bool, typer.Option("--repair", help="Set wrong sums to the values of the ledger.")] = False
) -> None:
    """
    Compare the stored sums of points with the ledger.

    Exit code 0: all equal, or repaired; 1: there are differences.
    """

    async def work(_database: Database) -> list[tuple[str, Difference]]:
        return [(ids.encode("Profile", each.profile_id), each) async for each in differences(repair=repair)]

    with errors.status("Comparing the sums with the ledger …"):
        found = with_database(work)
    for profile, each in found[:MAX_ROWS_PRINTED]:
        typer.echo(f"{profile}: {each.column} is {each.stored}, the ledger says {each.ledger}", err=True)
    if len(found) > MAX_ROWS_PRINTED:
        typer.echo(f"… and {len(found) - MAX_ROWS_PRINTED} more", err=True)
    if not found:
        typer.echo("All sums equal the ledger.")
    elif repair:
        typer.echo(f"Repaired {len(found)} figures.")
    else:
        typer.echo(f"{len(found)} figures differ. Run again with --repair to correct them.")
        raise typer.Exit(REFUSED)


@corrections.command()
def penalize(
    handle: Annotated[str, typer.Argument(help="Handle of the person's profile.")],
    category: Annotated[Category, typer.Argument(case_sensitive=False, help="Category of the points.")],
    points: Annotated[int, typer.Argument(min=1, max=1_000_000, help="Number of points to take.")],
    *,
    reason: Annotated[str, typer.Option(help="Reason; the person sees it, unless the penalty is silent.")],
    silent: Annotated[
        bool, typer.Option("--silent", help="Hide the penalty from the person, who then sees only the lower sums.")
    ] = False,
    event: Annotated[
        str, typer.Option(help="Your own id for the penalty. Running it again with the same id takes no more points.")
    ] = "",
) -> None:
    """Take points from a person. Undo it with `points reverse operator:penalties EVENT`."""

    async def work(_database: Database) -> PointEntry:
        return await support.penalize(handle, category, points, reason=reason, silent=silent, external_id=event)

    entry = with_database(work)
    typer.echo(f"Took {-entry.awarded} points from {handle} in {category.value}: {entry.source} {entry.external_id}")


@corrections.command()
def reverse(
    source: Annotated[str, typer.Argument(help="Source of the event in the ledger.")],
    external_id: Annotated[str, typer.Argument(help="Id of the event at its source.")],
) -> None:
    """Reverse exactly the points of an event or a penalty."""

    async def work(_database: Database) -> Reversal:
        return await support.reverse(source, external_id)

    reversal = with_database(work)
    state = "was reversed before" if reversal.repeated else "is reversed"
    typer.echo(f"The event {state}: {reversal.entry.awarded:+d} points in {reversal.entry.category.value}.")
