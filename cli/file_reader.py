"""Large files, read from the first byte to the last in constant memory: how far, whether to stop, and which file it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

BLOCK = 256 * 1024
"""Bytes read at once."""
LONGEST_LINE = 1024 * 1024
"""Characters; a longer line is read in pieces, so that a broken file cannot fill the memory."""
EDGE = 64 * 1024
"""Bytes at either end of a file that its fingerprint is made of, beside its size and time of change."""


class WrongFolder(Exception):
    """The folder is not what the command reads; nothing was written."""


class BrokenFile(Exception):
    """A file cannot be read any further. What came before is taken in."""

    def __init__(self, file: str, line: int, why: str) -> None:
        super().__init__(f"{file}:{line}: {why}")


class Interrupted(Exception):
    """Somebody asked to stop."""


class Reading:
    """One command's reading: shows its bars on stderr where that is a terminal, and stops when it is asked to."""

    def __init__(self, stop: Callable[[], bool] = lambda: False, bars: Progress | None = None) -> None:
        self._stop = stop
        self._bars = bars

    def go_on(self) -> None:
        """Raise Interrupted when somebody asked to stop."""
        if self._stop():
            raise Interrupted

    def blocks(self, path: Path) -> Iterator[bytes]:
        """The file's bytes, a block at a time."""
        with path.open("rb") as file, self._bar(path) as reached:
            while block := file.read(BLOCK):
                self.go_on()
                yield block
                reached(file.tell())

    def lines(self, path: Path) -> Iterator[str]:
        """The file's lines with their ends. Bytes that are not UTF-8 come as lone surrogates."""
        with (
            path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file,
            self._bar(path) as reached,
        ):
            # file.buffer.raw tells how much has left the disk; the text's own tell() costs more than reading.
            raw = file.buffer.raw  # type: ignore[attr-defined]
            count = 0
            while line := file.readline(LONGEST_LINE):
                if not count % 1_000:
                    self.go_on()
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
    """Progress by bytes for people; None where nobody watches."""
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        yield progress


def fingerprint(*paths: Path) -> str:
    """
    Tells whether files are still the ones seen before, without reading them whole: by size, time of change, and
    their first and last bytes.
    """
    seen = blake2b(digest_size=24)
    for path in paths:
        about = path.stat()
        seen.update(f"{about.st_size} {about.st_mtime_ns} ".encode())
        with path.open("rb") as file:
            seen.update(file.read(EDGE))
            file.seek(max(0, about.st_size - EDGE))
            seen.update(file.read(EDGE))
    return seen.hexdigest()
