"""The page that a mail leads to for switching off the second factor. The same service as for `deactivateSecondFactor`."""

from aiohttp import web

from catalogue.languages import Text
from services.auth import second_factor_removal
from services.errors import Refused
from web import sign_in_pages
from web.page_visits import Visit, Visits, refused_page
from web.plain_pages import INCOMPLETE, Form, Page
from web.sign_in_pages import DEACTIVATE


def install(app: web.Application, visits: Visits) -> None:
    """Serve the page."""
    app.router.add_get(DEACTIVATE, visits.handler(show))
    app.router.add_post(DEACTIVATE, visits.handler(deactivate))


async def show(visit: Visit) -> Page:
    """The button; first the form to sign in. It does not use the link, because mail programs open links."""
    token = visit.query.get("token", "")
    if not token:
        return INCOMPLETE
    return await _page(visit, token) if visit.viewer.signed_in else sign_in_pages.sign_in_page(visit, DEACTIVATE)


async def deactivate(visit: Visit) -> Page:
    """Switch the second factor off, in an elevated session and with the link."""
    if not visit.viewer.signed_in:
        return sign_in_pages.sign_in_page(visit, DEACTIVATE)
    if visit.viewer.password_expired:
        return _expired(visit)
    token = visit.value("token")
    try:
        await sign_in_pages.elevate(visit)
        secret = await second_factor_removal.deactivate(
            visit.account_id, token, session_id=visit.session_id, actor=visit.actor
        )
    except Refused as why:
        return refused_page(await _page(visit, token), why)
    await visit.enter(secret)
    return Page(
        Text("Done"),
        [Text("Your second factor is off. Your password alone is now enough to sign in.")],
        [Form(Text("Sign out"), "/sign-out")],
    )


async def _page(visit: Visit, token: str) -> Page:
    if visit.viewer.password_expired:
        return _expired(visit)
    code, texting = await sign_in_pages.proof_forms(visit, DEACTIVATE)
    form = Form(Text("Switch it off"), DEACTIVATE, code, {"token": token})
    text = Text("Your password alone will then be enough to sign in, and your backup codes will no longer work.")
    return Page(Text("Switch off your second factor?"), [text], [form, *texting])


def _expired(visit: Visit) -> Page:
    visit.moved_to = sign_in_pages.CHANGE
    return Page(Text("Change your password"))
