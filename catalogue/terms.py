"""Controlled lists of terms: skills, industries, countries."""

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import pycountry
from babel import Locale

from catalogue.languages import ENGLISH, LANGUAGES

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Term:
    """A term of a controlled list. A retired one is still displayed but cannot be chosen."""

    code: str
    name: str
    retired: bool = False


def _terms(file: str) -> dict[str, Term]:
    lists = tomllib.loads((HERE / f"{file}.toml").read_text("utf-8"))
    return {
        code: Term(code, name, name_of == "retired") for name_of, rows in lists.items() for code, name in rows.items()
    }


def choice(terms: dict[str, Term], text: str) -> Term | None:
    """Return the term with this code or name, in any letter case; None if there is none that can be chosen."""
    wanted = text.strip().casefold()
    found = terms.get(wanted) or next((term for term in terms.values() if term.name.casefold() == wanted), None)
    return None if found is None or found.retired else found


def sort_key(name: str) -> tuple[str, str]:
    """Return the key that sorts names for readers: without case and accents, so that Åland comes before Albania."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)), name


@cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """Return code and name of all countries, by name in this language. The first call takes about 25 ms: see `load`."""
    named = ((code, country(code, language) or code) for code in COUNTRY_CODES)
    return tuple(sorted(named, key=lambda each: sort_key(each[1])))


def load() -> None:
    """Sort the countries in all languages now, so that no request waits for it."""
    for language in LANGUAGES:
        countries(language)


@lru_cache(maxsize=2_048)
def country(code: str, language: str = ENGLISH) -> str | None:
    """
    Return the name of a country by its ISO 3166-1 alpha-2 code in upper case; None if there is none. English names are
    the standard's short names, other languages use the customary names (CLDR).
    """
    found = pycountry.countries.get(alpha_2=code)
    if found is None:
        return None
    return str(found.name) if language == ENGLISH else str(Locale(language).territories.get(code, found.name))


SKILLS: Final = _terms("skills")
INDUSTRIES: Final = _terms("industries")
COUNTRY_CODES: Final = tuple(each.alpha_2 for each in pycountry.countries)
"""The ISO 3166-1 alpha-2 codes."""
