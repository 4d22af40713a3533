"""
Canonicalise JSON-LD documents to N-Quads (RDFC-1.0), which Data Integrity proofs sign.

The known contexts are in catalogue/json_ld/; nothing is ever fetched.
"""

from functools import lru_cache
from typing import Any, Final

import orjson
from pyld import jsonld  # type: ignore[import-untyped]

from settings import HERE

CREDENTIALS_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
BADGES_CONTEXT: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
_FILES: Final = {CREDENTIALS_CONTEXT: "credentials-v2.json", BADGES_CONTEXT: "open-badges-3.0.3.json"}


class NotCanonical(ValueError):
    """A document that is not JSON-LD of the known contexts."""


def canonical(document: Any) -> bytes:
    """
    Return a document in canonical form, in UTF-8. Terms that no context defines are refused: a signature would not cover
    them.

    Raises NotCanonical. Takes about 4 ms for a credential; not safe to run in several threads at once. The document must
    be checked to have few blank nodes before: the time grows fast with nodes that look alike.
    """
    options = {
        "algorithm": "URDNA2015",  # the name of RDFC-1.0 before it became a standard
        "format": "application/n-quads",
        "documentLoader": _load,
        "processingMode": "json-ld-1.1",
    }
    try:
        return str(jsonld.JsonLdProcessor(_refuse_member).normalize(document, options)).encode()
    except NotCanonical:
        raise
    except (jsonld.JsonLdError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as why:
        raise NotCanonical(type(why).__name__) from None


def _refuse_member(name: Any) -> None:
    raise NotCanonical(f"{name!s:.60} is not a term of the known contexts")


def _load(address: str, _options: Any) -> dict[str, Any]:
    if address not in _FILES:
        raise jsonld.JsonLdError("This context is unknown.", "jsonld.LoadDocumentError")
    return {
        "contextUrl": None,
        "documentUrl": address,
        "contentType": "application/ld+json",
        "document": _context(address),
    }


@lru_cache(maxsize=len(_FILES))
def _context(address: str) -> Any:
    return orjson.loads((HERE / "catalogue" / "json_ld" / _FILES[address]).read_bytes())
