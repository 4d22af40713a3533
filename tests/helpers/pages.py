"""A person who opens the server's own pages and sends their forms, as a browser without scripts does."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient


class Shown(HTMLParser):
    """A page: its forms as (action, values), and all that it says."""

    def __init__(self, response: ClientResponse, html: str) -> None:
        super().__init__()
        self.response, self.html, self.status = response, html, response.status
        self.path = response.url.raw_path_qs
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        if tag == "form":
            assert given["method"] == "post"
            self.forms.append((given.get("action", self.path), {}))
        elif tag == "input" and given["type"] != "checkbox":
            self.forms[-1][1][given["name"]] = given.get("value", "")
        elif tag == "a":
            self.links.append(given["href"])

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


class Reader:
    """Opens pages and sends forms, with the cookies of one browser."""

    def __init__(self, http: "TestClient[Any, Any]", **headers: str) -> None:
        self.http, self.headers = http, headers

    async def open(self, url: str) -> Shown:
        """The page of a path, or of a link in a mail, which leads to the public address."""
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        response = await self.http.get(path, headers=self.headers)
        return Shown(response, await response.text())

    async def send(self, page: Shown, nth: int = 0, *, headers: dict[str, str] | None = None, **values: str) -> Shown:
        """The page after its nth form, filled in."""
        action, given = page.forms[nth]
        response = await self.http.post(action, data={**given, **values}, headers={**self.headers, **(headers or {})})
        return Shown(response, await response.text())
