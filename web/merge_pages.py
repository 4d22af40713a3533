"""
The page that cancels a merge; the mail with the code links to it.

The link alone is enough, without signing in: it reaches the person whose profile would be taken. GET shows both profiles and changes
nothing, because mail programs open links. The same rules as for `cancelMerge`.
"""

from contextlib import suppress

from aiohttp import web

from catalogue.languages import Text
from services.core import runtime
from services.errors import Refused
from services.merging import operations
from services.merging.operations import CANCEL_PATH, MailedMerge, MergeStatus
from web.page_visits import Visit, Visits
from web.plain_pages import INCOMPLETE, Form, Page


def install(app: web.Application, visits: Visits) -> None:
    """Serve the page."""
    app.router.add_get(CANCEL_PATH, visits.handler(show))
    app.router.add_post(CANCEL_PATH, visits.handler(cancel))


async def show(visit: Visit) -> Page:
    """Both profiles, the direction, and the button if the merge is open. 404 for a link that is from no mail of this server."""
    return await _page(visit.query.get("token", ""))


async def cancel(visit: Visit) -> Page:
    """Cancel the merge; a repeat changes nothing."""
    token = visit.value("token")
    with suppress(Refused):  # done meanwhile, or no such merge: the page says so
        await operations.cancel_by_link(token)
    return await _page(token)


async def _page(token: str) -> Page:
    try:
        found = await operations.mailed_merge(token)
    except Refused:
        return INCOMPLETE
    if found.status is MergeStatus.DONE:
        return Page(Text("The profiles were merged"), [*_done_texts(found)])
    if found.status not in {MergeStatus.STARTED, MergeStatus.CODE_SENT, MergeStatus.VERIFIED}:
        text = Text("Nothing was merged, and the codes in the mails no longer work. You can close this page.")
        return Page(Text("The merge was cancelled or has ended"), [text])
    texts = [
        Text(
            "The account {starter} wants to merge the profile “{source}” into the profile “{survivor}”. After that, “{source}” no "
            "longer exists, and nobody can separate the two again.",
            starter=found.starter,
            source=found.source,
            survivor=found.survivor,
        ),
        Text("Do you want to stop this? Nothing is merged then, and the codes in the mails no longer work."),
    ]
    return Page(Text("Stop this merge?"), texts, [Form(Text("Stop the merge"), CANCEL_PATH, hidden={"token": token})])


def _done_texts(found: MailedMerge) -> list[str]:
    support = runtime.current().settings.support_url
    texts: list[str] = [
        Text(
            "It can no longer be stopped: everything belongs to the profile “{survivor}” now.", survivor=found.survivor
        )
    ]
    if support:
        texts.append(Text("You did not want this? Get help here: {address}", address=support))
    return texts
