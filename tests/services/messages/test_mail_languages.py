"""In which language mails and text messages come, as a mail server gets them."""

from datetime import UTC, datetime, timedelta
from email.header import decode_header

import pytest

from catalogue.languages import using_language
from catalogue.mail_templates import KINDS, MessageKind
from models.database import Database
from models.outbox import OutboxMessage
from models.profiles import Profile
from services.accounts import preferences, recovery_email
from services.core import clock
from services.core.audit import OPERATOR
from services.messages.outbox import LINKS, NewMail, client_link, opened, send_mail, send_mails, send_sms
from services.sign_in import password_expiry, password_reset, registration
from settings import Settings
from tests.helpers.factories import mailbox, make_person, make_service
from tests.helpers.mail import over
from tests.helpers.sign_in import BROWSER, GOOD, make_login
from tests.helpers.smtp_server import MailServer
from tests.helpers.transactions import committed

ADA, ZOE, NOBODY = "ada@people.example", "zoe@people.example", "nobody@people.example"

pytestmark = pytest.mark.usefixtures("database")


async def subjects() -> list[str]:
    return [opened(row).subject for row in await OutboxMessage.all().order_by("id")]


async def test_a_mail_comes_in_the_language_that_was_chosen(settings: Settings) -> None:
    # given
    ada = await make_person(ADA)
    await preferences.update(ada.id, ada.own_profile_id, {"language": "nl"}, actor=OPERATOR)
    server = MailServer()
    # when
    with using_language("en"):
        await committed(send_mail("new-token", ada, name="Zoë's één token €", scopes="mx:app:create"))
    async with server.up():
        assert await over(settings, server).deliver_due() == 1
    # then
    [mail] = server.mails
    assert str(mail["Subject"]).startswith("Nieuw toegangstoken bij ") and "Zoë's één token €" in str(mail["Subject"])
    raw = server.taken[0].content
    assert isinstance(raw, bytes)
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii() and b"=?utf-8?" in head.lower()
    assert all(isinstance(part, str | bytes) for part, _ in decode_header(str(mail["Subject"])))
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    assert "Er is een nieuw persoonlijk toegangstoken gemaakt" in plain.get_content()
    assert "Antwoorden op dit adres worden niet gelezen." in plain.get_content()
    assert '<html lang="nl">' in html.get_content() and "Was jij dit niet?" in html.get_content()
    assert "Zoë&#x27;s één token €" in html.get_content()


async def test_choosing_again_counts_from_the_next_mail_on() -> None:
    ada = await make_person(ADA)
    for language in ("nl", "en", "nl"):
        await preferences.update(ada.id, ada.own_profile_id, {"language": language}, actor=OPERATOR)
        await committed(send_mail("password-changed", ada))
    assert [each.partition(" ")[0] for each in await subjects()] == ["Je", "Your", "Je"]


@pytest.mark.parametrize(("request_language", "first_word"), [("nl", "Je"), ("en", "Your")])
async def test_who_has_not_chosen_or_is_not_known_gets_the_language_of_the_request(
    request_language: str, first_word: str
) -> None:
    ada, robot = await make_person(ADA), await make_service("robot@services.example")
    with using_language(request_language):
        for to in (ada, robot, mailbox(NOBODY)):
            await committed(send_mail("password-changed", to))
        await committed(
            send_mails([NewMail("password-changed", each, {}, withheld=True) for each in (ada, mailbox(NOBODY))])
        )
    assert [each.partition(" ")[0] for each in await subjects()] == [first_word] * 5


async def test_a_language_that_is_gone_is_no_choice() -> None:
    ada = await make_person(ADA)
    await Profile.filter(id=ada.profile_id).update(language="xx")
    await committed(send_mail("password-changed", ada))
    assert (await subjects())[0].startswith("Your password")


async def test_a_recovery_address_is_written_to_in_the_language_of_its_person() -> None:
    # given: Zoë's own address is Ada's recovery address
    ada, zoe = await make_login(), await make_person(ZOE)
    await preferences.update(ada.id, ada.own_profile_id, {"language": "nl"}, actor=OPERATOR)
    await preferences.update(zoe.id, zoe.own_profile_id, {"language": "en"}, actor=OPERATOR)
    # when
    with using_language("nl"):  # her own request
        await recovery_email.begin(ada.id, ZOE)
    await recovery_email.set_by_operator(ada.id, ZOE)
    await password_reset.request(ZOE, BROWSER)
    # then each account's link is written in the language of its own person, though all go to one mailbox
    found = await subjects()
    assert found[0].startswith("Bevestig je hersteladres")
    assert [each.partition(" bij ")[0] for each in found[1:]] == [
        "Er is een hersteladres ingesteld",
        "Stel een nieuw wachtwoord in",
        "Reset your password at graph.example",
    ]


