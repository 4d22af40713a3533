"""
Cursors: the position of a row in one list.

A cursor holds the list's name and the row's sort key, so that it stays right while rows come and go, and a short keyed
digest: one of another list, an edited or an invented one is refused with BAD_CURSOR and never reads wrong rows. A cursor
holds nothing that the list itself does not show.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import Any

import orjson

from services.core.crypto import keyed_digest
from services.errors import ErrorCode, refused

DIGEST_BYTES = 8
"""Too many to find a digest by trying."""


def encode(list_name: str, *key: int | str) -> str:
    """Return the cursor of the row with this sort key."""
    body = orjson.dumps((list_name, *key))
    return urlsafe_b64encode(_digest(body) + body).decode().rstrip("=")


def decode(list_name: str, text: str, *types: type) -> list[Any]:
    """Return the sort key in a cursor of this list, whose parts have these types. Raises Refused: BAD_CURSOR."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        digest, body = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
        name, *key = orjson.loads(body)
    except (binascii.Error, ValueError, TypeError):
        raise _bad_cursor() from None
    if not compare_digest(digest, _digest(body)) or name != list_name or [type(part) for part in key] != list(types):
        raise _bad_cursor()
    return key


def _digest(body: bytes) -> bytes:
    return bytes.fromhex(keyed_digest("cursor", body.decode()))[:DIGEST_BYTES]


def _bad_cursor() -> Exception:
    return refused(ErrorCode.BAD_CURSOR, "That cursor belongs to another list.")
