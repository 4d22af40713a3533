"""
The session's cookie: how it is named, what browsers are told about it, how it is read.

Why these attributes: docs/decisions/0007-sessions-at-the-edge.md.
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import web

from settings import Settings
from web.origins import parse

HOUR = 3600


@dataclass(frozen=True)
class SessionCookie:
    """The one cookie there is. No script reads it, no other host gets it."""

    name: str
    secure: bool
    same_site: Literal["Lax", "None"]
    max_age: int
    """Seconds. The session itself may end sooner."""

    @classmethod
    def of(cls, settings: Settings) -> "SessionCookie":
        """
        The cookie that fits the public address: over TLS it is `__Host-`, which no other host can set.

        Pages of other hosts get it sent only over TLS, and only where ORIGINS names one.
        """
        own = urlsplit(settings.address)
        secure = own.scheme == "https"
        elsewhere = any(urlsplit(origin).hostname != own.hostname for origin in parse(settings.origins))
        return cls(
            name="__Host-session" if secure else "session",
            secure=secure,
            same_site="None" if secure and elsewhere else "Lax",
            max_age=settings.session_hours * HOUR,
        )

    def read(self, request: web.BaseRequest) -> str | None:
        """What the request shows; None: no cookie. An empty or impossible value is a dead one."""
        return request.cookies.get(self.name)

    def set(self, response: web.Response, secret: str) -> None:
        """Let the browser keep a session."""
        self._put(response, secret, self.max_age)

    def clear(self, response: web.Response) -> None:
        """Let the browser forget the session."""
        self._put(response, "", 0)

    def _put(self, response: web.Response, value: str, max_age: int) -> None:
        response.set_cookie(
            self.name,
            value,
            max_age=max_age,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite=self.same_site,
        )
