"""
Secrets at rest: encrypted, or stored as a keyed hash. The key is not in the database, so a dump reveals no secret.

Short secrets (six digits) need the keyed hash: an unkeyed one could be reversed by trying all of them. For long random
secrets (tokens, sessions, links) a SHA-256 is enough.
"""

import hashlib
import hmac
import os
import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.core import runtime
from services.core.private_files import make_private_folder
from settings import HERE, BadSetting, Settings

TOTP_SECRET: Final = "totp"  # noqa: S105 - a purpose, no secret
PHONE_NUMBER: Final = "phone-number"
OUTBOX_MESSAGE: Final = "outbox"
SHIRT_ADDRESS: Final = "shirt"
CANARY: Final = "canary"
"""Purposes of sealed values."""
KEY_FILE = HERE / "var" / "secret-key"
NONCE_BYTES = 12
KEY_PATTERN = re.compile(r"[0-9a-fA-F]{64}")
NOT_SET = (
    "SECRET_KEY is not set. On PostgreSQL it must be set, to the same value for every process. For a new database make one: "
    "python -c 'import secrets; print(secrets.token_hex(32))'. If an earlier release ran on this database without it, set it "
    "to the content of var/secret-key."
)


class CannotOpen(Exception):
    """The stored value was not sealed with this key for this purpose. The message never contains it."""


def check(settings: Settings) -> None:
    """Raise BadSetting if SECRET_KEY is not set and the database is PostgreSQL: processes must not make a key each."""
    if not settings.secret_key and not settings.on_sqlite:
        raise BadSetting(NOT_SET)


def has_key() -> bool:
    """True if SECRET_KEY is set or the key file exists; otherwise the first use of the key creates the file."""
    return bool(runtime.current().settings.secret_key) or KEY_FILE.exists()


def digest(secret: str) -> str:
    """Return the hash to store for a long random secret: SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keyed_digest(purpose: str, *parts: str) -> str:
    """Return the hash to store for a short secret: HMAC-SHA256 in hex over the parts (length-prefixed), keyed by purpose."""
    message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return hmac.new(_key(purpose), message, hashlib.sha256).hexdigest()


def seal(purpose: str, text: str) -> str:
    """Encrypt for one purpose; returns hex."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return (nonce + AESGCM(_key(purpose)).encrypt(nonce, text.encode(), None)).hex()


def unseal(purpose: str, sealed: str) -> str:
    """Decrypt a value that was sealed for this purpose. Raises CannotOpen."""
    try:
        raw = bytes.fromhex(sealed)
        return AESGCM(_key(purpose)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
    except (ValueError, InvalidTag):
        raise CannotOpen(f"A value sealed for {purpose} cannot be opened: has SECRET_KEY changed?") from None


def opens(purpose: str, sealed: str) -> bool:
    """Return True if the value was sealed with this key for this purpose."""
    try:
        unseal(purpose, sealed)
    except CannotOpen:
        return False
    return True


def derived_key(label: str) -> bytes:
    """Derive 32 bytes for another key from the secret key and the label (HKDF-SHA256). Always the same for both."""
    return _expanded(_secret_key(), label)


def _key(purpose: str) -> bytes:
    """Derive the key of one purpose from the secret key."""
    return _derived(_secret_key(), purpose)


def _secret_key() -> str:
    settings = runtime.current().settings
    check(settings)
    return settings.secret_key or _key_in(KEY_FILE)


@lru_cache(maxsize=8)
def _expanded(secret_key: str, label: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label.encode()).derive(bytes.fromhex(secret_key))


@lru_cache(maxsize=64)
def _derived(secret_key: str, purpose: str) -> bytes:
    return hmac.new(bytes.fromhex(secret_key), purpose.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=4)
def _key_in(file: Path) -> str:
    """
    Read the key in this file; create it (mode 0600) if it is missing. Two processes get the same key.

    Raises BadSetting if the file holds something else.
    """
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
    key = file.read_text().strip()
    if not KEY_PATTERN.fullmatch(key):
        raise BadSetting("var/secret-key must hold 64 hexadecimal digits. Restore it from a backup, or set SECRET_KEY.")
    return key
