"""What the tests of messages that go out share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from models.outbox import Channel, OutboxMessage
from services.core import clock
from services.messages import outbox_worker
from services.messages.mail_transport import MailServer as OverSMTP
from services.messages.mail_transport import mail_transport
from services.messages.outbox import Message
from services.messages.outbox_worker import OutboxWorker
from services.messages.transports import Transport
from settings import Settings
from tests.helpers.smtp_server import MailServer

ADA, NUMBER = "ada@people.example", "+31201234567"


def over(settings: Settings, server: MailServer, more: str = "") -> OutboxWorker:
    return OutboxWorker(replace(settings, mail_url=f"{server.url}{more}"))


def server_of(settings: Settings, url: str) -> OverSMTP:
    """The way out that is made of this MAIL_URL."""
    found = mail_transport(replace(settings, mail_url=url))
    assert isinstance(found, OverSMTP)
    return found


@asynccontextmanager
async def later(**by: float) -> AsyncIterator[None]:
    with clock.frozen(clock.now() + timedelta(**by)):
        yield


async def left() -> int:
    return await OutboxMessage.all().count()


@dataclass
class Noting:
    """A way out that notes what it was given, after a moment."""

    takes: float = 0.0
    given: list[str] = field(default_factory=list)
    place: str = "here"
    at_once: int = 0
    most_at_once: int = 0

    async def send(self, message: Message) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.at_once -= 1
        self.given.append(message.to)


def by(way: Transport) -> dict[Channel, Transport]:
    return {Channel.MAIL: way, Channel.SMS: way}


async def newest_mail(settings: Settings) -> str:
    """Have the mails delivered into the folder; the text of the last one."""
    worker = outbox_worker.OutboxWorker(settings)
    while await worker.deliver_due():
        pass
    return (Path(settings.mail_url.removeprefix("file:")) / "latest.txt").read_text("utf-8")
