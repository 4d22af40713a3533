"""The shop: stock and orders."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from catalogue.shop import ITEMS
from cli.command import with_database
from models.database import Database
from models.shop import OrderState, ShopOrder
from services.credits import shop

app = typer.Typer(help="What people order for their credits.", no_args_is_help=True)
Order = Annotated[int, typer.Argument(help="Number of the order: see `shop orders`.")]


@app.command()
def stock(
    item: Annotated[
        str, typer.Argument(help=f"One of {', '.join(code for code, each in ITEMS.items() if each.stock is not None)}.")
    ],
    left: Annotated[int, typer.Argument(min=0, help="How many are left from now on.")],
) -> None:
    """Say how many of an item are left."""

    async def work(_database: Database) -> int:
        return await shop.set_stock(item, left)

    typer.echo(f"{item}: {with_database(work):,} were left, now {left:,} are.")


@app.command()
def orders(*, state: Annotated[OrderState | None, typer.Option(help="Only those of this state.")] = None) -> None:
    """Show the newest 200 orders: number, when, state, item, price, who."""

    async def work(_database: Database) -> Sequence[dict[str, Any]]:
        return await shop.orders(state)

    for row in with_database(work):
        when = row["ordered_at"].strftime("%Y-%m-%d %H:%M")
        typer.echo("\t".join((str(row["id"]), when, row["state"].value, row["item"], str(row["price"]), row["email"])))


@app.command()
def ship(order: Order) -> None:
    """Note that an order is on its way. Its owner cannot cancel it any more."""

    async def work(_database: Database) -> ShopOrder:
        return await shop.ship(order)

    typer.echo(f"Order {order}: {with_database(work).item} is shipped.")


@app.command()
def refund(order: Order) -> None:
    """Give an order back, shipped or not: its credits to the account, its item to the stock. Once."""

    async def work(_database: Database) -> ShopOrder:
        return await shop.refund(order)

    typer.echo(f"Order {order}: {with_database(work).price:,} credits are given back.")
