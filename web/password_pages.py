"""
Pages for passwords: a link to set a new one, the page that this link leads to, and a change while signed in.

The same services as for the mutations `requestPasswordReset`, `resetPassword` and `changePassword`.
"""

from dataclasses import replace
from typing import Final

from aiohttp import web

from catalogue.languages import Text
from services.auth.passwords import MIN_CHARACTERS
from services.errors import Refused
from services.sign_in import password_changes, password_reset
from web import sign_in_pages
from web.page_visits import Visit, Visits, refused_page
from web.plain_pages import INCOMPLETE, Form, Input, Link, Page
from web.sign_in_pages import CHANGE, EMAIL, FORGOT, SIGN_IN

RESET: Final = "/reset-password"
NEW_PASSWORD: Final = Input(
    "newPassword",
    Text("New password"),
    "password",
    "new-password",
    Text(
        "At least {shortest} characters, with an uppercase letter, a lowercase letter, a digit and a special character.",
        shortest=MIN_CHARACTERS,
    ),
)
CURRENT_PASSWORD: Final = Input(
    "currentPassword", Text("Current password"), "password", "current-password", also=("password",)
)


def install(app: web.Application, visits: Visits) -> None:
    """Serve these pages."""
    for path, show, act in (
        (FORGOT, show_request, request_link),
        (RESET, show_reset, reset),
        (CHANGE, show_change, change),
    ):
        app.router.add_get(path, visits.handler(show))
        app.router.add_post(path, visits.handler(act))


async def show_request(visit: Visit) -> Page:
    """The form that asks for a link."""
    return _request_page(visit)


async def request_link(visit: Visit) -> Page:
    """Mail the link. The page is the same whether the address has an account or not."""
    try:
        await password_reset.request(visit.value("email"), visit.client)
    except Refused as why:
        return refused_page(_request_page(visit), why)
    text = Text("If this address has an account, a mail with a link is on its way. The link works for 30 minutes.")
    return Page(Text("Look at your mail"), [text])


async def show_reset(visit: Visit) -> Page:
    """The form of a mailed link. It does not use the link, because mail programs open links."""
    token = visit.query.get("token", "")
    return _reset_page(token) if token else INCOMPLETE


async def reset(visit: Visit) -> Page:
    """Set the password by the link, which then no longer works."""
    token = visit.value("token")
    try:
        done = await password_reset.reset(token, visit.value("newPassword"), visit.client)
    except Refused as why:
        return refused_page(_reset_page(token), why)
    texts = [Text("Your password was set. All sessions of the account have ended.")]
    if done.revoked.tokens or done.revoked.keys:
        texts.append(Text("Access tokens and API keys of the last 7 days were revoked; the mail to you names them."))
    return Page(Text("Done"), texts, links=[Link(Text("Sign in"), SIGN_IN)])


async def show_change(visit: Visit) -> Page:
    """The form that changes the password; first the one to sign in."""
    return await _change_page(visit) if visit.viewer.signed_in else sign_in_pages.sign_in_page(visit, CHANGE)


async def change(visit: Visit) -> Page:
    """Change the password. The session is elevated first: by the current password, or the second factor's code."""
    if not visit.viewer.signed_in:
        return sign_in_pages.sign_in_page(visit, CHANGE)
    current = visit.value("currentPassword")
    try:
        await sign_in_pages.elevate(visit, current)
        secret = await password_changes.change(
            visit.account_id,
            visit.session_id,
            current=current,
            new=visit.value("newPassword"),
            actor=visit.actor,
        )
    except Refused as why:
        return refused_page(await _change_page(visit), why)
    await visit.enter(secret)
    return Page(
        Text("Done"),
        [Text("Your password was changed. All your other sessions have ended.")],
        [Form(Text("Sign out"), "/sign-out")],
    )


def _request_page(visit: Visit) -> Page:
    email = replace(EMAIL, value=visit.value("email"))
    return Page(Text("Reset your password"), forms=[Form(Text("Mail me a link"), FORGOT, [email])])


def _reset_page(token: str) -> Page:
    return Page(
        Text("Choose a new password"),
        forms=[Form(Text("Set the password"), RESET, [NEW_PASSWORD], {"token": token})],
        links=[Link(Text("Get a new link"), FORGOT)],
    )


async def _change_page(visit: Visit) -> Page:
    code, texting = await sign_in_pages.proof_forms(visit, CHANGE)
    form = Form(Text("Change the password"), CHANGE, [CURRENT_PASSWORD, *code, NEW_PASSWORD])
    return Page(Text("Change your password"), forms=[form, *texting])
