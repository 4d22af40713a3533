"""What is written into the outbox, and what a mail looks like."""

import re
from dataclasses import replace
from email.headerregistry import Address

import pytest
from tortoise.transactions import in_transaction

from catalogue.mail_templates import KINDS
from models.database import Database
from models.outbox import Channel, OutboxMessage
from services.core.crypto import CannotOpen
from services.core.email_addresses import address_of
from services.errors import ErrorCode, Refused
from services.messages.mail_transport import compose, sender_of
from services.messages.outbox import LINKS, BadMessage, Message, client_link, opened, send_mail, send_sms, server_link
from settings import BadSetting, Settings
from tests.helpers.factories import mailbox
from tests.helpers.runtimes import using_settings
from tests.helpers.transactions import committed

HERE = Settings(public_url="https://graph.example/", secret_key="5a" * 32)
ADA = "ada@people.example"
EXPECTED = {
    "account-deactivated": set(),
    "account-reactivated": set(),
    "backup-code-used": {"account", "left"},
    "backup-codes-made": {"account"},
    "invite": {"link", "sender", "stop"},
    "invite-of-member": {"link", "sender", "stop"},
    "invite-with-note": {"link", "note", "sender", "stop"},
    "new-api-key": {"name"},
    "new-token": {"name", "scopes"},
    "password-changed": set(),
    "password-expires": {"days", "link"},
    "password-reset": {"account", "link"},
    "password-reset-done": {"account", "kept", "revoked"},
    "recovery-email-changed": {"account"},
    "recovery-email-code": {"account", "code"},
    "recovery-email-removed": {"account"},
    "recovery-email-set": {"account"},
    "second-factor-off": {"account"},
    "second-factor-off-begun": {"account"},
    "second-factor-off-link": {"account", "link"},
    "second-factor-off-member": {"account"},
    "second-factor-on": {"account"},
    "second-factor-reset": {"account"},
    "sign-up-code": {"code", "name"},
    "sign-up-taken": set(),
    "sms-code": {"code"},
}
NASTY_NAMES = [
    "Ada\r\nBcc: everybody@people.example",
    "Ada\nSubject: You won",
    "Ada\r\n\r\n<script>alert(1)</script>",
    "Ada\u2028Bcc: everybody@people.example",
    "Ada\x00\x1b[31m\x85Bcc: x@people.example",
    "Ada \ud800 Lone",
    "Ada =?utf-8?q?a=0D=0ABcc=3A_x=40people.example?= " + "日本語" * 30,
    "Ada =?utf-8?b?DQpCY2M6IHhAcGVvcGxlLmV4YW1wbGU=?=" + "(<,>)" * 30,
]


async def written() -> Message:
    return opened(await OutboxMessage.get())


def as_mail(message: Message) -> str:
    return compose(message, sender_of(HERE)).as_bytes().decode()


def test_every_kind_is_there_with_the_facts_that_callers_give() -> None:
    for name, facts in EXPECTED.items():
        assert KINDS[name].facts == facts, name


@pytest.mark.usefixtures("database")
@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", [name for name in KINDS if KINDS[name].by_mail])
async def test_every_mail_reads_well_in_text_and_in_html(kind: str) -> None:
    # given
    facts = {
        name: client_link(f"/{name}", key="s3cret") if name in LINKS else f"the {name}" for name in KINDS[kind].facts
    }
    # when
    await committed(send_mail(kind, mailbox(ADA), **facts))
    message = await written()
    # then
    assert message.subject and "$" not in message.subject + message.text + message.html
    assert message.text.startswith("Hello") and "graph.example" in message.text
    assert all(fact in message.text and fact in message.html for fact in facts.values())
    assert message.html.count("<p") == message.html.count("</p>") >= 3
    hosts = set(re.findall(r"https?://([^/\s\"<]+)", message.text + message.html))
    assert hosts <= {"graph.example"}


