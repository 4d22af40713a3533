"""
The page of a badge's recipient, whose URL credentials contain: HTML, or an Open Badges 3.0 profile as JSON.

It has only what everyone may read in the graph: name, picture, job title, points and the newest badges. A hidden profile is a 404, like an
unknown one.
"""

from html import escape
from pathlib import Path
from string import Template
from typing import Final

import orjson
from aiohttp import hdrs, web

from catalogue.languages import ENGLISH, Text, current_language, format_value, translate, using_language
from services.auth.principals import ANONYMOUS
from services.profiles import badge_recipients
from services.profiles.badge_recipients import Recipient
from settings import Settings
from web.accept import best_of
from web.client import client_of, trusted_of
from web.plain_pages import headers_with_images
from web.request_limits import RequestLimit

FILES: Final = Path(__file__).parent / "static" / "open_badges"
PAGE: Final = Template((FILES / "recipient.html").read_text("utf-8"))
STYLE: Final = (FILES / "credential.css").read_text("utf-8")
JSON: Final = ("application/ld+json", "application/json")
HEADERS: Final[dict[str, str]] = {
    hdrs.CACHE_CONTROL: "no-cache",
    hdrs.VARY: f"{hdrs.ACCEPT}, {hdrs.ACCEPT_LANGUAGE}",
}
"""Revalidated each time: a profile that hides is gone at once."""


class Recipients:
    """Answers the URLs of recipients."""

    def __init__(self, settings: Settings) -> None:
        """Raise BadSetting for proxies that cannot be used."""
        self._anonymous = settings.anonymous == "read"
        self._trusted, self._limit = trusted_of(settings), RequestLimit(settings)

    async def page(self, request: web.Request) -> web.Response:
        """The page of a listed profile, or its JSON; 404 if there is none."""
        client = client_of(request, self._trusted)
        await self._limit.admit(ANONYMOUS, client)
        found = await badge_recipients.by_handle(request.match_info["handle"]) if self._anonymous else None
        if found is None:
            return web.Response(status=404, headers=HEADERS)
        if found.handle != request.match_info["handle"].lower():  # an earlier handle; it may change again
            return web.Response(status=302, headers=HEADERS | {hdrs.LOCATION: found.address})
        media = best_of(request, ("text/html", *JSON))
        if media in JSON:
            return web.Response(body=orjson.dumps(found.document()), headers=HEADERS | {hdrs.CONTENT_TYPE: media})
        with using_language(client.language or ENGLISH):
            return web.Response(
                text=_page(found),
                content_type="text/html",
                charset="utf-8",
                headers={**HEADERS, **headers_with_images(STYLE), hdrs.CONTENT_LANGUAGE: current_language()},
            )


def install(app: web.Application, settings: Settings) -> None:
    """Serve the pages in this application. Raises BadSetting."""
    app.router.add_get("/profiles/{handle}", Recipients(settings).page)


def _page(recipient: Recipient) -> str:
    badges = "".join(
        f'<li><a href="{escape(each.credential)}"><img src="{escape(each.image)}" alt="" width="64" height="64">'
        f" {escape(translate(each.name))}</a></li>"
        for each in recipient.badges
    )
    key = escape(recipient.avatar)
    picture = f'<p><img src="/avatars/{key}/256.webp" alt="" width="160" height="160"></p>' if key else ""
    texts = {
        "name": recipient.name,
        "job_title": recipient.job_title,
        "points_label": translate(Text("Points")),
        "points": format_value(recipient.points, current_language()),
        "badges_label": translate(Text("Newest badges")),
    }
    return PAGE.substitute(
        {name: escape(text) for name, text in texts.items()},
        badges=badges,
        language=current_language(),
        picture=picture,
        style=STYLE,
    )
