"""`tshirts`: claims of T-shirts, and their postal addresses."""

from collections.abc import Sequence
from typing import Annotated

import typer

from cli.command import with_database
from cli.ids import number_in
from cli.printing import printable
from models.database import Database
from models.referrals import ShirtClaim, ShirtState
from services.core import ids
from services.invites import tshirts
from services.invites.tshirts import Parcel

app = typer.Typer(help="T-shirts for people who referred five others.", no_args_is_help=True)
UNREADABLE = "(sealed with another SECRET_KEY)"


@app.command(name="list")
def list_all(
    *, state: Annotated[ShirtState | None, typer.Option(help="Show only claims in this state.")] = None
) -> None:
    """
    List claims with their addresses: id, time, state, size, handle, name, street, town, postal code, country. With
    --state the oldest 200, else the newest 200. The audit trail records that they were listed.
    """

    async def work(_database: Database) -> Sequence[tuple[str, Parcel]]:
        return [(ids.encode("ShirtClaim", each.row.id), each) for each in await tshirts.parcels(state)]

    for claim, parcel in with_database(work):
        row, to = parcel.row, parcel.to
        when = row.claimed_at.strftime("%Y-%m-%d %H:%M")
        where = (to.name, to.street, to.town, to.postal_code, to.country) if to else (UNREADABLE,)
        columns = (claim, when, row.state.value, row.size.value, row.profile.handle, *where)
        typer.echo("\t".join(map(printable, columns)))


@app.command()
def ship(claim: Annotated[str, typer.Argument(help="Id of the claim, from `tshirts list`.")]) -> None:
    """Mark a T-shirt as shipped."""

    async def work(_database: Database) -> ShirtClaim:
        return await tshirts.ship(number_in("ShirtClaim", claim))

    typer.echo(f"Claim {claim}: size {with_database(work).size.value} is shipped.")
