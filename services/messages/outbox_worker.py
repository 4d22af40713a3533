"""
Sends the messages that services/messages/outbox.py has written.

A message is claimed before it is sent: its due time moves ahead by the duration of the claim, which is longer than sending
may take. So several processes share one outbox, no transaction is open while a mail server works, and a message whose
process died is sent by another. It is deleted after it is sent; only a crash between these two steps sends it twice.
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
from models.transactions import forbid_transaction
from services.core import clock
from services.core.crypto import CannotOpen
from services.errors import failure_name
from services.messages.mail_transport import mail_transport
from services.messages.outbox import opened
from services.messages.sms_transport import sms_transport
from services.messages.transports import NotSent, Transport
from settings import Settings

POLL_SECONDS = 1.0
"""Seconds between two reads of an empty outbox."""
DATABASE_RETRY_SECONDS = 5.0
"""Seconds until the next read after the database failed."""
MAX_CONCURRENT_SENDS = 4
"""Messages of one channel that are sent at the same time: one stalled connection does not block the others."""
CLAIM_DURATION = timedelta(minutes=3)
FIRST_RETRY_DELAY = timedelta(seconds=10)
MAX_RETRY_DELAY = timedelta(hours=1)
DEFAULT_LIFETIME = timedelta(days=2)
"""How long sending is retried for a kind of message that the catalogue no longer has."""
STOP_SECONDS = 5.0
"""Seconds that messages being sent have when the worker is stopped."""

log = structlog.get_logger()


def check(settings: Settings) -> None:
    """Check MAIL_URL, MAIL_FROM and SMS_URL without connecting. Raises BadSetting."""
    _transports(settings)


def _transports(settings: Settings) -> dict[Channel, Transport]:
    return {Channel.MAIL: mail_transport(settings), Channel.SMS: sms_transport(settings)}


def retry_delay(tries: int) -> timedelta:
    """Return the delay after this many failures: doubling up to an hour, randomly shortened by up to half."""
    longest = min(FIRST_RETRY_DELAY * 2 ** min(tries - 1, 20), MAX_RETRY_DELAY)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load; not for security


class OutboxWorker:
    """Sends due messages. Any number of workers may run, in any number of processes."""

    def __init__(self, settings: Settings, transports: Mapping[Channel, Transport] | None = None) -> None:
        """Send as the settings say, or by `transports`. Raises BadSetting."""
        self._transports = transports or _transports(settings)

    async def run(self) -> None:
        """
        Send due messages, polling every second, until cancelled. Messages being sent then have a few seconds to finish.
        Must not run in a transaction.
        """
        forbid_transaction()
        log.info("outbox_worker.started", **{each.value.lower(): way.place for each, way in self._transports.items()})
        async with asyncio.TaskGroup() as group:
            for channel in self._transports:
                group.create_task(self._keep_sending(channel))

    async def deliver_due(self) -> int:
        """Send all messages that are due now, each at most once; returns how many were sent."""
        return sum(await asyncio.gather(*(self._send_due(channel) for channel in self._transports)))

    async def _keep_sending(self, channel: Channel) -> None:
        while True:
            try:
                await self._send_due(channel)
                await asyncio.sleep(POLL_SECONDS)
            except Exception as failed:  # noqa: BLE001 - the database may come back; the worker must not end
                log.warning("outbox.unavailable", channel=channel.value, failure=failure_name(failed))
                await asyncio.sleep(DATABASE_RETRY_SECONDS)

    async def _send_due(self, channel: Channel) -> int:
        """Send until no message is due, a few at a time: when one is sent, the next one starts."""
        sent = 0
        tasks: set[asyncio.Task[bool]] = set()
        try:
            while True:
                claimed = await self._claim(channel, MAX_CONCURRENT_SENDS - len(tasks))
                tasks |= {asyncio.create_task(self._deliver(channel, row)) for row in claimed}
                if not tasks:
                    return sent
                done, tasks = await asyncio.wait(tasks, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                sent += sum(await asyncio.gather(*done))
        finally:
            await _finish(tasks)

    async def _claim(self, channel: Channel, limit: int) -> list[OutboxMessage]:
        """Claim up to `limit` due messages; no other worker gets them before the claim ends. Index: (due_at, id)."""
        due = OutboxMessage.filter(channel=channel, due_at__lte=clock.now())
        if not limit or not await due.exists():  # an idle worker opens no transaction
            return []
        async with in_transaction():
            rows = await due.order_by("due_at", "id").limit(limit).select_for_update(skip_locked=True)
            # Counted before it is sent: a message that kills its process is not retried forever.
            await OutboxMessage.filter(id__in=[row.id for row in rows]).update(
                tries=F("tries") + 1, due_at=clock.now() + CLAIM_DURATION
            )
        for row in rows:
            row.tries += 1
        return rows

    async def _deliver(self, channel: Channel, row: OutboxMessage) -> bool:
        """Send one claimed message once; returns True if it was sent. One without a recipient is deleted unsent."""
        try:
            message = opened(row)
            if message.to:
                await self._transports[channel].send(message)
        except (NotSent, CannotOpen) as failed:
            await _reschedule(row, str(failed))
            return False
        except Exception as failed:  # noqa: BLE001 - its text may contain the recipient: only its type is logged
            await _reschedule(row, failure_name(failed))
            return False
        await OutboxMessage.filter(id=row.id).delete()
        if not message.to:
            return False
        log.info("message.sent", kind=row.kind, message=row.id, tries=row.tries)
        return True


async def _reschedule(row: OutboxMessage, failure: str) -> None:
    """Retry a message later, or delete it if it is no longer useful by then."""
    kind = KINDS.get(row.kind)
    due_at = clock.now() + retry_delay(row.tries)
    facts = {"kind": row.kind, "message": row.id, "tries": row.tries, "failure": failure}
    if due_at > row.created_at + (kind.useful if kind else DEFAULT_LIFETIME):
        await OutboxMessage.filter(id=row.id).delete()
        log.error("message.dropped", **facts)
        return
    # Only while the claim is ours: after it has expired, another worker may have the message.
    await OutboxMessage.filter(id=row.id, tries=row.tries).update(due_at=due_at, failure=failure[:300])
    log.warning("message.not_sent", again_at=due_at.isoformat(), **facts)


async def _finish(tasks: set[asyncio.Task[bool]]) -> None:
    """Wait a few seconds for these, then cancel them. A cancelled message is sent again after its claim ends."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def sending(settings: Settings) -> AsyncIterator[OutboxWorker]:
    """Run a worker inside the block; leaving it waits for messages being sent. The database must stay open around it."""
    worker = OutboxWorker(settings)
    work = asyncio.create_task(worker.run(), name="outbox_worker")
    try:
        yield worker
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
