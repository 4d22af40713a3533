"""Bodies that are compressed bombs, are not what they say, never end, or are no request at all."""

import asyncio
import gzip
import logging
import time
import zlib
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.helpers.factories import make_person
from tests.helpers.people import in_session
from tests.helpers.servers import Server
from web import bodies, multipart

pytestmark = pytest.mark.sqlite_only

QUERY = b'{"query": "{ levels { number } }"}'
PACKED = gzip.compress(QUERY, mtime=0)  # the same in every test process: names of tests are made of it
JSON = "application/json"


@pytest.fixture
def bomb() -> bytes:
    """50 MB of JSON in 48 kB."""
    return gzip.compress(b'{"query": "' + b" " * 50_000_000 + b'"}', 9)


@pytest.fixture(autouse=True)
def _no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a client sends is an error of ours."""
    yield
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
    assert not errors, [record.getMessage() for record in errors]


async def longest_pause(work: "asyncio.Future[Any]") -> float:
    """The longest time for which the event loop was held while something was under way, in seconds."""
    longest = 0.0
    while not work.done():
        begun = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - begun)
    await work
    return longest


@pytest.mark.parametrize("path", ["/graphql", "/healthz", "/readyz", "/", "/nowhere", "/avatars/x/64.webp", "/issuer"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_bomb_is_never_inflated(server: Server, bomb: bytes, path: str, encoding: str, monkeypatch) -> None:
    inflated = 0
    make = zlib.decompressobj

    class Counting:
        def __init__(self, *arguments, **more) -> None:
            self._inner = make(*arguments, **more)

        def decompress(self, *arguments) -> bytes:
            nonlocal inflated
            found = self._inner.decompress(*arguments)
            inflated += len(found)
            return found

        def __getattr__(self, name: str):
            return getattr(self._inner, name)

    monkeypatch.setattr(zlib, "decompressobj", Counting)
    answer = await server.post(
        bomb if encoding == "gzip" else zlib.compress(b" " * 50_000_000), f"Content-Encoding: {encoding}\r\n", path
    )
    assert (answer.status, answer.code) == ((413 if path == "/graphql" else 415), "BAD_INPUT")
    assert answer.headers["connection"] == "close"
    assert inflated <= 256 * 1024 + 1
    await server.is_well()


@pytest.mark.parametrize("path", ["/graphql", "/healthz"])
async def test_a_large_compressed_body_does_not_hold_the_loop(server: Server, path: str) -> None:
    large = gzip.compress(b"\0" * 1_000_000, 9) * 400  # 4 hundred members, 0.4 MB, 400 MB inflated
    asked = asyncio.ensure_future(server.post(large, "Content-Encoding: gzip\r\n", path))
    assert await longest_pause(asked) < 1.0  # it was 10 s; a busy machine pauses by itself
    assert asked.result().status in {413, 415}


async def test_a_compressed_request_is_answered(server: Server) -> None:
    raw = zlib.compressobj(wbits=-15)
    for encoding, body in {
        "gzip": PACKED,
        "GZIP": PACKED,
        "x-gzip": PACKED,
        "deflate": zlib.compress(QUERY),
        "Deflate": raw.compress(QUERY) + raw.flush(),
        "identity": QUERY,
    }.items():
        answer = await server.post(body, f"Content-Encoding: {encoding}\r\n")
        assert (answer.status, "errors" in orjson.loads(answer.body)) == (200, False), encoding


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", QUERY, 400),
        ("deflate", QUERY, 400),
        ("gzip", b"", 400),
        ("gzip", PACKED[:-5], 400),
        ("gzip", PACKED + b"more", 400),
        ("deflate", zlib.compress(QUERY)[:-5], 400),
        ("gzip", zlib.compress(QUERY), 400),
        ("br", QUERY, 415),
        ("zstd", QUERY, 415),
        ("gzip, gzip", gzip.compress(PACKED, mtime=0), 415),
        ("nonsense", QUERY, 415),
    ],
)
async def test_what_is_not_what_it_says_is_refused_as_json(
    server: Server, encoding: str, body: bytes, status: int
) -> None:
    answer = await server.post(body, f"Content-Encoding: {encoding}\r\n")
    assert (answer.status, answer.code) == (status, "BAD_INPUT")
    assert b"rotli" not in answer.body and b"backports" not in answer.body


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"null", 400), (b"5", 400), (b'"x"', 400), (b"{", 400), (b"\xff\xfe", 400), (b"[" * 100_000, 400),
        (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, 400), (b'{"query": 5}', 400), (b'{"query": "{"}', 200),
        (b'{"query": "{ levels { number } }", "variables": ' + b"[" * 1_000 + b"]" * 1_000 + b"}", 400),
        (b'{"query": "{ levels { number } }", "variables": {"x": ' + b"9" * 5_000 + b"}}", 400),
        (b'{"query": "' + b"x" * 300_000 + b'"}', 413),
    ],
)  # fmt: skip
async def test_no_body_is_an_error_of_ours(server: Server, body: bytes, status: int) -> None:
    answer = await server.post(body)
    assert answer.status == status and answer.code
    await server.is_well()


async def test_a_batch_is_refused_by_name(server: Server) -> None:
    answer = await server.post(b"[" + QUERY + b"]")
    assert (answer.status, answer.code) == (400, "BAD_INPUT")
    assert b"Batches" in answer.body


@pytest.mark.parametrize("kind", ["gzip", "br"])
async def test_an_upload_is_sent_as_it_is(server: Server, kind: str) -> None:
    session = await in_session(await make_person())
    headers = f"Content-Encoding: {kind}\r\nCookie: {session['Cookie']}\r\nGraphQL-Require-Preflight: 1\r\n"
    answer = await server.post(gzip.compress(b"x"), headers, kind="multipart/form-data; boundary=x")
    assert (answer.status, answer.code) == (415, "BAD_INPUT")


# Slow and broken off


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
async def test_a_body_that_never_ends_is_given_up(
    server: Server, framing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.3)
    async with server.connect() as connection:
        await connection.send(
            f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\n{framing}\r\n\r\n".encode()
        )
        await connection.send(b"2\r\n{ \r\n")
        answer = await connection.answer()
        assert (answer.status, answer.code, answer.headers["connection"]) == (408, "BAD_INPUT", "close")
        await connection.ended()


@pytest.mark.parametrize("chunk", [b"zz\r\n{}\r\n", b"-1\r\n", b"fffffffffffffffff\r\n", b"2\r\n{}xx"])
async def test_a_broken_chunk_is_a_bad_request_at_once(server: Server, chunk: bytes) -> None:
    async with server.connect() as connection:
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
        await connection.send(head.encode())
        await asyncio.sleep(0.1)  # the request is under way
        await connection.send(chunk)
        answer = await connection.answer()
        assert (answer.status, answer.code) == (400, "BAD_INPUT")
        assert await connection.ended() == b""
    await server.is_well()


@pytest.mark.parametrize("sent", [b"", b'{"query": "{ levels'])
@pytest.mark.parametrize("kind", [JSON, "multipart/form-data; boundary=x"])
async def test_a_client_that_hangs_up_is_no_error(server: Server, sent: bytes, kind: str) -> None:
    session = await in_session(await make_person())
    more = f"Cookie: {session['Cookie']}\r\nGraphQL-Require-Preflight: 1\r\n"
    for _ in range(5):
        async with server.connect() as connection:
            head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 100\r\n{more}\r\n"
            await connection.send(head.encode() + sent)
            await asyncio.sleep(0.02)
    await server.is_well()


async def test_slow_uploads_delay_nobody(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # given four accounts with as many slow uploads as one may send
    monkeypatch.setattr(multipart, "UNDISTURBED_SECONDS", 0.2)
    slow = []
    for _ in range(multipart.MAX_UPLOADS // multipart.MAX_UPLOADS_PER_ACCOUNT):
        headers = await upload_headers()
        for _ in range(multipart.MAX_UPLOADS_PER_ACCOUNT):
            context = server.connect()
            connection = await context.__aenter__()
            slow.append(context)
            await connection.send(
                f"POST /graphql HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 9000\r\n\r\n--x".encode()
            )
    try:
        await asyncio.sleep(0.5)
        # when
        async with server.connect() as connection:
            headers = await upload_headers()
            begun = time.monotonic()
            await connection.send(
                f"POST /graphql HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 5\r\n\r\n--x--".encode()
            )
            answer = await connection.answer()
        # then it is read, and found to be no form
        assert (answer.status, answer.code) == (400, "BAD_INPUT")
        assert time.monotonic() - begun < multipart.UPLOAD_SECONDS / 3
    finally:
        for context in slow:
            await context.__aexit__(None, None, None)


async def upload_headers() -> str:
    session = await in_session(await make_person())
    return f"Cookie: {session['Cookie']}\r\nGraphQL-Require-Preflight: 1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
