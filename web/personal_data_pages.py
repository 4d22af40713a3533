"""
Downloads of personal data: the page that the mail leads to, GET /personal-data, and the archive, GET /personal-data/{key}.

Both need a session that was elevated, of the account that requested the download; a token or an API key is refused. An archive that
the viewer may not have is a 404, like an unknown one.
"""

from typing import Final

from aiohttp import hdrs, web

from catalogue.languages import Text, current_language, format_value
from models.personal_data_exports import ExportState
from services.auth import sessions
from services.auth.principals import ANONYMOUS, Client, Principal
from services.core.audit import Actor
from services.errors import ErrorCode, Refused
from services.personal_data import downloads, export_store
from services.personal_data.downloads import PAGE, Download
from settings import Settings
from web import sign_in_pages
from web.client import client_of, trusted_of
from web.cookies import SessionCookie
from web.credentials import MAX_COOKIE_CHARACTERS, authenticate_explicit, refusal
from web.origins import FETCH_SITE
from web.page_visits import Visit, Visits, refused_page
from web.plain_pages import Form, Link, Page
from web.request_limits import RequestLimit, TooManyRequests
from web.sign_in_pages import CHANGE, PASSWORD, PERSONAL_DATA

TITLE: Final = Text("Your personal data")
POLICY: Final = "sandbox; default-src 'none'"
KILOBYTE: Final = 1_000


def install(app: web.Application, settings: Settings, visits: Visits) -> None:
    """Serve the page and the archives in this application. Raises BadSetting."""
    app.router.add_get(PERSONAL_DATA, visits.handler(show))
    app.router.add_post(PERSONAL_DATA, visits.handler(act))
    app.router.add_get(PERSONAL_DATA + "/{key}", ArchiveEndpoint(settings).get, allow_head=False)


async def show(visit: Visit) -> Page:
    """The downloads of the account; before, the form to sign in, and the one that elevates the session."""
    if not visit.viewer.signed_in:
        return sign_in_pages.sign_in_page(visit, PERSONAL_DATA)
    if visit.viewer.password_expired:
        visit.moved_to = CHANGE
    return await _list_page(visit) if visit.viewer.elevated else await _proof_page(visit)


async def act(visit: Visit) -> Page:
    """Elevate the session, or request a download if it is."""
    if not visit.viewer.signed_in or visit.viewer.password_expired:
        return await show(visit)
    if not visit.viewer.elevated:
        try:
            await sign_in_pages.elevate(visit, visit.value(PASSWORD.name))
        except Refused as why:
            return refused_page(await _proof_page(visit), why)
        visit.moved_to = PERSONAL_DATA
        return Page(TITLE)
    try:
        await downloads.request(visit.account_id, None, actor=visit.actor)
    except Refused as why:
        return refused_page(await _list_page(visit), why)
    visit.moved_to = PERSONAL_DATA
    return Page(TITLE)


async def _proof_page(visit: Visit) -> Page:
    code, texting = await sign_in_pages.proof_forms(visit, PERSONAL_DATA)
    form = Form(Text("Go on"), PERSONAL_DATA, code or [PASSWORD])
    return Page(TITLE, [Text("Confirm that it is you, to go on.")], [form, *texting])


async def _list_page(visit: Visit) -> Page:
    texts: list[str] = [
        Text("A download has everything that is stored about you. It can be fetched here for seven days.")
    ]
    links = []
    for row in await downloads.of_account(visit.account_id):
        if row["state"] is ExportState.PENDING:
            texts.append(Text("A download is being made. You get a mail when it is ready."))
        elif row["state"] is ExportState.FAILED:
            texts.append(Text("The last download could not be made. Request it again."))
        else:
            moment = format_value(row["ready_at"], current_language())
            size = -(-row["bytes"] // KILOBYTE)
            links.append(
                Link(Text("Download of {moment} ({size:,} kB)", moment=moment, size=size), f"{PAGE}/{row['key']}")
            )
    return Page(TITLE, texts, [Form(Text("Request a download"), PERSONAL_DATA)], links)


class ArchiveEndpoint:
    """Answers with the archives themselves."""

    def __init__(self, settings: Settings) -> None:
        """Raise BadSetting for proxies that cannot be used."""
        self._trusted = trusted_of(settings)
        self._cookie, self._limit = SessionCookie.of(settings), RequestLimit(settings)

    async def get(self, request: web.Request) -> web.StreamResponse:
        """
        The archive; 302 to the page without an elevated session, whether there is an archive or not; 403 for a token or an API key;
        404 if the account has none of this key.
        """
        client = client_of(request, self._trusted)
        viewer = await self._viewer(request)
        await self._limit.admit(viewer, client)
        if viewer.signed_in and viewer.session_id is None:
            return refusal()
        if not viewer.elevated or viewer.password_expired:
            return web.Response(status=302, headers={hdrs.LOCATION: PAGE, "Referrer-Policy": "no-referrer"})
        found = await self._download(request.match_info["key"], viewer, client)
        content = None if found is None else await export_store.chunks(found.key)
        if found is None or content is None:
            return web.Response(status=404)
        size, chunks = content
        response = web.StreamResponse(headers=_headers(found, size))
        await response.prepare(request)
        async for chunk in chunks:
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _viewer(self, request: web.Request) -> Principal:
        """
        By an explicit credential, or by the cookie. People follow a link from the client or from a mail to here, so a page of
        another origin may open the address; but none may embed it or read it by a script.
        """
        explicit = await authenticate_explicit(request.headers)
        if explicit is not None:
            return explicit
        secret = self._cookie.read(request) or ""
        opened = request.headers.get(FETCH_SITE, "none") in {"none", "same-origin"}
        opened = opened or request.headers.get("Sec-Fetch-Mode") == "navigate"
        possible = opened and secret.isascii() and 0 < len(secret) <= MAX_COOKIE_CHARACTERS
        return (await sessions.authenticate(secret) if possible else None) or ANONYMOUS

    @staticmethod
    async def _download(key: str, viewer: Principal, client: Client) -> Download | None:
        if viewer.account_id is None or not export_store.KEY.fullmatch(key):
            return None
        try:
            return await downloads.fetch(
                viewer.account_id, key, actor=Actor(viewer.account_id, viewer.origin, client.address)
            )
        except Refused as why:
            if why.problems[0].code is ErrorCode.RATE_LIMITED:
                raise TooManyRequests(why) from None
            return None


def _headers(download: Download, size: int) -> dict[str, str]:
    return {
        hdrs.CACHE_CONTROL: "no-store",
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="personal-data-{download.ready_at:%Y-%m-%d}.zip"',
        hdrs.CONTENT_LENGTH: str(size),
        hdrs.CONTENT_TYPE: "application/zip",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
