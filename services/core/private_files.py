"""Files and folders that only the user of this process reads, whatever the system's usual mode is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from settings import HERE

OTHERS: Final = 0o077
"""The bits of a mode that let in the group and everybody else."""
VAR: Final = HERE / "var"


@contextmanager
def made_private() -> Iterator[None]:
    """Whatever the process makes inside the block, libraries included, is readable by its user alone (0600, 0700)."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def make_private_folder(folder: Path) -> None:
    """
    Make the folder (0700) with those above it that are missing. A folder in `var` that others could read until now is
    closed to them; one elsewhere keeps the mode that its operator gave it.
    """
    with made_private():
        folder.mkdir(parents=True, exist_ok=True)
    for each in (VAR, folder):
        if each.is_relative_to(VAR) and each.exists():
            facts = each.stat()
            if facts.st_mode & OTHERS and facts.st_uid == os.getuid():
                each.chmod(facts.st_mode & ~OTHERS)
