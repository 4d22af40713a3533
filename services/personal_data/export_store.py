"""
Storage of downloads of personal data: a folder or a bucket (setting EXPORT_STORE), which is never served directly.

A download is written to a file of this machine first, and gets its name in the store once it is complete. What an interrupted
process leaves behind is deleted by a sweep.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import obstore
import structlog
from obstore.store import LocalStore

from models.personal_data_exports import PersonalDataExport
from models.transactions import forbid_transaction
from services.core import object_stores, runtime
from services.core.private_files import VAR, make_private_folder
from settings import Settings

SETTING: Final = "EXPORT_STORE"
MIN_ORPHAN_AGE: Final = timedelta(hours=1)
"""Files without a row are not deleted before this age: one may be about to get its row."""
MIN_UNFINISHED_AGE: Final = timedelta(days=1)
"""Age at which an unfinished file is no longer being written."""
KEYS_PER_LOOKUP: Final = 500
READ_BYTES: Final = 1024 * 1024
"""Bytes that are read at once."""
KEY: Final = re.compile(r"[a-z2-7]{32}")
_FILE: Final = re.compile(r"([a-z2-7]{32})\.zip")
_UNFINISHED: Final = re.compile(r"[a-z2-7]{32}\.[0-9]+(\.[a-z]+)?\.part")
log = structlog.get_logger(__name__)


def check(settings: Settings) -> None:
    """Raise BadSetting for an EXPORT_STORE that cannot be used. It does not connect to a bucket."""
    object_stores.opened(settings.export_store, SETTING)


def unfinished_file(name: str) -> Path:
    """Where a file of this name is written: in the store's folder, so that it can be renamed; for a bucket in `var/exports`."""
    folder = _folder()
    make_private_folder(folder)
    return folder / f"{name}.part"


async def put(key: str, file: Path) -> int:
    """Store a complete file under its key; returns its size in bytes. The caller deletes the file if it is still there."""
    size = (await asyncio.to_thread(file.stat)).st_size
    if isinstance(_store(), LocalStore):
        await asyncio.to_thread(os.replace, file, _folder() / _name(key))
    else:
        await obstore.put_async(_store(), _name(key), file)
    return size


async def chunks(key: str) -> tuple[int, AsyncIterator[bytes]] | None:
    """The size of a download and its content in parts; None if there is no file."""
    try:
        found = await obstore.get_async(_store(), _name(key))
    except FileNotFoundError:
        return None

    async def read() -> AsyncIterator[bytes]:
        async for chunk in found.stream(min_chunk_size=READ_BYTES):
            yield bytes(chunk)

    return found.meta["size"], read()


async def discard(keys: Sequence[str]) -> None:
    """
    Delete the files of these keys; call it after the transaction that deleted their rows. The sweep deletes what fails here.
    Must not run in a transaction.
    """
    forbid_transaction()
    for key in keys:
        try:
            await obstore.delete_async(_store(), _name(key))
        except FileNotFoundError:
            continue
        except Exception:  # the rows are gone already; the folder or bucket may come back
            log.exception("personal_data_export.not_deleted")


async def sweep(now: datetime) -> int:
    """Delete files that no row names, and unfinished ones that nothing writes any more; returns how many."""
    gone = await asyncio.to_thread(_delete_unfinished, now - MIN_UNFINISHED_AGE)
    async for batch in obstore.list(_store(), chunk_size=KEYS_PER_LOOKUP):
        old = {
            found[1]
            for each in batch
            if (found := _FILE.fullmatch(each["path"])) and each["last_modified"] < now - MIN_ORPHAN_AGE
        }
        known = set(await PersonalDataExport.filter(key__in=old).values_list("key", flat=True)) if old else set()
        await discard(sorted(old - known))
        gone += len(old - known)
    return gone


def _delete_unfinished(before: datetime) -> int:
    folder, gone = _folder(), 0
    for file in folder.glob("*.part") if folder.is_dir() else ():
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        if _UNFINISHED.fullmatch(file.name) and written < before:
            file.unlink(missing_ok=True)
            gone += 1
    return gone


def _folder() -> Path:
    return object_stores.folder_of(runtime.current().settings.export_store) or VAR / "exports"


def _name(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key[:40]!r} is not a key of a download.")
    return f"{key}.zip"


def _store() -> object_stores.Store:
    return object_stores.opened(runtime.current().settings.export_store, SETTING)
