"""
GraphiQL, the page a browser gets at `/graphql`, and its files under `/graphiql/`.

The page has no inline script or style, so its Content-Security-Policy needs no exception for either. What it loads is held
to SHA-384 hashes by the browser, whether it comes from here (the build step has run) or from a CDN.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

import orjson
import structlog
from aiohttp import hdrs, web

from web.accept import quality, wishes_of
from web.graphiql_files import FILES, FOLDER, VendoredFile, missing

STATIC_FILES = Path(__file__).parent / "static" / "graphiql"
EXAMPLES = STATIC_FILES / "examples"  # one document a tab, in the order of their names
CDN = "https://unpkg.com"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
FOREVER = "public, max-age=31536000, immutable"
JSON_ANSWERS = ("application/graphql-response+json", "application/json")

# The one style element GraphiQL makes: it locks scrolling behind a dialog. Our page never scrolls, so its text never varies.
SCROLL_LOCK = "sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc="

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")

log = structlog.get_logger()


@dataclass(frozen=True)
class Asset:
    """A file the page loads from here: where it lies or what it holds, and a word that changes whenever its content does."""

    name: str
    version: str
    path: Path | None = None
    content: bytes = b""

    @property
    def address(self) -> str:
        # Relative to /graphql, so that the page also works below a proxy's path.
        return f"graphiql/{self.name}?v={self.version}"

    @property
    def content_type(self) -> str:
        return TYPES[Path(self.name).suffix]


class GraphiQL:
    """The page and its files, read once. `vendor` is the folder the build step fills."""

    def __init__(self, vendor: Path = FOLDER) -> None:
        self.is_offline = not missing(vendor)
        own = [_own(name) for name in ("graphiql.css", "graphiql.js", "icon.svg")]
        vendored = [_vendored(file, vendor) for file in FILES] if self.is_offline else []
        self.assets = {asset.name: asset for asset in (*own, _examples(), *vendored)}
        self._html = self._filled_in()

    def _filled_in(self) -> str:
        used = [(self._address(file), file) for file in FILES]
        return Template((STATIC_FILES / "index.html").read_text(encoding="utf-8")).substitute(
            examples=self.assets["examples.json"].address,
            icon=self.assets["icon.svg"].address,
            script=self.assets["graphiql.js"].address,
            style=self.assets["graphiql.css"].address,
            vendored_scripts=_lines(_SCRIPT, ((address, file) for address, file in used if file.name.endswith(".js"))),
            vendored_styles=_lines(_STYLE, ((address, file) for address, file in used if file.name.endswith(".css"))),
        )

    def _address(self, file: VendoredFile) -> str:
        return self.assets[f"vendor/{file.name}"].address if self.is_offline else _on_cdn(file)

    def page(self, request: web.Request) -> web.Response:
        """The page itself; its headers allow the files it names, connections to this host, and nothing else."""
        headers = {
            hdrs.CACHE_CONTROL: "no-cache",
            hdrs.VARY: "Accept",
            "Content-Security-Policy": self.policy(request.headers.get(hdrs.HOST, "")),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
        return web.Response(text=self._html, content_type="text/html", charset="utf-8", headers=headers)

    def policy(self, host: str) -> str:
        """The Content-Security-Policy for a page that was asked of `host`, the request's own word."""
        elsewhere = {
            suffix: [] if self.is_offline else [_on_cdn(file) for file in FILES if file.name.endswith(suffix)]
            for suffix in (".js", ".css")
        }
        # Not every browser takes 'self' to mean this host's WebSocket too.
        sockets = [f"ws://{host}", f"wss://{host}"] if _HOST.fullmatch(host) else []
        return "; ".join(
            (
                "default-src 'none'",
                " ".join(("script-src 'self'", *elsewhere[".js"])),
                " ".join((f"style-src 'self' '{SCROLL_LOCK}'", *elsewhere[".css"])),
                "img-src 'self' data:",
                "font-src 'self' data:",
                " ".join(("connect-src 'self'", *sockets)),
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        )

    async def file(self, request: web.Request) -> web.StreamResponse:
        """One of the page's files, kept by browsers for good when asked for by its version; 404 for any other name."""
        asset = self.assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        headers = {
            hdrs.CACHE_CONTROL: FOREVER if request.query.get("v") == asset.version else "no-cache",
            hdrs.CONTENT_TYPE: asset.content_type,
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if asset.path is None:
            return web.Response(body=asset.content, headers=headers)
        return web.FileResponse(asset.path, headers=headers)

    def warn_if_online(self) -> None:
        """Say in the log that browsers will be sent to a CDN, and what would change that."""
        if not self.is_offline:
            log.warning("graphiql_online", cdn=CDN, reason="files missing", remedy="python -m web.graphiql_files")


GRAPHIQL = web.AppKey("graphiql", GraphiQL)


def install(app: web.Application, graphiql: GraphiQL | None = None) -> None:
    """Serve the page's files from this application and let `page` answer its requests."""
    app[GRAPHIQL] = graphiql or GraphiQL()
    app.router.add_get("/graphiql/{name:.+}", app[GRAPHIQL].file)
    app[GRAPHIQL].warn_if_online()


def page(request: web.Request) -> web.Response:
    """The answer to a request that `wants_page`, in an application with GraphiQL installed."""
    return request.config_dict[GRAPHIQL].page(request)


def wants_page(request: web.Request) -> bool:
    """
    True for a browser that was pointed here: GET or HEAD, no `query` to answer, and HTML preferred to JSON.

    A client that names neither (`Accept: */*`, or none at all) is a program and not a browser.
    """
    if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD} or "query" in request.query:
        return False
    wishes = wishes_of(request)
    html = quality("text/html", wishes)
    json = max(quality(answer, wishes) for answer in JSON_ANSWERS)
    return html > json or ("text/html" in wishes and html == json > 0)


def _own(name: str) -> Asset:
    return Asset(name, _version((STATIC_FILES / name).read_bytes()), path=STATIC_FILES / name)


def _examples() -> Asset:
    documents = [{"query": path.read_text(encoding="utf-8")} for path in sorted(EXAMPLES.glob("*.graphql"))]
    content = orjson.dumps(documents)
    return Asset("examples.json", _version(content), content=content)


def _vendored(file: VendoredFile, folder: Path) -> Asset:
    # Its content is known to be what the hash says, and the hash of one package file is new with every version.
    version = _version(file.sha384.encode())
    return Asset(f"vendor/{file.name}", version, path=folder / file.name)


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _on_cdn(file: VendoredFile) -> str:
    return f"{CDN}/{file.specifier}/{file.path}"


_SCRIPT = Template('<script defer crossorigin="anonymous" integrity="$integrity" src="$address"></script>')
_STYLE = Template('<link rel="stylesheet" crossorigin="anonymous" integrity="$integrity" href="$address" />')


def _lines(tag: Template, used: Iterable[tuple[str, VendoredFile]]) -> str:
    return "\n    ".join(tag.substitute(address=escape(address), integrity=file.integrity) for address, file in used)
