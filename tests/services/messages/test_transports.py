"""The ways out: mail servers, with and without TLS, an SMS gateway, a folder; and the settings that name them."""

import asyncio
import stat
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from models.outbox import OutboxMessage
from services.messages.outbox import send_mail, send_sms
from services.messages.outbox_worker import OutboxWorker, check, sending
from settings import HERE, BadSetting, Settings
from tests.helpers.factories import mailbox
from tests.helpers.mail import ADA, NUMBER, later, left, over, server_of
from tests.helpers.smtp_server import MailServer, certificate_for_this_machine
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def server() -> MailServer:
    return MailServer()


# Mail servers


@pytest.mark.sqlite_only
async def test_an_address_with_letters_of_any_script_is_reached(settings: Settings, server: MailServer) -> None:
    await committed(send_mail("password-changed", mailbox("zoë@bücher.example")))
    async with server.up():
        assert await over(settings, server).deliver_due() == 1
    assert server.taken[0].rcpt_tos == ["zoë@xn--bcher-kva.example"]
    assert server.mails[0]["To"] == "zoë@xn--bcher-kva.example"


@pytest.mark.sqlite_only
async def test_it_signs_in_with_the_password_of_the_url(settings: Settings, server: MailServer) -> None:
    # given
    server.login = ("poster", "p@ss:w/rd")
    await committed(send_mail("password-changed", mailbox(ADA)))
    async with server.up():
        wrong = replace(settings, mail_url=f"smtp://poster:wrong@127.0.0.1:{server.port}")
        right = replace(settings, mail_url=f"smtp://poster:p%40ss%3Aw%2Frd@127.0.0.1:{server.port}")
        # when, then
        assert await OutboxWorker(wrong).deliver_due() == 0
        async with later(minutes=1):
            assert await OutboxWorker(right).deliver_due() == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_mail_is_encrypted_on_the_way_from_the_start_or_where_it_is_offered(
    settings: Settings, server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    server.tls_at_once = scheme == "smtps"
    server.certificate, trusted = certificate_for_this_machine(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    await committed(send_mail("password-changed", mailbox(ADA)))
    async with server.up():
        way = replace(settings, mail_url=f"{scheme}://127.0.0.1:{server.port}")
        assert await OutboxWorker(way).deliver_due() == 1
    assert server.over_tls == [True]


@pytest.mark.sqlite_only
async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(
    settings: Settings, server: MailServer, tmp_path: Path
) -> None:
    server.certificate, _ = certificate_for_this_machine(tmp_path)
    await committed(send_mail("password-changed", mailbox(ADA)))
    async with server.up():
        assert await over(settings, server).deliver_due() == 0
    assert server.asked == 0
    assert "certificate" in (await OutboxMessage.get()).failure.lower()


@pytest.mark.sqlite_only
async def test_where_starttls_is_required_nothing_goes_out_without_it(settings: Settings, server: MailServer) -> None:
    await committed(send_mail("password-changed", mailbox(ADA)))
    async with server.up():
        assert await over(settings, server, "?starttls=require").deliver_due() == 0
        assert server.asked == 0
        async with later(minutes=1):
            assert await over(settings, server, "?starttls=off").deliver_due() == 1
    assert server.over_tls == [False]


def test_a_password_needs_starttls_unless_it_stays_on_this_machine(settings: Settings) -> None:
    way = partial(server_of, settings)
    assert way("smtp://u:p@mail.example").start_tls is True
    assert way("smtp://u:p@mail.example?starttls=off").start_tls is False
    assert way("smtp://u:p@localhost").start_tls is None
    assert way("smtp://mail.example").start_tls is None
    assert (way("smtps://u:p@mail.example").over_tls, way("smtps://u:p@mail.example").port) == (True, 465)
    assert (way("smtp://mail.example").port, way("smtp://u:p@mail.example").port) == (25, 587)
    assert "secret-word" not in repr(way("smtp://u:secret-word@mail.example"))


# The folder


@pytest.mark.sqlite_only
async def test_without_a_mail_server_messages_can_be_read_in_a_folder(settings: Settings, tmp_path: Path) -> None:
    # given
    mail, sms = tmp_path / "out" / "mail", tmp_path / "out" / "sms"
    settings = replace(settings, mail_url=f"file:{mail}", sms_url=f"file://{sms}")
    await committed(send_mail("sign-up-code", mailbox(ADA), code="482913", name="Zoë"))
    await committed(send_sms("sms-code", NUMBER, 0, code="771204"))
    # when
    async with sending(settings):
        async with asyncio.timeout(10):
            while await left():  # noqa: ASYNC110 - a row that goes sets no event
                await asyncio.sleep(0.02)
    # then
    assert (mail / "latest.txt").exists() and (sms / "latest.txt").exists()
    for folder, kind, told in ((mail, "sign-up-code", ["482913", "Zoë", ADA]), (sms, "sms-code", ["771204", NUMBER])):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        latest, named = sorted(folder.iterdir(), key=lambda file: file.name != "latest.txt")
        assert kind in named.name and named.name[:4].isdecimal()
        assert latest.read_text("utf-8") == named.read_text("utf-8")
        assert all(each in named.read_text("utf-8") for each in told)
        assert {stat.S_IMODE(file.stat().st_mode) for file in (latest, named)} == {0o600}


@pytest.mark.sqlite_only
async def test_a_folder_that_cannot_be_written_to_loses_nothing(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    await committed(send_mail("password-changed", mailbox(ADA)))
    assert await OutboxWorker(replace(settings, mail_url=f"file:{tmp_path}/taken/mail")).deliver_due() == 0
    assert await left() == 1


# The gateway


@asynccontextmanager
async def gateway(answers: list[web.Response]) -> AsyncIterator[tuple[int, list[tuple[web.Request, object]]]]:
    """An HTTP server that gives these answers in turn; its port, and what it was asked."""
    asked: list[tuple[web.Request, object]] = []

    async def take(request: web.Request) -> web.Response:
        asked.append((request, await request.json()))
        return answers[min(len(asked), len(answers)) - 1]

    app = web.Application()
    app.router.add_post("/send", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


@pytest.mark.sqlite_only
async def test_a_text_message_is_posted_to_the_gateway(settings: Settings) -> None:
    # given
    await committed(send_sms("sms-code", NUMBER, 0, code="771204"))
    answers = [web.Response(status=503), web.Response(status=307, headers={"Location": "/send"}), web.Response()]
    async with gateway(answers) as (port, asked):
        worker = OutboxWorker(replace(settings, sms_url=f"http://poster:p%40ss@127.0.0.1:{port}/send"))
        # when
        sent = []
        for minutes in (0, 1, 2):
            async with later(minutes=minutes):
                sent.append(await worker.deliver_due())
    # then
    assert sent == [0, 0, 1]
    assert [body for _, body in asked] == [
        {"to": NUMBER, "text": "771204 is your code for graph.example. Do not share it."}
    ] * 3
    assert {request.headers["Authorization"] for request, _ in asked} == {f"Basic {b64encode(b'poster:p@ss').decode()}"}
    assert len({request.headers["Idempotency-Key"] for request, _ in asked}) == 1


# Settings


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("mail_url", "imap://user:hunter2@host"),
        ("mail_url", "mail.example:25"),
        ("mail_url", "smtp://"),
        ("mail_url", "smtp://user:hun/ter2@host:25"),
        ("mail_url", "smtp://user:hunter2@host:port"),
        ("mail_url", "smtp://user@host"),
        ("mail_url", "smtp://host?starttls=perhaps"),
        ("mail_url", "smtps://host?starttls=off"),
        ("mail_url", "smtp://host?verify=off"),
        ("mail_url", "file:"),
        ("mail_url", "file:/"),
        ("mail_url", "file://var/mail"),
        ("sms_url", "ftp://user:hunter2@host"),
        ("sms_url", "http://user:hunter2@gateway.example/send"),
        ("sms_url", "https:///send"),
        ("sms_url", "https://user:hunter2@host:99999999/"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_bad_setting(settings: Settings, setting: str, url: str) -> None:
    with pytest.raises(BadSetting, match=setting.upper()) as refusal:
        check(replace(settings, **{setting: url}))  # type: ignore[arg-type]
    assert "hun" not in str(refusal.value)


@pytest.mark.sqlite_only
def test_the_defaults_are_folders_of_the_checkout() -> None:
    defaults = OutboxWorker(Settings())._transports
    assert {way.place for way in defaults.values()} == {str(HERE / "var" / "mail"), str(HERE / "var" / "sms")}
    check(Settings())