async def test_a_text_message_is_in_the_language_of_its_account() -> None:
    ada = await make_person(ADA)
    await preferences.update(ada.id, ada.own_profile_id, {"language": "nl"}, actor=OPERATOR)
    await committed(send_sms("sms-code", "+31612345678", ada.id, code="123456"))
    await committed(send_sms("sms-code", "+31612345678", 0, code="123456"))
    texts = [opened(row).text for row in await OutboxMessage.all().order_by("id")]
    assert "is je code voor" in texts[0] and "is your code for" in texts[1]


async def test_a_job_without_a_request_knows_the_language() -> None:
    ada = await make_login()
    await preferences.update(ada.id, ada.own_profile_id, {"language": "nl"}, actor=OPERATOR)
    # when
    assert await password_expiry.mail_expiring(clock.now() + timedelta(days=80)) == 1
    # then
    [row] = await OutboxMessage.all()
    assert "Resterende dagen: 10." in opened(row).text


async def test_who_signs_up_in_dutch_has_chosen_dutch() -> None:
    # given
    for email, language in ((ADA, "nl"), (ZOE, "en")):
        with using_language(language):
            secret = await registration.begin(email, GOOD, "Someone", BROWSER, marketing=False)
            row = await OutboxMessage.all().order_by("-id").first()
            assert row is not None
            code = "".join(each for each in opened(row).text.split() if each.isdigit() and len(each) == 6)
            # when
            await registration.verify(secret, code, BROWSER)
    # then
    assert (await subjects())[0].startswith("Je code om je aan te melden")
    assert (await subjects())[-1].startswith("Your code to sign up")
    assert [each.language for each in await Profile.all().order_by("id")] == ["nl", None]


async def test_one_statement_tells_whether_there_is_an_account_or_not(
    database: Database, count_statements: object
) -> None:
    ada = await make_person(ADA)
    await preferences.update(ada.id, ada.own_profile_id, {"language": "nl"}, actor=OPERATOR)
    seen_by: list[int] = []
    for to in (ada, mailbox(NOBODY)):
        with count_statements() as seen:  # type: ignore[operator]
            await committed(send_mails([NewMail("password-changed", to, {}, withheld=True)]))
        seen_by.append(seen.total)
    assert seen_by[0] == seen_by[1]


async def test_mails_written_together_go_each_in_the_language_of_its_reader(
    database: Database, count_statements: object
) -> None:
    ada, zoe = await make_person(ADA), await make_person(ZOE)
    await preferences.update(ada.id, ada.own_profile_id, {"language": "nl"}, actor=OPERATOR)
    readers = [ada, zoe, mailbox(NOBODY), ada]
    with count_statements() as seen:  # type: ignore[operator]
        await committed(send_mails([NewMail("password-changed", each, {}, withheld=each is zoe) for each in readers]))
    assert seen.total == 2
    messages = [opened(row) for row in await OutboxMessage.all().order_by("id")]
    assert [each.subject.partition(" ")[0] for each in messages] == ["Je", "Your", "Your", "Je"]
    assert [each.to for each in messages] == [ADA, "", NOBODY, ADA]
    assert len({each.reference for each in messages}) == 4


@pytest.mark.sqlite_only
async def test_numbers_days_and_moments_are_written_as_the_language_does(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = MessageKind("a-kind", "$count, $day, $moment", "$count")
    monkeypatch.setitem(KINDS, "a-kind", kind)
    moment = datetime(2026, 5, 4, 20, 0, tzinfo=UTC)
    for language in ("nl", "en"):
        with using_language(language):
            await committed(send_mail("a-kind", mailbox(NOBODY), count=12_345, day=moment.date(), moment=moment))
    texts = [opened(row).text.partition("\n")[0] for row in await OutboxMessage.all().order_by("id")]
    assert texts == ["12.345, 4 mei 2026, 4 mei 2026 20:00 UTC", "12,345, 4 May 2026, 4 May 2026 20:00 UTC"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", [name for name in KINDS if KINDS[name].by_mail])
async def test_every_mail_reads_well_in_dutch(kind: str) -> None:
    facts = {
        name: client_link(f"/{name}", key="s3cret") if name in LINKS else f"de {name}" for name in KINDS[kind].facts
    }
    with using_language("nl"):
        await committed(send_mail(kind, mailbox(NOBODY), **facts))
    message = opened(await OutboxMessage.get())
    assert message.subject and "$" not in message.subject + message.text + message.html
    assert message.text.startswith("Hallo")
    assert all(fact in message.text and fact in message.html for fact in facts.values())
    assert not {"your", "you", "password", "not", "was"} & set(message.text.split())
