"""Composes mails and hands them to a mail server."""

import asyncio
import contextlib
import ipaddress
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, Policy
from email.utils import format_datetime, getaddresses
from functools import cached_property
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib
from email_validator import validate_email

from services.core.email_addresses import ENCODED
from services.messages.outbox import Message
from services.messages.transports import NotSent, Transport, folder_transport, is_this_machine, read_url
from settings import BadSetting, Settings

SMTP_TIMEOUT_SECONDS = 30.0
"""Seconds that a mail server has for one mail, from the connection to its last answer."""
MAX_SUBJECT = 200
QUIT_SECONDS = 2.0
"""Seconds that it has to close the session after it has accepted the mail."""
STARTTLS = {"require": True, "off": False}
HEADERS = HeaderRegistry()
CONNECTION_ERRORS = (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPNotSupported, ssl.SSLError)
"""Errors whose text is about the connection and never about the recipient."""


class OneLine(UnstructuredHeader, BaseHeader):
    """A header of one long word. Python would write an address that is longer than a line as encoded words."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


HEADERS.map_to_type("list-unsubscribe", OneLine)


def mail_transport(settings: Settings) -> Transport:
    """Return the transport that MAIL_URL names. Raises BadSetting."""
    sender = sender_of(settings)
    parts = read_url("MAIL_URL", settings.mail_url)
    if parts.scheme == "file":
        return folder_transport("MAIL_URL", parts)
    if parts.scheme not in {"smtp", "smtps"}:
        raise BadSetting("MAIL_URL must begin with smtp://, smtps:// or file:.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    wanted = options.pop("starttls", None)
    if not parts.hostname or parts.path.strip("/") or parts.fragment or options:
        raise BadSetting(
            "MAIL_URL must be like smtp://user:password@host:587, with ?starttls=require or =off or nothing."
        )
    if wanted is not None and (wanted not in STARTTLS or parts.scheme == "smtps"):
        raise BadSetting("MAIL_URL takes ?starttls=require or ?starttls=off, and only with smtp://.")
    if bool(parts.username) != bool(parts.password):
        raise BadSetting("MAIL_URL must hold both a user and a password, or neither.")
    over_tls = parts.scheme == "smtps"
    # The default: a password never crosses a network unencrypted, even if an attacker hides the offer of STARTTLS.
    default = True if parts.password and not is_this_machine(parts.hostname) else None
    return MailServer(
        host=parts.hostname,
        port=parts.port or (465 if over_tls else 587 if parts.username else 25),
        sender=sender,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        over_tls=over_tls,
        start_tls=False if over_tls else default if wanted is None else STARTTLS[wanted],
    )


def sender_of(settings: Settings) -> Address:
    """Return the sender of mails: MAIL_FROM, or no-reply at the public address. Raises BadSetting."""
    if not settings.mail_from:
        return Address(username="no-reply", domain=_mail_domain(settings))
    try:
        [(name, spec)] = getaddresses([settings.mail_from])
        found = validate_email(spec, check_deliverability=False, globally_deliverable=False)
        return Address(name, username=found.local_part, domain=str(found.ascii_domain))
    except ValueError:  # EmailNotValidError is one
        raise BadSetting("MAIL_FROM must be an address, as `no-reply@host` or `Name <no-reply@host>`.") from None


def _mail_domain(settings: Settings) -> str:
    host = urlsplit(settings.address).hostname or "localhost"
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return host.encode("idna").decode()
    return f"[{'IPv6:' if number.version == 6 else ''}{number}]"  # noqa: PLR2004 - the two versions of IP


def compose(message: Message, sender: Address) -> EmailMessage:
    """Compose the mail, as text and as HTML. The same message always gives the same mail."""
    mail = EmailMessage(policy=(SMTP if message.to.isascii() else SMTPUTF8).clone(header_factory=HEADERS))
    mail["From"] = sender
    user, _, domain = message.to.rpartition("@")
    mail["To"] = Address(username=user, domain=domain)
    # Python's header class decodes encoded words, line ends included: people's text must not contain one.
    mail["Subject"] = message.subject.replace(ENCODED, "= ?")[:MAX_SUBJECT]
    mail["Date"] = format_datetime(message.written_at)
    mail["Message-ID"] = f"<{message.reference}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # prevents automatic replies
    if message.unsubscribe:
        mail["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text, cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return mail


@dataclass(frozen=True)
class MailServer:
    """An SMTP server. `start_tls`: True requires it, None uses it if offered. Certificates are checked."""

    host: str
    port: int
    sender: Address
    user: str = ""
    password: str = field(default="", repr=False)
    over_tls: bool = False
    start_tls: bool | None = None
    timeout_seconds: float = SMTP_TIMEOUT_SECONDS

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    @cached_property
    def _tls_context(self) -> ssl.SSLContext | None:
        """Created once: it reads every root certificate and blocks the loop for 20 ms. SSL_CERT_FILE names others."""
        return None if self.start_tls is False and not self.over_tls else ssl.create_default_context()

    async def send(self, message: Message) -> None:
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password or None,
            local_hostname=self.sender.domain,
            timeout=self.timeout_seconds,
            use_tls=self.over_tls,
            start_tls=self.start_tls,
            tls_context=self._tls_context,
        )
        try:
            # A timeout for each answer is not enough: a slow server could occupy the slot for minutes.
            async with asyncio.timeout(self.timeout_seconds):
                await client.connect()
                await client.send_message(
                    compose(message, self.sender), sender=self.sender.addr_spec, recipients=[message.to]
                )
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=QUIT_SECONDS)
        except (aiosmtplib.SMTPException, OSError) as failed:
            raise NotSent(_reason(failed)) from None
        finally:
            client.close()


def _reason(failed: Exception) -> str:
    """Return the reason of a failure without the server's text, which often repeats the recipient."""
    if isinstance(failed, aiosmtplib.SMTPRecipientsRefused):
        failed = failed.recipients[0]
    kind = type(failed).__name__
    if isinstance(failed, aiosmtplib.SMTPResponseException):
        return f"{kind}: the mail server answered {failed.code}"
    if isinstance(failed, TimeoutError):
        return f"{kind}: no answer from the mail server in time"
    return f"{kind}: {failed}" if isinstance(failed, CONNECTION_ERRORS) else kind
