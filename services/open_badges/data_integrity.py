"""
Data Integrity proofs of the cryptosuite `eddsa-rdfc-2022`: a signature inside the document that it covers.

The signature covers the SHA-256 of the proof's options and that of the document without the proof, both in canonical form.
Rule: W3C "Data Integrity EdDSA Cryptosuites v1.0", 3.2.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from services.open_badges import issuer_keys, json_ld, multibase
from services.open_badges.issuer_keys import PublicKey

TYPE: Final = "DataIntegrityProof"
CRYPTOSUITE: Final = "eddsa-rdfc-2022"
PURPOSE: Final = "assertionMethod"
MEMBERS: Final = frozenset({"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"})
"""Members of this server's proofs; `id`, `expires`, `previousProof` and others are not allowed."""
Document = dict[str, Any]

# One thread: the cache of contexts in the JSON-LD processor is not safe for several threads.
_thread = ThreadPoolExecutor(1, thread_name_prefix="json-ld")


class NotSigned(ValueError):
    """The document has no proof in the form of this server's proofs."""


async def secured(document: Mapping[str, Any], *, created: str) -> Document:
    """
    Add a proof by the signing key to a document. `created` is a time in RFC 3339. The same document, time and key give the
    same proof. Raises NotCanonical.
    """
    key = issuer_keys.published()[0]
    options = {
        "type": TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": created,
        "verificationMethod": key.method,
        "proofPurpose": PURPOSE,
    }
    signature = issuer_keys.signature(await _digests(document, options))
    return {**document, "proof": {**options, "proofValue": multibase.base58(signature)}}


async def is_by(document: Mapping[str, Any], key: PublicKey) -> bool:
    """
    Return True if the document's proof is by this key. The form of the document must be checked before: see
    json_ld.canonical. Raises NotCanonical, NotSigned.
    """
    proof = document["proof"]
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    try:
        signature = multibase.from_base58(proof["proofValue"])
    except ValueError:
        raise NotSigned("proofValue") from None
    content = {name: value for name, value in document.items() if name != "proof"}
    return key.verifies(signature, await _digests(content, options))


def method_of(document: Mapping[str, Any]) -> str:
    """Return the address of the key that the document's only proof names. Raises NotSigned: it has no such proof."""
    proof = document.get("proof")
    if (
        not isinstance(proof, dict)
        or proof.keys() != MEMBERS
        or not all(isinstance(each, str) for each in proof.values())
    ):
        raise NotSigned("proof")
    if (proof["type"], proof["cryptosuite"], proof["proofPurpose"]) != (TYPE, CRYPTOSUITE, PURPOSE):
        raise NotSigned("cryptosuite")
    return str(proof["verificationMethod"])


async def _digests(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    return await asyncio.get_running_loop().run_in_executor(_thread, _hashed, dict(document), dict(options))


def _hashed(document: Document, options: Document) -> bytes:
    configuration = {"@context": document["@context"], **options}
    return b"".join(hashlib.sha256(json_ld.canonical(each)).digest() for each in (configuration, document))
