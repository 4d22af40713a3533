"""The shop: stock and orders."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.accounts import Account


class OrderState(Enum):
    """State of an order."""

    PLACED = "PLACED"
    SHIPPED = "SHIPPED"
    REFUNDED = "REFUNDED"


class ShopStock(Model):
    """Remaining stock of an item. Without a row the stock in the catalogue applies."""

    item = fields.CharField(max_length=64, primary_key=True, description="Code in catalogue/shop.toml.")
    stock = fields.IntField()

    class Meta:
        table = "shop_stock"
        constraints = (CheckConstraint(check="stock >= 0", name="shop_stock_not_negative"),)


class ShopOrder(Model):
    """An item ordered for credits. `price` is the price at the time of ordering."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE
    )
    account_id: int
    item = fields.CharField(max_length=64)
    price = fields.IntField()
    state = fields.CharEnumField(OrderState, max_length=8, default=OrderState.PLACED, description="State of the order.")
    ordered_at = fields.DatetimeField()
    changed_at = fields.DatetimeField(null=True, description="When it was shipped or refunded.")

    class Meta:
        table = "shop_order"
        indexes = (Index(fields=("account_id", "id")), Index(fields=("state", "id")))
        constraints = (CheckConstraint(check="price >= 0", name="shop_order_price"),)
