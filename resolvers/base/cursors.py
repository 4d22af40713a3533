"""
Cursors: where a row stands in one order of one list.

A cursor holds what the list is and the row's sort key, so that it stays right while rows come and go, and a short
keyed digest: one from another list, an edited or an invented one is BAD_CURSOR, never wrong rows. It holds nothing that the list itself
does not show.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import Any

import orjson

from services.core.crypto import keyed_digest
from services.errors import ErrorCode, refused

DIGEST = 8
"""Bytes of the digest: too many to find one by trying."""


def encode(of: str, *key: int | str) -> str:
    """The cursor of a row with this sort key in the list `of`."""
    body = orjson.dumps((of, *key))
    return urlsafe_b64encode(_digest(body) + body).decode().rstrip("=")


def decode(of: str, text: str, *kinds: type) -> list[Any]:
    """The sort key in a cursor of the list `of`, its parts of these types. Raises Refused: BAD_CURSOR."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        digest, body = raw[:DIGEST], raw[DIGEST:]
        found, *key = orjson.loads(body)
    except (binascii.Error, ValueError, TypeError):
        raise _bad() from None
    if not compare_digest(digest, _digest(body)) or found != of or [type(part) for part in key] != list(kinds):
        raise _bad()
    return key


def _digest(body: bytes) -> bytes:
    return bytes.fromhex(keyed_digest("cursor", body.decode()))[:DIGEST]


def _bad() -> Exception:
    return refused(ErrorCode.BAD_CURSOR, "That cursor is not of this list.")
