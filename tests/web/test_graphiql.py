"""GraphiQL: who gets the page, what its headers allow, and which files come with it."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest
from aiohttp import hdrs, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from graphql import OperationDefinitionNode, parse
from structlog.testing import capture_logs
from yarl import URL

from settings import HERE
from web import graphiql
from web.graphiql_files import FILES, FOLDER, missing

BROWSERS_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
CDN_FILES = [f"https://unpkg.com/{file.specifier}/{file.path}" for file in FILES]

FILES_ARE_MISSING = "needs GraphiQL's files: python -m web.graphiql_files"

Client = TestClient[web.Request, web.Application]


async def answer(request: web.Request) -> web.Response:
    assert graphiql.wants_page(request)
    return graphiql.page(request)


def an_app(vendor: Path = FOLDER) -> web.Application:
    app = web.Application()
    graphiql.install(app, graphiql.GraphiQL(vendor))
    app.router.add_route("*", "/graphql", answer)
    return app


@pytest.fixture(params=["offline", "online"])
async def client(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Client]:
    """A client of both servers in turn: with the files from the build step, and without."""
    if request.param == "offline" and missing():
        pytest.skip(FILES_ARE_MISSING)
    vendor = FOLDER if request.param == "offline" else tmp_path
    async with TestClient(TestServer(an_app(vendor))) as client:
        yield client


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and whatever text stands in scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem and data.strip():
            self.inline.append(data)

    def loaded(self) -> list[dict[str, str | None]]:
        """The attributes of the tags that load scripts and styles."""
        return [
            attributes
            for tag, attributes in self.found
            if tag == "script" or (tag == "link" and attributes.get("rel") == "stylesheet")
        ]


async def the_page(client: Client) -> tuple[Tags, dict[str, list[str]]]:
    """The page's tags, and its policy: directive to sources."""
    async with client.get("/graphql", headers={hdrs.ACCEPT: BROWSERS_ACCEPT}) as response:
        assert response.status == 200
        policy = response.headers["Content-Security-Policy"]
        directives = {name: sources for name, *sources in (each.split() for each in policy.split(";"))}
        return Tags(await response.text()), directives


# --- Who gets the page


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (BROWSERS_ACCEPT, True),
        ("text/html", True),
        ("TEXT/HTML;Level=1", True),
        ("text/*", True),
        ("text/html, application/json", True),
        ("text/html;q=0.5, application/json;q=0.4", True),
        ("application/json;q=0, application/graphql-response+json;q=0, */*", True),
        ("application/json, text/html;q=0.9", False),
        ("application/graphql-response+json, text/html;q=0.9", False),
        ("text/html;q=0, */*", False),
        ("text/html;q=0", False),
        ("text/html;q=nan", False),
        ("application/json;q=0, */*", False),
        ("*/*", False),
        ("application/json", False),
        ("text/plain", False),
        ("garbage;;;q=,", False),
        (None, False),
    ],
)
def test_whoever_prefers_html_gets_the_page(accept: str | None, wanted: bool) -> None:
    headers = {} if accept is None else {hdrs.ACCEPT: accept}
    assert graphiql.wants_page(make_mocked_request("GET", "/graphql", headers=headers)) is wanted


@pytest.mark.parametrize(
    ("method", "target", "wanted"),
    [
        ("GET", "/graphql", True),
        ("HEAD", "/graphql", True),
        ("GET", "/graphql?utm=1", True),
        ("GET", "/graphql?query=", False),
        ("GET", "/graphql?query=%7Ba%7D", False),
        ("POST", "/graphql", False),
    ],
)
def test_a_request_to_answer_is_no_request_for_the_page(method: str, target: str, wanted: bool) -> None:
    request = make_mocked_request(method, target, headers={hdrs.ACCEPT: BROWSERS_ACCEPT})
    assert graphiql.wants_page(request) is wanted


# --- What the page is and allows


