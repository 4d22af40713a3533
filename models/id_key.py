"""The key by which ids of the graph are made from row numbers."""

import secrets
from typing import Final

from tortoise import fields
from tortoise.models import Model

ID_KEY_ID: Final = 1


class IdKey(Model):
    """The one row: a random key that never changes. services/core/id_codec.py uses it."""

    id = fields.IntField(primary_key=True, generated=False, description="Always 1, so that there is one row.")
    key = fields.CharField(max_length=64, description="32 random bytes in hex.")

    class Meta:
        table = "id_key"


async def read_or_create() -> bytes:
    """
    Return the key of the open database. The first call creates it; of several processes the first one wins.

    It does not come from SECRET_KEY: ids must stay the same when that is replaced.
    """
    found = await IdKey.get_or_none(id=ID_KEY_ID)
    if found is None:
        await IdKey.bulk_create([IdKey(id=ID_KEY_ID, key=secrets.token_hex(32))], ignore_conflicts=True)
        found = await IdKey.get(id=ID_KEY_ID)
    return bytes.fromhex(found.key)
