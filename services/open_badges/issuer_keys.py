"""
The Ed25519 keys that sign and verify badge credentials.

The signing key is CREDENTIAL_KEY, or derived from SECRET_KEY. An old key is published while CREDENTIAL_OLD_KEYS names it,
so that older credentials can be verified. Each key has two addresses: as a JSON Web Key one that ends in its thumbprint
(RFC 7638), as a Multikey one in the issuer's document that ends in the key itself.
Reasons: docs/decisions/0011-badge-credentials.md.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import jwt
import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.core import runtime
from services.core.crypto import derived_key
from services.open_badges import multibase

ALGORITHM: Final = "EdDSA"
MULTIKEY_PREFIX: Final = bytes((0xED, 0x01))
"""The first bytes of an Ed25519 public key in a Multikey."""
LABEL: Final = "badge credentials, Ed25519, version 1"
"""Another label gives another key: to rotate a key that is derived from SECRET_KEY, raise the version."""


@dataclass(frozen=True)
class PublicKey:
    """A published key. Its address ends in `thumbprint`."""

    key: Ed25519PublicKey
    thumbprint: str

    @property
    def address(self) -> str:
        """The address where the key can be fetched; the `kid` of its signatures."""
        return f"{runtime.current().settings.address}/credentials/keys/{self.thumbprint}"

    @property
    def method(self) -> str:
        """The key's address as a Multikey; the `verificationMethod` of a proof."""
        return f"{issuer_address()}#{self._multibase}"

    @property
    def _multibase(self) -> str:
        return multibase.base58(MULTIKEY_PREFIX + self.key.public_bytes_raw())

    def multikey(self) -> dict[str, str]:
        """The key as a Multikey (W3C Controlled Identifiers)."""
        return {
            "id": self.method,
            "type": "Multikey",
            "controller": issuer_address(),
            "publicKeyMultibase": self._multibase,
        }

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Return True if the signature of these bytes is by this key."""
        try:
            self.key.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    def jwk(self) -> dict[str, str]:
        """The key as a JSON Web Key (RFC 8037)."""
        return {**_members(self.key), "kid": self.address, "alg": ALGORITHM, "use": "sig"}


def sign(claims: Mapping[str, Any]) -> str:
    """Return the claims as a compact JWS. Its header has only `alg`, `typ` and `kid`."""
    private = _signing_key()
    return jwt.encode(
        dict(claims), private, algorithm=ALGORITHM, headers={"kid": _public(private.public_key()).address}
    )


def signature(content: bytes) -> bytes:
    """Sign these bytes with the signing key. The same bytes always give the same signature."""
    return _signing_key().sign(content)


def issuer_address() -> str:
    """Return the issuer's id: the address of its document, which owns the keys."""
    return f"{runtime.current().settings.address}/issuer"


def published() -> list[PublicKey]:
    """Return the valid keys: the signing key first, then the old ones, each once."""
    settings = runtime.current().settings
    old = (Ed25519PublicKey.from_public_bytes(_bytes(each)) for each in settings.old_keys)
    keys = [_public(_signing_key().public_key()), *map(_public, old)]
    return list({each.thumbprint: each for each in keys}.values())


def by_thumbprint(thumbprint: str) -> PublicKey | None:
    """Return the published key with this thumbprint; None if there is none."""
    return next((each for each in published() if each.thumbprint == thumbprint), None)


def by_address(address: str) -> PublicKey | None:
    """Return the published key with this address (a `kid`); None if there is none."""
    return next((each for each in published() if each.address == address), None)


def by_method(address: str) -> PublicKey | None:
    """Return the published key of a `verificationMethod`; None if there is none."""
    return next((each for each in published() if each.method == address), None)


def _signing_key() -> Ed25519PrivateKey:
    configured = runtime.current().settings.credential_key
    return _private_key(bytes.fromhex(configured) if configured else derived_key(LABEL))


@lru_cache(maxsize=4)
def _private_key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _public(key: Ed25519PublicKey) -> PublicKey:
    # RFC 7638: the required members of the key, sorted by name, without white space.
    members = orjson.dumps(_members(key), option=orjson.OPT_SORT_KEYS)
    return PublicKey(key, _text(hashlib.sha256(members).digest()))


def _members(key: Ed25519PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _text(key.public_bytes_raw())}


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
