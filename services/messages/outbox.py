"""
The outbox: mails and text messages are written in the caller's transaction, and services/messages/outbox_worker.py sends them.

A transaction that is rolled back sends nothing. Recipient and texts are encrypted: they may contain a code.
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
from models.transactions import require_transaction
from models.verification_codes import MailedCode, SignUp
from services.core import clock, crypto, runtime
from services.core.email_addresses import ENCODED
from services.messages import mail_languages

Fact = str | int | date
"""A value in a message: a text, a number, a day, or a moment (datetime)."""
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
MAX_FACT = 1_000
LINKS = frozenset({"cancel", "link", "stop"})
TRUSTED_FACTS = LINKS | {SITE, "account"}
"""Facts that this server makes itself: they are no people's text. `account` is a stored address."""
Recipient = Account | Profile | SignUp | Invite | MailedCode
"""
Rows with a mailbox: an account's own address, a person's recovery address, an address that signs up, is invited, or has
to be verified.
"""
_TEXT_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LINK_LIKE = re.compile(r"(?<=\w)([.@])(?=\w{2})|(?<=:)(?=//)")


class BadMessage(Exception):
    """A message that cannot be sent: a bug of the caller. The text never contains a recipient or a fact."""


@dataclass(frozen=True, slots=True)
class Message:
    """A decrypted message; not sent if `to` is empty. `reference` is the same for every attempt to send it."""

    kind: str
    to: str
    subject: str
    text: str
    html: str
    reference: str
    written_at: datetime
    unsubscribe: str = ""
    """The address where a POST ends mails of this kind (RFC 8058); empty if they cannot be unsubscribed."""

    def __repr__(self) -> str:
        return f"Message(kind={self.kind!r}, …)"


@dataclass(frozen=True, slots=True)
class NewMail:
    """
    One of several mails that are written together, with the arguments of `send_mail`.

    `about_profile_id`: see `send_mail`. `withheld`: the mail is written without a recipient, and services/messages/outbox_worker.py deletes it unsent. For an
    answer whose time must not reveal that no mail is sent.
    """

    kind: str
    to: Recipient
    facts: Mapping[str, Fact]
    withheld: bool = False
    about_profile_id: int | None = None


async def send_mail(kind: str, to: Recipient, about_profile_id: int | None = None, /, **facts: Fact) -> None:
    """
    Write a mail of this kind in the recipient's language. It is sent after the caller's transaction commits, to the
    address that is stored in `to`.

    The recipient is a stored row and never a text: two addresses with the same key may be two mailboxes, and a link for
    the owner of one must not reach the other because an attacker typed it.

    `facts` are exactly those that `catalogue/mails/<kind>.toml` names: people's text as it was typed, and numbers, days
    and moments as they are. `link` must be made by `client_link()`; `cancel`, and `stop` for unsubscribing, by `server_link()`.
    `about_profile_id`: another person whose name is in the facts; erasing that person deletes the mail. Raises BadMessage.
    Requires a transaction.
    """
    require_transaction()
    mailbox = _mailbox(_stored_address(to))
    language = await mail_languages.of_person(_profile_id(to))
    row = _row(Channel.MAIL, _kind(kind, by_mail=True), mailbox, facts, language)
    row.account_id, row.about_profile_id, row.recipient = _account_id(to), about_profile_id, _digest_of(to)
    await row.save(force_create=True)


async def send_mails(mails: Sequence[NewMail]) -> None:
    """
    Call `send_mail` for each of these, in order, with two statements for any number of mails, withheld ones included.
    Raises BadMessage, and then writes none.
    Requires a transaction.
    """
    require_transaction()
    people = {profile_id for each in mails if (profile_id := _profile_id(each.to)) is not None}
    chosen = await mail_languages.of_people(people)
    rows = []
    for each in mails:
        mailbox, person = _mailbox(_stored_address(each.to)), _profile_id(each.to)
        language = languages.current_language() if person is None else chosen[person]
        kind = _kind(each.kind, by_mail=True)
        row = _row(Channel.MAIL, kind, "" if each.withheld else mailbox, each.facts, language)
        row.account_id, row.about_profile_id, row.recipient = (
            _account_id(each.to),
            each.about_profile_id,
            _digest_of(each.to),
        )
        rows.append(row)
    await OutboxMessage.bulk_create(rows)


async def send_sms(kind: str, to: str, account_id: int, /, **facts: Fact) -> None:
    """
    Write a text message in the language of the account's person. It is sent after the caller's transaction commits; `to`
    is like `+31201234567`. Raises BadMessage.
    Requires a transaction.
    """
    require_transaction()
    if not NUMBER.fullmatch(to):
        raise BadMessage("The recipient is not a phone number with its country.")
    language = await mail_languages.of_account(account_id)
    row = _row(Channel.SMS, _kind(kind, by_mail=False), to, facts, language)
    row.account_id = account_id
    await row.save(force_create=True)


def recipient_digest(email_key: str) -> str:
    """Return the digest by which messages to an address are found."""
    return crypto.keyed_digest("outbox-recipient", email_key)


