"""
The session cookie: its name and attributes, set, cleared and read.

Reasons for the attributes: docs/decisions/0007-sessions-at-the-edge.md.
"""

from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from settings import Settings
from web.origins import parse
from web.sites import same_site

HOUR = 3600


@dataclass(frozen=True)
class SessionCookie:
    """The only cookie of this server. Scripts cannot read it, and other hosts do not get it."""

    name: str
    secure: bool
    same_site: Literal["Lax", "None"]
    max_age: int
    """Seconds. The session itself may end sooner."""

    @classmethod
    def of(cls, settings: Settings) -> "SessionCookie":
        """
        The cookie for the public address. Over TLS its name starts with `__Host-`, which no other host can set.

        Browsers send it from pages of other sites only over TLS, and only if ORIGINS names a page of such a site. For pages
        of the same site, such as a subdomain, it stays `Lax`.
        """
        secure = settings.address.lower().startswith("https:")
        cross_site = any(not same_site(origin, settings.address) for origin in parse(settings.origins))
        return cls(
            name="__Host-session" if secure else "session",
            secure=secure,
            same_site="None" if secure and cross_site else "Lax",
            max_age=settings.session_hours * HOUR,
        )

    def read(self, request: web.BaseRequest) -> str | None:
        """The cookie's value; None if there is no cookie. It may be empty or malformed."""
        return request.cookies.get(self.name)

    def set(self, response: web.Response, secret: str) -> None:
        """Store a session in the browser."""
        self._set_cookie(response, secret, self.max_age)

    def clear(self, response: web.Response) -> None:
        """Delete the session from the browser."""
        self._set_cookie(response, "", 0)

    def _set_cookie(self, response: web.Response, value: str, max_age: int) -> None:
        response.set_cookie(
            self.name,
            value,
            max_age=max_age,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite=self.same_site,
        )
