"""
Texts that people write of themselves: plain, returned as typed, never longer than their column.

Rule: domain.md "Profile" (plain text, returned as typed), peers.md 93.
"""

import unicodedata
from typing import Final

from services.links import MAX_LINK, web_link

MAX_ABOUT = 5_000
LONGEST: Final = {"name": 120, "job_title": 120, "department": 120, "location": 200, "about": MAX_ABOUT}
"""Characters of each text, at most; the columns' widths."""
WORDS: Final = {
    "name": "A name",
    "job_title": "A job title",
    "department": "A department",
    "location": "A location",
    "about": "What you say about you",
}
# What shows nothing although Unicode counts it among letters and symbols.
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# What turns the direction of the text around it: a name could change how its neighbours read.
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class NotFit(ValueError):
    """A text that cannot be taken; the message is a sentence for its writer."""


def text(field: str, typed: str) -> str:
    """
    The text as it is kept: as typed, without the white space around it; empty where nothing else was typed. `about`
    alone may have several lines. Raises NotFit.
    """
    return plain(typed, WORDS[field], LONGEST[field], lines=field == "about")


def plain(typed: str, word: str, longest: int, *, lines: bool) -> str:
    """`text` of any kind: `word` names it in complaints, `lines` is whether it may have several. Raises NotFit."""
    kept = typed.strip()
    if len(kept) > longest:
        raise NotFit(f"{word} has at most {longest} characters.")
    allowed = "\n\r\t" if lines else ""
    if any(_is_control(each) and each not in allowed for each in kept):
        raise NotFit(f"{word} has no control characters{'' if lines else ', and one line'}.")
    if not lines and not _TURNING.isdisjoint(kept):
        raise NotFit(f"{word} has no characters that turn the direction of text.")
    if kept and not any(map(_shows, kept)):
        raise NotFit(f"{word} needs characters that can be seen.")
    return kept


def website(typed: str) -> str:
    """An http or https link as typed, or nothing. Raises NotFit."""
    kept = typed.strip()
    if not kept:
        return ""
    link = web_link(kept)
    # A name before the host is for signing in there, or for looking like another host.
    if link is None or "@" in link.split("/", 3)[2]:
        raise NotFit(f"That is no link: http:// or https:// and a host, at most {MAX_LINK} characters.")
    return link


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}


def _shows(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNPS" and letter not in _BLANK
