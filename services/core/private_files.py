"""Files and folders that only the user of this process can read, whatever umask the process was started with."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from settings import HERE

OTHERS: Final = 0o077
"""The bits of a file mode that give access to the group and to all others."""
VAR: Final = HERE / "var"


@contextmanager
def made_private() -> Iterator[None]:
    """Files that the process creates inside the block, in libraries too, are readable by its user only (0600, 0700)."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def make_private_folder(folder: Path) -> None:
    """
    Create the folder and its missing parents (0700). An existing folder in `var` is closed to other users; one elsewhere
    keeps the mode that the operator has set.
    """
    with made_private():
        folder.mkdir(parents=True, exist_ok=True)
    for each in (VAR, folder):
        if each.is_relative_to(VAR) and each.exists():
            facts = each.stat()
            if facts.st_mode & OTHERS and facts.st_uid == os.getuid():
                each.chmod(facts.st_mode & ~OTHERS)
