"""The outbox's worker: what it sends once, tries again, gives up, and how it stops."""

import asyncio
import itertools
import logging
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import structlog
from tortoise.transactions import in_transaction

from models.outbox import Channel, OutboxMessage
from services.core import clock
from services.messages import outbox_worker
from services.messages.outbox import Message, send_mail, send_sms
from services.messages.outbox_worker import OutboxWorker, retry_delay
from services.messages.transports import NotSent
from settings import Settings
from tests.helpers.factories import mailbox
from tests.helpers.mail import ADA, NUMBER, Noting, by, later, left, over, server_of
from tests.helpers.runtimes import using_settings
from tests.helpers.smtp_server import MailServer
from tests.helpers.transactions import committed
from tests.helpers.waiting import until

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def server() -> MailServer:
    return MailServer()


async def test_a_mail_goes_out_once_and_its_row_is_gone(settings: Settings, server: MailServer) -> None:
    # given
    await committed(send_mail("sign-up-code", mailbox(ADA), code="482913", name="Zoë"))
    async with server.up():
        worker = over(settings, server)
        # when
        sent = [await worker.deliver_due(), await worker.deliver_due()]
    # then
    assert sent == [1, 0]
    assert await left() == 0
    [mail] = server.mails
    assert (mail["From"], mail["To"]) == ("no-reply@graph.example", ADA)
    assert (server.taken[0].mail_from, server.taken[0].rcpt_tos) == ("no-reply@graph.example", [ADA])
    body = mail.get_body(("plain",))
    assert body is not None and "Hello Zoë," in body.get_content() and "482913" in body.get_content()


# A mail server that does not work


@pytest.mark.parametrize(
    ("to_recipient", "to_data"),
    [
        ("450 4.2.1 <ADDRESS> is busy", "250 OK"),
        ("550 5.1.1 <ADDRESS>: no such user", "250 OK"),
        ("250 OK", "451 4.3.0 later"),
        ("250 OK", "554 5.7.1 spam"),
    ],
)
async def test_what_is_refused_is_tried_again_later(
    settings: Settings, server: MailServer, to_recipient: str, to_data: str
) -> None:
    # given
    await committed(send_mail("password-changed", mailbox(ADA)))
    server.to_recipient, server.to_data = to_recipient, to_data
    async with server.up():
        worker = over(settings, server)
        # when
        assert [await worker.deliver_due(), await worker.deliver_due()] == [0, 0]
        # then
        row = await OutboxMessage.get()
        assert (server.asked, row.tries) == (1, 1)
        assert row.due_at > clock.now()
        assert (to_recipient + to_data).replace("250 OK", "")[:3] in row.failure
        assert ADA not in row.failure and "<" not in row.failure
        # when it works again
        server.to_recipient = server.to_data = "250 OK"
        async with later(seconds=11):
            assert await worker.deliver_due() == 1
    assert await left() == 0


async def test_a_server_that_goes_away_and_comes_back_gets_the_mail(settings: Settings, server: MailServer) -> None:
    # given
    async with server.up():
        worker = over(settings, server)
    await committed(send_mail("password-changed", mailbox(ADA)))
    # when
    assert await worker.deliver_due() == 0
    # then
    assert "Error connecting" in (await OutboxMessage.get()).failure
    async with server.up(), later(seconds=11):
        assert await worker.deliver_due() == 1
    assert len(server.mails) == 1


async def test_one_stalled_conversation_ends_and_holds_up_nobody_else(settings: Settings, server: MailServer) -> None:
    # given
    server.stalls = {ADA}
    async with server.up():
        way = server_of(settings, server.url)
        worker = OutboxWorker(settings, by(replace(way, timeout_seconds=2.0)))
        await committed(send_mail("password-changed", mailbox(ADA)))
        for n in range(8):
            await committed(send_mail("password-changed", mailbox(f"person{n}@people.example")))
        # when
        begun = time.monotonic()
        work = asyncio.create_task(worker.deliver_due())
        await until(lambda: len(server.taken) == 8)
        # then
        assert time.monotonic() - begun < 2.0
        assert await work == 8
        assert time.monotonic() - begun < 8.0
    row = await OutboxMessage.get()
    assert "in time" in row.failure and row.tries == 1


