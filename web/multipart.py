"""
Uploads: GraphQL multipart requests with exactly three parts: `operations`, `map`, and one file for one variable.

A page of another origin can send such a form without a preflight, so a header that it cannot set is required. Bytes,
parts, time and concurrency are limited; nothing is written to disk.
Specification: https://github.com/jaydenseric/graphql-multipart-request-spec

The parts are split here and not by aiohttp's MultipartReader, because that one
- does not limit the preamble: it reads 10 MB of line breaks line by line, which takes 15 seconds of processor time
  (measured with aiohttp 3.14.5; 8 ms here);
- accepts repeated headers, nested multipart parts and a default charset in a part named `_charset_`;
- reports malformed forms by ValueError, RuntimeError, BadHttpMessage or only a warning.
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
from web.bodies import encoding_of, read_chunks
from web.graphql_request import BadRequest, GraphQLRequest, request_of

FORM: Final = "multipart/form-data"
PREFLIGHT: Final = ("GraphQL-Require-Preflight", "Apollo-Require-Preflight")
PART_COUNT: Final = 3
MAX_PART_HEADER_BYTES: Final = 1_024
MAX_PATH_SEGMENTS: Final = 5
"""Of a path in `map`: `variables.input.image` has three."""
UPLOAD_SECONDS: Final = 30.0
MAX_UPLOADS, MAX_UPLOADS_PER_ACCOUNT = 16, 4
"""Uploads that are read at the same time."""
UNDISTURBED_SECONDS, QUEUE_CHECK_SECONDS = 2.0, 0.25
"""Time that an upload has although others wait, and time between two searches for a slow one to interrupt."""

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_PARAMETER = re.compile(r';\s*([A-Za-z*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*')


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form; `file_name` is None if it is no file."""

    name: str
    file_name: str | None
    content: bytes


