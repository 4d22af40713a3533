"""
Taking over somebody's account with an address that looks like theirs, or that Unicode counts as alike.

Whatever is typed, mail about an account goes to an address that its owner gave and proved.
"""

from collections.abc import Awaitable

import pytest
from hypothesis import assume, given
from hypothesis.strategies import characters, text

from models.accounts import Account
from models.database import Database
from models.outbox import OutboxMessage
from models.profiles import Profile
from services.accounts import recovery_email
from services.accounts.accounts import create_account
from services.accounts.companies import create_company
from services.auth import api_keys, passwords
from services.auth.account_lookup import account_by_email
from services.core import clock
from services.core.email_addresses import address_of
from services.errors import ErrorCode, Problem, Refused
from services.messages.outbox import BadMessage, send_mail
from services.points import ingestion
from services.points.ledger import Recorded
from services.sign_in import authentication, password_reset, registration
from tests.helpers.factories import mailbox
from tests.helpers.sign_in import BROWSER, GOOD, HERE, OTHER, mailed_code, mails, make_login
from tests.helpers.transactions import committed

OTHER_MAILBOXES = [
    ("vic@strasse.example", "vic@straße.example"),  # ß is a letter of its own in domains since IDNA 2008
    ("vic@straße.example", "vic@strasse.example"),
    ("vic@strasse.example", "vic@xn--strae-oqa.example"),  # the same, as DNS writes it
    ("vic@σίσυφοσ.example", "vic@σίσυφος.example"),  # final sigma
    ("moss@people.example", "moß@people.example"),
    ("μίμοσ@people.example", "μίμος@people.example"),
    ("mixi@people.example", "mıxi@people.example"),  # dotless i
    ("mixi@people.example", "mİxi@people.example"),  # dotted capital I
    ("vic@people.example", "ｖｉｃ@people.example"),  # fullwidth
    ("fin@people.example", "ﬁn@people.example"),  # a ligature
    ("vic2@people.example", "vic²@people.example"),
    ("sam@people.example", "ſam@people.example"),  # long s
    ("anna@people.example", "аnna@people.example"),  # Cyrillic а
    ("vic@people.example", "vic@рeople.example"),  # Cyrillic р
    ("vic@people.example", "vic+forum@people.example"),
    ("v.ic@people.example", "vic@people.example"),
]
"""A victim's mailbox, and another one that somebody else may own."""
SPELLINGS = [
    ("vic@people.example", " VIC@People.EXAMPLE "),
    ("vic@straße.example", "Vic@xn--strae-oqa.EXAMPLE"),
    ("vic@xn--strae-oqa.example", "vic@STRAßE.example"),
    ("vic@bücher.example", "vic@bu\u0308cher.example"),
    ("éva@people.example", "E\u0301VA@people.example"),
    ("vic@people.example", "vic@ｐeople。example"),  # domains have one fullwidth form, and DNS maps it
]
"""One mailbox, written in two ways."""
NO_ADDRESSES = [
    "vic@people.example.",
    '"vic"@people.example',
    "vic(ada)@people.example",
    "Vic <vic@people.example>",
    "vic@[192.0.2.1]",
    "vic@[IPv6:2001:db8::1]",
    "vi\u200bc@people.example",
    "vic@peo\u200bple.example ,eve@people.example",
    "vi\u202ec@people.example",
    "vic@people.example\r\nBcc: eve@people.example",
    "vic@people.example,eve@people.example",
    "vic@@people.example",
    "vic@xn--zz.example",
    "vic\x00@people.example",
]


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about who gets a mail; how long every request takes is tested with the resets."""
    monkeypatch.setattr(password_reset, "MIN_REQUEST_SECONDS", 0)


async def code_of(work: Awaitable[object]) -> ErrorCode | None:
    try:
        await work
    except Refused as why:
        return why.problems[0].code
    return None


async def have_recovery(profile_id: int, email: str) -> None:
    await Profile.filter(id=profile_id).update(
        recovery_email=email, recovery_email_key=address_of(email).key, recovery_email_verified_at=clock.now()
    )


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("stored", "typed"), [*OTHER_MAILBOXES, *SPELLINGS])
async def test_a_reset_never_goes_to_what_was_typed(database: Database, stored: str, typed: str) -> None:
    # given: the address is the login of one person and the recovery address of another
    await make_login(stored)
    other = await make_login("other@people.example")
    await have_recovery(other.own_profile_id, stored)
    await password_reset.request(stored, BROWSER)
    own = {mail.to for mail in await mails()}
    assert len(own) == 1
    await OutboxMessage.all().delete()
    # when
    await password_reset.request(typed, BROWSER)
    # then
    assert {mail.to for mail in await mails()} <= own


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("stored", "typed"), OTHER_MAILBOXES)
async def test_a_mailbox_that_looks_alike_is_somebody_elses(database: Database, stored: str, typed: str) -> None:
    await attack(stored, typed)


@pytest.mark.postgres_only
async def test_a_mailbox_that_looks_alike_is_somebody_elses_on_postgres_too(database: Database) -> None:
    await attack("vic@strasse.example", "vic@straße.example")


async def attack(stored: str, typed: str) -> None:
    """Try to become the owner of `stored` with the mailbox `typed`."""
    # given
    victim, other = await make_login(stored), await make_login("other@people.example")
    await have_recovery(other.own_profile_id, stored)
    # when: its owner asks for a reset, signs in, uses a key, is looked up, reports an event
    await password_reset.request(typed, BROWSER)
    assert await mails() == []
    key = await api_keys.create(victim.id, name="A key", actor=HERE)
    assert await code_of(authentication.sign_in(typed, GOOD, BROWSER)) is ErrorCode.BAD_CREDENTIALS
    assert await api_keys.authenticate(stored, key.secret) and await api_keys.authenticate(typed, key.secret) is None
    assert await code_of(account_by_email(typed)) is ErrorCode.NOT_FOUND
    reports = [
        ingestion.ActivityReport("UPVOTE_RECEIVED", ingestion.PersonReference(email=each), clock.now(), f"by {each}")
        for each in (stored, typed)
    ]
    counted, refused = await ingestion.ingest(reports, service_account_id=1)
    assert isinstance(counted, Recorded) and isinstance(refused, Problem)
    # then: they sign up beside the victim, and the mail is theirs
    secret = await registration.begin(typed, OTHER, "Eve", BROWSER, marketing=False)
    [mail] = [each for each in await mails() if each.kind.startswith("sign-up")]
    assert mail.kind == "sign-up-code"
    made = await registration.verify(secret, await mailed_code(mail.to), BROWSER)
    assert made.account_id != victim.id
    assert await passwords.is_correct(victim.id, GOOD)


@pytest.mark.parametrize(("stored", "typed"), SPELLINGS)
async def test_one_mailbox_is_found_however_it_is_written(database: Database, stored: str, typed: str) -> None:
    # given
    victim, other = await make_login(stored), await make_login("other@people.example")
    await have_recovery(other.own_profile_id, stored)
    # when
    await password_reset.request(typed, BROWSER)
    # then
    assert [mail.kind for mail in await mails()] == ["password-reset"] * 2
    assert (await account_by_email(typed)).id == victim.id
    assert isinstance(await authentication.sign_in(typed, GOOD, BROWSER), authentication.SignedIn)
    await registration.begin(typed, OTHER, "Eve", BROWSER, marketing=False)
    assert (await mails())[-1].kind == "sign-up-taken"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "typed", ["Ann.Home@other.example", "ann.home@other.example", "ANN.HOME@OTHER.EXAMPLE", " Ann.home@OTHER.example"]
)
async def test_a_recovery_address_is_found_in_any_letter_case(typed: str) -> None:
    # given
    ann = await make_login("ann@people.example")
    await recovery_email.begin(ann.id, "Ann.Home@other.example")
    await recovery_email.verify(ann.id, await mailed_code("Ann.Home@other.example"), actor=HERE)
    # when
    await password_reset.request(typed, BROWSER)
    # then
    assert [mail.to for mail in await mails() if mail.kind == "password-reset"] == ["Ann.Home@other.example"]


@pytest.mark.parametrize("domain", ["straße.example", "müll.example"])
async def test_a_company_gets_its_own_domains_accounts_alone(database: Database, domain: str) -> None:
    # given
    lookalike = domain.replace("ß", "ss").replace("ü", "u")
    admin, member = await make_login(f"admin@{domain}"), await make_login(f"Vic@{domain}")
    outsider = await make_login(f"vic@{lookalike}")
    # when
    company = await create_company("Harbor Works", domain=domain, admin_email=admin.email)
    # then
    members = await Account.filter(company_id=company.id).order_by("id").values_list("id", flat=True)
    assert members == [admin.id, member.id]
    later = await create_account(f"new@{domain}", name="New")
    assert later.company_id == company.id
    assert (await create_account(f"new@{lookalike}", name="New")).company_id is None
    assert (await Account.get(id=outsider.id)).company_id is None


@given(local=text(characters(categories=("L", "M", "N"), exclude_characters="ʼ"), min_size=1, max_size=8))
def test_a_key_is_its_own_key(local: str) -> None:
    try:
        key = address_of(f"{local}@straße.example").key
    except Refused:
        assume(condition=False)
    assert address_of(key).key == key


@pytest.mark.sqlite_only
@pytest.mark.parametrize("typed", NO_ADDRESSES)
async def test_what_is_no_address_is_refused(database: Database, typed: str) -> None:
    await make_login("vic@people.example")
    with pytest.raises(Refused):
        await password_reset.request(typed, BROWSER)
    assert await mails() == []


@pytest.mark.usefixtures("database")
@pytest.mark.sqlite_only
async def test_the_outbox_takes_stored_rows_alone() -> None:
    unsaved = mailbox("vic@people.example")
    unsaved._saved_in_db = False
    unproved = Profile(recovery_email="vic@people.example")
    unproved._saved_in_db = True
    for to in ("vic@people.example", unsaved, unproved, Profile()):
        with pytest.raises(BadMessage):
            await committed(send_mail("password-changed", to))  # type: ignore[arg-type]
    assert await OutboxMessage.all().count() == 0
