"""
The demo's people, for the sign-in dialog of GraphiQL: who they are and how to sign in as them.

They are told only by a server whose own address is local, to a browser on the same machine, and only if the passwords in
the database are those of the demo. Everybody else, and every other server, gets an empty list.
"""

import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from aiohttp import hdrs, web
from yarl import URL

from models.passwords import Password
from services.auth import passwords, totp
from services.core import clock, runtime
from services.imports import demo_sign_ins
from services.imports.demo_sign_ins import SignIn, read_sign_ins
from web import trusted_documents

ADDRESS: Final = "graphiql/demo.json"
FORWARDED: Final = (hdrs.FORWARDED, hdrs.VIA, hdrs.X_FORWARDED_FOR, hdrs.X_FORWARDED_HOST)
"""Headers of a proxy or a tunnel: behind one, a caller can be anywhere."""
HEADERS: Final[dict[str, str]] = {
    hdrs.CACHE_CONTROL: "no-store",
    hdrs.CONTENT_TYPE: "application/json",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class DemoPeople:
    """Answers the address of the demo's people."""

    def __init__(self) -> None:
        self._compared: dict[tuple[str, str], bool] = {}
        """Hash and password to whether they match: comparing takes 30 ms."""

    async def answer(self, request: web.Request) -> web.Response:
        """A JSON object with `people`: name, description, address, password, and the current code of a second factor."""
        is_allowed = _is_on_this_machine(request) and trusted_documents.current() is None and _is_local_server()
        people = [each for sign_in in _stored() if (each := await self._person(sign_in))] if is_allowed else []
        return web.Response(body=orjson.dumps({"people": people}), headers=HEADERS)

    async def _person(self, sign_in: SignIn) -> dict[str, Any] | None:
        """What the page gets; None if this database has no such account, or it has another password."""
        password = await Password.get_or_none(account__email_key=sign_in.email).select_related("account")
        if password is None or not await self._matches(password.hash, sign_in.password):
            return None
        code = totp.code_at(sign_in.totp_secret, clock.now()) if sign_in.totp_secret else None
        return {
            "name": password.account.name,
            "who": sign_in.who,
            "email": sign_in.email,
            "password": sign_in.password,
            "code": code,
        }

    async def _matches(self, stored: str, password: str) -> bool:
        if (stored, password) not in self._compared:
            self._compared[stored, password] = await passwords.matches(stored, password)
        return self._compared[stored, password]


def _stored() -> list[SignIn]:
    try:
        return read_sign_ins(demo_sign_ins.FILE.read_text("utf-8"))
    except OSError:
        return []


def _is_local_server() -> bool:
    """True if people reach this server by a local address. Not every proxy says that it is one, but its server has another."""
    return _is_local(urlsplit(runtime.current().settings.address).hostname)


def _is_on_this_machine(request: web.Request) -> bool:
    """
    True for a client on this machine that called the server by a local name. The name keeps out pages of other sites whose
    name leads here.
    """
    if any(name in request.headers for name in FORWARDED) or not _is_loopback(request.remote):
        return False
    try:
        name = URL(f"http://{request.host}").host
    except ValueError:
        return False
    return _is_local(name)


def _is_local(host: str | None) -> bool:
    return host == "localhost" or _is_loopback(host)


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
