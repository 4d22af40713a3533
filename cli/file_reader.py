"""Reads large files in constant memory, with progress bars, a check for Ctrl-C, and fingerprints of files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

BLOCK_SIZE = 256 * 1024
"""Bytes read at once."""
MAX_LINE = 1024 * 1024
"""Characters. A longer line is read in parts, so that a broken file cannot fill the memory."""
FINGERPRINT_EDGE = 64 * 1024
"""Bytes at each end of a file that its fingerprint uses, beside its size and modification time."""


class WrongFolder(Exception):
    """The folder does not have the files that the command reads. Nothing was written."""


class BrokenFile(Exception):
    """The rest of a file cannot be read. The rows before are imported."""

    def __init__(self, file: str, line: int, why: str) -> None:
        super().__init__(f"{file}:{line}: {why}")


class Interrupted(Exception):
    """The operator stopped the command."""


class Reading:
    """Reads the files of one command: updates the progress bars, and stops after Ctrl-C."""

    def __init__(self, stop: Callable[[], bool] = lambda: False, bars: Progress | None = None) -> None:
        self._stop = stop
        self._bars = bars

    def check_stop(self) -> None:
        """Raise Interrupted if the operator has asked to stop."""
        if self._stop():
            raise Interrupted

    def blocks(self, path: Path) -> Iterator[bytes]:
        """Yield the file's bytes, one block at a time."""
        with path.open("rb") as file, self._bar(path) as reached:
            while block := file.read(BLOCK_SIZE):
                self.check_stop()
                yield block
                reached(file.tell())

    def lines(self, path: Path) -> Iterator[str]:
        """Yield the file's lines with their line breaks. Bytes that are not UTF-8 become lone surrogates."""
        with (
            path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file,
            self._bar(path) as reached,
        ):
            # The position of file.buffer.raw: tell() of the text file costs more than reading it.
            raw = file.buffer.raw  # type: ignore[attr-defined]
            count = 0
            while line := file.readline(MAX_LINE):
                if not count % 1_000:
                    self.check_stop()
                    reached(raw.tell())
                count += 1
                yield line
            reached(raw.tell())

    @contextmanager
    def _bar(self, path: Path) -> Iterator[Callable[[int], None]]:
        if self._bars is None:
            yield lambda _: None
            return
        bars, bar = self._bars, self._bars.add_task(path.name, total=path.stat().st_size)
        yield lambda position: bars.update(bar, completed=position)


@contextmanager
def bars(console: Console) -> Iterator[Progress | None]:
    """Show progress bars by bytes; None if the console is not a terminal."""
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        yield progress


def fingerprint(*paths: Path) -> str:
    """
    Return a hash that changes when one of the files changes, without reading them whole: of size, modification time, and
    the first and last bytes.
    """
    digest = blake2b(digest_size=24)
    for path in paths:
        status = path.stat()
        digest.update(f"{status.st_size} {status.st_mtime_ns} ".encode())
        with path.open("rb") as file:
            digest.update(file.read(FINGERPRINT_EDGE))
            file.seek(max(0, status.st_size - FINGERPRINT_EDGE))
            digest.update(file.read(FINGERPRINT_EDGE))
    return digest.hexdigest()
