"""
Rules for texts that people write: plain, stored as typed, never longer than their column.

Names and other texts of one line (titles, places, captions) must not contain invisible, direction-changing or control
characters: two different texts must look different. `checked_name` refuses these characters, for input of people and
operators; `cleaned_name` removes them, for imports, where one bad character must not lose a person.
Rule: docs/rules/profiles.md#texts.
"""

import re
import unicodedata
from typing import Final

import idna

from catalogue.languages import Text
from services.core.links import MAX_LINK, web_link
from services.errors import ErrorCode, Problem

MAX_ABOUT = 5_000
MAX_CHARACTERS: Final = {"name": 120, "job_title": 120, "department": 120, "location": 200, "about": MAX_ABOUT}
"""Maximum characters of each text: the widths of the columns."""
WORDS: Final = {
    "name": Text("A name"),
    "job_title": Text("A job title"),
    "department": Text("A department"),
    "location": Text("A location"),
    "about": Text("The text about you"),
}
# Characters that display nothing although Unicode classifies them as letters or symbols.
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Characters that change the direction of the text around them: a name could change how its neighbours are displayed.
_DIRECTION_MARKS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Characters that programs may leave out when they cannot display them (Default_Ignorable_Code_Point), beyond category Cf.
_IGNORABLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_JOINERS: Final = "\u200c\u200d"
_EMOJI_STYLE: Final = "\ufe0e\ufe0f"


class NotFit(ValueError):
    """A text that is not allowed; the message is a sentence for its writer."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def text(field: str, typed: str) -> str:
    """
    Return the text to store: as typed, without surrounding white space; it may be empty. Only `about` may have several
    lines. Raises NotFit.
    """
    return plain(typed, WORDS[field], MAX_CHARACTERS[field], lines=field == "about")


def plain(typed: str, word: str, longest: int, *, lines: bool) -> str:
    """Check any text, as `text` does: `word` names it in messages, `lines` allows several lines. Raises NotFit."""
    trimmed = typed.strip()
    if len(trimmed) > longest:
        raise NotFit(Text("{word} can have at most {longest} characters.", word=word, longest=longest))
    allowed = "\n\r\t" if lines else ""
    if any(_is_control(each) and each not in allowed for each in trimmed):
        if lines:
            raise NotFit(Text("{word} must not contain control characters.", word=word))
        raise NotFit(Text("{word} must be one line without control characters.", word=word))
    if not lines and not _DIRECTION_MARKS.isdisjoint(trimmed):
        raise NotFit(Text("{word} must not contain characters that change the direction of text.", word=word))
    if not lines and any(_is_hidden(trimmed, place) for place in range(len(trimmed))):
        raise NotFit(Text("{word} must not contain invisible characters.", word=word))
    if trimmed and not any(map(_shows, trimmed)):
        raise NotFit(Text("{word} must contain visible characters.", word=word))
    return trimmed


def checked_name(typed: str, word: str, longest: int) -> str:
    """
    Return the name to store: as typed, without surrounding white space. `word` names it in messages, like "A name".
    Raises NotFit: empty, too long, or with invisible characters.
    """
    if not 0 < len(typed.strip()) <= longest:
        raise NotFit(Text("{word} must have 1 to {longest} characters.", word=word, longest=longest))
    return plain(typed, word, longest, lines=False)


def name_problems(typed: str, word: str, longest: int) -> list[Problem]:
    """Return what `checked_name` refuses as problems of the input `name`; empty if it is allowed."""
    try:
        checked_name(typed, word, longest)
    except NotFit as why:
        return [Problem(ErrorCode.BAD_INPUT, why.message, ("name",))]
    return []


def cleaned_name(text: str, longest: int) -> str:
    """Clean a name of another system: one line, no invisible characters, cut. Empty if nothing visible remains."""
    rest = text[: 10 * longest]
    while True:
        visible = [
            each for place, each in enumerate(rest) if not _is_hidden(rest, place) and each not in _DIRECTION_MARKS
        ]
        clean = " ".join("".join(" " if _is_control(each) else each for each in visible).split())[:longest].strip()
        if clean == rest:  # removing characters may leave a joiner that joins nothing: clean again
            return clean if any(map(_shows, clean)) else ""
        rest = clean


def website(typed: str) -> str:
    """Return an http or https link as typed, or an empty text. Raises NotFit."""
    trimmed = typed.strip()
    if not trimmed:
        return ""
    link = web_link(trimmed)
    # A user name before the host is for signing in, or makes the link look like another host.
    if link is None or "@" in link.split("/", 3)[2]:
        raise NotFit(
            Text(
                "This is not a link. Use http:// or https:// and a host, at most {max_link} characters.",
                max_link=MAX_LINK,
            )
        )
    return link


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}


def _is_hidden(text: str, place: int) -> bool:
    """Return True if the character at a place is invisible. A joiner is visible if it changes how its neighbours look."""
    letter = text[place]
    if letter in _JOINERS:
        return not _joins(text, place)
    if letter in _EMOJI_STYLE:
        return place == 0 or unicodedata.category(text[place - 1])[0] != "S"
    return unicodedata.category(letter) == "Cf" or _IGNORABLE.fullmatch(letter) is not None


def _joins(text: str, place: int) -> bool:
    """Return True for a joiner in Persian and Indic names (RFC 5892, appendix A), or between two signs of one emoji."""
    try:
        if idna.valid_contextj(text, place):
            return True
    except ValueError:  # a neighbour without a name in Unicode
        return False
    around = text[:place].rstrip(_EMOJI_STYLE)[-1:] + text[place + 1 : place + 2]
    return text[place] == "\u200d" and len(around) == 2 and all(unicodedata.category(each)[0] == "S" for each in around)  # noqa: PLR2004 - one on each side


def _shows(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNPS" and letter not in _BLANK
