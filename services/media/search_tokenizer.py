"""
Words by which people are found: text folded so that case, accents and width make no difference.

Letters of every script are kept. "Renée O’Connor-Łuk" has the words renee, oconnor, connor, luk: what apostrophes join is one
word, and what stands behind the first of them is found by itself too. So it makes no difference whether, and how, somebody
types an apostrophe; a hyphen parts words like a space does, and people are found by both together as well. A script that writes no
spaces between words (Chinese, Japanese, Korean names) is found by any part: such a run is kept from each of its
letters on, so that each part of it begins one of its words.
"""

import re
import unicodedata
from collections.abc import Iterator

MAX_WORD_CHARACTERS = 40
"""Bytes of a word that count; what is longer is cut, in what is kept as in what is typed."""
MAX_WORDS = 24
"""Words kept of one person."""
NAME, JOB = 0, 1
"""Where a word stands, the better place first: in the name or the handle, or in the job title alone."""

WORD_SEPARATORS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
"""Letters that Unicode does not take apart, as those type them who do not have them."""
# Combining classes of accents, points and signs that are left out. Others are letters of their script in all but name:
# vowel signs (0, 84 to 132), nukta (7), the voicing of kana (8), virama (9).
_LEFT_OUT = frozenset({1, *range(10, 37), *range(200, 241)})
_APOSTROPHES = str.maketrans(
    dict.fromkeys(
        "`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u2018\u2019\u201b\u2032\uff07\u055a\u05f3\ua78c", "'"
    )
)
"""Apostrophes as keyboards, word processors and other alphabets have them: all of them are one."""
_BETWEEN_LETTERS = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
_HYPHEN = re.compile("[-\u2010\u2011\u2012\u2013\uff0d]")
_HYPHENATED = re.compile(rf"[^\W_]+(?:{_HYPHEN.pattern}[^\W_]+)+")
_UNSPACED = (
    (0x1100, 0x11FF),  # Hangul
    (0x3005, 0x3007),  # signs that stand for ideographs
    (0x3040, 0x30FF),  # kana
    (0x3130, 0x318F),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # ideographs
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


def typed(text: str) -> list[bytes]:
    """The words of what somebody looks for, in their order, each once. Empty: there is no letter or digit in it."""
    return list(dict.fromkeys(_cut(run) for run in _runs(_joined(_folded(text)))))


def kept(name: str, handle: str, job_title: str) -> dict[bytes, int]:
    """The words that a person is found by, at most MOST, each with the best place where it stands."""
    words: dict[bytes, int] = {}
    for text, place, hyphens in ((name, NAME, True), (handle, NAME, False), (job_title, JOB, False)):
        for word in _with_parts(text, hyphens=hyphens):
            if word not in words and len(words) < MAX_WORDS:
                words[word] = place
    return words


def _with_parts(text: str, *, hyphens: bool) -> Iterator[bytes]:
    folded = _folded(text)
    joined = _joined(folded)
    for run in _runs(joined):
        for start in range(len(run)) if _unspaced(run[0]) else (0,):
            yield _cut(run[start:])
    if joined != folded:  # what stands behind an apostrophe: "Connor" of "O'Connor"
        for run in _runs(folded):
            if len(run) > 1:
                yield _cut(run)
    for hyphenated in _HYPHENATED.findall(joined) if hyphens else ():  # "Jean-Luc" is found by "jeanluc"
        yield from (_cut(run) for run in _runs(_HYPHEN.sub("", hyphenated)))


def _runs(folded: str) -> Iterator[str]:
    """Letters and digits of folded text that stand together, of scripts with spaces or of those without."""
    run, unspaced = "", False
    for letter in folded:
        if not _belongs(letter):
            if run:
                yield run
            run = ""
        elif run and unspaced is not (now := _unspaced(letter)):
            yield run
            run, unspaced = letter, now
        else:
            run, unspaced = run + letter, _unspaced(letter)
    if run:
        yield run


def _joined(folded: str) -> str:
    """Folded text without the apostrophes that stand between two letters."""
    return _BETWEEN_LETTERS.sub("", folded) if "'" in folded else folded


def _folded(text: str) -> str:
    text = text.translate(_APOSTROPHES)
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(letter for letter in apart if unicodedata.combining(letter) not in _LEFT_OUT)
    return unicodedata.normalize("NFC", bare.translate(WORD_SEPARATORS))


def _belongs(letter: str) -> bool:
    """Letters, digits, and the vowel signs of scripts that write them as marks."""
    return letter.isalnum() or (letter > "\u02ff" and unicodedata.category(letter)[0] == "M")


def _unspaced(letter: str) -> bool:
    point = ord(letter)
    return point >= _UNSPACED[0][0] and any(first <= point <= last for first, last in _UNSPACED)


def _cut(word: str) -> bytes:
    """UTF-8 of the word's beginning, at most LONGEST bytes, whole letters."""
    raw = word.encode("utf-8", "ignore")  # half a surrogate pair is no letter
    return raw if len(raw) <= MAX_WORD_CHARACTERS else raw[:MAX_WORD_CHARACTERS].decode("utf-8", "ignore").encode()
