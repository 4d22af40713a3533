"""
Texts that people write: plain, returned as typed, never longer than their column.

Names and whatever else has one line (titles, places, captions) hold no invisible, direction-turning or control characters:
two that differ must look different. `checked_name` refuses them, for what people and operators type; `cleaned_name` leaves
them out, for imports, where one bad character must not cost a person. Rule: docs/rules/profiles.md#texts.
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
"""Characters of each text, at most; the columns' widths."""
WORDS: Final = {
    "name": Text("A name"),
    "job_title": Text("A job title"),
    "department": Text("A department"),
    "location": Text("A location"),
    "about": Text("What you say about you"),
}
# What shows nothing although Unicode counts it among letters and symbols.
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# What turns the direction of the text around it: a name could change how its neighbours read.
_TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What Unicode leaves out where it cannot be shown (Default_Ignorable_Code_Point), beyond the category Cf.
_IGNORABLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_JOINERS: Final = "\u200c\u200d"
_EMOJI_STYLE: Final = "\ufe0e\ufe0f"


class NotFit(ValueError):
    """A text that cannot be taken; the message is a sentence for its writer."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def text(field: str, typed: str) -> str:
    """
    The text as it is kept: as typed, without the white space around it; empty where nothing else was typed. `about`
    alone may have several lines. Raises NotFit.
    """
    return plain(typed, WORDS[field], MAX_CHARACTERS[field], lines=field == "about")


def plain(typed: str, word: str, longest: int, *, lines: bool) -> str:
    """`text` of any kind: `word` names it in complaints, `lines` is whether it may have several. Raises NotFit."""
    kept = typed.strip()
    if len(kept) > longest:
        raise NotFit(Text("{word} has at most {longest} characters.", word=word, longest=longest))
    allowed = "\n\r\t" if lines else ""
    if any(_is_control(each) and each not in allowed for each in kept):
        if lines:
            raise NotFit(Text("{word} has no control characters.", word=word))
        raise NotFit(Text("{word} has no control characters, and one line.", word=word))
    if not lines and not _TURNING.isdisjoint(kept):
        raise NotFit(Text("{word} has no characters that turn the direction of text.", word=word))
    if not lines and any(_is_hidden(kept, place) for place in range(len(kept))):
        raise NotFit(Text("{word} has no invisible characters.", word=word))
    if kept and not any(map(_shows, kept)):
        raise NotFit(Text("{word} needs characters that can be seen.", word=word))
    return kept


def checked_name(typed: str, word: str, longest: int) -> str:
    """
    A name as it is kept: as typed, without the white space around it. `word` names it in complaints, like "A name".
    Raises NotFit: empty, too long, or with characters that are not seen.
    """
    if not 0 < len(typed.strip()) <= longest:
        raise NotFit(Text("{word} has 1 to {longest} characters.", word=word, longest=longest))
    return plain(typed, word, longest, lines=False)


def name_problems(typed: str, word: str, longest: int) -> list[Problem]:
    """What `checked_name` says against a name, as what is wrong with the input `name`; empty: nothing."""
    try:
        checked_name(typed, word, longest)
    except NotFit as why:
        return [Problem(ErrorCode.BAD_INPUT, why.message, ("name",))]
    return []


def cleaned_name(text: str, longest: int) -> str:
    """A name of another system: on one line, without what is not seen, cut. Empty where nothing is left that shows."""
    kept = text[: 10 * longest]
    while True:
        shown = [each for place, each in enumerate(kept) if not _is_hidden(kept, place) and each not in _TURNING]
        clean = " ".join("".join(" " if _is_control(each) else each for each in shown).split())[:longest].strip()
        if clean == kept:  # what was cut off, or left out, may leave a joiner behind that joins nothing
            return clean if any(map(_shows, clean)) else ""
        kept = clean


def website(typed: str) -> str:
    """An http or https link as typed, or nothing. Raises NotFit."""
    kept = typed.strip()
    if not kept:
        return ""
    link = web_link(kept)
    # A name before the host is for signing in there, or for looking like another host.
    if link is None or "@" in link.split("/", 3)[2]:
        raise NotFit(
            Text("That is no link: http:// or https:// and a host, at most {max_link} characters.", max_link=MAX_LINK)
        )
    return link


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}


def _is_hidden(text: str, place: int) -> bool:
    """Whether the character at a place cannot be seen. A joiner is seen where it changes how its neighbours are written."""
    letter = text[place]
    if letter in _JOINERS:
        return not _joins(text, place)
    if letter in _EMOJI_STYLE:
        return place == 0 or unicodedata.category(text[place - 1])[0] != "S"
    return unicodedata.category(letter) == "Cf" or _IGNORABLE.fullmatch(letter) is not None


def _joins(text: str, place: int) -> bool:
    """As Persian and Indic names need it (RFC 5892, appendix A), or between two signs of one picture."""
    try:
        if idna.valid_contextj(text, place):
            return True
    except ValueError:  # a neighbour that Unicode has no name for
        return False
    around = text[:place].rstrip(_EMOJI_STYLE)[-1:] + text[place + 1 : place + 2]
    return text[place] == "\u200d" and len(around) == 2 and all(unicodedata.category(each)[0] == "S" for each in around)  # noqa: PLR2004 - one on each side


def _shows(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNPS" and letter not in _BLANK
