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
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from services.core import runtime
from services.core.private_files import make_private_folder
from services.errors import Unavailable
from settings import HERE, BadSetting, Settings

DISK_FULL = f"os error {errno.ENOSPC}"
"""Text in the errors of obstore when no space is left: they have no error number."""
KEY = re.compile(r"[a-z2-7]{32}")
_FILE = re.compile(r"[a-z2-7]{2}/([a-z2-7]{32})\.[0-9]+\.webp")


def check(settings: Settings) -> None:
    """Raise BadSetting for an AVATAR_STORE that cannot be used. It does not connect to a bucket."""
    _opened(settings.avatar_store)


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


def _store() -> LocalStore | S3Store:
    return _opened(runtime.current().settings.avatar_store)


@lru_cache(maxsize=16)
def _opened(address: str) -> LocalStore | S3Store:
    scheme, _, rest = address.partition(":")
    if scheme == "file" and rest.strip("/"):
        folder = HERE / Path(rest)
        make_private_folder(folder)
        return LocalStore(folder, mkdir=True)
    try:
        parts = urlsplit(address)
    except ValueError:
        raise BadSetting("AVATAR_STORE cannot be read.") from None
    if scheme == "s3" and parts.netloc:
        options: Any = dict(parse_qsl(parts.query))
        try:
            return S3Store(parts.netloc, prefix=parts.path.strip("/") or None, config=options)
        except (BaseError, ValueError):  # its text repeats the options, which may include a secret key
            raise BadSetting(
                "AVATAR_STORE cannot be used: an option behind `?` is unknown, or its value cannot be read."
            ) from None
    raise BadSetting("AVATAR_STORE must be `file:` and a folder, or `s3://bucket/prefix` with options behind `?`.")
