"""
Mail and text messages, written in the transaction of what causes them; services/messages/outbox_worker.py sends them afterwards.

A transaction that is rolled back sends nothing. Recipient and texts are sealed: they may hold a code.
"""

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode, urlsplit

import orjson
from email_validator import EmailNotValidError, validate_email

from catalogue import languages
from catalogue.mail_templates import KINDS, SITE, MessageKind
from models.accounts import Account
from models.invites import Invite
from models.outbox import Channel, OutboxMessage
from models.profiles import Profile
from models.verification_codes import MailedCode, SignUp
from services.core import clock, crypto, runtime
from services.core.email_addresses import ENCODED
from services.messages import mail_languages

Fact = str | int | date
"""What a message names: a text, a number, a day, or a moment (datetime)."""
PURPOSE = "outbox"
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
MAX_FACT = 1_000
LINKS = frozenset({"link", "stop"})
OURS = LINKS | {SITE, "account"}
"""Facts that are ours and not people's text. `account` is a stored address."""
Recipient = Account | Profile | SignUp | Invite | MailedCode
"""
Rows that hold a mailbox: an account's own address, a person's recovery address, the address that signs up, is invited,
or is to repeat a code.
"""
_TURNS_TEXT_ROUND = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LINK_LIKE = re.compile(r"(?<=\w)([.@])(?=\w{2})|(?<=:)(?=//)")


class BadMessage(Exception):
    """A message that nobody could have meant: a bug of the caller. Never holds a recipient or a fact."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out, opened; to nobody where `to` is empty. `reference` is the same however often it is sent."""

    kind: str
    to: str
    subject: str
    text: str
    html: str
    reference: str
    written_at: datetime
    unsubscribe: str = ""
    """Where a POST ends mails of this sort (RFC 8058); empty: the mail is none that one could do without."""

    def __repr__(self) -> str:
        return f"Message(kind={self.kind!r}, …)"


@dataclass(frozen=True, slots=True)
class Letter:
    """
    One of several mails that are written together: what `send_mail` takes.

    `withheld`: it is written to nobody, and services/messages/outbox_worker.py throws it away. For an answer whose time must not tell
    that nothing goes out.
    """

    kind: str
    to: Recipient
    facts: Mapping[str, Fact]
    withheld: bool = False


async def send_mail(kind: str, to: Recipient, /, **facts: Fact) -> None:
    """
    Have a mail of this kind sent once the caller's transaction is committed, to the address that is stored in `to`.

    The recipient is a stored row and never text: two addresses that compare as equal may be two mailboxes, and a link
    for the owner of one must not reach the other because somebody typed it.

    `facts` are exactly those that `catalogue/mails/<kind>.toml` names; people's text may stand in them as it was
    typed, and numbers, days and moments as they are. A `link` is made by `link()`, and so is `stop`, where mails of
    this sort are ended. It is written in the recipient's language. Raises BadMessage.
    """
    mailbox = _mailbox(_stored(to))
    language = await mail_languages.of_person(_person(to))
    await _write(Channel.MAIL, _kind(kind, by_mail=True), mailbox, facts, language)


async def send_mails(letters: Sequence[Letter]) -> None:
    """
    `send_mail` for each of these, in order: two statements however many there are, and the same two whether they go out.
    Raises BadMessage, and then writes none.
    """
    people = {person for each in letters if (person := _person(each.to)) is not None}
    chosen = await mail_languages.of_people(people)
    rows = []
    for each in letters:
        mailbox, person = _mailbox(_stored(each.to)), _person(each.to)
        language = languages.current() if person is None else chosen[person]
        kind = _kind(each.kind, by_mail=True)
        rows.append(_row(Channel.MAIL, kind, "" if each.withheld else mailbox, each.facts, language))
    await OutboxMessage.bulk_create(rows)


async def send_sms(kind: str, to: str, account_id: int, /, **facts: Fact) -> None:
    """
    Have a text message sent once the caller's transaction is committed; `to` as `+31201234567`, in the language of
    the account's person. Raises BadMessage.
    """
    if not NUMBER.fullmatch(to):
        raise BadMessage("The recipient is not a phone number with its country.")
    language = await mail_languages.of_account(account_id)
    await _write(Channel.SMS, _kind(kind, by_mail=False), to, facts, language)


