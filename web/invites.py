"""
The page that stops invites to an address; every invite mail links to it.

GET only shows a button, because mail programs and scanners open links. POST stops the invites without signing in, from
the page or from a mail program's own button (RFC 8058). The URL alone authorizes it, so it appears in no log or referrer.
"""

from aiohttp import web

from catalogue.languages import ENGLISH, Text, using_language
from services.auth.principals import ANONYMOUS
from services.invites import invite_mails
from settings import Settings
from web.client import client_of, trusted_of
from web.plain_pages import INCOMPLETE, Form, Page, response_of
from web.request_limits import RequestLimit


class InviteStopPage:
    """Answers the URLs in invite mails."""

    def __init__(self, settings: Settings) -> None:
        """Raise BadSetting for proxies that cannot be used."""
        self._trusted, self._limit = trusted_of(settings), RequestLimit(settings)

    async def confirm(self, request: web.Request) -> web.Response:
        """The page with the button; changes nothing. 404 if the URL is from no mail of this server."""
        client = client_of(request, self._trusted)
        await self._limit.admit(ANONYMOUS, client)
        with using_language(client.language or ENGLISH):
            if not invite_mails.is_opt_out_token(request.match_info["token"]):
                return response_of(INCOMPLETE)
            text = Text("Do you want to stop all invites to you from this community? People who try are not informed.")
            return response_of(Page(Text("No more invites?"), [text], [Form(Text("No more invites"))]))

    async def stop(self, request: web.Request) -> web.Response:
        """Stop the invites; a repeat changes nothing. The body is ignored. 404 as above."""
        client = client_of(request, self._trusted)
        await self._limit.admit(ANONYMOUS, client)
        with using_language(client.language or ENGLISH):
            if not await invite_mails.opt_out(request.match_info["token"]):
                return response_of(INCOMPLETE)
            text = Text("You will receive no more invites from this community. You can close this page.")
            return response_of(Page(Text("Done"), [text]))


def install(app: web.Application, settings: Settings) -> None:
    """Serve the page in this application. Raises BadSetting."""
    page = InviteStopPage(settings)
    path = f"/invites/stop/{{token:[0-9a-f]{{{invite_mails.DIGEST_LENGTH + invite_mails.PROOF_LENGTH}}}}}"
    app.router.add_get(path, page.confirm)
    app.router.add_post(path, page.stop)
