"""
Uploads: the GraphQL multipart request, as far as it is needed: `operations`, `map`, and one file for one variable.

A foreign page can send such a form without asking first, so a header that it cannot set has to stand beside it. What is
read is bounded in bytes, parts, time, and in how many at once; it never touches the disk.
Specification: https://github.com/jaydenseric/graphql-multipart-request-spec
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import orjson
from aiohttp import hdrs, web

from schema.scalars import UploadedFile
from services.errors import ErrorCode
from settings import Settings
from web.bodies import chunks_of, encoding_of
from web.graphql_request import BadRequest, GraphQLRequest, request_of

FORM: Final = "multipart/form-data"
PREFLIGHT: Final = ("GraphQL-Require-Preflight", "Apollo-Require-Preflight")
PARTS: Final = 3
HEADERS: Final = 1_024
"""Bytes of one part's headers."""
SEGMENTS: Final = 5
"""Of a path in `map`: `variables.input.image` has three."""
SECONDS: Final = 30.0
AT_ONCE, OF_ONE = 16, 4
"""Uploads that are read at a time: of everybody, and of one account."""
UNDISTURBED_SECONDS, LOOK_SECONDS = 2.0, 0.25
"""Time that an upload has while others wait for a turn, and time between two looks for one that has had it."""

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_PARAMETER = re.compile(r';\s*([A-Za-z*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*')


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form; `file_name` is None for a field that is no file."""

    name: str
    file_name: str | None
    content: bytes


@dataclass(eq=False, slots=True)
class _Turn:
    """One upload that is being read."""

    deadline: asyncio.Timeout
    begun: float
    received: int = 0

    def rate(self, now: float) -> float:
        """Bytes per second so far."""
        return self.received / max(now - self.begun, 0.001)


class Uploads:
    """
    Reads multipart requests, within the limits of the settings.

    Reading one takes a turn, and there are AT_ONCE. While others wait for one, the slowest upload that had
    UNDISTURBED_SECONDS loses its turn: whoever sends slowly delays nobody else.
    """

    def __init__(self, settings: Settings, *, seconds: float = SECONDS) -> None:
        self._file, self._rest, self._seconds = settings.max_upload, settings.max_body, seconds
        self._free = asyncio.Semaphore(AT_ONCE)
        self._turns: set[_Turn] = set()
        self._of: Counter[int] = Counter()

    async def read(self, request: web.Request, account_id: int) -> GraphQLRequest:
        """
        What an upload asks for, its file in its place in the variables; after `check_preflight`. Raises BadRequest: 400 for any other form, 408
        when it comes too slowly, 413 when it is too large, 415 when it is compressed, 429 for a fifth one at the same
        time; and ClientGone.
        """
        if encoding_of(request):
            raise BadRequest("Send an upload as it is, without Content-Encoding.", 415)
        try:
            with self._counted(account_id):
                async with asyncio.timeout(self._seconds) as deadline, self._turn(deadline) as turn:
                    body = await self._body(request, turn)
        except TimeoutError:
            raise BadRequest("The upload took too long.", 408) from None
        return self._asked(parts_of(body, _boundary(request)))

    @contextmanager
    def _counted(self, account_id: int) -> Iterator[None]:
        if self._of[account_id] >= OF_ONE:
            raise BadRequest(f"At most {OF_ONE} uploads at a time.", 429, ErrorCode.RATE_LIMITED)
        self._of[account_id] += 1
        try:
            yield
        finally:
            self._of[account_id] -= 1
            if not self._of[account_id]:
                del self._of[account_id]

    @asynccontextmanager
    async def _turn(self, deadline: asyncio.Timeout) -> AsyncIterator[_Turn]:
        await self._take_turn()
        turn = _Turn(deadline, asyncio.get_running_loop().time())
        self._turns.add(turn)
        try:
            yield turn
        finally:
            self._turns.discard(turn)
            self._free.release()

    async def _take_turn(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        acquiring = asyncio.create_task(self._free.acquire())  # keeps its place in the queue
        try:
            while not acquiring.done():
                self._interrupt_slowest()
                await asyncio.wait({acquiring}, timeout=LOOK_SECONDS)
        except BaseException:
            if not acquiring.cancel():
                self._free.release()  # the turn came in the same moment
            raise

    def _interrupt_slowest(self) -> None:
        now = asyncio.get_running_loop().time()
        late = [turn for turn in self._turns if now - turn.begun > UNDISTURBED_SECONDS]
        if late:
            slowest = min(late, key=lambda turn: turn.rate(now))
            self._turns.discard(slowest)  # it is told once
            slowest.deadline.reschedule(now)

    async def _body(self, request: web.Request, turn: _Turn) -> bytes:
        body = bytearray()
        try:
            async for chunk in chunks_of(request, self._file + self._rest):
                body += chunk
                turn.received = len(body)
        except BadRequest as error:
            raise self._too_large() if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else error from None
        return bytes(body)

    def _asked(self, parts: list[Part]) -> GraphQLRequest:
        fields = {part.name: part.content for part in parts if part.file_name is None}
        files = {part.name: part for part in parts if part.file_name is not None}
        if fields.keys() != {"operations", "map"} or len(files) != 1 or len(parts) != PARTS:
            raise BadRequest("An upload has three parts: `operations`, `map` and one file.")
        [(name, file)] = files.items()
        if max(map(len, fields.values())) > self._rest or len(file.content) > self._file:
            raise self._too_large()
        operations, placed = (_object(fields[each], each) for each in ("operations", "map"))
        variables = operations.get("variables")
        # As the client wrote them: checked before there is something in them that is no JSON.
        asked = request_of(
            operations.get("query"), variables, operations.get("operationName"), operations.get("extensions")
        )
        _put(variables, _path(placed, name), UploadedFile(file.content))
        return asked

    def _too_large(self) -> BadRequest:
        return BadRequest(f"A file has at most {self._file} bytes.", 413)


def wants_upload(request: web.Request) -> bool:
    """Whether a request is a form with files."""
    return request.content_type == FORM


def has_preflight(request: web.BaseRequest) -> bool:
    """Whether a browser had to ask before it sent this: a header stands there that no form and no simple fetch has."""
    return any(request.headers.get(name) for name in PREFLIGHT)


def check_preflight(request: web.Request) -> None:
    """Raise BadRequest where a foreign page could have sent this form unasked."""
    if not has_preflight(request):
        raise BadRequest(f"An upload needs the header {PREFLIGHT[0]}, with any value.")


def parts_of(body: bytes, boundary: bytes) -> list[Part]:
    """The parts of a form, at most three. Raises BadRequest for what is no form, or a larger one."""
    delimiter = b"\r\n--" + boundary
    found: list[Part] = []
    rest = b"\r\n" + body
    at = rest.find(delimiter)
    while at >= 0:
        at += len(delimiter)
        if rest.startswith(b"--", at):
            return found
        end = rest.find(delimiter, at)
        if end < 0 or len(found) == PARTS:
            break
        found.append(_part(rest, at, end))
        at = end
    raise BadRequest("That is no form that was sent to its end, of three parts.")


def _part(body: bytes, at: int, end: int) -> Part:
    begin = body.find(b"\r\n", at, end)
    if begin < 0 or body[at:begin].strip(b" \t"):
        raise BadRequest("A part of the form does not begin like one.")
    close = body.find(b"\r\n\r\n", begin, min(end, begin + HEADERS))
    if close < 0:
        raise BadRequest(f"A part of the form has no headers of at most {HEADERS} bytes.")
    headers = _headers(body[begin + 2 : close + 2])
    kind, parameters = _disposition(headers.get("content-disposition", ""))
    if kind != "form-data" or "name" not in parameters:
        raise BadRequest("A part of the form has no name.")
    if headers.get("content-transfer-encoding", "binary").lower() not in {"binary", "7bit", "8bit"}:
        raise BadRequest("Parts of the form are sent as they are, not encoded.")
    file_name = parameters.get("filename", parameters.get("filename*"))
    return Part(parameters["name"], file_name, body[close + 4 : end])


def _headers(lines: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            if name.strip().lower() in found:
                raise BadRequest("A part of the form says something twice.")
            found[name.strip().lower()] = value.strip()
    return found


def _disposition(text: str) -> tuple[str, dict[str, str]]:
    kind, rest = re.match(r"([^;]*)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]  # it fits any text
    parameters: dict[str, str] = {}
    at = 0
    while found := _PARAMETER.match(rest, at):
        parameters.setdefault(found[1].lower(), found[2] if found[2] is not None else found[3])
        at = found.end()
    return kind.strip().lower(), parameters if at == len(rest) else {}


def _boundary(request: web.Request) -> bytes:
    kind = request.headers.get(hdrs.CONTENT_TYPE, "")
    _, parameters = _disposition(kind)
    boundary = parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise BadRequest("The form names no boundary.")
    return boundary.encode()


def _object(content: bytes, name: str) -> dict[str, Any]:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise BadRequest(f"`{name}` must be a JSON object.")
    return value


def _path(placed: dict[str, Any], name: str) -> list[str]:
    match list(placed.items()):
        case [(key, [str(path)])] if key == name:
            segments = path.split(".")
            if segments[0] == "variables" and 1 < len(segments) <= SEGMENTS:
                return segments[1:]
    raise BadRequest('`map` must give the one file its one place: {"0": ["variables.input.image"]}.')


def _put(variables: Any, path: list[str], file: UploadedFile) -> None:
    holder = variables
    for segment in path[:-1]:
        holder = holder.get(segment) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or path[-1] not in holder or holder[path[-1]] is not None:
        raise BadRequest("The place that `map` gives the file must be there in `variables`, and null.")
    holder[path[-1]] = file
