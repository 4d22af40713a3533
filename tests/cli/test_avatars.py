"""`cli avatars sweep`, as an operator runs it."""

import asyncio
import os
from pathlib import Path

import pytest

from services.media import image_store
from settings import Settings
from tests.helpers.runtimes import using_settings


@pytest.mark.sqlite_only
def test_the_sweep_deletes_old_files_that_no_one_uses(cli, settings: Settings) -> None:
    # given an old file that no profile names, and a young one
    old, young = image_store.new_key(), image_store.new_key()
    folder = Path(settings.avatar_store.removeprefix("file:"))
    with using_settings(settings):
        for key in (old, young):
            asyncio.run(image_store.put(key, {64: b"x"}))
    os.utime(folder / old[:2] / f"{old}.64.webp", (0, 0))
    # when
    result = cli("avatars", "sweep")
    # then
    assert (result.exit_code, result.stdout) == (0, "1 image files deleted.\n")
    assert [file.name for file in folder.rglob("*.webp")] == [f"{young}.64.webp"]
