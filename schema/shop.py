"""The shop: what there is for credits, and who ordered what."""

import strawberry

from models.shop import OrderState
from resolvers import credits as balances
from resolvers import shop
from resolvers.base.permissions import SignedIn
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import answered_by, column, loaded_by, mutation_by
from schema.nodes import PAGE, PageInfo, id_of
from schema.scalars import DateTime

enum_of(
    OrderState,
    "How far an order is.",
    {
        "PLACED": "It was taken in; its owner can still cancel it.",
        "SHIPPED": "It is on its way.",
        "REFUNDED": "It was given back: its credits are with the account again.",
    },
    name="ShopOrderState",
)


@strawberry.type(description="Something that the shop gives, or once gave, for credits.")
class ShopItem:
    code: str = column("Its fixed code.")
    name: str = column("What it is called.")
    description: str = column("What one gets, in one sentence.")
    price: int = column("Credits that it costs now.")
    stock_left: int | None = column("How many are left; null: there are always enough.")
    available: bool = column("Whether it can be ordered now: it is sold, and there is one left.")
    affordable: bool | None = column("Whether the account that is signed in has the credits; null for nobody.")


@strawberry.type(description="An item taken for credits. Only the account that ordered sees it.")
class ShopOrder:
    id: strawberry.ID = column("Opaque id of the order.", read=id_of("ShopOrder"))
    item: ShopItem | None = loaded_by(
        shop.items, "What was ordered, as it is in the shop now; null when it has left the catalogue.", key="item"
    )
    price: int = column("Credits that it cost when it was ordered.")
    state: OrderState = column("How far it is.")
    ordered_at: DateTime = column("When it was ordered.")
    changed_at: DateTime | None = column("When it was shipped or given back; null while it is PLACED.")


@strawberry.type(description="An order in a page of an account's orders.")
class ShopOrderEdge:
    cursor: str = column("Where the order stands among the account's.", read=shop.cursor_of)
    node: ShopOrder = column("The order.", itself=True)


@strawberry.type(description="A page of an account's orders, newest first.")
class ShopOrderConnection:
    edges: list[ShopOrderEdge] = column("The orders of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type
class ShopQuery:
    shop: list[ShopItem] = answered_by(shop.catalogue, "What can be had for credits, sold out or not.")


@strawberry.type
class ShopOfViewer:
    orders: ShopOrderConnection = loaded_by(
        shop.of_accounts, "Orders of the account that is signed in, newest first.", key="account_id", arguments=PAGE
    )


@strawberry.input(description="What to order.")
class OrderItemInput:
    item: str = strawberry.field(description="Code of an item of `shop`.")
    idempotency_key: str = strawberry.field(
        description="1 to 128 characters that are new for each order, like a UUID. The same key and item again within 24 "
        "hours answer the same order, so that a call without an answer can be sent again."
    )


@strawberry.type(description="Answer to `orderItem`.")
class OrderItemPayload:
    order: ShopOrder | None = loaded_by(shop.by_id, "The order, as it is now; null when refused.", key="order_id")
    repeated: bool | None = column("True when an earlier call under this key placed it; null when refused.")
    credit_balance: int | None = loaded_by(
        balances.of_accounts, "What the account has left; null when refused.", key="account_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Which order to cancel.")
class CancelOrderInput:
    id: strawberry.ID = strawberry.field(description="An order of the account that is signed in, still PLACED.")


@strawberry.type(description="Answer to `cancelOrder`.")
class CancelOrderPayload:
    order: ShopOrder | None = loaded_by(shop.by_id, "The order, given back; null when refused.", key="order_id")
    credit_balance: int | None = loaded_by(
        balances.of_accounts, "What the account has now; null when refused.", key="account_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class ShopMutation:
    order_item: OrderItemPayload = mutation_by(
        shop.order,
        "Take an item of the shop for credits of the account that is signed in, at its price of now. Never by a token.",
        allowed=[SignedIn()],
        input=OrderItemInput,
    )
    cancel_order: CancelOrderPayload = mutation_by(
        shop.cancel,
        "Give back an order that is still PLACED: its credits come back. Never by a token.",
        allowed=[SignedIn()],
        input=CancelOrderInput,
    )
