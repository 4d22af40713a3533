"""What is written to disk is for the user of the process alone, whatever the system's usual mode is."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.core import private_files
from services.core.crypto import _key_in
from services.core.private_files import made_private, make_private_folder
from services.media import image_store
from settings import Settings
from tests.helpers.runtimes import using_settings


@pytest.fixture(autouse=True)
def _usual_mode() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {each.name: oct(each.stat().st_mode & 0o777) for each in (folder, *folder.rglob("*"))}


async def test_pictures_are_private(tmp_path: Path) -> None:
    settings = Settings(avatar_store=f"file:{tmp_path}/a/pictures")
    with using_settings(settings), made_private():
        await image_store.put(image_store.new_key(), {64: b"x", 128: b"y"})
    assert set(modes(tmp_path / "a").values()) == {"0o700", "0o600"}


def test_the_folder_of_the_secret_key_is_private(tmp_path: Path) -> None:
    _key_in(tmp_path / "var" / "secret-key")
    assert modes(tmp_path / "var") == {"var": "0o700", "secret-key": "0o600"}


def test_an_old_folder_of_ours_is_closed_and_an_operators_is_not(tmp_path: Path, monkeypatch) -> None:
    ours, theirs = tmp_path / "var", tmp_path / "srv"
    monkeypatch.setattr(private_files, "VAR", ours)
    for folder in (ours, ours / "avatars", theirs):
        folder.mkdir(mode=0o755)
    make_private_folder(ours / "avatars")
    make_private_folder(theirs)
    assert modes(ours) == {"var": "0o700", "avatars": "0o700"}
    assert modes(theirs) == {"srv": "0o755"}


def test_the_usual_mode_comes_back() -> None:
    with made_private():
        assert os.umask(0o077) == 0o077
    assert os.umask(0o022) == 0o022
