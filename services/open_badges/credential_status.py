"""
Revoked credentials, as W3C Bitstring Status Lists: a list credential with one bit for each of 131,072 credentials.

A credential's place is the number of its award, which is never reused. It stays revoked when the award is deleted. Outside
only its list and its index there are seen, and the indexes of a list are in a random order, which does not tell which award
came first.
"""

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from models.badges import BadgeAward, RevokedCredential
from models.transactions import require_transaction
from services.core import runtime
from services.core.bulk import insert
from services.core.id_codec import Shuffle
from services.open_badges import data_integrity, issuer_keys, multibase
from services.open_badges.json_ld import CREDENTIALS_CONTEXT

LIST_SIZE: Final = 131_072
"""Credentials in one list: the minimum of the standard, so that a request does not reveal which credential is checked."""
PURPOSE: Final = "revocation"
EMPTY_LIST_DATE: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""`validFrom` of a list without revocations."""
Document = dict[str, Any]


def entry(place: int) -> Document:
    """Return the `credentialStatus` of a credential."""
    number, index = place // LIST_SIZE, index_of(place)
    return {
        "id": f"{list_address(number)}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": PURPOSE,
        "statusListIndex": str(index),
        "statusListCredential": list_address(number),
    }


def index_of(place: int) -> int:
    """Return the index of a place in its list; always the same in one database."""
    number, position = divmod(place, LIST_SIZE)
    return _shuffle(runtime.current().ids.key, number)[position]


@lru_cache(maxsize=64)
def _shuffle(key: bytes, number: int) -> Shuffle:
    return Shuffle(key, f"status-list-{number}")


def list_address(number: int) -> str:
    """Return the address of a list; the first has number 0."""
    return f"{runtime.current().settings.address}/credentials/status/{number}"


async def revoke(awards: Iterable[tuple[int, str]], *, at: datetime) -> None:
    """Revoke the credentials of these awards (id, credential), which the caller has locked. Requires a transaction."""
    require_transaction()
    await insert([RevokedCredential(place=place, credential=each, revoked_at=at) for place, each in awards])


async def restore(credentials: Iterable[str]) -> None:
    """Make these credentials valid again. Requires a transaction."""
    require_transaction()
    await RevokedCredential.filter(credential__in=list(credentials)).delete()


async def is_revoked(credential: str) -> bool:
    """Return True if a credential is revoked. Index: unique (credential)."""
    return await RevokedCredential.filter(credential=credential).exists()


async def list_document(number: int) -> Document | None:
    """
    Return one list as a credential without proof; None if no award has a place in it. Index: unique (place).

    It is valid from the last revocation in it, so that the same content is always the same document.
    """
    newest: Any = BadgeAward.all().order_by("-id").limit(1).values_list("id", flat=True)
    latest: Any = RevokedCredential.all().order_by("-place").limit(1).values_list("place", flat=True)
    if number > max([0, *await newest, *await latest]) // LIST_SIZE:
        return None
    found: Any = RevokedCredential.filter(place__gte=number * LIST_SIZE, place__lt=(number + 1) * LIST_SIZE)
    rows = await found.values_list("place", "revoked_at")
    changed = max((at for _, at in rows), default=EMPTY_LIST_DATE)
    return {
        "@context": [CREDENTIALS_CONTEXT],
        "id": list_address(number),
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer_keys.issuer_address(),
        "validFrom": f"{changed.replace(microsecond=0, tzinfo=None).isoformat()}Z",
        "credentialSubject": {
            "id": f"{list_address(number)}#list",
            "type": "BitstringStatusList",
            "statusPurpose": PURPOSE,
            "encodedList": encoded(index_of(place) for place, _ in rows),
        },
    }


def encoded(indexes: Iterable[int]) -> str:
    """Encode a list with these bits set (gzip, then Multibase base64url). Bit 0 is the highest bit of the first byte."""
    bits = bytearray(LIST_SIZE // 8)
    for index in indexes:
        bits[index // 8] |= 0x80 >> index % 8
    return multibase.base64url(gzip.compress(bytes(bits), mtime=0))


def as_jwt(document: Document) -> str:
    """Return a list as a compact JWS, with the JWT claims that repeat its facts."""
    valid_from = datetime.fromisoformat(document["validFrom"])
    claims = {"iss": document["issuer"], "jti": document["id"], "sub": document["credentialSubject"]["id"]}
    return issuer_keys.sign({**document, **claims, "nbf": int(valid_from.timestamp())})


async def as_json(document: Document) -> Document:
    """Return a list with a Data Integrity proof."""
    return await data_integrity.secured(document, created=document["validFrom"])