@dataclass(eq=False, slots=True)
class _ActiveUpload:
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

    At most MAX_UPLOADS are read at the same time. While others wait, the slowest upload that had UNDISTURBED_SECONDS is
    interrupted, so slow clients do not delay others.
    """

    def __init__(self, settings: Settings, *, seconds: float = UPLOAD_SECONDS) -> None:
        self._max_file, self._max_field, self._seconds = settings.max_upload, settings.max_body, seconds
        self._free = asyncio.Semaphore(MAX_UPLOADS)
        self._active: set[_ActiveUpload] = set()
        self._uploads_of: Counter[int] = Counter()

    async def read(self, request: web.Request, account_id: int) -> GraphQLRequest:
        """
        The request of an upload, with the file in its variable; call `check_preflight` before. Raises BadRequest: 400
        for any other form, 408 if it is too slow, 413 if it is too large, 415 if it is compressed, 429 for a fifth
        upload of one account at the same time; and ClientGone.
        """
        if encoding_of(request):
            raise BadRequest("Send an upload uncompressed, without Content-Encoding.", 415)
        try:
            with self._counted(account_id):
                async with asyncio.timeout(self._seconds) as deadline, self._slot(deadline) as upload:
                    body = await self._read_form(request, upload)
        except TimeoutError:
            raise BadRequest("The upload took too long.", 408) from None
        return self._request_of(parts_of(body, _boundary(request)))

    @contextmanager
    def _counted(self, account_id: int) -> Iterator[None]:
        if self._uploads_of[account_id] >= MAX_UPLOADS_PER_ACCOUNT:
            raise BadRequest(f"At most {MAX_UPLOADS_PER_ACCOUNT} uploads at a time.", 429, ErrorCode.RATE_LIMITED)
        self._uploads_of[account_id] += 1
        try:
            yield
        finally:
            self._uploads_of[account_id] -= 1
            if not self._uploads_of[account_id]:
                del self._uploads_of[account_id]

    @asynccontextmanager
    async def _slot(self, deadline: asyncio.Timeout) -> AsyncIterator[_ActiveUpload]:
        await self._acquire_slot()
        upload = _ActiveUpload(deadline, asyncio.get_running_loop().time())
        self._active.add(upload)
        try:
            yield upload
        finally:
            self._active.discard(upload)
            self._free.release()

    async def _acquire_slot(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        acquiring = asyncio.create_task(self._free.acquire())  # keeps its place in the queue
        try:
            while not acquiring.done():
                self._interrupt_slowest()
                await asyncio.wait({acquiring}, timeout=QUEUE_CHECK_SECONDS)
        except BaseException:
            if not acquiring.cancel():
                self._free.release()  # acquired in the same moment
            raise

    def _interrupt_slowest(self) -> None:
        now = asyncio.get_running_loop().time()
        late = [upload for upload in self._active if now - upload.begun > UNDISTURBED_SECONDS]
        if late:
            slowest = min(late, key=lambda upload: upload.rate(now))
            self._active.discard(slowest)  # it is interrupted once
            slowest.deadline.reschedule(now)

    async def _read_form(self, request: web.Request, upload: _ActiveUpload) -> bytes:
        body = bytearray()
        try:
            async for chunk in read_chunks(request, self._max_file + self._max_field):
                body += chunk
                upload.received = len(body)
        except BadRequest as error:
            raise self._too_large() if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else error from None
        return bytes(body)

    def _request_of(self, parts: list[Part]) -> GraphQLRequest:
        fields = {part.name: part.content for part in parts if part.file_name is None}
        files = {part.name: part for part in parts if part.file_name is not None}
        if fields.keys() != {"operations", "map"} or len(files) != 1 or len(parts) != PART_COUNT:
            raise BadRequest("An upload has three parts: `operations`, `map` and one file.")
        [(name, file)] = files.items()
        if max(map(len, fields.values())) > self._max_field or len(file.content) > self._max_file:
            raise self._too_large()
        operations, placed = (_parse_object(fields[each], each) for each in ("operations", "map"))
        variables = operations.get("variables")
        # Checked as the client wrote them, before the file is in the variables.
        request = request_of(operations)
        _place_file(variables, _path_of(placed, name), UploadedFile(file.content))
        return request

    def _too_large(self) -> BadRequest:
        return BadRequest(f"A file must have at most {self._max_file} bytes.", 413)


def wants_upload(request: web.Request) -> bool:
    """True if the request is a multipart form."""
    return request.content_type == FORM


def has_preflight(request: web.BaseRequest) -> bool:
    """True if a browser must have sent a preflight: the request has a header that no plain form or simple fetch has."""
    return any(request.headers.get(name) for name in PREFLIGHT)


def check_preflight(request: web.Request) -> None:
    """Raise BadRequest if a page of another origin could have sent this form without a preflight."""
    if not has_preflight(request):
        raise BadRequest(f"An upload needs the header {PREFLIGHT[0]}, with any value.")


def parts_of(body: bytes, boundary: bytes) -> list[Part]:
    """The parts of a form, at most three. Raises BadRequest for a malformed form, or one with more parts."""
    delimiter = b"\r\n--" + boundary
    found: list[Part] = []
    rest = b"\r\n" + body
    at = rest.find(delimiter)
    while at >= 0:
        at += len(delimiter)
        if rest.startswith(b"--", at):
            return found
        end = rest.find(delimiter, at)
        if end < 0 or len(found) == PART_COUNT:
            break
        found.append(_parse_part(rest, at, end))
        at = end
    raise BadRequest("The form is malformed, incomplete, or has more than three parts.")


def _parse_part(body: bytes, at: int, end: int) -> Part:
    begin = body.find(b"\r\n", at, end)
    if begin < 0 or body[at:begin].strip(b" \t"):
        raise BadRequest("A part of the form does not start with a line break.")
    close = body.find(b"\r\n\r\n", begin, min(end, begin + MAX_PART_HEADER_BYTES))
    if close < 0:
        raise BadRequest(f"A part of the form has no headers of at most {MAX_PART_HEADER_BYTES} bytes.")
    headers = _parse_headers(body[begin + 2 : close + 2])
    kind, parameters = _parse_disposition(headers.get("content-disposition", ""))
    if kind != "form-data" or "name" not in parameters:
        raise BadRequest("A part of the form has no name.")
    if headers.get("content-transfer-encoding", "binary").lower() not in {"binary", "7bit", "8bit"}:
        raise BadRequest("Parts of the form must not be encoded.")
    file_name = parameters.get("filename", parameters.get("filename*"))
    return Part(parameters["name"], file_name, body[close + 4 : end])


def _parse_headers(lines: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            if name.strip().lower() in headers:
                raise BadRequest("A part of the form repeats a header.")
            headers[name.strip().lower()] = value.strip()
    return headers


def _parse_disposition(text: str) -> tuple[str, dict[str, str]]:
    kind, rest = re.match(r"([^;]*)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
    parameters: dict[str, str] = {}
    at = 0
    while found := _PARAMETER.match(rest, at):
        parameters.setdefault(found[1].lower(), found[2] if found[2] is not None else found[3])
        at = found.end()
    return kind.strip().lower(), parameters if at == len(rest) else {}


def _boundary(request: web.Request) -> bytes:
    kind = request.headers.get(hdrs.CONTENT_TYPE, "")
    _, parameters = _parse_disposition(kind)
    boundary = parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise BadRequest("The Content-Type of the form has no valid boundary.")
    return boundary.encode()


def _parse_object(content: bytes, name: str) -> dict[str, Any]:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise BadRequest(f"`{name}` must be a JSON object.")
    return value


def _path_of(placed: dict[str, Any], name: str) -> list[str]:
    match list(placed.items()):
        case [(key, [str(path)])] if key == name:
            segments = path.split(".")
            if segments[0] == "variables" and 1 < len(segments) <= MAX_PATH_SEGMENTS:
                return segments[1:]
    raise BadRequest('`map` must name one variable for the file, for example {"0": ["variables.input.image"]}.')


def _place_file(variables: Any, path: list[str], file: UploadedFile) -> None:
    holder = variables
    for segment in path[:-1]:
        holder = holder.get(segment) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or path[-1] not in holder or holder[path[-1]] is not None:
        raise BadRequest("The variable that `map` names must exist in `variables`, and be null.")
    holder[path[-1]] = file
