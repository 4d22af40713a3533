"""
Languages of texts for people: English, in which they are written, and each language with a gettext catalogue.

A catalogue is `locales/<code>/LC_MESSAGES/messages.po`. It is read directly, without compiling. `make messages` updates
it (catalogue/extraction.py). The choice of the language: docs/decisions/0016-languages.md.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import Any, Final, Self

from babel import Locale
from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

ENGLISH: Final = "en"
LOCALES: Final = Path(__file__).parent / "locales"
FILE: Final = Path("LC_MESSAGES", "messages.po")
LANGUAGES: Final = (ENGLISH, *sorted(each.name for each in LOCALES.iterdir() if (each / FILE).is_file()))
"""All languages as ISO 639-1 codes, English first."""

MAX_ACCEPT_LANGUAGE: Final = 1_000
"""Maximum characters of an Accept-Language header; a longer one is ignored."""
_RANGE: Final = re.compile(
    r"(?P<tag>[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)(?:\s*;\s*[qQ]=(?P<quality>[01](?:\.[0-9]{1,3})?))?"
)

_current: ContextVar[str] = ContextVar("language", default=ENGLISH)


class Text(str):
    """
    An English text with values, which can be translated.

    As a str, `Text("A name has 1 to {most} characters.", most=120)` is the English sentence. The template must be a
    literal, because the gettext catalogues translate it. A value that is a Text is translated too.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Self:
        """Fill in the values like `str.format`."""
        made = super().__new__(cls, template.format_map(values) if values else template)
        made.template, made.values = template, values
        return made


class _LocalFormatter(Formatter):
    """`str.format` that formats `{…:,}` numbers in the style of a language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> Any:
        if format_spec == "," and isinstance(value, int):
            return format_decimal(value, locale=self._language)
        return super().format_field(value, format_spec)


def current_language() -> str:
    """Return the language of the current request; English outside of requests."""
    return _current.get()


@contextmanager
def using_language(language: str) -> Iterator[None]:
    """Use this language inside the block."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def set_language(language: str) -> None:
    """Use this language for the rest of the current task."""
    _current.set(language)


def translate(text: str, language: str | None = None) -> str:
    """Translate an English text or template, by default to the current language. Returns English if it has no translation."""
    language = _current.get() if language is None else language
    if language == ENGLISH:
        return str(text)
    if not isinstance(text, Text):
        return _translations(language).get(text, text)
    template = _translations(language).get(text.template, text.template)
    if not text.values:
        return template
    values = {
        name: translate(value, language) if isinstance(value, str) and type(value) is not str else value
        for name, value in text.values.items()
    }
    return _LocalFormatter(language).vformat(template, (), values)


def format_value(value: str | float | date, language: str) -> str:
    """Format a value in the style of a language. Moments are in UTC and say so; texts do not change."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return f"{format_datetime(value.astimezone(UTC), 'd MMMM y HH:mm', locale=language)} UTC"
    if isinstance(value, date):
        return format_date(value, "d MMMM y", locale=language)
    return format_decimal(value, locale=language)


def load() -> None:
    """Load all catalogues now, so that no request waits for it (about 50 ms each)."""
    for language in LANGUAGES:
        translate("", language)


def native_name(language: str) -> str:
    """Return the name of a language in that language: `Nederlands`."""
    return (Locale(language).get_display_name(language) or language).capitalize()


def negotiate_language(accept_language: str) -> str | None:
    """
    Return the best available language for an Accept-Language header; None if it accepts none of them or cannot be
    parsed. Rule: RFC 9110, 12.5.4.
    """
    return _negotiated(accept_language) if 0 < len(accept_language) <= MAX_ACCEPT_LANGUAGE else None


@lru_cache(maxsize=256)
def _negotiated(accept_language: str) -> str | None:
    wanted = []
    for part in accept_language.split(","):
        found = _RANGE.fullmatch(part.strip())
        quality = float(found["quality"] or 1) if found else 0.0
        if found and 0 < quality <= 1:
            wanted.append((-quality, found["tag"].lower()))
    wanted.sort(key=lambda each: each[0])
    return negotiate_locale([tag for _, tag in wanted], LANGUAGES, sep="-")


@cache
def _translations(language: str) -> dict[str, str]:
    with (LOCALES / language / FILE).open("rb") as file:
        return {
            message.id: message.string
            for message in read_po(file, locale=language)
            if isinstance(message.id, str) and isinstance(message.string, str)
            if message.id and message.string and not message.fuzzy
        }
