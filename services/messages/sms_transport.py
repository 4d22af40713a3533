"""Sends text messages by an HTTP gateway."""

import base64
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote

import aiohttp
from aiohttp import hdrs

from services.messages.outbox import Message
from services.messages.transports import NotSent, Transport, folder_transport, is_this_machine, read_url
from settings import BadSetting, Settings

GATEWAY_TIMEOUT_SECONDS = 20.0
"""Seconds that a gateway has for one message."""


def sms_transport(settings: Settings) -> Transport:
    """Return the transport that SMS_URL names. Raises BadSetting."""
    parts = read_url("SMS_URL", settings.sms_url)
    if parts.scheme == "file":
        return folder_transport("SMS_URL", parts)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise BadSetting("SMS_URL must be like https://user:password@gateway.example/send, or begin with file:.")
    if parts.scheme == "http" and not is_this_machine(parts.hostname):
        raise BadSetting("SMS_URL must begin with https:// unless the gateway is on this machine: messages hold codes.")
    return Gateway(
        url=_without_login(parts), user=unquote(parts.username or ""), password=unquote(parts.password or "")
    )


def _without_login(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


@dataclass(frozen=True)
class Gateway:
    """
    An HTTP gateway: it gets `{"to": "+31…", "text": "…"}` by POST and answers 2xx when it has accepted the message. The
    header Idempotency-Key is the same for every attempt to send a message.
    """

    url: str = field(repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = GATEWAY_TIMEOUT_SECONDS

    @property
    def place(self) -> str:
        return str(read_url("SMS_URL", self.url).netloc)

    async def send(self, message: Message) -> None:
        headers = {hdrs.AUTHORIZATION: self._login(), "Idempotency-Key": message.reference}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.timeout_seconds)) as session,
                session.post(
                    self.url,
                    json={"to": message.to, "text": message.text},
                    headers={name: value for name, value in headers.items() if value},
                    allow_redirects=False,  # codes and the login must reach the gateway only
                ) as answer,
            ):
                if not answer.ok or answer.status >= 300:  # noqa: PLR2004 - the first status after the successes
                    raise NotSent(f"the gateway answered {answer.status}")
        except TimeoutError:
            raise NotSent("no answer from the gateway in time") from None
        except (aiohttp.ClientError, OSError) as failed:
            raise NotSent(f"{type(failed).__name__} on the way to the gateway") from None

    def _login(self) -> str:
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return f"Basic {login}" if self.user else ""