async def test_the_row_holds_neither_the_recipient_nor_a_text(database: Database) -> None:
    # when
    await committed(send_mail("sign-up-code", mailbox(ADA), code="482913", name="Ada Okafor"))
    # then
    [stored_row] = await database.fetch("SELECT * FROM outbox_message")
    stored = " ".join(str(stored_row[name]) for name in stored_row.keys())  # noqa: SIM118 - a row is no mapping
    for secret in ("482913", ADA, "Ada", "people.example", b"482913".hex(), ADA.encode().hex()):
        assert secret not in stored
    row = await OutboxMessage.get()
    assert (row.channel, row.kind, row.tries) == (Channel.MAIL, "sign-up-code", 0)
    assert "482913" not in repr(opened(row)) and ADA not in repr(opened(row))
    with using_settings(replace(HERE, secret_key="5b" * 32)), pytest.raises(CannotOpen):
        opened(row)


@pytest.mark.usefixtures("database")
async def test_what_is_rolled_back_is_never_sent() -> None:
    async def something_that_fails() -> None:
        async with in_transaction():
            await send_mail("password-changed", mailbox(ADA))
            assert await OutboxMessage.all().count() == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await something_that_fails()
    assert await OutboxMessage.all().count() == 0


@pytest.mark.usefixtures("database")
@pytest.mark.sqlite_only
async def test_a_message_that_nobody_could_mean_is_refused_at_once() -> None:
    for kind, to, facts in [
        ("no-such-kind", ADA, {}),
        ("sms-code", ADA, {"code": "1"}),
        ("sign-up-code", ADA, {"code": "1"}),
        ("sign-up-code", ADA, {"code": "1", "name": "Ada", "more": "x"}),
        ("password-changed", f"{ADA}, eve@people.example", {}),
        ("password-changed", f"{ADA}\r\nBcc: eve@people.example", {}),
        ("password-changed", f"Ada <{ADA}>", {}),
        ("password-changed", "", {}),
        ("password-changed", "=?utf-8?q?a=0D=0ABcc=3A_x?=@people.example", {}),
    ]:
        with pytest.raises(BadMessage) as refusal:
            await committed(send_mail(kind, mailbox(to), **facts))
        assert "people.example" not in str(refusal.value)
    for number in ("", "0612345678", "+31 6 1234", "+310612345678\n", "+31612345678,+31612345679", "+٣١٦١٢٣٤٥٦٧٨"):
        with pytest.raises(BadMessage):
            await committed(send_sms("sms-code", number, 0, code="1"))
    assert await OutboxMessage.all().count() == 0


@pytest.mark.usefixtures("database")
@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/reset", "http://graph.example.evil.example/", "javascript:alert(1)", "/reset"]
)
async def test_a_link_leads_to_the_public_address_only(elsewhere: str) -> None:
    with pytest.raises(BadMessage):
        await committed(send_mail("password-reset", mailbox(ADA), account=ADA, link=elsewhere))
    assert await OutboxMessage.all().count() == 0


async def test_links_lead_to_the_client_and_the_stop_link_to_this_server(
    database: Database, settings: Settings
) -> None:
    # given
    with using_settings(replace(settings, client_url="https://app.example/people/")):
        link, stop = client_link("/join", code="c"), server_link("/invites/stop/0")
        assert (link, stop) == ("https://app.example/people/join?code=c", "http://graph.example/invites/stop/0")
        facts = {"sender": "Ada"}
        await committed(send_mail("invite", mailbox(ADA), **facts, link=link, stop=stop))
        # then: neither can stand in for the other
        for wrong in ({"link": server_link("/join"), "stop": stop}, {"link": link, "stop": client_link("/x")}):
            with pytest.raises(BadMessage):
                await committed(send_mail("invite", mailbox(ADA), **facts, **wrong))
    mail = opened(await OutboxMessage.get())
    # then
    assert link in mail.text and stop in mail.text and mail.unsubscribe == stop
    assert mail.subject == "Ada invites you to app.example"


def test_a_link_is_made_from_the_public_address_and_a_path() -> None:
    with using_settings(HERE):
        assert client_link("/reset", key="a b&c") == "https://graph.example/reset?key=a+b%26c"
    for path in ("//evil.example/", "reset", "@evil.example", "https://evil.example/"):
        with pytest.raises(BadMessage):
            client_link(path)