@pytest.mark.sqlite_only
async def test_a_server_that_never_greets_is_not_waited_for(settings: Settings) -> None:
    # given
    silent: list[asyncio.StreamWriter] = []
    listening = await asyncio.start_server(lambda _reader, writer: silent.append(writer), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    way = server_of(settings, f"smtp://127.0.0.1:{port}")
    await committed(send_mail("password-changed", mailbox(ADA)))
    # when
    begun = time.monotonic()
    sent = await OutboxWorker(settings, by(replace(way, timeout_seconds=0.3))).deliver_due()
    # then
    assert sent == 0 and time.monotonic() - begun < 2
    for writer in silent:
        writer.close()
    listening.close()


@pytest.mark.sqlite_only
async def test_a_server_that_drips_its_answers_is_not_waited_for(settings: Settings) -> None:
    # given each answer in time, all of them together not
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n")
        while await reader.readline():
            await asyncio.sleep(0.2)
            writer.write(b"250 OK\r\n")
        writer.close()

    listening = await asyncio.start_server(drip, "127.0.0.1", 0)
    way = server_of(settings, f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    await committed(send_mail("password-changed", mailbox(ADA)))
    # when
    assert await OutboxWorker(settings, by(replace(way, timeout_seconds=0.4))).deliver_due() == 0
    # then
    assert "in time" in (await OutboxMessage.get()).failure
    listening.close()
    await asyncio.sleep(0.3)


async def test_it_is_tried_less_and_less_often_for_two_days_and_then_given_up(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    @dataclass
    class Refusing:
        place = "nowhere"
        tries: int = 0

        async def send(self, message: Message) -> None:
            self.tries += 1
            raise NotSent("no")

    way = Refusing()
    worker = OutboxWorker(settings, by(way))
    await committed(send_mail("password-changed", mailbox(ADA)))
    written = (await OutboxMessage.get()).created_at
    waits = []
    # when
    with structlog.testing.capture_logs() as logged:
        while row := await OutboxMessage.first():
            waits.append(row.due_at)
            with clock.frozen(row.due_at):
                await worker.deliver_due()
    # then
    assert timedelta(days=1, hours=22) < waits[-1] - written <= timedelta(days=2)
    assert 40 < way.tries < 120
    assert [each["log_level"] for each in logged if each["event"] == "message.dropped"] == ["error"]
    assert all(before < after for before, after in itertools.pairwise(waits))


def test_pauses_double_up_to_an_hour_and_differ() -> None:
    assert all(timedelta(seconds=5) <= retry_delay(1) <= timedelta(seconds=10) for _ in range(50))
    assert all(timedelta(minutes=30) <= retry_delay(tries) <= timedelta(hours=1) for tries in (10, 60, 10_000))
    assert len({retry_delay(5) for _ in range(20)}) > 10


async def test_a_code_that_is_no_good_any_more_is_not_sent_late(settings: Settings, server: MailServer) -> None:
    # given
    await committed(send_mail("sign-up-code", mailbox(ADA), code="482913", name="Ada"))
    server.to_recipient = "451 later"
    async with server.up(), later(minutes=9.99):
        # when
        await over(settings, server).deliver_due()
    # then
    assert await left() == 0


async def test_logs_hold_neither_an_address_nor_a_text(
    settings: Settings, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    caplog.set_level(logging.DEBUG)

    @dataclass
    class Clumsy:
        place = "nowhere"

        async def send(self, message: Message) -> None:
            raise RuntimeError(f"{message.to} {message.text}")

    server.to_recipient = "550 <ADDRESS> does not exist"
    await committed(send_mail("sign-up-code", mailbox(ADA), code="482913", name="Ada Okafor"))
    await committed(send_sms("sms-code", NUMBER, 0, code="482913"))
    # when
    with structlog.testing.capture_logs() as logged:
        async with server.up():
            await over(settings, server).deliver_due()
            server.to_recipient = "250 OK"
            async with later(seconds=11):
                await over(settings, server).deliver_due()
            await committed(send_mail("sign-up-code", mailbox(ADA), code="482913", name="Ada Okafor"))
            await OutboxWorker(settings, by(Clumsy())).deliver_due()
    # then
    ours = " ".join(str(record) for record in caplog.records if not record.name.startswith("mail.")) + str(logged)
    assert {each["event"] for each in logged} == {"message.not_sent", "message.sent"}
    for secret in (ADA, "people.example", "482913", "Okafor", NUMBER):
        assert secret not in ours
    assert (await OutboxMessage.get()).failure == "RuntimeError"


async def test_what_another_key_sealed_waits_for_its_key(settings: Settings, server: MailServer) -> None:
    await committed(send_mail("password-changed", mailbox(ADA)))
    async with server.up():
        worker = over(settings, server)
        with using_settings(replace(settings, secret_key="0b" * 32)):
            assert await worker.deliver_due() == 0
        async with later(seconds=11):
            assert await worker.deliver_due() == 1


# Many at once


@pytest.mark.postgres_only
async def test_two_workers_send_each_message_once(settings: Settings) -> None:
    # given
    for n in range(40):
        await committed(send_mail("password-changed", mailbox(f"person{n}@people.example")))
    way = Noting(takes=0.005)
    # when
    sent = await asyncio.gather(*(OutboxWorker(settings, by(way)).deliver_due() for _ in range(4)))
    # then
    assert sum(sent) == 40
    assert set(Counter(way.given).values()) == {1} and len(way.given) == 40
    assert sum(each > 0 for each in sent) > 1


async def test_a_few_are_under_way_at_a_time(settings: Settings) -> None:
    for n in range(12):
        await committed(send_mail("password-changed", mailbox(f"person{n}@people.example")))
    way = Noting(takes=0.02)
    assert await OutboxWorker(settings, by(way)).deliver_due() == 12
    assert way.most_at_once == outbox_worker.MAX_CONCURRENT_SENDS


async def test_a_message_whose_worker_died_is_sent_by_another_when_its_claim_ends(settings: Settings) -> None:
    # given a process that ends in the middle
    await committed(send_mail("password-changed", mailbox(ADA)))
    dying, way = OutboxWorker(settings, by(Noting(takes=3_600))), Noting()
    [claimed] = await dying._claim(Channel.MAIL, 4)
    # when
    other = OutboxWorker(settings, by(way))
    at_once = await other.deliver_due()
    async with later(minutes=4):
        afterwards = await other.deliver_due()
    # then
    assert (at_once, afterwards, way.given) == (0, 1, [ADA])
    assert claimed.tries == 1 and await left() == 0


# The loop


async def test_the_worker_sends_what_is_committed_and_only_then(settings: Settings) -> None:
    # given
    way = Noting()
    work = asyncio.create_task(OutboxWorker(settings, by(way)).run())
    # when
    async with in_transaction():
        await committed(send_mail("password-changed", mailbox(ADA)))
        if settings.database.startswith("postgres"):
            await asyncio.sleep(1.2)
        assert way.given == []
    # then
    await until(lambda: way.given == [ADA], seconds=3)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


@pytest.mark.sqlite_only
async def test_stopping_waits_for_what_is_under_way(settings: Settings) -> None:
    # given
    way = Noting(takes=0.5)
    await committed(send_mail("password-changed", mailbox(ADA)))
    work = asyncio.create_task(OutboxWorker(settings, by(way)).run())
    await until(lambda: way.at_once == 1)
    # when
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    # then
    assert way.given == [ADA] and await left() == 0


@pytest.mark.sqlite_only
async def test_stopping_does_not_wait_for_ever(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(outbox_worker, "STOP_SECONDS", 0.1)
    way = Noting(takes=3_600)
    await committed(send_mail("password-changed", mailbox(ADA)))
    work = asyncio.create_task(OutboxWorker(settings, by(way)).run())
    await until(lambda: way.at_once == 1)
    # when
    begun = time.monotonic()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    # then
    assert time.monotonic() - begun < 1
    assert way.at_once == 0 and await left() == 1


@pytest.mark.sqlite_only
async def test_the_worker_lives_through_a_failing_database(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(outbox_worker, "DATABASE_RETRY_SECONDS", 0.02)
    way = Noting()
    failures: list[Channel] = []
    worker = OutboxWorker(settings, by(way))
    claim = worker._claim

    async def failing(channel: Channel, room: int) -> list[OutboxMessage]:
        if len(failures) < 5:
            failures.append(channel)
            raise ConnectionResetError
        return await claim(channel, room)

    monkeypatch.setattr(worker, "_claim", failing)
    await committed(send_mail("password-changed", mailbox(ADA)))
    # when
    work = asyncio.create_task(worker.run())
    # then
    await until(lambda: way.given == [ADA])
    assert len(failures) == 5
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
