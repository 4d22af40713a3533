"""
Where files of people's pictures are: a folder or a bucket, by one address (setting AVATAR_STORE).

A key is random and never used again: what is under it never changes, whoever has seen
one address can guess no other, and equal pictures of two people are two.
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

FULL = f"os error {errno.ENOSPC}"
"""How obstore says that there is no space left: its errors have no number."""
KEY = re.compile(r"[a-z2-7]{32}")
_FILE = re.compile(r"[a-z2-7]{2}/([a-z2-7]{32})\.[0-9]+\.webp")


def check(settings: Settings) -> None:
    """Raise BadSetting for an AVATAR_STORE that cannot be used; whether a bucket can be reached is not tried."""
    _opened(settings.avatar_store)


def new_key() -> str:
    """A fresh name: 160 random bits."""
    return b32encode(secrets.token_bytes(20)).decode().lower()


async def put(key: str, files: Mapping[int, bytes]) -> None:
    """Keep the files of a new key, by their size. Raises Unavailable when the disk is full."""
    try:
        for size, content in files.items():
            await obstore.put_async(_store(), _path(key, size), content)
    except (BaseError, OSError) as failed:
        if FULL in str(failed):
            raise Unavailable("pictures: the disk is full") from failed
        raise


async def get(key: str, size: int) -> bytes | None:
    """The content of a file; None: there is none."""
    try:
        found = await obstore.get_async(_store(), _path(key, size))
        return bytes(await found.bytes_async())
    except FileNotFoundError:
        return None


async def delete(key: str, sizes: tuple[int, ...]) -> None:
    """Delete the files of a key; those that are not there do not hinder."""
    for size in sizes:
        try:
            await obstore.delete_async(_store(), _path(key, size))
        except FileNotFoundError:
            continue


async def files() -> AsyncIterator[tuple[str, datetime]]:
    """Every file there is, as its key and the time it was written. Files that are not ours are left out."""
    async for batch in obstore.list(_store()):
        for each in batch:
            if found := _FILE.fullmatch(each["path"]):
                yield found[1], each["last_modified"]


def _path(key: str, size: int) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key[:40]!r} is no key of a picture.")
    return f"{key[:2]}/{key}.{size}.webp"  # no folder of a million files


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
        except (BaseError, ValueError):  # its text repeats the options, and a key may be among them
            raise BadSetting(
                "AVATAR_STORE cannot be used: an option behind `?` is unknown, or its value cannot be read."
            ) from None
    raise BadSetting("AVATAR_STORE must be `file:` and a folder, or `s3://bucket/prefix` with options behind `?`.")
