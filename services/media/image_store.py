"""
Storage of people's pictures: a folder or a bucket, by one address (setting AVATAR_STORE).

A key is random and never reused. So the content of a key never changes, no address can be guessed from another, and equal
pictures of two people have two keys.
"""

import errno
import re
import secrets
from base64 import b32encode
from collections.abc import AsyncIterator, Mapping
from datetime import datetime

import obstore
from obstore.exceptions import BaseError

from services.core import object_stores, runtime
from services.core.object_stores import Store
from services.errors import Unavailable
from settings import Settings

SETTING = "AVATAR_STORE"
DISK_FULL = f"os error {errno.ENOSPC}"
"""Text in the errors of obstore when no space is left: they have no error number."""
KEY = re.compile(r"[a-z2-7]{32}")
_FILE = re.compile(r"[a-z2-7]{2}/([a-z2-7]{32})\.[0-9]+\.webp")


def check(settings: Settings) -> None:
    """Raise BadSetting for an AVATAR_STORE that cannot be used. It does not connect to a bucket."""
    object_stores.opened(settings.avatar_store, SETTING)


def new_key() -> str:
    """Return a new key: 160 random bits."""
    return b32encode(secrets.token_bytes(20)).decode().lower()


async def put(key: str, files: Mapping[int, bytes]) -> None:
    """Store the files of a new key, by their size. Raises Unavailable if the disk is full."""
    try:
        for size, content in files.items():
            await obstore.put_async(_store(), _path(key, size), content)
    except (BaseError, OSError) as failed:
        if DISK_FULL in str(failed):
            raise Unavailable("pictures: the disk is full") from failed
        raise


async def get(key: str, size: int) -> bytes | None:
    """Return the content of a file; None if there is none."""
    try:
        found = await obstore.get_async(_store(), _path(key, size))
        return bytes(await found.bytes_async())
    except FileNotFoundError:
        return None


async def delete(key: str, sizes: tuple[int, ...]) -> None:
    """Delete the files of a key; missing ones are ignored."""
    for size in sizes:
        try:
            await obstore.delete_async(_store(), _path(key, size))
        except FileNotFoundError:
            continue


async def files() -> AsyncIterator[tuple[str, datetime]]:
    """Yield the key and the time of writing of every file. Files with other names are left out."""
    async for batch in obstore.list(_store()):
        for each in batch:
            if found := _FILE.fullmatch(each["path"]):
                yield found[1], each["last_modified"]


def _path(key: str, size: int) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key[:40]!r} is not a key of a picture.")
    return f"{key[:2]}/{key}.{size}.webp"  # avoids a folder with a million files


def _store() -> Store:
    return object_stores.opened(runtime.current().settings.avatar_store, SETTING)
