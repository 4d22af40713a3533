"""Shop items as data. The rules are in services/credits/shop.py."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from catalogue.criteria import BadCatalogue

MAX_PRICE: Final = 1_000_000


@dataclass(frozen=True)
class Item:
    """An item that can be ordered, or could be before it was retired."""

    code: str
    name: str
    description: str
    price: int
    """Credits."""
    stock: int | None = None
    """Initial stock; None if unlimited."""
    retired: bool = False


def read(text: str) -> dict[str, Item]:
    """Read the items from TOML, in the file's order. Raises BadCatalogue with the first mistake."""
    return {code: _item(code, table) for code, table in tomllib.loads(text).items()}


def _item(code: str, table: Mapping[str, Any]) -> Item:
    if not isinstance(table, Mapping) or set(table) - set(Item.__dataclass_fields__) or "code" in table:
        raise BadCatalogue(f"{code}: an item has only name, description, price, stock and retired.")
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", code):
        raise BadCatalogue(f"{code}: a code has up to 64 capital letters, digits and underscores.")
    for name in ("name", "description"):
        if not isinstance(table.get(name), str) or not table[name].strip():
            raise BadCatalogue(f"{code}: it has no {name}.")
    if type(table.get("price")) is not int or not 1 <= table["price"] <= MAX_PRICE:
        raise BadCatalogue(f"{code}: the price must be 1 to {MAX_PRICE:,} credits, not {table.get('price')!r}.")
    stock = table.get("stock", 0)
    if type(stock) is not int or not 0 <= stock <= MAX_PRICE:
        raise BadCatalogue(f"{code}: the stock must be 0 to {MAX_PRICE:,}, not {stock!r}.")
    if type(table.get("retired", False)) is not bool:
        raise BadCatalogue(f"{code}: `retired` must be true or false.")
    return Item(code=code, **table)


ITEMS: Final = read((Path(__file__).parent / "shop.toml").read_text("utf-8"))
