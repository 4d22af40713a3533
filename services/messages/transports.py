"""Transports: what a delivery backend for messages must do, and the folder that is used until one is configured."""

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
    """A message was not sent. The reason may be logged: it contains no recipient, no text and no password."""


class Transport(Protocol):
    """A delivery backend for messages."""

    @property
    def place(self) -> str:
        """The destination, for the log: without a password."""

    async def send(self, message: Message) -> None:
        """Send once, in bounded time. Returns when the other side has accepted the message; raises NotSent."""


class Folder:
    """
    Writes every message to a text file that only this user can read, named by its time and kind; `latest.txt` is a copy
    of the newest. A missing folder is created, for this user only.
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
            # Written under another name first, so that a reader of the folder never gets half a message.
            part = self._folder / f".{name}.unfinished"
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            part.replace(self._folder / target)


def read_url(setting: str, url: str) -> SplitResult:
    """Parse the URL of a setting. Raises BadSetting, which never repeats the URL: it may contain a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadSetting(
            f"{setting} cannot be read; write /, :, @, # in user or password as %2F, %3A, %40, %23."
        ) from None
    return parts


def folder_transport(setting: str, parts: SplitResult) -> Folder:
    """Return the transport of a `file:` URL; a relative path is in the checkout. Raises BadSetting."""
    if parts.netloc or not parts.path.strip("/") or parts.query or parts.fragment:
        raise BadSetting(f"{setting} must name a folder, as `file:var/mail` or `file:/srv/mail`.")
    return Folder(HERE / unquote(parts.path))


def is_this_machine(host: str) -> bool:
    """Return True if data sent to this host never leaves the machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
