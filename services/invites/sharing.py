"""Share links: URLs of other services that open a prepared message. Nothing of those services is loaded here."""

from enum import Enum
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from catalogue.languages import Text, translate

TITLE: Final = Text("Join me in the developer community")
TEXT: Final = Text("I am part of a community of developers. Come and join me:")


class ShareService(Enum):
    """Services where a link can be shared."""

    X = "X"
    LINKEDIN = "LINKEDIN"
    FACEBOOK = "FACEBOOK"
    WHATSAPP = "WHATSAPP"
    MAIL = "MAIL"


class ShareUrl(NamedTuple):
    """A URL that opens a prepared message."""

    service: ShareService
    url: str


def share_urls(link: str) -> list[ShareUrl]:
    """One URL per service, in order; each opens an invitation with this link in the current language."""
    text = translate(TEXT)
    text_and_link = f"{text} {link}"
    return [
        ShareUrl(ShareService.X, _url("https://x.com/intent/post", text=text, url=link)),
        ShareUrl(ShareService.LINKEDIN, _url("https://www.linkedin.com/sharing/share-offsite/", url=link)),
        ShareUrl(ShareService.FACEBOOK, _url("https://www.facebook.com/sharer/sharer.php", u=link)),
        ShareUrl(ShareService.WHATSAPP, _url("https://wa.me/", text=text_and_link)),
        ShareUrl(ShareService.MAIL, _url("mailto:", subject=translate(TITLE), body=text_and_link)),
    ]


def _url(page: str, **query: str) -> str:
    # A space must be %20: mail programs show a "+" as it is (RFC 6068).
    return f"{page}?{urlencode(query, quote_via=quote, safe='')}"
