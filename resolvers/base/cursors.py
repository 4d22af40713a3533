"""
Cursors: the position of a row in one list.

A cursor holds the row's sort key, so that it stays right while rows come and go. It is encrypted: a keyed digest of the
list's name and the sort key is both the proof and the nonce (a synthetic IV). So a cursor shows no number of a row, the same
row of a list has the same cursor, and one of another list, an edited or an invented one is refused with BAD_CURSOR.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b, shake_256
from hmac import compare_digest
from typing import Any, Final

import orjson

from services.core.crypto import derived_key
from services.errors import ErrorCode, refused

DIGEST_BYTES: Final = 12
"""Too many to find a digest by trying; base64 needs no padding for multiples of three."""
PADDED_TO: Final = 12
"""Bodies are filled with spaces to a multiple of this, so that the length does not tell how long a number is."""
STREAM_BYTES: Final = blake2b.MAX_DIGEST_SIZE
KEY_LABEL: Final = "cursor"


def encode(list_name: str, *key: int | str) -> str:
    """Return the cursor of the row with this sort key."""
    secret = derived_key(KEY_LABEL)
    body = orjson.dumps(key)
    body += b" " * (-len(body) % PADDED_TO)
    digest = _digest(secret, list_name, body)
    return _text(digest + _crypted(secret, digest, body))


def decode(list_name: str, text: str, *types: type) -> list[Any]:
    """Return the sort key in a cursor of this list, whose parts have these types. Raises Refused: BAD_CURSOR."""
    try:
        raw = urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        raise _bad_cursor() from None
    if _text(raw) != text:  # base64 skips characters outside of its alphabet
        raise _bad_cursor()
    secret, digest = derived_key(KEY_LABEL), raw[:DIGEST_BYTES]
    body = _crypted(secret, digest, raw[DIGEST_BYTES:])
    if not compare_digest(digest, _digest(secret, list_name, body)):
        raise _bad_cursor()
    key: list[Any] = orjson.loads(body)
    if [type(part) for part in key] != list(types):
        raise _bad_cursor()
    return key


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode()


def _digest(secret: bytes, list_name: str, body: bytes) -> bytes:
    name = list_name.encode()
    message = len(name).to_bytes(4) + name + body
    return blake2b(message, digest_size=DIGEST_BYTES, key=secret, person=b"cursor-digest").digest()


def _crypted(secret: bytes, digest: bytes, body: bytes) -> bytes:
    """Encrypt or decrypt: XOR the body with a stream that only this server's key and this digest give."""
    stream = blake2b(digest, key=secret, person=b"cursor-stream").digest()
    if len(body) > STREAM_BYTES:
        stream = shake_256(stream).digest(len(body))
    size = len(body)
    return (int.from_bytes(body) ^ int.from_bytes(stream[:size])).to_bytes(size)


def _bad_cursor() -> Exception:
    return refused(ErrorCode.BAD_CURSOR, "That cursor belongs to another list.")
