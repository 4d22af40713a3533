"""
The form of this server's credentials: the members of each part, and no others.

It is checked before a document is canonicalised, because that could take forever for crafted documents, and so that only
members that the signature covers are read.
"""

from typing import Any, Final

from services.open_badges.json_ld import BADGES_CONTEXT, CREDENTIALS_CONTEXT

MAX_IDENTIFIERS: Final = 64
"""Hashes of email addresses in one credential."""
_ISSUER: Final = {"id": str, "type": ["Profile"], "name": str, "url": str}
_IDENTIFIER: Final = {"type": "IdentityObject", "identityType": "emailAddress", "hashed": True, "identityHash": str, "salt": str}  # fmt: skip
_IMAGE: Final = {"id": str, "type": "Image", "caption": str}
_ACHIEVEMENT: Final = {
    "id": str,
    "type": ["Achievement"],
    "achievementType": "Badge",
    "name": str,
    "description": str,
    "image": _IMAGE,
    "criteria": {"narrative": str},
}
_STATUS: Final = {
    "id": str,
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": str,
    "statusListCredential": str,
}
_CREDENTIAL: Final = {
    "@context": [CREDENTIALS_CONTEXT, BADGES_CONTEXT],
    "id": str,
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": str,
    "issuer": _ISSUER,
    "validFrom": str,
    "credentialSubject": {"id": str, "type": ["AchievementSubject"], "achievement": _ACHIEVEMENT},
    "credentialStatus": _STATUS,
    "proof": dict,
}


def is_ours(document: Any) -> bool:
    """Return True if a document has the form of this server's credentials. It checks neither the proof nor the claims."""
    if not isinstance(document, dict) or not isinstance(subject := document.get("credentialSubject"), dict):
        return False
    identifiers = subject.get("identifier", [])
    if not isinstance(identifiers, list) or len(identifiers) > MAX_IDENTIFIERS:
        return False
    if "identifier" in subject and not identifiers:
        return False
    bare = {**document, "credentialSubject": {name: value for name, value in subject.items() if name != "identifier"}}
    return _fits(bare, _CREDENTIAL) and all(_fits(each, _IDENTIFIER) for each in identifiers)


def _fits(value: Any, form: Any) -> bool:
    """Return True if a value matches the form: has its type, exactly its members, or equals it."""
    if isinstance(form, type):
        return isinstance(value, form)
    if isinstance(form, dict):
        return (
            isinstance(value, dict)
            and value.keys() == form.keys()
            and all(_fits(value[name], form[name]) for name in form)
        )
    return type(value) is type(form) and bool(value == form)
