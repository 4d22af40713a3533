"""
Runs the examples of a document against a whole server: each fenced block, in order, as its reader would.

`sh` runs in bash, `python` in a process of its own, `graphql` is posted with a cookie jar, `js` runs in a browser, on a page of
another origin. A `json` block is the expected answer of the block before it: its shape is compared, not its values.
Variables of a `graphql` block are filled in by their names, from values that earlier answers had under these names.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.errors import ErrorCode
from settings import HERE
from tests.helpers.browser import CHROMIUM, a_browser

ADDRESS = "127.0.0.1:8080"
"""The server's address as documents write it."""
DATABASE = "postgres://community:secret@db.example/community"
"""A database of the reader's own as documents write it."""
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VARIABLE = re.compile(r"\$(\w+):")
SECONDS = 60.0
ERROR_CODES = {each.value for each in ErrorCode}
SERVE_AND_STOP = r"""
\1 2>server.log & server=$!
until grep -q '"address"' server.log; do kill -0 $server && sleep 0.1; done
kill -TERM $server; wait $server"""
"""Runs a server until it serves, then stops it: in the foreground it would never end."""
MAX_SHOWN = 2_000
"""Characters of an answer that a failure shows."""


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    kind: str
    text: str
    line: int


def blocks_of(file: Path) -> list[Block]:
    text = file.read_text("utf-8")
    return [Block(found[1], found[2], text[: found.start()].count("\n") + 1) for found in FENCE.finditer(text)]


def same_shape(expected: Any, actual: Any, name: str = "") -> bool:
    """
    True if an answer has the names and types of the expected one, and the codes and paths of its errors. Inside of an answer a
    null stands for any value.
    """
    if name in {"__typename", "path"} or (name == "code" and expected in ERROR_CODES):
        return bool(expected == actual)
    if name and (expected is None or actual is None):
        return True
    if isinstance(expected, dict) and isinstance(actual, dict):
        return set(expected) == set(actual) and all(same_shape(expected[key], actual[key], key) for key in expected)
    if isinstance(expected, list) and isinstance(actual, list):
        return bool(expected) == bool(actual) and all(
            any(same_shape(each, found) for each in expected) for found in actual
        )
    return isinstance(actual, type(expected)) or isinstance(expected, type(actual))