async def test_nothing_in_the_page_is_inline(client: Client) -> None:
    tags, _ = await the_page(client)
    assert tags.inline == []
    assert not [tag for tag, _ in tags.found if tag == "style"]
    assert not [name for _, attributes in tags.found for name in attributes if name == "style" or name.startswith("on")]
    assert all("src" in attributes for tag, attributes in tags.found if tag == "script")


async def test_the_policy_allows_this_host_and_no_inline_script(client: Client) -> None:
    _, policy = await the_page(client)
    host = f"{client.host}:{client.port}"
    assert policy["default-src"] == policy["base-uri"] == ["'none'"]
    assert policy["form-action"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["connect-src"] == ["'self'", f"ws://{host}", f"wss://{host}"]
    assert policy["img-src"] == policy["font-src"] == ["'self'", "data:"]
    assert not [source for sources in policy.values() for source in sources if source.startswith("'unsafe")]


async def test_the_page_is_not_kept_framed_or_guessed(client: Client) -> None:
    async with client.get("/graphql", headers={hdrs.ACCEPT: BROWSERS_ACCEPT}) as response:
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.headers["Vary"] == "Accept"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("host", ["evil.example; script-src *", "a b", "", "[::1", "host:port"])
def test_a_strange_host_does_not_reach_the_policy(tmp_path: Path, host: str) -> None:
    policy = graphiql.GraphiQL(tmp_path).policy(host)
    assert "connect-src 'self'; " in policy


async def test_every_file_the_page_names_is_there_typed_and_kept_for_good(client: Client) -> None:
    tags, _ = await the_page(client)
    own = [attributes.get("src") or attributes.get("href") for attributes in tags.loaded()]
    own += [attributes["data-documents"] for _, attributes in tags.found if "data-documents" in attributes]
    own += [attributes["href"] for _, attributes in tags.found if attributes.get("rel") == "icon"]
    here = [address for address in own if address and not address.startswith("https://unpkg.com/")]
    page_files = [*graphiql.OWN_STYLES, *graphiql.OWN_SCRIPTS, "documents.json", "icon.svg"]
    assert len(here) in {len(page_files), len(page_files) + len(FILES)}
    for address in here:
        async with client.get(f"/{address}") as response:
            assert response.status == 200, address
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            kind = graphiql.TYPES[Path(address.partition("?")[0]).suffix]
            assert response.headers["Content-Type"] == kind


@pytest.mark.parametrize("version", ["", "?v=", "?v=000000000000"])
async def test_a_file_asked_for_by_no_or_another_version_is_checked_each_time(client: Client, version: str) -> None:
    async with client.get(f"/graphiql/graphiql.js{version}") as response:
        assert response.headers["Cache-Control"] == "no-cache"
        tag = response.headers["ETag"]
    async with client.get(f"/graphiql/graphiql.js{version}", headers={hdrs.IF_NONE_MATCH: tag}) as response:
        assert response.status == 304


@pytest.mark.parametrize(
    "path",
    [
        "../graphiql.py",
        "%2e%2e/graphiql.py",
        "..%2fgraphiql.py",
        "vendor/..%2f..%2fgraphiql.py",
        "%2fetc%2fpasswd",
        "index.html",
        "examples/1-forum-board.graphql",
        "own/sign-in.graphql",
        "graphiql.js%00",
        "vendor/graphiql.js.gz",
    ],
)
async def test_only_the_files_of_the_page_are_served(client: Client, path: str) -> None:
    async with client.get(URL(f"/graphiql/{path}", encoded=True)) as response:
        assert response.status == 404


async def test_without_the_files_the_page_takes_them_from_the_cdn_held_to_their_hashes(tmp_path: Path) -> None:
    # given
    async with TestClient(TestServer(an_app(tmp_path))) as client:
        # when
        tags, policy = await the_page(client)
    # then
    foreign = {
        attributes.get("src") or attributes.get("href"): attributes
        for attributes in tags.loaded()
        if "integrity" in attributes
    }
    assert sorted(filter(None, foreign)) == sorted(CDN_FILES)
    assert {attributes["integrity"] for attributes in foreign.values()} == {file.integrity for file in FILES}
    assert {attributes["crossorigin"] for attributes in foreign.values()} == {"anonymous"}
    allowed = [source for sources in policy.values() for source in sources if source.startswith("https:")]
    assert sorted(allowed) == sorted(CDN_FILES)


async def test_with_the_files_nothing_comes_from_anywhere_else() -> None:
    # given
    if missing():
        pytest.skip(FILES_ARE_MISSING)
    async with TestClient(TestServer(an_app())) as client:
        # when
        tags, policy = await the_page(client)
    # then
    assert "//" not in "".join(f"{attributes}" for attributes in tags.loaded())
    assert policy["script-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'", f"'{graphiql.SCROLL_LOCK}'"]


def test_the_log_says_when_browsers_are_sent_to_the_cdn(tmp_path: Path) -> None:
    with capture_logs() as said:
        graphiql.GraphiQL(tmp_path).warn_if_on_cdn()
    assert [(entry["event"], entry["log_level"]) for entry in said] == [("graphiql.uses_cdn", "warning")]


# --- The examples


@pytest.mark.parametrize("path", sorted(graphiql.EXAMPLES.glob("*.graphql")), ids=lambda path: path.stem)
def test_an_example_has_named_operations_after_three_lines_that_fit_the_editor(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    introduction = [line for line in text.splitlines() if line.startswith("#")]
    assert text.splitlines()[:4] == [*introduction, ""]
    assert len(introduction) == 3
    assert max(len(line) for line in introduction) <= 46, "the editor is no wider"
    operation, *others = parse(text).definitions
    # GraphiQL takes the name of the first operation as the title of the tab.
    assert isinstance(operation, OperationDefinitionNode) and operation.name is not None
    assert all(isinstance(each, OperationDefinitionNode) and each.name for each in others)
    title = "".join(each.title() for each in path.stem.split("-")[1:])
    assert operation.name.value == title


def test_no_example_has_the_name_of_another_document_that_client_tools_check() -> None:
    documents = [*graphiql.EXAMPLES.glob("*.graphql"), *(HERE / "clients" / "check" / "documents").glob("*.graphql")]
    names = Counter(
        definition.name.value
        for path in documents
        for definition in parse(path.read_text(encoding="utf-8")).definitions
        if isinstance(definition, OperationDefinitionNode) and definition.name
    )
    assert [name for name, count in names.items() if count > 1] == []


async def test_the_tabs_come_in_the_order_of_the_files(client: Client) -> None:
    async with client.get("/graphiql/documents.json") as response:
        tabs = (await response.json())["examples"]
    queries = [tab["query"] for tab in tabs]
    assert [sorted(orjson.loads(tab["variables"])) for tab in tabs if "variables" in tab] == [
        ["addressId", "code", "email", "mergeId", "previewHash"]
    ]
    names = [re.search(r"^(\w+ \w+)", query, re.MULTILINE) for query in queries]
    assert [name and name[1] for name in names] == [
        "query ForumBoard",
        "query ProfilePage",
        "query FindPeople",
        "subscription LiveBoard",
        "mutation UpdateMyProfile",
        "mutation StartMerge",
    ]


async def test_the_page_gets_its_own_documents_by_the_names_of_their_operations(client: Client) -> None:
    async with client.get("/graphiql/documents.json") as response:
        own = (await response.json())["own"]
    assert sorted(own) == [
        "CompleteSignIn",
        "ElevateSession",
        "ElevationProofs",
        "SendElevationCode",
        "SignIn",
        "SignOut",
        "WhoIsSignedIn",
    ]
    for name, document in own.items():
        [operation] = parse(document).definitions
        assert isinstance(operation, OperationDefinitionNode) and operation.name is not None
        assert operation.name.value == name
