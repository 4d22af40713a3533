"""Texts that must not be found elsewhere, and the secrets that must be found nowhere."""

from typing import Any, Final

from models.ownership import OWNERSHIP

CANARY: Final = "c4n4ry"
OTHER: Final = "s0mebody"
"""Texts of a person, and of another one."""
SECRET_COLUMNS: Final = {"digest", "hash", "password_hash", "sealed", "secret_hash"}


async def secrets_of_everybody() -> set[str]:
    found: set[str] = set()
    for each in OWNERSHIP:
        table: Any = each.model
        for column in SECRET_COLUMNS & set(table._meta.fields_map):
            found |= set(await table.all().values_list(column, flat=True))
    return found - {"$no-hash"}
