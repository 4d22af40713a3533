"""A community's archive in our words: rows of its files as people, skills and opening balances."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from catalogue import terms
from catalogue.points import Category
from models.profiles import Visibility
from services import clock
from services.imports import MAX_KEY
from services.profiles import NewPerson

MAX_NAME = MAX_JOB_TITLE = 120
MAX_COMPANY = 200
MOST_POINTS = 100_000_000
"""Of one opening balance, so that a person's sums stay within a database's integers."""


class BadRow(Exception):
    """A row that cannot be taken in; the message says why."""


@dataclass(frozen=True)
class ArchivedPerson:
    """A person of the archive; `company` is its name, empty for none."""

    person: NewPerson
    company: str


@dataclass(frozen=True)
class ArchivedBalance:
    """Points that somebody brings along; `key` is the person's id in the archive."""

    key: str
    category: Category
    points: int


def person_of(row: Sequence[str]) -> ArchivedPerson:
    """Read id, handle, name, job title, country, company, about, public, joined on. Raises BadRow."""
    key, handle, name, job_title, country, company, about, public, joined_on = row
    details = {
        "job_title": _text("job_title", job_title, MAX_JOB_TITLE),
        "country": _country(country.strip()),
        "about": about.strip(),
    }
    person = NewPerson(
        name=_given("name", name, MAX_NAME),
        handle=handle,
        key=_given("id", key, MAX_KEY),
        joined_on=_joined(joined_on.strip()),
        visibility=Visibility.PUBLIC if _yes("public", public.strip()) else Visibility.PRIVATE,
        details=details,
    )
    return ArchivedPerson(person, _text("company", company, MAX_COMPANY))


def skill_of(row: Sequence[str]) -> tuple[str, str]:
    """Read profile and skill: the person's id in the archive, the skill's code. Raises BadRow."""
    key, text = row
    code = _skill(text)
    if code is None:
        raise BadRow(f"there is no skill {text[:60]!r} to choose")
    return _given("profile", key, MAX_KEY), code


def balance_of(row: Sequence[str]) -> ArchivedBalance:
    """Read profile, category and points. Raises BadRow."""
    key, category, points = row
    if category.strip() not in Category.__members__:
        raise BadRow(f"category is {category[:40]!r}, not one of {', '.join(Category.__members__)}")
    whole = re.fullmatch(r"-?[0-9]{1,9}", points.strip())
    if not whole or abs(int(points)) > MOST_POINTS:
        raise BadRow(f"points is {points[:40]!r}, not a whole number up to {MOST_POINTS:,}")
    return ArchivedBalance(_given("profile", key, MAX_KEY), Category(category.strip()), int(points))


@lru_cache(maxsize=1_024)  # a file names the same few again and again
def _skill(text: str) -> str | None:
    found = terms.choice(terms.SKILLS, text)
    return found.code if found else None


@lru_cache(maxsize=1_024)
def _is_country(text: str) -> bool:
    return len(text) == 2 and terms.country(text) is not None  # noqa: PLR2004 - alpha-2


def _country(text: str) -> str | None:
    if text and not _is_country(text):
        raise BadRow(f"country is {text[:40]!r}, not an ISO 3166-1 code of two letters")
    return text.upper() or None


def _joined(text: str) -> date:
    try:
        joined_on = date.fromisoformat(text)
    except ValueError:
        raise BadRow(f"joined_on is {text[:40]!r}, not a day like 2024-05-31") from None
    if joined_on > clock.today():
        raise BadRow(f"joined_on is {text}, in the future")
    return joined_on


def _yes(column: str, text: str) -> bool:
    if text not in {"true", "false"}:
        raise BadRow(f"{column} is {text[:40]!r}, not true or false")
    return text == "true"


def _given(column: str, text: str, longest: int) -> str:
    if not text.strip():
        raise BadRow(f"{column} is empty")
    return _text(column, text, longest)


def _text(column: str, text: str, longest: int) -> str:
    text = text.strip()
    if len(text) > longest:
        raise BadRow(f"{column} has {len(text):,} characters, more than {longest}")
    return text