@pytest.mark.usefixtures("database")
@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", NASTY_NAMES)
async def test_a_name_adds_no_header_and_no_line(name: str) -> None:
    # when
    await committed(send_mail("new-token", mailbox(ADA), name=name, scopes="mx:points:read"))
    message = await written()
    # then
    assert len(message.subject.splitlines()) == 1
    assert [line for line in message.text.splitlines() if line.startswith("Name: Ada")]
    mail = compose(message, sender_of(HERE))
    assert mail["To"] == ADA and mail["Bcc"] is None and len(mail.get_all("Subject", [])) == 1
    headers = as_mail(message).partition("\r\n\r\n")[0]
    assert re.findall(r"^[A-Za-z-]+(?=:)", headers, re.MULTILINE) == [
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type")
    ]
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028]", message.text + message.html)


@pytest.mark.usefixtures("database")
@pytest.mark.sqlite_only
async def test_people_s_text_is_escaped_in_html_and_as_typed_in_text() -> None:
    # given
    name = """<b onclick="x">Zoë & 'Søn' $code ${link}</b>"""
    # when
    await committed(send_mail("sign-up-code", mailbox(ADA), code="482913", name=name))
    message = await written()
    # then
    assert f"Hello {name}," in message.text
    assert "<b " not in message.html and "</b>" not in message.html
    assert "&lt;b onclick=&quot;x&quot;&gt;Zoë &amp; &#x27;Søn&#x27; $code ${link}&lt;/b&gt;" in message.html


@pytest.mark.usefixtures("database")
@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Win at https://evil.example/now", "Win at https: //evil. example/now"),
        ("www.evil.example", "www. evil. example"),
        ("mail eve@evil.example", "mail eve@ evil. example"),
        ("J.R.R. O'Neil-Søn", "J.R.R. O'Neil-Søn"),
        ("\u202eelpmaxe.live\u202c", "elpmaxe. live"),
    ],
)
async def test_a_name_is_no_link_to_somewhere_else(name: str, shown: str) -> None:
    await committed(send_mail("sign-up-code", mailbox(ADA), code="482913", name=name))
    assert (await written()).text.startswith(f"Hello {shown},\n")


@pytest.mark.usefixtures("database")
@pytest.mark.sqlite_only
async def test_a_mail_is_the_same_however_often_it_is_composed() -> None:
    # given
    await committed(send_mail("sign-up-code", mailbox("zoë@bücher.example"), code="482913", name="Zoë"))
    message = await written()
    # when
    first, second = (compose(message, sender_of(HERE)) for _ in range(2))
    # then
    assert first["Message-ID"] == second["Message-ID"] == f"<{message.reference}@graph.example>"
    assert first["Date"] == second["Date"]
    assert (first["From"], first["Auto-Submitted"]) == ("no-reply@graph.example", "auto-generated")
    assert message.to == "zoë@xn--bcher-kva.example" == first["To"]
    parts = {part.get_content_type(): part.get_content() for part in first.iter_parts()}
    assert first.get_content_type() == "multipart/alternative"
    assert list(parts) == ["text/plain", "text/html"]
    assert "482913" in parts["text/plain"] and "482913" in parts["text/html"]


@pytest.mark.parametrize("start", ["=?", "＝？", "=？"])
def test_an_address_that_would_be_decoded_into_headers_is_none(start: str) -> None:
    with pytest.raises(Refused) as refusal:
        address_of(f"{start}utf-8?q?a=0D=0ABcc=3A_x?=@people.example")
    assert refusal.value.problems[0].code is ErrorCode.BAD_INPUT
    assert address_of("a=b?c@people.example").email == "a=b?c@people.example"


@pytest.mark.parametrize(
    ("change", "sender"),
    [
        ({}, "no-reply@graph.example"),
        ({"public_url": "http://127.0.0.1:8080"}, "no-reply@[127.0.0.1]"),
        ({"public_url": "http://[::1]:8080"}, "no-reply@[IPv6:::1]"),
        ({"mail_from": "post@community.example"}, "post@community.example"),
        ({"mail_from": "The Community <post@community.example>"}, "The Community <post@community.example>"),
    ],
)
def test_the_sender_is_the_configured_one(change, sender: str) -> None:
    found = sender_of(replace(HERE, **change))
    assert isinstance(found, Address) and str(found) == sender


@pytest.mark.parametrize("sender", ["nobody", "a@x.example\r\nBcc: b@x.example", "a@x.example, b@x.example", "@x"])
def test_a_sender_that_is_none_is_a_bad_setting(sender: str) -> None:
    with pytest.raises(BadSetting, match="MAIL_FROM"):
        sender_of(replace(HERE, mail_from=sender))
