"""
GraphiQL: the page for browsers at `/graphql`, and its files under `/graphiql/`.

The page has no inline script or style, so its Content-Security-Policy has no exception for them. The browser checks
SHA-384 hashes of its files, whether they come from this server (after the build step) or from a CDN.
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

from web.accept import accepted_by, quality
from web.graphiql_demo import ADDRESS as DEMO_PEOPLE
from web.graphiql_demo import DemoPeople
from web.graphiql_files import FILES, FOLDER, VendoredFile, missing

STATIC_FILES = Path(__file__).parent / "static" / "graphiql"
EXAMPLES = STATIC_FILES / "examples"  # one document per tab, ordered by file name; beside it its variables
OWN_DOCUMENTS = STATIC_FILES / "own"  # what the page itself sends, to sign people in and out
OWN_STYLES = ("graphiql.css",)
OWN_SCRIPTS = ("storage.js", "shared_link.js", "session.js", "sign_in.js", "graphiql.js")  # in loading order
CDN = "https://unpkg.com"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
IMMUTABLE = "public, max-age=31536000, immutable"
JSON_TYPES = ("application/graphql-response+json", "application/json")

# The only style element that GraphiQL creates: it locks scrolling behind a dialog. Its text never varies, because our page
# never scrolls.
SCROLL_LOCK = "sha256-nzTgYzXYDNe6BAHiiI7NNlfK8n/auuOAhh2t92YvuXo="

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")

log = structlog.get_logger()


@dataclass(frozen=True)
class Asset:
    """A file of the page: its path or its content, and a version that changes with the content."""

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
    """The page and its files, read once. `vendor` is the folder that the build step fills."""

    def __init__(self, vendor: Path = FOLDER) -> None:
        self.is_offline = not missing(vendor)
        own = [_own(name) for name in (*OWN_STYLES, *OWN_SCRIPTS, "icon.svg")]
        vendored = [_vendored(file, vendor) for file in FILES] if self.is_offline else []
        self.assets = {asset.name: asset for asset in (*own, _documents(), *vendored)}
        self._html = self._render_page()

    def _render_page(self) -> str:
        files = [(self._address(file), file) for file in FILES]
        return Template((STATIC_FILES / "index.html").read_text(encoding="utf-8")).substitute(
            demo=DEMO_PEOPLE,
            documents=self.assets["documents.json"].address,
            icon=self.assets["icon.svg"].address,
            scripts=_join(_OWN_SCRIPT.substitute(address=self.assets[name].address) for name in OWN_SCRIPTS),
            styles=_join(_OWN_STYLE.substitute(address=self.assets[name].address) for name in OWN_STYLES),
            vendored_scripts=_tags(_SCRIPT, ((address, file) for address, file in files if file.name.endswith(".js"))),
            vendored_styles=_tags(_STYLE, ((address, file) for address, file in files if file.name.endswith(".css"))),
        )

    def _address(self, file: VendoredFile) -> str:
        return self.assets[f"vendor/{file.name}"].address if self.is_offline else _on_cdn(file)

    def page(self, request: web.Request) -> web.Response:
        """The page; its headers allow its files and connections to this host, and nothing else."""
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
        """The Content-Security-Policy of the page; `host` is the request's Host header."""
        on_cdn = {
            suffix: [] if self.is_offline else [_on_cdn(file) for file in FILES if file.name.endswith(suffix)]
            for suffix in (".js", ".css")
        }
        # In some browsers 'self' does not cover this host's WebSocket.
        sockets = [f"ws://{host}", f"wss://{host}"] if _HOST.fullmatch(host) else []
        return "; ".join(
            (
                "default-src 'none'",
                " ".join(("script-src 'self'", *on_cdn[".js"])),
                " ".join((f"style-src 'self' '{SCROLL_LOCK}'", *on_cdn[".css"])),
                "img-src 'self' data:",
                "font-src 'self' data:",
                " ".join(("connect-src 'self'", *sockets)),
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        )

    async def file(self, request: web.Request) -> web.StreamResponse:
        """One of the page's files, cacheable forever if requested with its version; 404 for any other name."""
        asset = self.assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        headers = {
            hdrs.CACHE_CONTROL: IMMUTABLE if request.query.get("v") == asset.version else "no-cache",
            hdrs.CONTENT_TYPE: asset.content_type,
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if asset.path is None:
            return web.Response(body=asset.content, headers=headers)
        return web.FileResponse(asset.path, headers=headers)

    def warn_if_on_cdn(self) -> None:
        """Log that browsers load GraphiQL from a CDN, and the remedy."""
        if not self.is_offline:
            log.warning("graphiql.uses_cdn", cdn=CDN, reason="files missing", remedy="python -m web.graphiql_files")


GRAPHIQL = web.AppKey("graphiql", GraphiQL)


def install(app: web.Application, graphiql: GraphiQL | None = None) -> None:
    """Serve the page, its files and the demo's people in this application."""
    app[GRAPHIQL] = graphiql or GraphiQL()
    app.router.add_get(f"/{DEMO_PEOPLE}", DemoPeople().answer)
    app.router.add_get("/graphiql/{name:.+}", app[GRAPHIQL].file)
    app[GRAPHIQL].warn_if_on_cdn()


def page(request: web.Request) -> web.Response:
    """The response to a request that `wants_page`, in an application with GraphiQL installed."""
    return request.config_dict[GRAPHIQL].page(request)


def wants_page(request: web.Request) -> bool:
    """
    True for a browser: GET or HEAD without `query`, `extensions` and `documentId`, and HTML preferred to JSON.

    A client that names neither type (`Accept: */*`, or no Accept) is a program.
    """
    if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD} or request.query.keys() & {
        "query",
        "extensions",
        "documentId",
    }:
        return False
    accepted = accepted_by(request)
    html = quality("text/html", accepted)
    json = max(quality(media, accepted) for media in JSON_TYPES)
    return html > json or ("text/html" in accepted and html == json > 0)


def _own(name: str) -> Asset:
    return Asset(name, _version((STATIC_FILES / name).read_bytes()), path=STATIC_FILES / name)


def _documents() -> Asset:
    examples = [_tab(path) for path in sorted(EXAMPLES.glob("*.graphql"))]
    own = [path.read_text(encoding="utf-8") for path in sorted(OWN_DOCUMENTS.glob("*.graphql"))]
    content = orjson.dumps({"examples": examples, "own": {_operation_name(text): text for text in own}})
    return Asset("documents.json", _version(content), content=content)


def _tab(path: Path) -> dict[str, str]:
    variables = path.with_suffix(".json")
    return {"query": path.read_text(encoding="utf-8")} | (
        {"variables": variables.read_text(encoding="utf-8")} if variables.exists() else {}
    )


def _operation_name(document: str) -> str:
    return document.partition(" ")[2].partition(" ")[0].partition("(")[0]


def _vendored(file: VendoredFile, folder: Path) -> Asset:
    # The hash of a package file identifies its content.
    version = _version(file.sha384.encode())
    return Asset(f"vendor/{file.name}", version, path=folder / file.name)


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _on_cdn(file: VendoredFile) -> str:
    return f"{CDN}/{file.specifier}/{file.path}"


_SCRIPT = Template('<script defer crossorigin="anonymous" integrity="$integrity" src="$address"></script>')
_STYLE = Template('<link rel="stylesheet" crossorigin="anonymous" integrity="$integrity" href="$address" />')
_OWN_SCRIPT = Template('<script defer src="$address"></script>')
_OWN_STYLE = Template('<link rel="stylesheet" href="$address" />')


def _tags(tag: Template, used: Iterable[tuple[str, VendoredFile]]) -> str:
    return _join(tag.substitute(address=escape(address), integrity=file.integrity) for address, file in used)


def _join(tags: Iterable[str]) -> str:
    return "\n    ".join(tags)
