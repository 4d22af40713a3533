"""A real mail server for tests: takes mail, refuses it, stalls, speaks TLS, goes away and comes back on its port."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.core import clock


@dataclass
class MailServer:
    """What it answers may be changed while it runs. `stalls` holds the recipients for whom it never answers."""

    to_recipient: str = "250 OK"
    to_data: str = "250 OK"
    stalls: set[str] = field(default_factory=set)
    certificate: ssl.SSLContext | None = None
    tls_at_once: bool = False
    login: tuple[str, str] | None = None
    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    asked: int = 0
    """Recipients that it was asked to take, taken or not."""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def mails(self) -> list[EmailMessage]:
        return [BytesParser(policy=SMTPUTF8).parsebytes(each.content) for each in self.taken]  # type: ignore[arg-type]

    @asynccontextmanager
    async def up(self) -> AsyncIterator["MailServer"]:
        """Listen inside the block, on the same port each time."""
        loop = asyncio.get_running_loop()
        speaking: list[SMTP] = []

        def connected() -> SMTP:
            speaking.append(
                SMTP(
                    self,
                    hostname="mail.example",
                    loop=loop,
                    enable_SMTPUTF8=True,
                    tls_context=None if self.tls_at_once else self.certificate,
                    auth_require_tls=False,
                    authenticator=self._authenticate if self.login else None,
                )
            )
            return speaking[-1]

        server = await loop.create_server(
            connected, "127.0.0.1", self.port, ssl=self.certificate if self.tls_at_once else None
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for each in speaking:
                if each.transport is not None:
                    each.transport.abort()  # type: ignore[attr-defined]
            await server.wait_closed()
            await asyncio.sleep(0)

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert self.login
        return AuthResult(
            success=(given.login.decode(), given.password.decode()) == self.login,
            handled=False,
        )

    async def handle_RCPT(self, _server: Any, session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        self.asked += 1
        if address in self.stalls:
            await asyncio.sleep(3_600)
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient.replace("ADDRESS", address)

    async def handle_DATA(self, _server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        await asyncio.sleep(0)
        if self.to_data.startswith("250"):
            self.taken.append(envelope)
            self.over_tls.append(session.ssl is not None or self.tls_at_once)
        return self.to_data


def certificate_for_this_machine(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for 127.0.0.1, and the file that makes a client trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    kept, secret = folder / "certificate.pem", folder / "key.pem"
    kept.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(kept, secret)
    return context, kept