@asynccontextmanager
async def client_page() -> AsyncIterator[str]:
    """The origin of a page of a client, on an address of its own."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>A client</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    async with TestServer(app) as server:
        yield f"http://127.0.0.1:{server.port}"


@dataclass
class Reader:
    """Somebody who tries a document's examples: in a folder of their own, with a cookie jar and a browser."""

    address: str
    origin: str
    folder: Path
    environment: dict[str, str]
    mail: Path
    """The folder that mails are written to."""
    other_database: str
    """A database that this server does not use."""
    values: dict[str, Any] = field(default_factory=dict)
    answer: Any = None
    skipped: set[str] = field(default_factory=set)
    """Kinds of blocks that could not be run here."""

    async def read(self, file: Path) -> None:
        """Run a document's blocks. Raises AssertionError with the place of the first that does not do what it says."""
        (self.folder / ".venv").symlink_to(HERE / ".venv")
        (self.folder / "server.py").symlink_to(HERE / "server.py")
        jar = aiohttp.CookieJar(unsafe=True)
        kinds: dict[str, Callable[[str], Awaitable[Any]]] = {
            "sh": self._run_shell,
            "python": self._run_python,
            "json": self._compare,
        }
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            kinds["graphql"] = lambda text: self._run_graphql(session, text)
            blocks = blocks_of(file)
            if CHROMIUM is None or all(block.kind != "js" for block in blocks):
                kinds["js"] = self._skip_js
                await self._run_blocks(file, blocks, kinds)
                return
            async with a_browser() as visit:
                await visit.page.goto(self.origin)
                debugger = await visit.page.context.new_cdp_session(visit.page)
                kinds["js"] = lambda text: self._run_js(debugger, text)
                await self._run_blocks(file, blocks, kinds)

    async def _run_blocks(
        self, file: Path, blocks: list[Block], kinds: dict[str, Callable[[str], Awaitable[Any]]]
    ) -> None:
        for block in blocks:
            where = f"{file.relative_to(HERE)}:{block.line}"
            assert block.kind in kinds, f"{where}: a block of the unknown kind {block.kind!r}"
            try:
                async with asyncio.timeout(SECONDS):
                    self.answer = await kinds[block.kind](self._substituted(block.text))
            except (AssertionError, TimeoutError) as failed:
                raise AssertionError(f"{where}: {failed}") from failed

    def _substituted(self, text: str) -> str:
        return text.replace(ADDRESS, self.address).replace(DATABASE, self.other_database)

    async def _compare(self, text: str) -> Any:
        if not self.skipped:
            assert same_shape(json.loads(text), self.answer), (
                f"expected {text}but got {json.dumps(self.answer)[:MAX_SHOWN]}"
            )

    async def _skip_js(self, _text: str) -> None:
        self.skipped.add("js")

    async def _run_js(self, debugger: Any, text: str) -> Any:
        """Run a script as the console does: names stay for the next one, and the last expression is the answer."""
        done = await debugger.send(
            "Runtime.evaluate", {"expression": text, "replMode": True, "awaitPromise": True, "returnByValue": True}
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"].get("exception", done["exceptionDetails"])
        return done["result"].get("value")

    async def _run_graphql(self, session: aiohttp.ClientSession, text: str) -> Any:
        variables = {name: await self._value(name) for name in VARIABLE.findall(text.partition("{")[0])}
        body = {"query": text, "variables": variables}
        async with session.post(f"http://{self.address}/graphql", json=body) as response:
            answer = await response.json()
        assert response.status == 200, answer
        self._remember(answer)
        return answer

    async def _value(self, name: str) -> Any:
        return await self._mailed_code() if name == "code" else self.values[name]

    async def _mailed_code(self) -> str:
        """The six digits of the newest mail. Waits until it is written."""
        while not (self.mail / "latest.txt").is_file():  # noqa: ASYNC110 - a folder has no event
            await asyncio.sleep(0.05)
        return str(re.findall(r"^\d{6}$", (self.mail / "latest.txt").read_text("utf-8"), re.MULTILINE)[-1])

    def _remember(self, answer: Any) -> None:
        if isinstance(answer, dict):
            for name, value in answer.items():
                if isinstance(value, str | int):
                    self.values[name] = value
                self._remember(value)
        elif isinstance(answer, list):
            for each in answer:
                self._remember(each)

    async def _run_python(self, text: str) -> Any:
        (self.folder / "example.py").write_text(text, "utf-8")
        return await self._run_shell(f"{sys.executable} example.py\n")

    async def _run_shell(self, text: str) -> Any:
        """Run in bash; what is exported stays for the next block. Prints JSON if an answer follows."""
        text = re.sub(r"^make ", f"make -n -C {HERE} ", text, flags=re.MULTILINE)
        text = re.sub(r"^(\S+ server\.py)$", SERVE_AND_STOP, text, flags=re.MULTILINE)
        script = f"set -euo pipefail\n[ -f .exported ] && . ./.exported\n{text}\nexport -p > .exported\n"
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            script,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONPATH": str(HERE), **self.environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, f"exit code {process.returncode} of\n{text}\n{out.decode()}{err.decode()}"
        return _last_json(out.decode())


def _last_json(text: str) -> Any:
    """The last object or list among the printed values; None if there is none."""
    found, at = None, 0
    while (start := min((i for i in (text.find("{", at), text.find("[", at)) if i >= 0), default=-1)) >= 0:
        try:
            found, at = json.JSONDecoder().raw_decode(text, start)
        except json.JSONDecodeError:
            at = start + 1
    return found
