"""Text messages on their way out: posted to an HTTP gateway."""

import base64
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote

import aiohttp
from aiohttp import hdrs

from services.messages.outbox import Message
from services.messages.transports import NotSent, Transport, folder_of, is_this_machine, read_url
from settings import BadSetting, Settings

GATEWAY_TIMEOUT_SECONDS = 20.0
"""Seconds that a gateway gets for one message."""


def sms_transport(settings: Settings) -> Transport:
    """The way out that SMS_URL names. Raises BadSetting."""
    parts = read_url("SMS_URL", settings.sms_url)
    if parts.scheme == "file":
        return folder_of("SMS_URL", parts)
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
    An HTTP gateway: gets `{"to": "+31…", "text": "…"}` by POST and answers 2xx once it has taken it over. The header
    Idempotency-Key is the same however often a message is sent.
    """

    url: str = field(repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    patience: float = GATEWAY_TIMEOUT_SECONDS

    @property
    def place(self) -> str:
        return str(read_url("SMS_URL", self.url).netloc)

    async def send(self, message: Message) -> None:
        headers = {hdrs.AUTHORIZATION: self._login(), "Idempotency-Key": message.reference}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.patience)) as session,
                session.post(
                    self.url,
                    json={"to": message.to, "text": message.text},
                    headers={name: value for name, value in headers.items() if value},
                    allow_redirects=False,  # a code and a login go to the gateway and nowhere else
                ) as answer,
            ):
                if not answer.ok or answer.status >= 300:  # noqa: PLR2004 - the first status that is no success
                    raise NotSent(f"the gateway answered {answer.status}")
        except TimeoutError:
            raise NotSent("no answer from the gateway in time") from None
        except (aiohttp.ClientError, OSError) as failed:
            raise NotSent(f"{type(failed).__name__} on the way to the gateway") from None

    def _login(self) -> str:
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return f"Basic {login}" if self.user else ""
