"""Where a link can be shared: addresses that open a ready message, with nothing of theirs loaded here."""

from enum import Enum
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from catalogue.languages import Text, translate

TITLE: Final = Text("Join me in the developer community")
TEXT: Final = Text("I am part of a community of developers. Come and join me:")


class ShareService(Enum):
    """Where people share links."""

    X = "X"
    LINKEDIN = "LINKEDIN"
    FACEBOOK = "FACEBOOK"
    WHATSAPP = "WHATSAPP"
    MAIL = "MAIL"


class ShareUrl(NamedTuple):
    """What opens a ready message."""

    service: ShareService
    url: str


def share_urls(link: str) -> list[ShareUrl]:
    """
    Ready messages that invite with this link, in the current language: one for each service, in their order. Spaces are
    always `%20`.
    """
    text = translate(TEXT)
    both = f"{text} {link}"
    return [
        ShareUrl(ShareService.X, _url("https://x.com/intent/post", text=text, url=link)),
        ShareUrl(ShareService.LINKEDIN, _url("https://www.linkedin.com/sharing/share-offsite/", url=link)),
        ShareUrl(ShareService.FACEBOOK, _url("https://www.facebook.com/sharer/sharer.php", u=link)),
        ShareUrl(ShareService.WHATSAPP, _url("https://wa.me/", text=both)),
        ShareUrl(ShareService.MAIL, _url("mailto:", subject=translate(TITLE), body=both)),
    ]


def _url(page: str, **query: str) -> str:
    # Mail programs take a plus for a plus (RFC 6068).
    return f"{page}?{urlencode(query, quote_via=quote, safe='')}"
