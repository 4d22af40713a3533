"""What an invite puts into a mailbox, how that is attacked, and how its owner ends it: docs/rules/invites.md#no-more-invites."""

import pytest

from models.invites import Invite, InviteOptOut
from models.outbox import OutboxMessage
from models.profiles import Profile
from services.core import clock
from services.core.crypto import keyed_digest
from services.invites import invite_mails
from services.messages.mail_transport import compose
from services.messages.mail_transport import sender_of as mail_sender
from settings import Settings
from tests.helpers.factories import make_person
from tests.helpers.invites import invite, join, profile_of, stop_path
from tests.helpers.mail import over
from tests.helpers.sign_in import mails
from tests.helpers.smtp_server import MailServer

pytestmark = pytest.mark.usefixtures("database", "quick_passwords")
BEN = "ben@friends.example"


async def test_no_more_invites_means_from_nobody(settings: Settings) -> None:
    # given
    server = MailServer()
    ada, eve = await make_person(), await make_person()
    await invite(ada, BEN)
    token = (await stop_path(BEN)).rpartition("/")[2]
    # when
    assert await invite_mails.opt_out(token) and await invite_mails.opt_out(token)
    # then: kept is nothing that names anybody
    [row] = await InviteOptOut.all().values()
    assert "ben@" not in str(row) and "friends" not in str(row) and len(row["digest"]) == 32
    await invite(ada, "BEN@Friends.example")
    await invite(eve, BEN)
    assert len(await mails()) == 1
    # and: what was written to nobody is thrown away
    async with server.up():
        worker = over(settings, server)
        assert [await worker.deliver_due(), await worker.deliver_due()] == [1, 0]
    assert [envelope.rcpt_tos for envelope in server.taken] == [[BEN]] and await OutboxMessage.all().count() == 0
    # and: others go on being invited
    await invite(eve, "cleo@friends.example")
    assert [mail.to for mail in await mails()] == ["cleo@friends.example"]
    assert "ben" not in token


@pytest.mark.parametrize(
    ("stopped", "email"),
    [(BEN, "Ben@friends.example"), ("vic@strasse.example", "vic@straße.example"), ("moss@x.example", "Moß@x.example")],
)
async def test_a_wish_from_when_more_addresses_were_alike_still_holds(stopped: str, email: str) -> None:
    # given
    await InviteOptOut.create(digest=keyed_digest("invite-opt-out", stopped)[:32], at=clock.now())
    # when
    await invite(await make_person(), email)
    # then
    assert await mails() == []


async def test_a_wish_is_about_one_mailbox() -> None:
    # given
    await invite(await make_person(), "vic@strasse.example")
    assert await invite_mails.opt_out((await stop_path("vic@strasse.example")).rpartition("/")[2])
    # when
    await invite(await make_person(), "vic@straße.example")
    # then
    assert [mail.to for mail in await mails()] == ["vic@strasse.example", "vic@xn--strae-oqa.example"]


@pytest.mark.parametrize("token", ["", "0" * 48, "é" * 48, "x"])
async def test_an_invented_token_stops_nothing(token: str) -> None:
    assert not invite_mails.is_opt_out_token(token)
    assert not await invite_mails.opt_out(token)
    real = invite_mails.opt_out_token(BEN)
    assert not await invite_mails.opt_out(real[:-1] + ("0" if real[-1] != "0" else "1"))
    assert await InviteOptOut.all().count() == 0


NASTY = [
    "Ada\r\nBcc: everybody@people.example",
    "Ada =?utf-8?q?a=0D=0ABcc=3A_x=40people.example?=",
    "<script>alert(1)</script><a href='http://evil.example'>",
    "Win at http://evil.example/now or evil.example, write to me@evil.example",
    "$link $stop ${code} %s {0}",
    "\u202eevil \u2028Bcc: x@people.example",
]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("nasty", NASTY)
async def test_a_note_and_a_name_are_text_and_nothing_else(settings: Settings, nasty: str) -> None:
    # given: a name as an import may bring it
    server = MailServer()
    ada = await make_person()
    await Profile.filter(id=profile_of(ada)).update(name=nasty)
    # when
    note = nasty.replace("\u2028", "\n")  # which a note cannot have
    [done] = await invite(ada, BEN, note=note)
    # then: returned as typed
    assert (await Invite.get(id=done.invite_id)).note == note
    async with server.up():
        assert await over(settings, server).deliver_due() == 1
    [mail] = server.mails
    assert server.taken[0].rcpt_tos == [BEN]
    assert mail["To"] == BEN and mail.get_all("Bcc") is None and len(mail.get_all("Subject") or []) == 1
    assert "\n" not in mail["Subject"] and "\r" not in mail["Subject"]
    text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert "<script" not in page and "<a href='" not in page and page.count("<a ") == 2
    assert "http://evil" not in text + page and "evil.example" not in text + page and "me@evil" not in text
    assert "\u202e" not in text + page and "\u2028" not in text + page
    # and: the two headers of RFC 8058, whole
    path = await _stop_of(text)
    assert mail["List-Unsubscribe"] == f"<http://graph.example{path}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def _stop_of(text: str) -> str:
    [line] = [line for line in text.splitlines() if "/invites/stop/" in line]
    return line.removeprefix("http://graph.example")


@pytest.mark.sqlite_only
async def test_only_invites_can_be_ended_and_a_long_address_stays_whole(settings: Settings) -> None:
    ada = await make_person("ada@people.example")
    await invite(ada, BEN)
    [mail] = await mails()
    raw = compose(mail, mail_sender(settings)).as_bytes().decode()
    [header] = [line for line in raw.split("\r\n") if line.startswith("List-Unsubscribe:")]
    assert header == f"List-Unsubscribe: <{mail.unsubscribe}>" and len(header) > 78
    await join("cleo@people.example")
    code_mail = next(each for each in await mails() if each.kind == "sign-up-code")
    assert compose(code_mail, mail_sender(settings))["List-Unsubscribe"] is None
