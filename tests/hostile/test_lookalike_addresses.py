"""
Taking over somebody's account with an address that looks like theirs, or that Unicode counts as alike.

Whatever is typed, mail about an account goes to an address that its owner gave and proved.
"""

import pytest

from models.database import Database
from models.outbox import OutboxMessage
from models.profiles import Profile
from services import clock, password_reset
from services.errors import Refused
from services.messages import BadMessage, send_mail
from tests.factories import mailbox
from tests.services.entering import BROWSER, mails, make_login

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
    monkeypatch.setattr(password_reset, "AT_LEAST", 0)


async def have_recovery(profile_id: int, email: str) -> None:
    await Profile.filter(id=profile_id).update(recovery_email=email, recovery_email_verified_at=clock.now())


@pytest.mark.parametrize(("stored", "typed"), [*OTHER_MAILBOXES, *SPELLINGS])
async def test_a_reset_never_goes_to_what_was_typed(database: Database, stored: str, typed: str) -> None:
    # given: the address is the login of one person and the recovery address of another
    await make_login(stored)
    other = await make_login("other@people.example")
    await have_recovery(other.profile_id, stored)  # type: ignore[attr-defined]
    await password_reset.request(stored, BROWSER)
    own = {mail.to for mail in await mails()}
    assert len(own) == 1
    await OutboxMessage.all().delete()
    # when
    await password_reset.request(typed, BROWSER)
    # then
    assert {mail.to for mail in await mails()} <= own


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
            await send_mail("password-changed", to)  # type: ignore[arg-type]
    assert await OutboxMessage.all().count() == 0
