"""The shop and its orders."""

import strawberry

from catalogue.shop import ITEMS
from models.shop import OrderState
from resolvers import credits as credit_resolvers
from resolvers import shop
from resolvers.base.permissions import SignedIn
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import Work, answered_by, column, loaded_by, mutation_by
from schema.nodes import PAGE_ARGUMENTS, Node, PageInfo, id_of, nodes_by
from schema.scalars import DateTime
from services.errors import ErrorCode

enum_of(
    OrderState,
    "State of an order.",
    {
        "PLACED": "Placed; its owner can still cancel it.",
        "SHIPPED": "Shipped.",
        "REFUNDED": "Cancelled or refunded; its credits were returned to the account.",
    },
    name="ShopOrderState",
)


@strawberry.type(description="An item that the shop sells, or once sold, for credits.")
class ShopItem:
    code: str = column("Code that never changes.")
    name: str = column("Name of the item, in the language of the answer.")
    description: str = column("One sentence about the item, in the language of the answer.")
    price: int = column("Current price in credits.")
    stock_left: int | None = column("Number of items left; null if unlimited.")
    is_available: bool = column("True if it can be ordered now: it is on sale and in stock.")
    can_afford: bool | None = column("True if the account that is signed in has enough credits; null if anonymous.")


@strawberry.type(description="An order of an item for credits. Visible to the account that placed it only.")
class ShopOrder(Node):
    id: strawberry.ID = column("Opaque id of the order, like `ord_5k2v9x0qcm`.", read=id_of("ShopOrder"))
    item: ShopItem | None = loaded_by(
        shop.items, "The item as it is in the shop now; null if it is no longer in the catalogue.", key="item"
    )
    price: int = column("Price in credits when it was ordered.")
    state: OrderState = column("Whether the order is placed, shipped or refunded.")
    ordered_at: DateTime = column("When it was ordered.")
    changed_at: DateTime | None = column("When it was shipped or refunded; null while the state is PLACED.")


@strawberry.type(description="An order on a page of orders.")
class ShopOrderEdge:
    cursor: str = column("Cursor of this order, for `after` and `before`.", read=shop.cursor_of)
    node: ShopOrder = column("The order.", itself=True)


@strawberry.type(description="A page of an account's orders, newest first.")
class ShopOrderConnection:
    edges: list[ShopOrderEdge] = column("The orders on this page, with their cursors.")
    nodes: list[ShopOrder] = nodes_by("The orders on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(shop.totals, "Number of orders of the account.", key="account_id")


@strawberry.type
class ShopQuery:
    shop: list[ShopItem] | None = answered_by(
        shop.catalogue, "All items on sale, also those out of stock.", work=Work(rows=len(ITEMS))
    )


@strawberry.type
class ShopOfViewer:
    orders: ShopOrderConnection = loaded_by(
        shop.of_accounts,
        "Orders of the account that is signed in, newest first.",
        key="account_id",
        arguments=PAGE_ARGUMENTS,
    )


@strawberry.input(description="The item to order.")
class OrderItemInput:
    item_code: str = strawberry.field(description="Code of an item of `Query.shop`.")
    idempotency_key: str = strawberry.field(
        description=(
            "A value of 1 to 128 characters that is new for each order, like a UUID. The same key and item within 24 "
            "hours return the same order, so that a call without an answer can be repeated safely."
        )
    )


@strawberry.type(description="Payload of `orderItem`.")
class OrderItemPayload:
    order: ShopOrder | None = loaded_by(shop.by_id, "The order; null if refused.", key="order_id")
    is_repeated: bool | None = column("True if an earlier call with this key placed the order; null if refused.")
    credit_balance: int | None = loaded_by(
        credit_resolvers.of_accounts, "Credits of the account after the order; null if refused.", key="account_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The order to cancel.")
class CancelOrderInput:
    order_id: strawberry.ID = strawberry.field(
        description="Id of an order of the account that is signed in, like `ord_5k2v9x0qcm`; its state must be PLACED."
    )


@strawberry.type(description="Payload of `cancelOrder`.")
class CancelOrderPayload:
    order: ShopOrder | None = loaded_by(shop.by_id, "The cancelled order; null if refused.", key="order_id")
    credit_balance: int | None = loaded_by(
        credit_resolvers.of_accounts, "Credits of the account after the refund; null if refused.", key="account_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class ShopMutation:
    order_item: OrderItemPayload | None = mutation_by(
        shop.order,
        "Order an item for credits of the account that is signed in, at the current price. Tokens may not do this.",
        allowed=[SignedIn()],
        codes=[
            ErrorCode.ACCOUNT_DEACTIVATED,
            ErrorCode.BAD_INPUT,
            ErrorCode.IDEMPOTENCY_MISMATCH,
            ErrorCode.INSUFFICIENT_CREDITS,
            ErrorCode.NOT_FOR_SALE,
            ErrorCode.NOT_FOUND,
            ErrorCode.OUT_OF_STOCK,
            ErrorCode.RATE_LIMITED,
        ],
        input=OrderItemInput,
    )
    cancel_order: CancelOrderPayload | None = mutation_by(
        shop.cancel,
        "Cancel an order whose state is PLACED; its credits are returned. Tokens may not do this.",
        allowed=[SignedIn()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND, ErrorCode.ORDER_NOT_OPEN],
        input=CancelOrderInput,
    )
