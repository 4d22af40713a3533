"""
The Ed25519 keys that badge credentials are signed with and verified by.

The signing key is CREDENTIAL_KEY, or made from SECRET_KEY. A key that signed before stays published while
CREDENTIAL_OLD_KEYS names it, so that what it signed still verifies. Each is known by two addresses: as a JSON Web Key by one
that ends in its thumbprint (RFC 7638), as a Multikey by one inside of the issuer's document that ends in the key itself.
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
MULTIKEY: Final = bytes((0xED, 0x01))
"""How the bytes of an Ed25519 public key begin in a Multikey."""
LABEL: Final = "badge credentials, Ed25519, version 1"
"""Another label is another key: the version is counted up to rotate a key that was made from SECRET_KEY."""


@dataclass(frozen=True)
class PublicKey:
    """A published key. `thumbprint` is what its address ends in."""

    key: Ed25519PublicKey
    thumbprint: str

    @property
    def address(self) -> str:
        """Where the key can be fetched; the `kid` of what it signed."""
        return f"{runtime.current().settings.address}/credentials/keys/{self.thumbprint}"

    @property
    def method(self) -> str:
        """The key's address as a Multikey; the `verificationMethod` of a proof."""
        return f"{issuer_address()}#{self._multibase}"

    @property
    def _multibase(self) -> str:
        return multibase.base58(MULTIKEY + self.key.public_bytes_raw())

    def multikey(self) -> dict[str, str]:
        """The key as a Multikey (W3C Controlled Identifiers)."""
        return {
            "id": self.method,
            "type": "Multikey",
            "controller": issuer_address(),
            "publicKeyMultibase": self._multibase,
        }

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Whether the signature of these bytes is by this key."""
        try:
            self.key.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    def jwk(self) -> dict[str, str]:
        """The key as a JSON Web Key (RFC 8037)."""
        return {**_members(self.key), "kid": self.address, "alg": ALGORITHM, "use": "sig"}


def sign(claims: Mapping[str, Any]) -> str:
    """The claims as a compact JWS. Its header has `alg`, `typ` and `kid`, and nothing else."""
    private = _signing_key()
    return jwt.encode(
        dict(claims), private, algorithm=ALGORITHM, headers={"kid": _public(private.public_key()).address}
    )


def signature(content: bytes) -> bytes:
    """The signing key's signature of these bytes; always the same for the same bytes."""
    return _signing_key().sign(content)


def issuer_address() -> str:
    """Whose the keys are: the issuer's id, where its document can be fetched."""
    return f"{runtime.current().settings.address}/issuer"


def published() -> list[PublicKey]:
    """The keys that count now: the one that signs first, then the old ones, each once."""
    settings = runtime.current().settings
    old = (Ed25519PublicKey.from_public_bytes(_bytes(each)) for each in settings.old_keys)
    keys = [_public(_signing_key().public_key()), *map(_public, old)]
    return list({each.thumbprint: each for each in keys}.values())


def by_thumbprint(thumbprint: str) -> PublicKey | None:
    """The published key of a thumbprint; None: there is none, or none any more."""
    return next((each for each in published() if each.thumbprint == thumbprint), None)


def by_address(address: str) -> PublicKey | None:
    """The published key of an address (a `kid`); None: there is none, or none any more."""
    return next((each for each in published() if each.address == address), None)


def by_method(address: str) -> PublicKey | None:
    """The published key of a `verificationMethod`; None: there is none, or none any more."""
    return next((each for each in published() if each.method == address), None)


def _signing_key() -> Ed25519PrivateKey:
    given = runtime.current().settings.credential_key
    return _read(bytes.fromhex(given) if given else derived_key(LABEL))


@lru_cache(maxsize=4)
def _read(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _public(key: Ed25519PublicKey) -> PublicKey:
    # RFC 7638: the members that make the key, by name, without space.
    members = orjson.dumps(_members(key), option=orjson.OPT_SORT_KEYS)
    return PublicKey(key, _text(hashlib.sha256(members).digest()))


def _members(key: Ed25519PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _text(key.public_bytes_raw())}


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
