"""
The session cookie: its name and attributes, set, cleared and read.

Reasons for the attributes: docs/decisions/0007-sessions-at-the-edge.md.
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import web

from settings import Settings
from web.origins import Origins, parse
from web.sites import same_site

HOUR = 3600
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - compared, not listened on


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

    def is_possible(self, request: web.BaseRequest, origins: Origins) -> bool:
        """True if the browser that sent the request would store this cookie. Programs store every cookie."""
        return self.same_site == "None" or not origins.is_cross_site(request)

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


def origins_without_cookie(settings: Settings) -> list[str]:
    """
    The origins in ORIGINS whose pages cannot sign in: they are on other sites, and without TLS browsers store no cookie
    there. Empty if this server listens on every address and PUBLIC_URL is not set: then its name is not known.
    """
    host = urlsplit(settings.address).hostname
    if SessionCookie.of(settings).secure or not host or host == EVERY_ADDRESS:
        return []
    return [origin for origin in sorted(parse(settings.origins)) if not same_site(origin, settings.address)]
