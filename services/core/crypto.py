"""
Secrets at rest: encrypted, or known by a keyed hash. The key is not in the database, so a dump of it opens nothing.

Short secrets (six digits) need the keyed hash: without the key all of them could be tried. Long random ones (tokens,
sessions, links) need none: their SHA-256 is enough.
"""

import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.core import runtime
from services.core.private_files import make_private_folder
from settings import HERE

KEY_FILE = HERE / "var" / "secret-key"
NONCE = 12


class CannotOpen(Exception):
    """What is stored was not sealed with this key for this purpose. The message never holds it."""


def digest(secret: str) -> str:
    """What is stored of a long random secret: SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keyed_digest(purpose: str, *parts: str) -> str:
    """What is stored of a short secret: HMAC-SHA256 in hex, over the purpose and the parts, none running into another."""
    message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return hmac.new(_key(purpose), message, hashlib.sha256).hexdigest()


def seal(purpose: str, text: str) -> str:
    """Encrypt for one purpose; hex."""
    nonce = secrets.token_bytes(NONCE)
    return (nonce + AESGCM(_key(purpose)).encrypt(nonce, text.encode(), None)).hex()


def unseal(purpose: str, sealed: str) -> str:
    """Decrypt what was sealed for this purpose. Raises CannotOpen."""
    try:
        raw = bytes.fromhex(sealed)
        return AESGCM(_key(purpose)).decrypt(raw[:NONCE], raw[NONCE:], None).decode()
    except (ValueError, InvalidTag):
        raise CannotOpen(f"Something sealed for {purpose} cannot be opened: has SECRET_KEY changed?") from None


def derived_key(label: str) -> bytes:
    """32 bytes for a key that is used elsewhere, the same as long as the secret key and the label are (HKDF-SHA256)."""
    return _expanded(_secret_key(), label)


def _key(purpose: str) -> bytes:
    """A key of its own for each purpose, from the one secret key."""
    return _derived(_secret_key(), purpose)


def _secret_key() -> str:
    return runtime.current().settings.secret_key or _kept_key(KEY_FILE)


@lru_cache(maxsize=8)
def _expanded(secret_key: str, label: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label.encode()).derive(bytes.fromhex(secret_key))


@lru_cache(maxsize=64)
def _derived(secret_key: str, purpose: str) -> bytes:
    return hmac.new(bytes.fromhex(secret_key), purpose.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=4)
def _kept_key(file: Path) -> str:
    """The key in the file; made there, for this user only, when there is none. Two processes agree on one."""
    make_private_folder(file.parent)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as made:
        made.write(secrets.token_hex(32))
    try:
        os.link(fresh, file)  # fails when another process was first
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return file.read_text().strip()
