"""
Search words of people and projects: text is folded so that case, accents and width make no difference.

Letters of every script are indexed. "Renée O’Connor-Łuk" has the words renee, oconnor, connor, luk. An apostrophe joins
two parts to one word, and the part after it is a word too; so it makes no difference whether, and how, an apostrophe is
typed. A hyphen separates words like a space, and the joined word is indexed as well. Scripts without spaces between words
(Chinese, Japanese, Korean) are found by any part: a run is indexed from each of its letters, so that each part of it is
the beginning of a word.
"""

import re
import unicodedata
from collections.abc import Iterator

MAX_WORD_CHARACTERS = 40
"""Bytes of a word that are compared; longer words are cut, both indexed and typed ones."""
MAX_WORDS = 24
"""Words indexed for one person."""
MAX_PROJECT_WORDS = 150
"""Words indexed for one project, the title's first."""
MAX_PIECE = 200
"""Characters between white space that are indexed; few words have as many."""
MAX_READ_WORDS = 600
"""Words of a project that are read, repeated ones too: so that no text takes long."""
NAME, JOB = 0, 1
"""Where a word occurs, the better match first: in the name or the handle, or only in the job title."""

WORD_SEPARATORS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
"""Letters that Unicode does not decompose, as people type them on keyboards without them."""
# Combining classes of accents, points and signs that are dropped. Other classes act as letters of their script: vowel
# signs (0, 84 to 132), nukta (7), the voicing of kana (8), virama (9).
_LEFT_OUT = frozenset({1, *range(10, 37), *range(200, 241)})
_APOSTROPHES = str.maketrans(
    dict.fromkeys(
        "`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u2018\u2019\u201b\u2032\uff07\u055a\u05f3\ua78c", "'"
    )
)
"""Apostrophes of keyboards, word processors and other alphabets: all are treated as one."""
_BETWEEN_LETTERS = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
_HYPHEN = re.compile("[-\u2010\u2011\u2012\u2013\uff0d]")
_HYPHENATED = re.compile(rf"[^\W_]+(?:{_HYPHEN.pattern}[^\W_]+)+")
_UNSPACED = (
    (0x1100, 0x11FF),  # Hangul
    (0x3005, 0x3007),  # signs used as ideographs
    (0x3040, 0x30FF),  # kana
    (0x3130, 0x318F),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # ideographs
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


def words_of_search(text: str) -> list[bytes]:
    """Return the words of a search text in order, each once. Empty if it has no letter and no digit."""
    return list(dict.fromkeys(_cut(run) for run in _runs(_joined(_folded(text)))))


def words_of_profile(name: str, handle: str, job_title: str) -> dict[bytes, int]:
    """Return the words by which a person is found, at most MAX_WORDS, each with the best place where it occurs."""
    words: dict[bytes, int] = {}
    for text, place, hyphens in ((name, NAME, True), (handle, NAME, False), (job_title, JOB, False)):
        for word in _with_parts(text, hyphens=hyphens):
            if word not in words and len(words) < MAX_WORDS:
                words[word] = place
    return words


def words_of_project(title: str, description: str) -> dict[bytes, int]:
    """
    Return the words by which a project is found, at most MAX_PROJECT_WORDS: of the title (place 0), then of the description
    (place 1). The text is read piece by piece, and only as far as words are indexed: a long one takes no longer.
    """
    words: dict[bytes, int] = {}
    read = 0
    for place, text in enumerate((title, description)):
        for piece in dict.fromkeys(text.split()):
            # Cut again after normalising: one sign may stand for 18 letters.
            letters = unicodedata.normalize("NFKC", piece[:MAX_PIECE])[:MAX_PIECE]
            for word in _with_parts(letters, hyphens=True):
                read += 1
                if len(words) == MAX_PROJECT_WORDS or read > MAX_READ_WORDS:
                    return words
                words.setdefault(word, place)
    return words


def _with_parts(text: str, *, hyphens: bool) -> Iterator[bytes]:
    folded = _folded(text)
    joined = _joined(folded)
    for run in _runs(joined):
        for start in range(len(run)) if _unspaced(run[0]) else (0,):
            yield _cut(run[start : start + MAX_WORD_CHARACTERS])
    if joined != folded:  # the part after an apostrophe: "Connor" of "O'Connor"
        for run in _runs(folded):
            if len(run) > 1:
                yield _cut(run)
    for hyphenated in _HYPHENATED.findall(joined) if hyphens else ():  # "Jean-Luc" is found by "jeanluc"
        yield from (_cut(run) for run in _runs(_HYPHEN.sub("", hyphenated)))


def _runs(folded: str) -> Iterator[str]:
    """Yield runs of letters and digits in folded text, separate for scripts with and without spaces."""
    run, unspaced = "", False
    for letter in folded:
        if not _is_word_character(letter):
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
    """Remove the apostrophes between two letters from folded text."""
    return _BETWEEN_LETTERS.sub("", folded) if "'" in folded else folded


def _folded(text: str) -> str:
    text = text.translate(_APOSTROPHES)
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(letter for letter in apart if unicodedata.combining(letter) not in _LEFT_OUT)
    return unicodedata.normalize("NFC", bare.translate(WORD_SEPARATORS))


def _is_word_character(letter: str) -> bool:
    """Return True for letters, digits, and the vowel signs of scripts that write them as marks."""
    return letter.isalnum() or (letter > "\u02ff" and unicodedata.category(letter)[0] == "M")


def _unspaced(letter: str) -> bool:
    point = ord(letter)
    return point >= _UNSPACED[0][0] and any(first <= point <= last for first, last in _UNSPACED)


def _cut(word: str) -> bytes:
    """Return the beginning of the word in UTF-8: whole letters, at most MAX_WORD_CHARACTERS bytes."""
    raw = word.encode("utf-8", "ignore")  # half a surrogate pair is no letter
    return raw if len(raw) <= MAX_WORD_CHARACTERS else raw[:MAX_WORD_CHARACTERS].decode("utf-8", "ignore").encode()
