"""`shop`: stock and orders."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from catalogue.shop import ITEMS
from cli.command import with_database
from cli.ids import number_in
from models.database import Database
from models.shop import OrderState, ShopOrder
from services.core import ids
from services.credits import shop

app = typer.Typer(help="Items that people order with their credits.", no_args_is_help=True)
Order = Annotated[str, typer.Argument(help="Id of the order, from `shop orders`.")]


@app.command()
def stock(
    item: Annotated[
        str, typer.Argument(help=f"One of {', '.join(code for code, each in ITEMS.items() if each.stock is not None)}.")
    ],
    left: Annotated[int, typer.Argument(min=0, help="Items that are left from now on.")],
) -> None:
    """Set how many of an item are left."""

    async def work(_database: Database) -> int:
        return await shop.set_stock(item, left)

    typer.echo(f"{item}: {with_database(work):,} were left, now {left:,} are left.")


@app.command()
def orders(*, state: Annotated[OrderState | None, typer.Option(help="Show only orders in this state.")] = None) -> None:
    """List the newest 200 orders: id, time, state, item, price, email address."""

    async def work(_database: Database) -> Sequence[dict[str, Any]]:
        return [{**row, "id": ids.encode("ShopOrder", row["id"])} for row in await shop.orders(state)]

    for row in with_database(work):
        when = row["ordered_at"].strftime("%Y-%m-%d %H:%M")
        typer.echo("\t".join((row["id"], when, row["state"].value, row["item"], str(row["price"]), row["email"])))


@app.command()
def ship(order: Order) -> None:
    """Mark an order as shipped. Its owner can no longer cancel it."""

    async def work(_database: Database) -> ShopOrder:
        return await shop.ship(number_in("ShopOrder", order))

    typer.echo(f"Order {order}: {with_database(work).item} is shipped.")


@app.command()
def refund(order: Order) -> None:
    """Refund an order once, shipped or not: credits return to the account, the item to the stock."""

    async def work(_database: Database) -> ShopOrder:
        return await shop.refund(number_in("ShopOrder", order))

    typer.echo(f"Order {order}: {with_database(work).price:,} credits are refunded.")