def client_link(path: str, **query: str) -> str:
    """Return a link to a page of the client: always at the configured CLIENT_URL, never at the host of a request."""
    return _link(runtime.current().settings.client_address, path, query)


def server_link(path: str, **query: str) -> str:
    """Return a link to what only this server serves: at the configured PUBLIC_URL."""
    return _link(runtime.current().settings.address, path, query)


def opened(row: OutboxMessage) -> Message:
    """Decrypt the message of a row. Raises services.core.crypto.CannotOpen if the secret key has changed."""
    content = orjson.loads(crypto.unseal(crypto.OUTBOX_MESSAGE, row.sealed))
    return Message(kind=row.kind, written_at=row.created_at, **content)


def _link(address: str, path: str, query: Mapping[str, str]) -> str:
    if not path.startswith("/") or path.startswith("//"):
        raise BadMessage("A link's path begins with one slash.")
    return f"{address}{path}{'?' if query else ''}{urlencode(query)}"


def _row(channel: Channel, kind: MessageKind, to: str, facts: Mapping[str, Fact], language: str) -> OutboxMessage:
    sealed, now = _sealed(kind, to, facts, language), clock.now()
    return OutboxMessage(channel=channel, kind=kind.name, sealed=sealed, due_at=now, created_at=now)


def _sealed(kind: MessageKind, to: str, values: Mapping[str, Fact], language: str) -> str:
    facts = {name: languages.format_value(fact, language) for name, fact in values.items()}
    if facts.keys() != kind.facts:
        raise BadMessage(f"{kind.name} takes the facts {sorted(kind.facts)}, not {sorted(facts)}.")
    settings = runtime.current().settings
    addresses = {"cancel": settings.address, "link": settings.client_address, "stop": settings.address}
    if any(not facts[each].startswith(f"{addresses[each]}/") for each in LINKS & facts.keys()):
        raise BadMessage(f"{kind.name} got a link that was not made by client_link() or server_link().")
    trusted = TRUSTED_FACTS | {name for name, fact in values.items() if not isinstance(fact, str)}
    safe = {name: fact if name in trusted else _one_line(fact) for name, fact in facts.items()}
    rendered = kind.render({**safe, SITE: urlsplit(settings.client_address).netloc}, language)
    content = {
        "to": to,
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
        "reference": secrets.token_hex(12),
        "unsubscribe": facts.get("stop", ""),
    }
    return crypto.seal(crypto.OUTBOX_MESSAGE, orjson.dumps(content).decode())


def _kind(name: str, *, by_mail: bool) -> MessageKind:
    kind = KINDS.get(name)
    if kind is None or kind.by_mail is not by_mail:
        raise BadMessage(f"There is no {'mail' if by_mail else 'text message'} of the kind {name!r}.")
    return kind


def _profile_id(row: Recipient) -> int | None:
    """Return the recipient's profile; None if it is unknown, or there is none."""
    if isinstance(row, Profile):
        return row.id
    return row.profile_id if isinstance(row, Account) else None


def _account_id(row: Recipient) -> int | None:
    """Return the recipient's account; None if there is none, or a profile has several."""
    if isinstance(row, Account):
        return row.id
    kind, _, number = row.subject.partition(":") if isinstance(row, MailedCode) else ("", "", "")
    return int(number) if kind == "account" else None


def _digest_of(row: Recipient) -> str:
    """Return the digest of the key of the recipient's address."""
    if isinstance(row, Profile):
        return recipient_digest(row.recovery_email_key or "")
    return recipient_digest(row.target if isinstance(row, MailedCode) else row.email_key or "")


def _stored_address(row: Recipient) -> str:
    """Return the address of a row. Raises BadMessage if the row is not stored, or has no address."""
    if not isinstance(row, Recipient) or not row._saved_in_db:  # noqa: SLF001 - Tortoise has no public name for it
        raise BadMessage("Mail is sent to a stored address only, never to one from a request.")
    if isinstance(row, Profile):
        found = row.recovery_email if row.recovery_email_verified_at else None
    else:
        found = row.target if isinstance(row, MailedCode) else row.email
    if not found:
        raise BadMessage("The recipient's row has no address.")
    return found


def _mailbox(text: str) -> str:
    """Return the address in the form that mail servers accept: its domain in ASCII."""
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise BadMessage("The recipient is not one mail address.") from None
    if ENCODED in found.local_part:
        raise BadMessage("The recipient contains an encoded word, which mail programs decode.")
    return f"{found.local_part}@{found.ascii_domain}"


def _one_line(fact: str) -> str:
    """
    Make people's text safe for a mail: one line, no characters that control text direction, nothing that becomes a link.

    Anyone can sign up another address under a name of their choice: that name must not carry an advertisement.
    """
    plain = "".join(" " if unicodedata.category(each) in {"Cc", "Zl", "Zp", "Cs"} else each for each in fact)
    plain = " ".join(_TEXT_DIRECTION.sub("", plain).split())[:MAX_FACT]
    return _LINK_LIKE.sub(lambda found: f"{found[0]} ", plain)
