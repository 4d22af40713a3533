"""
Signing in and out on this server's own pages, for those that mails lead to and that need a session.

The same services as for the mutations `signIn`, `completeSignIn`, `elevateSession` and `signOut`.
"""

from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from catalogue.languages import Text
from models.second_factors import SecondFactorMethod
from services.auth import sessions
from services.errors import ErrorCode, Refused, refused
from services.sign_in import authentication, elevation
from services.sign_in.authentication import PendingSignIn, SignedIn
from services.sign_in.elevation import ElevationProof
from web.page_visits import Visit, Visits, refused_page
from web.plain_pages import Form, Input, Link, Page

SIGN_IN, FORGOT, CHANGE, DEACTIVATE = "/sign-in", "/forgot-password", "/change-password", "/second-factor/deactivate"
PERSONAL_DATA: Final = "/personal-data"
NEXT: Final = "next"
"""Hidden value of a form: the page that the person wanted, one of WANTED."""
WANTED: Final = (CHANGE, DEACTIVATE, PERSONAL_DATA)
EMAIL: Final = Input("email", Text("Email address"), "email", "username")
PASSWORD: Final = Input("password", Text("Password"), "password", "current-password")
CODE: Final = Input(
    "code",
    Text("Code of your second factor"),
    autocomplete="one-time-code",
    hint=Text("From your authenticator app or a text message; a backup code works too."),
)
FORGOTTEN: Final = Link(Text("Forgot your password?"), FORGOT)


def install(app: web.Application, visits: Visits) -> None:
    """Serve these pages."""
    app.router.add_get(SIGN_IN, visits.handler(show))
    app.router.add_post(SIGN_IN, visits.handler(sign_in))
    app.router.add_post(f"{SIGN_IN}/code", visits.handler(complete))
    app.router.add_post(f"{SIGN_IN}/text", visits.handler(text_code))
    app.router.add_post("/sign-out", visits.handler(sign_out))


async def show(visit: Visit) -> Page:
    """The form to sign in; the account if a session is there."""
    return signed_in_page() if visit.viewer.signed_in else sign_in_page(visit)


async def sign_in(visit: Visit) -> Page:
    """Address and password; then the wanted page, or the second factor."""
    try:
        done = await authentication.sign_in(visit.value("email"), visit.value("password"), visit.client)
    except Refused as why:
        return refused_page(sign_in_page(visit), why)
    return _code_page(visit, done.token) if isinstance(done, PendingSignIn) else await _go_on(visit, done)


async def complete(visit: Visit) -> Page:
    """The code of the second factor."""
    try:
        done = await authentication.complete(visit.value("pending"), visit.value("code"), visit.client)
    except Refused as why:
        return refused_page(_code_page(visit, visit.value("pending")), why)
    return await _go_on(visit, done)


async def sign_out(visit: Visit) -> Page:
    """End the session of this browser."""
    if visit.viewer.signed_in:
        await authentication.sign_out(visit.account_id, visit.session_id, actor=visit.actor)
    await visit.enter("")
    return Page(Text("You are signed out"), [Text("You can close this page.")])


async def text_code(visit: Visit) -> Page:
    """Text a code that elevates the session, and go back to the wanted page."""
    if not visit.viewer.signed_in:
        return sign_in_page(visit)
    try:
        await elevation.send_code(visit.account_id)
    except Refused as why:
        page = Page(Text("No code was sent"), links=[Link(Text("Back"), _wanted_path(visit))])
        return refused_page(page, why)
    visit.moved_to = _wanted_path(visit)
    return Page(Text("A code was sent"))


def sign_in_page(visit: Visit, wanted: str = "") -> Page:
    """The form to sign in, before `wanted`, one of WANTED; by default what the visit's own form wanted."""
    hidden = _hidden(visit, wanted)
    texts = [Text("Sign in first, to go on.")] if hidden else []
    inputs = [replace(EMAIL, value=visit.value("email")), PASSWORD]
    return Page(Text("Sign in"), texts, [Form(Text("Sign in"), SIGN_IN, inputs, hidden)], [FORGOTTEN])


def signed_in_page() -> Page:
    """What someone with a session can do here."""
    return Page(
        Text("You are signed in"),
        forms=[Form(Text("Sign out"), "/sign-out")],
        links=[Link(Text("Change your password"), CHANGE)],
    )


async def proof_forms(visit: Visit, wanted: str) -> tuple[list[Input], list[Form]]:
    """The inputs and forms with which an account with a second factor proves itself again, if its session is not elevated."""
    proofs = [] if visit.viewer.elevated else await elevation.proofs_of(visit.account_id)
    inputs = [CODE] if ElevationProof.BACKUP_CODE in proofs else []
    texted = ElevationProof[SecondFactorMethod.SMS.name] in proofs
    return inputs, [Form(Text("Text me a code"), f"{SIGN_IN}/text", hidden=_hidden(visit, wanted))] if texted else []


async def elevate(visit: Visit, password: str = "") -> None:
    """
    Elevate the visit's session by its values, as the mutation does, unless it is. The browser gets the new secret even if what follows
    is refused. Raises Refused as `elevation.elevate` does.
    """
    if visit.viewer.elevated:
        return
    code = visit.value("code").strip()
    if not code and ElevationProof.BACKUP_CODE in await elevation.proofs_of(visit.account_id):
        raise refused(ErrorCode.BAD_CODE, "Enter a code of your second factor.", path=("code",))
    secret = await elevation.elevate(
        visit.account_id, visit.session_id, password=password, code=code, actor=visit.actor
    )
    await visit.enter(secret)


async def _go_on(visit: Visit, done: SignedIn) -> Page:
    if visit.viewer.session_id is not None:
        await sessions.end(visit.viewer.session_id)  # its secret is lost with the old cookie
    await visit.enter(done.secret)
    if visit.viewer.password_expired or visit.value(NEXT) in WANTED:
        visit.moved_to = CHANGE if visit.viewer.password_expired else _wanted_path(visit)
    return signed_in_page()


def _code_page(visit: Visit, token: str) -> Page:
    hidden = {**_hidden(visit), "pending": token}
    return Page(Text("Your second factor"), forms=[Form(Text("Sign in"), f"{SIGN_IN}/code", [CODE], hidden)])


def _wanted_path(visit: Visit) -> str:
    """The path of the page that the form wanted: never one that the form made up."""
    wanted = visit.value(NEXT)
    if wanted not in WANTED:
        return SIGN_IN
    token = visit.value("token")
    return f"{wanted}?{urlencode({'token': token})}" if wanted == DEACTIVATE and token else wanted


def _hidden(visit: Visit, wanted: str = "") -> dict[str, str]:
    wanted = wanted or visit.value(NEXT)
    if wanted not in WANTED:
        return {}
    token = visit.value("token") or visit.query.get("token", "")
    return {NEXT: wanted, "token": token} if wanted == DEACTIVATE and token else {NEXT: wanted}
