"""Folders and buckets for files, by one address: `file:` and a folder, or `s3://bucket/prefix?region=…&endpoint=…`."""

from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from services.core.private_files import make_private_folder
from settings import HERE, BadSetting

Store = LocalStore | S3Store


@lru_cache(maxsize=16)
def opened(address: str, setting: str) -> Store:
    """
    The store at this address, the value of `setting`. A folder is created; a bucket is not connected to. Raises BadSetting for an
    address that cannot be used.
    """
    if (folder := folder_of(address)) is not None:
        make_private_folder(folder)
        return LocalStore(folder, mkdir=True)
    try:
        parts = urlsplit(address)
    except ValueError:
        raise BadSetting(f"{setting} cannot be read.") from None
    if parts.scheme == "s3" and parts.netloc:
        options: Any = dict(parse_qsl(parts.query))
        try:
            return S3Store(parts.netloc, prefix=parts.path.strip("/") or None, config=options)
        except (BaseError, ValueError):  # its text repeats the options, which may include a secret key
            raise BadSetting(
                f"{setting} cannot be used: an option behind `?` is unknown, or its value cannot be read."
            ) from None
    raise BadSetting(f"{setting} must be `file:` and a folder, or `s3://bucket/prefix` with options behind `?`.")


def folder_of(address: str) -> Path | None:
    """The folder of a `file:` address; None for another one."""
    scheme, _, rest = address.partition(":")
    return HERE / Path(rest) if scheme == "file" and rest.strip("/") else None
