"""
Handles: the unique names in the links to people. Stored in lower case: a to z, digits, single hyphens.

A handle is made from the name, never from a mail address: it is public, and a login is not. People can change it
(services/profiles/handle_changes.py); the earlier ones stay theirs and lead to the profile. Rule: docs/rules/profiles.md#handle.
"""

import re
import secrets
import unicodedata
from collections.abc import Collection
from typing import Final

from anyascii import anyascii

from catalogue.handles import RESERVED
from catalogue.languages import Text
from models.profiles import Profile, ProfileHandle
from services.core.bulk import lookup
from services.media.text_rules import NotFit

MAX_HANDLE: Final = 64
MAX_FROM_NAME: Final = 48
"""Characters that are taken from a name; what tells namesakes apart comes after them."""
NEUTRAL_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for another one."""


def from_name(name: str) -> str:
    """
    A name as a handle; letters of other scripts are written in Latin ones. Empty where no letter or digit is left, and for
    a name that holds an @: it may be somebody's mail address.
    """
    if "@" in name:
        return ""
    letters = "".join(
        each if unicodedata.category(each)[0] in "LMN" else " " for each in unicodedata.normalize("NFKC", name)
    )
    latin = re.sub(r"['`]", "", anyascii(letters)).lower()
    return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:MAX_FROM_NAME].strip("-")


def neutral() -> str:
    """A handle that says nothing, like `member-k7wq3f`."""
    return f"member-{''.join(secrets.choice(NEUTRAL_LETTERS) for _ in range(6))}"


def checked(typed: str) -> str:
    """A handle that somebody chose, as it is stored. Raises NotFit."""
    handle = typed.strip().lower()
    if not 0 < len(handle) <= MAX_HANDLE or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", handle):
        raise NotFit(
            Text(
                "A handle has 1 to {max_handle} characters: a to z, digits, and single hyphens between them.",
                max_handle=MAX_HANDLE,
            )
        )
    return handle


async def taken(handles: Collection[str]) -> set[str]:
    """Those that a new profile cannot have. Indexes: unique (profile.handle), unique (profile_handle.handle)."""
    return {
        *(RESERVED.intersection(handles)),
        *await lookup(Profile, "id", column="handle", keys=handles),
        *await former(handles),
    }


async def former(handles: Collection[str]) -> dict[str, int]:
    """The profiles that these handles were given to by a change, at first or since. Index: unique (handle)."""
    return await lookup(ProfileHandle, "profile_id", column="handle", keys=handles)


async def profile_of(handle: str) -> Profile | None:
    """The profile of a handle in any letter case, also of one that it had before."""
    wanted = handle.strip().lower()
    if found := await Profile.get_or_none(handle=wanted):
        return found
    return await Profile.get_or_none(id=(await former([wanted])).get(wanted, 0))
