"""
Joining by a referral link or an invite: sign-up, then the mailed code.

The same services as for the mutations `signUp`, `resendSignUpCode` and `verifyEmail`.
"""

from dataclasses import replace
from typing import Final

from aiohttp import web

from catalogue.languages import Text
from services.auth import sessions
from services.errors import Refused
from services.sign_in import registration
from web.page_visits import Visit, Visits, refused_page
from web.password_pages import NEW_PASSWORD
from web.plain_pages import Form, Input, Link, Page
from web.sign_in_pages import EMAIL, SIGN_IN

JOIN: Final = "/join"
NAME: Final = Input("name", Text("Your name"), autocomplete="name")
NEWS: Final = Input("marketing", Text("Send me news by mail now and then"), "checkbox", required=False)
CODE: Final = Input("code", Text("Code from the mail"), autocomplete="one-time-code")
HAS_ACCOUNT: Final = Link(Text("You have an account? Sign in"), SIGN_IN)


def install(app: web.Application, visits: Visits) -> None:
    """Serve these pages."""
    app.router.add_get(JOIN, visits.handler(show))
    app.router.add_post(JOIN, visits.handler(join))
    app.router.add_post(f"{JOIN}/code", visits.handler(verify))
    app.router.add_post(f"{JOIN}/resend", visits.handler(resend))


async def show(visit: Visit) -> Page:
    """The form to sign up; the referral code of the link goes along."""
    return _join_page(visit, visit.query.get("code", ""))


async def join(visit: Visit) -> Page:
    """Begin the sign-up. The page is the same if the address has an account."""
    code = visit.value("referralCode")
    try:
        secret = await registration.begin(
            visit.value("email"),
            visit.value("newPassword"),
            visit.value("name"),
            visit.client,
            marketing=bool(visit.value("marketing")),
            referral_code=code,
        )
    except Refused as why:
        return refused_page(_join_page(visit, code), why)
    return _code_page(secret)


async def verify(visit: Visit) -> Page:
    """Create the account by the mailed code, and sign in."""
    secret = visit.value("signUp")
    try:
        done = await registration.verify(secret, visit.value("code"), visit.client)
    except Refused as why:
        return refused_page(_code_page(secret), why)
    if visit.viewer.session_id is not None:
        await sessions.end(visit.viewer.session_id)  # its secret is lost with the old cookie
    await visit.enter(done.secret)
    return Page(
        Text("Welcome"),
        [Text("Your account was made, and you are signed in. Your profile is private until you publish it.")],
        [Form(Text("Sign out"), "/sign-out")],
    )


async def resend(visit: Visit) -> Page:
    """Mail another code."""
    secret = visit.value("signUp")
    try:
        await registration.resend(secret, visit.client)
    except Refused as why:
        return refused_page(_code_page(secret), why)
    return _code_page(secret)


def _join_page(visit: Visit, code: str) -> Page:
    inputs = [
        replace(NAME, value=visit.value("name")),
        replace(EMAIL, value=visit.value("email")),
        replace(NEW_PASSWORD, label=Text("Password"), also=("password",)),
        replace(NEWS, value=visit.value("marketing")),
    ]
    form = Form(Text("Sign up"), JOIN, inputs, {"referralCode": code} if code else {})
    return Page(Text("Join the community"), forms=[form], links=[HAS_ACCOUNT])


def _code_page(secret: str) -> Page:
    hidden = {"signUp": secret}
    return Page(
        Text("Look at your mail"),
        [Text("A mail with a code of six digits is on its way. It is valid for 10 minutes.")],
        [
            Form(Text("Go on"), f"{JOIN}/code", [CODE], hidden),
            Form(Text("Mail another code"), f"{JOIN}/resend", hidden=hidden),
        ],
    )