def link(path: str, **query: str) -> str:
    """An address here for a mail: always at the configured public address, whatever host a request named."""
    if not path.startswith("/") or path.startswith("//"):
        raise BadMessage("A link's path begins with one slash.")
    return f"{runtime.current().settings.address}{path}{'?' if query else ''}{urlencode(query)}"


def opened(row: OutboxMessage) -> Message:
    """What a row holds. Raises services.sealing.CannotOpen when the key is another one by now."""
    content = orjson.loads(crypto.unseal(PURPOSE, row.sealed))
    return Message(kind=row.kind, written_at=row.created_at, **content)


async def _write(channel: Channel, kind: MessageKind, to: str, facts: Mapping[str, Fact], language: str) -> None:
    await _row(channel, kind, to, facts, language).save(force_create=True)


def _row(channel: Channel, kind: MessageKind, to: str, facts: Mapping[str, Fact], language: str) -> OutboxMessage:
    sealed, now = _sealed(kind, to, facts, language), clock.now()
    return OutboxMessage(channel=channel, kind=kind.name, sealed=sealed, due_at=now, created_at=now)


def _sealed(kind: MessageKind, to: str, given: Mapping[str, Fact], language: str) -> str:
    facts = {name: languages.written(fact, language) for name, fact in given.items()}
    if facts.keys() != kind.facts:
        raise BadMessage(f"{kind.name} takes the facts {sorted(kind.facts)}, not {sorted(facts)}.")
    here = runtime.current().settings.address
    if any(not facts[each].startswith(f"{here}/") for each in LINKS & facts.keys()):
        raise BadMessage(f"{kind.name} got a link that was not made by link().")
    ours = OURS | {name for name, fact in given.items() if not isinstance(fact, str)}
    told = {name: fact if name in ours else _one_line(fact) for name, fact in facts.items()}
    rendered = kind.render({**told, SITE: urlsplit(here).netloc}, language)
    content = {
        "to": to,
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
        "reference": secrets.token_hex(12),
        "unsubscribe": facts.get("stop", ""),
    }
    return crypto.seal(PURPOSE, orjson.dumps(content).decode())


def _kind(name: str, *, by_mail: bool) -> MessageKind:
    kind = KINDS.get(name)
    if kind is None or kind.by_mail is not by_mail:
        raise BadMessage(f"There is no {'mail' if by_mail else 'text message'} of the kind {name!r}.")
    return kind


def _person(row: Recipient) -> int | None:
    """The profile of whoever is written to; None: it is not known, or there is none."""
    if isinstance(row, Profile):
        return row.id
    return row.profile_id if isinstance(row, Account) else None


def _stored(row: Recipient) -> str:
    """The address that a row holds. Raises BadMessage for what is no stored row, or holds none."""
    if not isinstance(row, Recipient) or not row._saved_in_db:  # noqa: SLF001 - Tortoise has no public name for it
        raise BadMessage("Mail goes to an address that is stored, never to one that was given.")
    if isinstance(row, Profile):
        found = row.recovery_email if row.recovery_email_verified_at else None
    else:
        found = row.target if isinstance(row, MailedCode) else row.email
    if not found:
        raise BadMessage("The recipient's row holds no address.")
    return found


def _mailbox(text: str) -> str:
    """The address as mail servers take it: its domain in ASCII."""
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise BadMessage("The recipient is not one mail address.") from None
    if ENCODED in found.local_part:
        raise BadMessage("The recipient looks like an encoded word, which headers decode.")
    return f"{found.local_part}@{found.ascii_domain}"


def _one_line(fact: str) -> str:
    """
    People's text for a mail: one line, nothing that steers the text around it, nothing a mail program makes a link of.

    Whoever signs somebody else up chooses the name in a mail that comes from us: it must not carry an advertisement.
    """
    plain = "".join(" " if unicodedata.category(each) in {"Cc", "Zl", "Zp", "Cs"} else each for each in fact)
    plain = " ".join(_TURNS_TEXT_ROUND.sub("", plain).split())[:MAX_FACT]
    return _LINK_LIKE.sub(lambda found: f"{found[0]} ", plain)
