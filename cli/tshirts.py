"""T-shirts of people who brought five others: who gets one, and where it goes."""

from collections.abc import Sequence
from typing import Annotated

import typer

from cli.command import with_database
from cli.printing import printable
from models.database import Database
from models.referrals import ShirtClaim, ShirtState
from services.invites import tshirts
from services.invites.tshirts import Parcel

app = typer.Typer(help="T-shirts for people who brought five others here.", no_args_is_help=True)
UNREADABLE = "(sealed with another SECRET_KEY)"


@app.command(name="list")
def list_all(*, state: Annotated[ShirtState | None, typer.Option(help="Only those of this state.")] = None) -> None:
    """
    Show claims with their addresses: number, when, state, size, handle, name, street, town, postal code, country. With
    --state the oldest 200, else the newest 200. The audit trail says that they were shown.
    """

    async def work(_database: Database) -> Sequence[Parcel]:
        return await tshirts.parcels(state)

    for parcel in with_database(work):
        row, to = parcel.row, parcel.to
        when = row.claimed_at.strftime("%Y-%m-%d %H:%M")
        where = (to.name, to.street, to.town, to.postal_code, to.country) if to else (UNREADABLE,)
        told = (str(row.id), when, row.state.value, row.size.value, row.profile.handle, *where)
        typer.echo("\t".join(map(printable, told)))


@app.command()
def ship(claim: Annotated[int, typer.Argument(help="Number of the claim: see `tshirts list`.")]) -> None:
    """Note that a T-shirt is on its way."""

    async def work(_database: Database) -> ShirtClaim:
        return await tshirts.ship(claim)

    typer.echo(f"Claim {claim}: size {with_database(work).size.value} is shipped.")
