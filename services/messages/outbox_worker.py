"""
Sends what `services/messages/outbox.py` wrote.

A message is claimed before it is sent: its turn is moved ahead by the claim's length, which is longer than sending may
take. So several processes share one outbox, nobody holds a transaction while a mail server thinks, and a message whose
process died is taken up again. It is deleted once sent; only a crash between these two sends it twice.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import structlog
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from catalogue.mail_templates import KINDS
from models.outbox import Channel, OutboxMessage
from services.core import clock
from services.core.crypto import CannotOpen
from services.errors import named
from services.messages.mail_transport import mail_transport
from services.messages.outbox import opened
from services.messages.sms_transport import sms_transport
from services.messages.transports import NotSent, Transport
from settings import Settings

POLL = 1.0
"""Seconds between two looks into an empty outbox."""
PAUSE_IN_TROUBLE = 5.0
"""Seconds until the next look after the database failed."""
MAX_CONCURRENT_SENDS = 4
"""Messages of one channel under way at a time: one stalled connection does not hold up the others."""
CLAIM = timedelta(minutes=3)
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP = timedelta(days=2)
GOODBYE = 5.0
"""Seconds that messages under way get when the worker is stopped."""

log = structlog.get_logger()


def check(settings: Settings) -> None:
    """Return when MAIL_URL, MAIL_FROM and SMS_URL can be used. Raises BadSetting; connects to nothing."""
    _transports(settings)


def _transports(settings: Settings) -> dict[Channel, Transport]:
    return {Channel.MAIL: mail_transport(settings), Channel.SMS: sms_transport(settings)}


def pause(tries: int) -> timedelta:
    """How long to wait after this many failures: doubling up to an hour, by chance up to half of it shorter."""
    longest = min(FIRST_PAUSE * 2 ** min(tries - 1, 20), LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing


class Postbox:
    """The outbox's worker. Any number of them may run, in any number of processes."""

    def __init__(self, settings: Settings, transports: Mapping[Channel, Transport] | None = None) -> None:
        """Prepare to send where the settings say, or by `transports`. Raises BadSetting."""
        self._transports = transports or _transports(settings)

    async def run(self) -> None:
        """
        Send what is due, and look again every second, until cancelled; then messages under way get a few seconds.
        Never start it in a transaction.
        """
        log.info("postbox open", **{channel.value.lower(): way.place for channel, way in self._transports.items()})
        async with asyncio.TaskGroup() as group:
            for channel in self._transports:
                group.create_task(self._keep_sending(channel))

    async def deliver_due(self) -> int:
        """Send everything that is due now, each message at most once. Returns how many went out."""
        return sum(await asyncio.gather(*(self._send_due(channel) for channel in self._transports)))

    async def _keep_sending(self, channel: Channel) -> None:
        while True:
            try:
                await self._send_due(channel)
                await asyncio.sleep(POLL)
            except Exception as failed:  # noqa: BLE001 - a database that is away comes back; mail must not end with it
                log.warning("outbox cannot be worked on", channel=channel.value, failure=named(failed))
                await asyncio.sleep(PAUSE_IN_TROUBLE)

    async def _send_due(self, channel: Channel) -> int:
        """Send until nothing is due, a few at a time: as soon as one is through, the next begins."""
        sent = 0
        under_way: set[asyncio.Task[bool]] = set()
        try:
            while True:
                claimed = await self._claim(channel, MAX_CONCURRENT_SENDS - len(under_way))
                under_way |= {asyncio.create_task(self._deliver(channel, row)) for row in claimed}
                if not under_way:
                    return sent
                done, under_way = await asyncio.wait(under_way, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
                sent += sum(await asyncio.gather(*done))
        finally:
            await _finish(under_way)

    async def _claim(self, channel: Channel, room: int) -> list[OutboxMessage]:
        """Up to `room` due messages, which no other worker gets before the claim ends. Index: (due_at, id)."""
        due = OutboxMessage.filter(channel=channel, due_at__lte=clock.now())
        if not room or not await due.exists():  # an idle worker opens no transaction
            return []
        async with in_transaction():
            rows = await due.order_by("due_at", "id").limit(room).select_for_update(skip_locked=True)
            # Counted before it is sent: a message that kills its process is not tried for ever.
            await OutboxMessage.filter(id__in=[row.id for row in rows]).update(
                tries=F("tries") + 1, due_at=clock.now() + CLAIM
            )
        for row in rows:
            row.tries += 1
        return rows

    async def _deliver(self, channel: Channel, row: OutboxMessage) -> bool:
        """Send one claimed message, once. Returns whether it went out; one to nobody is thrown away."""
        try:
            message = opened(row)
            if message.to:
                await self._transports[channel].send(message)
        except (NotSent, CannotOpen) as failed:
            await _put_back(row, str(failed))
            return False
        except Exception as failed:  # noqa: BLE001 - its text may hold the recipient: only its type is told
            await _put_back(row, named(failed))
            return False
        await OutboxMessage.filter(id=row.id).delete()
        if not message.to:
            return False
        log.info("message sent", kind=row.kind, message=row.id, tries=row.tries)
        return True


async def _put_back(row: OutboxMessage, failure: str) -> None:
    """Have it tried again later, or drop it when it is not worth that any more."""
    kind = KINDS.get(row.kind)
    due_at = clock.now() + pause(row.tries)
    facts = {"kind": row.kind, "message": row.id, "tries": row.tries, "failure": failure}
    if due_at > row.created_at + (kind.useful if kind else GIVE_UP):
        await OutboxMessage.filter(id=row.id).delete()
        log.error("message given up", **facts)
        return
    # Only while it is ours: a claim that ran out may be another worker's by now.
    await OutboxMessage.filter(id=row.id, tries=row.tries).update(due_at=due_at, failure=failure[:300])
    log.warning("message not sent", again_at=due_at.isoformat(), **facts)


async def _finish(under_way: set[asyncio.Task[bool]]) -> None:
    """Let them end, for a few seconds. What is broken off is taken up again when its claim ends."""
    if not under_way:
        return
    _, late = await asyncio.wait(under_way, timeout=GOODBYE)
    for task in late:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


@contextlib.asynccontextmanager
async def sending(settings: Settings) -> AsyncIterator[Postbox]:
    """A postbox at work inside the block; leaving it waits for messages under way. The database stays open around it."""
    postbox = Postbox(settings)
    work = asyncio.create_task(postbox.run(), name="postbox")
    try:
        yield postbox
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
