"""
Handles: the unique names in links to profiles. Stored in lower case: a to z, digits, single hyphens.

A handle is derived from the name, never from an email address, because a handle is public and a login is not. A profile
can change its handle (services/profiles/handle_changes.py); former handles stay reserved for it and lead to it.
Rule: docs/rules/profiles.md#handle.
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
"""Characters used of a name; a suffix that distinguishes namesakes may follow."""
UNAMBIGUOUS_CHARACTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits without look-alikes."""


def from_name(name: str) -> str:
    """
    Derive a handle from a name; other scripts are transliterated to Latin. Empty if no letter or digit remains, or if the
    name has an @, because it may be an email address.
    """
    if "@" in name:
        return ""
    letters = "".join(
        each if unicodedata.category(each)[0] in "LMN" else " " for each in unicodedata.normalize("NFKC", name)
    )
    latin = re.sub(r"['`]", "", anyascii(letters)).lower()
    return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:MAX_FROM_NAME].strip("-")


def random_handle() -> str:
    """A handle that reveals nothing, like `member-k7wq3f`."""
    return f"member-{''.join(secrets.choice(UNAMBIGUOUS_CHARACTERS) for _ in range(6))}"


def checked(typed: str) -> str:
    """A chosen handle in its stored form. Raises NotFit if it is not valid."""
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
    """The handles that a new profile cannot have. Indexes: unique (profile.handle), unique (profile_handle.handle)."""
    return {
        *(RESERVED.intersection(handles)),
        *await lookup(Profile, "id", column="handle", keys=handles),
        *await owners_of_former(handles),
    }


async def owners_of_former(handles: Collection[str]) -> dict[str, int]:
    """Profile ids by handle, for handles that were part of a change, as old or new one. Index: unique (handle)."""
    return await lookup(ProfileHandle, "profile_id", column="handle", keys=handles)


async def profile_of(handle: str) -> Profile | None:
    """The profile with this current or former handle, in any letter case; None if there is none."""
    wanted = handle.strip().lower()
    if found := await Profile.get_or_none(handle=wanted):
        return found
    return await Profile.get_or_none(id=(await owners_of_former([wanted])).get(wanted, 0))
