"""
A person's accounts at other services: people enter an address at that service or their name there; the name is stored.

The name is stored in one form that determines the address, so that no stored value can link to another site.
Rule: docs/rules/profiles.md#social-accounts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import quote, unquote, urlsplit

MAX_TYPED = 300
"""Characters of input; stored names are shorter than 200."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LOCALE = re.compile(r"[a-z]{2}([-_][A-Za-z]{2,4})?")


class SocialService(Enum):
    """A service on which people have accounts; the value is the profile's column."""

    GITHUB = "github"
    MEETUP = "meetup"
    X = "twitter"
    LINKEDIN = "linkedin"
    SKYPE = "skype"


@dataclass(frozen=True)
class Service:
    """A service: its hosts, where the name is in an address there, and the form of names."""

    title: str
    hosts: re.Pattern[str] | None
    name: Callable[[str], str | None]
    before: str = ""
    """The part of the path before the name."""
    localised: bool = False
    """True if the first or the last part of the path may be a language."""
    address: str | None = None
    """Address of an account, without the name at its end; None if accounts have no address."""

    def name_of(self, typed: str) -> str | None:
        """Return the name in an address, or the name itself, in its one form; None if the text is neither."""
        text = typed.strip()
        if not text or len(text) > MAX_TYPED or not text.isprintable() or any(mark in text for mark in " \\<>\"'"):
            return None
        if "/" in text or (self.hosts and text.lower().startswith(("http:", "https:"))):
            return self._in_address(text) if self.hosts else None
        return self.name(text)

    def url_of(self, name: str) -> str | None:
        """Return the address of a stored name; None if accounts have none."""
        return None if self.address is None else f"{self.address}{name}"

    def _in_address(self, text: str) -> str | None:
        address = text if _SCHEME.match(text) else f"https://{text}"
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            return None
        usual = {"http": 80, "https": 443}.get(parts.scheme)
        if usual is None or port not in {None, usual} or "@" in parts.netloc:
            return None
        if self.hosts is None or not self.hosts.fullmatch(host or ""):
            return None
        return self._in_path([unquote(each) for each in parts.path.strip("/").split("/")])

    def _in_path(self, segments: list[str]) -> str | None:
        if self.localised and len(segments) > 1 and _LOCALE.fullmatch(segments[0]) and segments[0] != self.before:
            segments = segments[1:]
        if self.localised and len(segments) > 1 + bool(self.before) and _LOCALE.fullmatch(segments[-1]):
            segments = segments[:-1]
        if self.before:
            if segments[0].lower() != self.before:
                return None
            segments = segments[1:]
        return self.name(segments[0]) if len(segments) == 1 else None


def _plain(pattern: str, *, mark: str = "") -> Callable[[str], str | None]:
    shape = re.compile(pattern, re.ASCII)

    def name(text: str) -> str | None:
        text = text.removeprefix(mark)
        return text if shape.fullmatch(text) else None

    return name


def _linkedin_name(text: str) -> str | None:
    """Names have letters of any script. They are stored percent-encoded, as in the address that is built from them."""
    text = unquote(text)
    fits = 0 < len(text) <= 100 and all(each.isalnum() or each in "-_" for each in text)  # noqa: PLR2004 - LinkedIn's own
    encoded = quote(text, safe="")
    return encoded if fits and len(encoded) <= 200 else None  # noqa: PLR2004 - the column's width


SERVICES: Final = {
    "github": Service(
        "GitHub",
        re.compile(r"(www\.)?github\.com"),
        _plain(r"[A-Za-z0-9]([A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}", mark="@"),
        address="https://github.com/",
    ),
    "meetup": Service(
        "Meetup",
        re.compile(r"(www\.)?meetup\.com"),
        _plain(r"[A-Za-z0-9_-]{1,64}"),
        before="members",
        localised=True,
        address="https://www.meetup.com/members/",
    ),
    "twitter": Service(
        "X, formerly Twitter",
        re.compile(r"((www|mobile)\.)?(twitter|x)\.com"),
        _plain(r"[A-Za-z0-9_]{1,15}", mark="@"),
        address="https://x.com/",
    ),
    "linkedin": Service(
        "LinkedIn",
        re.compile(r"((www|m|[a-z]{2})\.)?linkedin\.com"),
        _linkedin_name,
        before="in",
        localised=True,
        address="https://www.linkedin.com/in/",
    ),
    "skype": Service("Skype", None, _plain(r"(live:(\.cid\.)?)?[A-Za-z0-9][A-Za-z0-9._,-]{2,63}")),
}
"""By the profile's column."""
