"""What takes messages out of the house, and the folder that stands in for it until one is configured."""

import asyncio
import ipaddress
import os
from datetime import UTC
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from services.core.private_files import make_private_folder
from services.messages.outbox import Message
from settings import HERE, BadSetting

LATEST = "latest.txt"


class NotSent(Exception):
    """A message did not get out; the reason is fit for logs: it holds no recipient, no text and no password."""


class Transport(Protocol):
    """A way out."""

    @property
    def place(self) -> str:
        """Where messages go, for the log: no password."""

    async def send(self, message: Message) -> None:
        """Send once, in bounded time. Raises NotSent; returning means that the other side has taken it over."""


class Folder:
    """
    Writes every message to a text file that only this user can read, named by its time and kind; `latest.txt` is
    the newest once more. The folder is made, for this user only, when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.place = str(folder)

    async def send(self, message: Message) -> None:
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as failed:
            raise NotSent(f"cannot write to {self._folder}: {failed.strerror}") from None

    def _write(self, message: Message) -> None:
        make_private_folder(self._folder)
        at = message.written_at.astimezone(UTC)
        subject = f"Subject: {message.subject}\n" if message.subject else ""
        text = f"To: {message.to}\n{subject}Date: {at:%Y-%m-%d %H:%M:%S} UTC\n\n{message.text.rstrip()}\n"
        name = f"{at:%Y%m%dT%H%M%S.%f}Z-{message.kind}-{message.reference[:8]}"
        for target in (f"{name}.txt", LATEST):
            # Written aside first: whoever watches the folder never reads half a message.
            aside = self._folder / f".{name}.unfinished"
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            aside.replace(self._folder / target)


def read_url(setting: str, url: str) -> SplitResult:
    """The parts of a setting's URL. Raises BadSetting, which never repeats the URL: it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadSetting(
            f"{setting} cannot be read; write /, :, @, # in user or password as %2F, %3A, %40, %23."
        ) from None
    return parts


def folder_of(setting: str, parts: SplitResult) -> Folder:
    """The folder of a `file:` URL; a relative one lies in the checkout. Raises BadSetting."""
    if parts.netloc or not parts.path.strip("/") or parts.query or parts.fragment:
        raise BadSetting(f"{setting} must name a folder, as `file:var/mail` or `file:/srv/mail`.")
    return Folder(HERE / unquote(parts.path))


def is_this_machine(host: str) -> bool:
    """Whether what is sent to this host never leaves the machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
