"""
No more invites: the page that an invite's mail leads to, and the button on it.

GET only asks, because mail programs and scanners open links; POST does it, without signing in, from the page or from a mail
program's own button (RFC 8058). The address of the page is all it takes, so it is kept out of every log and referrer.
"""

from pathlib import Path
from string import Template
from typing import Final

from aiohttp import hdrs, web

from resolvers.viewers import Viewer
from services import invite_mails
from settings import Settings
from web.client import client_of, trusted_of
from web.plain_pages import headers_of
from web.request_limits import RequestLimit, TooMany, too_many

FILES: Final = Path(__file__).parent / "static" / "invites"
PAGE: Final = Template((FILES / "stop.html").read_text("utf-8"))
STYLE: Final = (FILES / "stop.css").read_text("utf-8")
HEADERS: Final = headers_of(STYLE, form_action="'self'")
BUTTON: Final = '<form method="post"><button>No more invites</button></form>'


class Invites:
    """Answers at the addresses that mails name."""

    def __init__(self, settings: Settings) -> None:
        """Raise BadSetting for proxies that cannot be used."""
        self._trusted, self._limit = trusted_of(settings), RequestLimit(settings)

    async def ask(self, request: web.Request) -> web.Response:
        """The page with the button; changes nothing. 404: the address is from no mail of ours."""
        if refused := await self._refused(request):
            return refused
        if not invite_mails.stops(request.match_info["token"]):
            return _unknown()
        text = "Shall nobody invite you from here any more? Whoever tries will not be told."
        return _page("No more invites?", text, form=BUTTON)

    async def stop(self, request: web.Request) -> web.Response:
        """Do it; doing it again changes nothing. What the body says makes no difference. 404: as above."""
        if refused := await self._refused(request):
            return refused
        if not await invite_mails.stop(request.match_info["token"]):
            return _unknown()
        return _page("Done", "Nobody can send you an invite from here any more. You may close this page.")

    async def _refused(self, request: web.Request) -> web.Response | None:
        try:
            await self._limit.admit(Viewer(), client_of(request, self._trusted))
        except TooMany as error:
            return too_many(error)
        return None


def install(app: web.Application, settings: Settings) -> None:
    """Serve the page in this application. Raises BadSetting."""
    here = Invites(settings)
    path = f"/invites/stop/{{token:[0-9a-f]{{{invite_mails.ADDRESS + invite_mails.PROOF}}}}}"
    app.router.add_get(path, here.ask)
    app.router.add_post(path, here.stop)


def _unknown() -> web.Response:
    return _page("Nothing here", "This address is not complete. Copy all of it from the mail.", status=404)


def _page(title: str, text: str, *, form: str = "", status: int = 200) -> web.Response:
    body = PAGE.substitute(title=title, text=text, form=form, style=STYLE)
    return web.Response(
        status=status,
        text=body,
        content_type="text/html",
        charset="utf-8",
        headers={**HEADERS, hdrs.CACHE_CONTROL: "no-store"},
    )
