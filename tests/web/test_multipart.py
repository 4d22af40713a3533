"""Forms with a file: what is read of them, and what of odd, huge, slow and foreign ones."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import orjson
import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer

from models.database import Database
from models.profiles import Profile
from server import make_app
from settings import Settings
from tests.helpers.factories import make_person
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session
from tests.helpers.uploads import PREFLIGHT, UPLOAD, form, picture, send
from web import multipart
from web.graphql_request import BadRequest
from web.multipart import Part, Uploads, parts_of

pytestmark = pytest.mark.sqlite_only

LIMIT = 4_000
BOUNDARY = b"xYzZY"
OPERATIONS = {"query": UPLOAD, "variables": {"input": {"image": None}}}


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    settings = dataclasses.replace(settings, max_upload=LIMIT, max_body=2_000, public_url="")
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        yield GraphQLClient(http)


@pytest.fixture
async def headers(database: Database) -> Headers:
    """Somebody signed in, whose page asked before it sent a form."""
    return {**PREFLIGHT, **await in_session(await make_person())}


def a_form(operations: Any, placed: Any, *files: tuple[str, bytes]) -> FormData:
    data = FormData(default_to_multipart=True)
    for name, value in (("operations", operations), ("map", placed)):
        if value is not None:
            data.add_field(name, value if isinstance(value, str) else json.dumps(value))
    for name, content in files:
        data.add_field(name, content, filename="me.png")
    return data


def raw(*parts: bytes, end: bytes = b"--") -> bytes:
    return b"".join(b"--" + BOUNDARY + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + BOUNDARY + end


def part(name: str, content: bytes, *, more: str = "") -> bytes:
    return f'Content-Disposition: form-data; name="{name}"{more}'.encode() + b"\r\n\r\n" + content


# What is read


async def test_a_file_reaches_the_mutation(client: GraphQLClient, headers: Headers) -> None:
    response = await send(client, picture(), headers=headers)
    assert response.status == 200
    assert (await response.json())["data"]["uploadAvatar"]["errors"] == []
    assert await Profile.filter(avatar__not_isnull=True).count() == 1


@pytest.mark.parametrize("name", ["GraphQL-Require-Preflight", "Apollo-Require-Preflight"])
async def test_either_header_says_that_the_browser_asked(client: GraphQLClient, headers: Headers, name: str) -> None:
    cookie = {"Cookie": headers["Cookie"]}
    response = await client.http.post("/graphql", data=form(picture()), headers={**cookie, name: "x"})
    assert response.status == 200


def test_parts_are_told_apart_whatever_is_in_them() -> None:
    content = b"\r\n--xYzZ\r\n\r\n--\r\n" + bytes(range(256))
    body = b"preamble\r\n" + raw(part("a", b"{}"), part("0", content, more='; filename="x; name=\\"y\\".png"'))
    found = parts_of(body + b"\r\nepilogue", BOUNDARY)
    assert found == [Part("a", None, b"{}"), Part("0", 'x; name=\\"y\\".png', content)]


# What is refused: who may not send one


async def test_a_form_that_a_foreign_page_could_send_is_not_read(client: GraphQLClient, headers: Headers) -> None:
    # given what a browser sends for a form on another page
    foreign = {"Cookie": headers["Cookie"], "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for sent in ({"Cookie": headers["Cookie"]}, foreign):
        # when
        response = await client.http.post("/graphql", data=form(picture()), headers=sent)
        # then
        assert (response.status, (await response.json())["errors"][0]["extensions"]["code"]) == (400, "BAD_INPUT")
    # when it says that it asked, although the browser would have been told no
    response = await client.http.post("/graphql", data=form(picture()), headers={**foreign, **PREFLIGHT})
    # then its cookie does not count
    assert (response.status, (await response.json())["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert await Profile.filter(avatar__not_isnull=True).count() == 0


async def test_nobodys_file_is_not_read(client: GraphQLClient) -> None:
    response = await send(client, picture())
    assert response.status == 401
    assert (await response.json())["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_a_preflight_is_told_of_the_header(client: GraphQLClient) -> None:
    from web.origins import HEADERS

    assert "graphql-require-preflight" in HEADERS and "apollo-require-preflight" in HEADERS


# ... and what is no such form

FILE = ("0", b"x")
ODD: dict[str, FormData] = {
    "no file": a_form(OPERATIONS, {"0": ["variables.input.image"]}),
    "no map": a_form(OPERATIONS, None, FILE),
    "no operations": a_form(None, {"0": ["variables.input.image"]}, FILE),
    "two files": a_form(OPERATIONS, {"0": ["variables.input.image"]}, FILE, ("1", b"y")),
    "a file that is not in the map": a_form(OPERATIONS, {"1": ["variables.input.image"]}, FILE),
    "a map of two": a_form(OPERATIONS, {"0": ["variables.input.image"], "1": ["variables.x"]}, FILE),
    "an empty map": a_form(OPERATIONS, {}, FILE),
    "a file without a place": a_form(OPERATIONS, {"0": []}, FILE),
    "a file in two places": a_form(OPERATIONS, {"0": ["variables.input.image"] * 2}, FILE),
    "a map of text": a_form(OPERATIONS, {"0": "variables.input.image"}, FILE),
    "a map of numbers": a_form(OPERATIONS, {"0": [1]}, FILE),
    "a map that is a list": a_form(OPERATIONS, [["0"]], FILE),
    "a map that is no JSON": a_form(OPERATIONS, "{", FILE),
    "operations that are no JSON": a_form("\ud7ff{", {"0": ["variables.input.image"]}, FILE),
    "a batch": a_form([OPERATIONS], {"0": ["0.variables.input.image"]}, FILE),
    "a place elsewhere": a_form(OPERATIONS, {"0": ["query"]}, FILE),
    "a place that is the variables": a_form(OPERATIONS, {"0": ["variables"]}, FILE),
    "a place that is not there": a_form(OPERATIONS, {"0": ["variables.input.picture"]}, FILE),
    "a place that is not null": a_form({**OPERATIONS, "variables": {"input": {"image": 1}}}, {"0": ["variables.input.image"]}, FILE),
    "a place inside of text": a_form({**OPERATIONS, "variables": {"input": "x"}}, {"0": ["variables.input.image"]}, FILE),
    "a place inside of a list": a_form({**OPERATIONS, "variables": {"input": [None]}}, {"0": ["variables.input.0"]}, FILE),
    "a place without variables": a_form({"query": UPLOAD}, {"0": ["variables.input.image"]}, FILE),
    "a place far down": a_form(OPERATIONS, {"0": ["variables.a.b.c.d.e"]}, FILE),
    "a place of nothing": a_form(OPERATIONS, {"0": ["variables."]}, FILE),
    "no document": a_form({"variables": {"input": {"image": None}}}, {"0": ["variables.input.image"]}, FILE),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
async def test_odd_forms_are_bad_requests(client: GraphQLClient, headers: Headers, name: str) -> None:
    response = await client.http.post("/graphql", data=ODD[name], headers=headers)
    body = await response.json()
    assert (response.status, body["errors"][0]["extensions"]["code"]) == (400, "BAD_INPUT"), body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--",
        b"no form",
        raw(part("a", b"x"), end=b""),
        raw(part("a", b"x"))[:-4],
        raw(*(part(str(n), b"x") for n in range(4))),
        raw(b"no headers"),
        raw(b"Content-Disposition: form-data\r\n\r\nx"),
        raw(b'Content-Disposition: attachment; name="a"\r\n\r\nx'),
        raw(b'Content-Disposition: form-data; name="a\r\n\r\nx'),
        raw(b"X: " + b"y" * 2_000 + b"\r\n\r\nx"),
        raw(part("a", b"x").replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n")),
        raw(part("a", b"x").replace(b"\r\n\r\n", b'\r\nContent-Disposition: form-data; name="b"\r\n\r\n')),
        b"--xYzZYjunk\r\n" + part("a", b"x") + b"\r\n--xYzZY--",
    ],
    ids=range(14),
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        parts_of(body, BOUNDARY)
    assert refused.value.status == 400


def test_thousands_of_parts_cost_nothing() -> None:
    import time

    body = raw(*(part("a", b"") for _ in range(20_000)))
    begun = time.perf_counter()
    with pytest.raises(BadRequest):
        parts_of(body, BOUNDARY)
    assert time.perf_counter() - begun < 0.05


@pytest.mark.parametrize("boundary", ["", "; boundary=", '; boundary="a\u00e4"', f"; boundary={'x' * 71}"])
async def test_a_form_names_its_boundary(client: GraphQLClient, headers: Headers, boundary: str) -> None:
    sent = {**headers, "Content-Type": f"multipart/form-data{boundary}"}
    response = await client.http.post("/graphql", data=b"--x--", headers=sent)
    assert response.status == 400


async def test_other_forms_are_no_requests(client: GraphQLClient, headers: Headers) -> None:
    for kind in ("multipart/mixed; boundary=x", "application/x-www-form-urlencoded", "multipart/related; boundary=x"):
        response = await client.http.post("/graphql", data=b"--x--", headers={**headers, "Content-Type": kind})
        assert response.status == 415


# Limits


@pytest.mark.parametrize("length", [True, False], ids=["announced", "in chunks"])
@pytest.mark.parametrize("size", [LIMIT + 1, 300_000])
async def test_a_file_has_a_limit(client: GraphQLClient, headers: Headers, size: int, length: bool) -> None:
    data = form(b"x" * size)
    if length:
        response = await client.http.post("/graphql", data=data, headers=headers)
    else:
        writer = data()
        sent = {**headers, "Content-Type": writer.headers["Content-Type"]}
        content = await as_bytes(writer)

        async def chunks() -> AsyncIterator[bytes]:
            for at in range(0, len(content), 1_000):
                yield content[at : at + 1_000]

        response = await client.http.post("/graphql", data=chunks(), headers=sent)
    assert response.status == 413
    assert await Profile.filter(avatar__not_isnull=True).count() == 0


async def as_bytes(payload: Any) -> bytes:
    class Writer:
        def __init__(self) -> None:
            self.content = bytearray()

        async def write(self, chunk: bytes, *_: Any, **__: Any) -> None:
            self.content += chunk

    writer = Writer()
    await payload.write(writer)
    return bytes(writer.content)


async def test_the_other_parts_have_the_limit_of_any_request(client: GraphQLClient, headers: Headers) -> None:
    document = UPLOAD + "#" + "x" * 2_500
    response = await client.http.post("/graphql", data=form(b"x", document), headers=headers)
    assert response.status == 413


async def test_a_form_that_comes_too_slowly_ends(
    client: GraphQLClient, headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    [uploads] = {each for each in held(client) if isinstance(each, Uploads)}
    monkeypatch.setattr(uploads, "_seconds", 0.2)
    stop = asyncio.Event()

    async def drip() -> AsyncIterator[bytes]:
        yield b"--x\r\n"
        await asyncio.wait_for(stop.wait(), 5)

    # when
    sent = {**headers, "Content-Type": "multipart/form-data; boundary=x"}
    response = await client.http.post("/graphql", data=drip(), headers=sent)
    # then
    assert response.status == 408
    stop.set()


def held(client: GraphQLClient) -> list[Any]:
    """What the objects that answer requests are made of."""
    app = client.http.app
    assert app is not None
    endpoints = [route.handler.__self__ for route in app.router.routes() if hasattr(route.handler, "__self__")]
    return [value for each in endpoints for value in vars(each).values()]


async def test_one_account_sends_four_at_a_time(settings: Settings) -> None:
    uploads = Uploads(settings)
    with ExitStack() as four:
        for _ in range(multipart.MAX_UPLOADS_PER_ACCOUNT):
            four.enter_context(uploads._counted(1))
        with pytest.raises(BadRequest) as refused, uploads._counted(1):
            pass
        assert refused.value.status == 429
        with uploads._counted(2):
            pass
    with uploads._counted(1):
        pass
    assert not +uploads._uploads_of


# A file is nothing that can be written down


async def test_a_file_comes_in_a_form_alone(client: GraphQLClient, headers: Headers) -> None:
    for value in ('"x"', "null", "{content: 1}", "1"):
        document = f"mutation {{ uploadAvatar(input: {{image: {value}}}) {{ errors {{ code }} }} }}"
        body = orjson.loads(await (await client.post(document, headers=headers)).read())
        assert body.get("data") is None and body["errors"], value
    for given in (None, "x", {"content": "x"}, ["x"]):
        body = orjson.loads(await (await client.post(UPLOAD, headers=headers, input={"image": given})).read())
        assert body.get("data") is None and body["errors"], given
    assert await Profile.filter(avatar__not_isnull=True).count() == 0


async def test_a_file_in_the_place_of_something_else_is_refused(client: GraphQLClient, headers: Headers) -> None:
    document = "mutation M($input: UpdateProfileInput!) { updateProfile(input: $input) { errors { code } } }"
    operations = {"query": document, "variables": {"input": {"about": None}}}
    response = await client.http.post(
        "/graphql", data=a_form(operations, {"0": ["variables.input.about"]}, FILE), headers=headers
    )
    assert (await response.json())["errors"]
    assert await Profile.filter(about="").count() == 1
