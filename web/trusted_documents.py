"""
Trusted documents: with `DOCUMENTS=trusted` only the documents of a manifest run, by their id, their SHA-256 or their text.

The manifest is made when clients are built: a JSON object of id to text (Relay, GraphQL Code Generator), or Apollo's
`apollo-persisted-query-manifest`.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from services.core import runtime
from services.core.runtime import Runtime
from settings import HERE, BadSetting, Settings

APOLLO_FORMAT = "apollo-persisted-query-manifest"


class TrustedDocuments:
    """The documents of a manifest."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = {sha256(text.encode()).hexdigest(): text for text in texts.values()} | dict(texts)
        self._trusted = frozenset(texts.values())

    def find(self, name: str) -> str | None:
        """Return the document with this id or SHA-256; None if the manifest has none."""
        return self._texts.get(name.removeprefix("sha256:")) or self._texts.get(name)

    def __contains__(self, text: str) -> bool:
        return text in self._trusted


class _Loaded:
    """The trusted documents of one server; None if it runs any document."""

    documents: TrustedDocuments | None = None


def load(here: Runtime, settings: Settings) -> None:
    """Read the manifest if the settings ask for it. Raises BadSetting."""
    here.part(_Loaded, _Loaded).documents = _read_manifest(settings) if settings.documents == "trusted" else None


def current() -> TrustedDocuments | None:
    """Return the trusted documents of this server; None if it runs any document."""
    loaded = runtime.current().existing(_Loaded)
    return loaded.documents if loaded else None


def _read_manifest(settings: Settings) -> TrustedDocuments:
    if not settings.documents_manifest:
        raise BadSetting("DOCUMENTS_MANIFEST must name a file if DOCUMENTS is trusted.")
    try:
        manifest = orjson.loads((HERE / settings.documents_manifest).read_bytes())
    except OSError as error:
        raise BadSetting(f"DOCUMENTS_MANIFEST cannot be read: {error.strerror}.") from None
    except orjson.JSONDecodeError:
        raise BadSetting("DOCUMENTS_MANIFEST is not valid JSON.") from None
    texts = _texts_in(manifest)
    if not texts:
        raise BadSetting("DOCUMENTS_MANIFEST must be a JSON object of ids and documents, or a manifest of Apollo.")
    return TrustedDocuments(texts)


def _texts_in(manifest: Any) -> dict[str, str] | None:
    """Return the documents by id; None if this is not a manifest."""
    if not isinstance(manifest, dict):
        return None
    pairs = list(manifest.items())
    if manifest.get("format") == APOLLO_FORMAT:
        operations = manifest.get("operations")
        if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
            return None
        pairs = [(each.get("id"), each.get("body")) for each in operations]
    if not all(isinstance(name, str) and isinstance(text, str) for name, text in pairs):
        return None
    return dict(pairs)
