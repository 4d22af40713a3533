"""A community's archive in our words: rows of its files as people, skills, opening balances, badges, connections, projects."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache

from catalogue import terms
from catalogue.badges import Rarity
from catalogue.points import Category
from models.profiles import Visibility
from services.core import clock
from services.imports.import_runs import MAX_KEY
from services.imports.imported_badges import MAX_DESCRIPTION, Definition
from services.media.text_rules import NotFit, cleaned_name
from services.portfolio import project_texts
from services.profiles.profiles import NewPerson

MAX_NAME = MAX_JOB_TITLE = 120
MAX_COMPANY = 200
NAMELESS = "Member"
"""The name of somebody whose own holds nothing that is seen: that must not cost the person."""
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


@dataclass(frozen=True)
class ArchivedAward:
    """A badge that somebody was given; both keys are of the archive. A day has no time: it stands for its beginning."""

    key: str
    badge: str
    awarded_at: datetime


@dataclass(frozen=True)
class ArchivedConnection:
    """Two people who know each other; both keys are of the archive. A day stands for its beginning."""

    key: str
    other: str
    connected_at: datetime


@dataclass(frozen=True)
class ArchivedProject:
    """A project of somebody's portfolio; `owner` is their key in the archive. A day stands for its beginning."""

    key: str
    owner: str
    title: str
    description: str
    published: bool
    created_at: datetime


def person_of(row: Sequence[str]) -> ArchivedPerson:
    """Read id, handle, name, job title, country, company, about, public, joined on. Raises BadRow."""
    key, handle, name, job_title, country, company, about, public, joined_on = row
    details = {
        "job_title": _name("job_title", job_title, MAX_JOB_TITLE),
        "country": _country(country.strip()),
        "about": about.strip(),
    }
    person = NewPerson(
        name=_name("name", _given("name", name, MAX_NAME), MAX_NAME) or NAMELESS,
        handle=handle.strip(),
        key=_given("id", key, MAX_KEY),
        joined_on=_past("joined_on", joined_on.strip()),
        visibility=Visibility.PUBLIC if _yes("public", public.strip()) else Visibility.PRIVATE,
        details=details,
    )
    return ArchivedPerson(person, _name("company", company, MAX_COMPANY))


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


def badge_of(row: Sequence[str]) -> Definition:
    """Read id, name, rarity and description. Raises BadRow."""
    key, name, rarity, description = row
    if rarity.strip() not in Rarity.__members__:
        raise BadRow(f"rarity is {rarity[:40]!r}, not one of {', '.join(Rarity.__members__)}")
    return Definition(
        key=_given("id", key, MAX_KEY),
        name=_shown("name", name, MAX_NAME),
        rarity=Rarity(rarity.strip()),
        description=_text("description", description, MAX_DESCRIPTION),
    )


def award_of(row: Sequence[str]) -> ArchivedAward:
    """Read profile, badge and awarded on. Raises BadRow."""
    key, badge, awarded_on = row
    day = _past("awarded_on", awarded_on.strip())
    return ArchivedAward(
        _given("profile", key, MAX_KEY), _given("badge", badge, MAX_KEY), datetime.combine(day, time(), UTC)
    )


def connection_of(row: Sequence[str]) -> ArchivedConnection:
    """Read profile, other and connected on. Raises BadRow."""
    key, other, connected_on = row
    key, other = _given("profile", key, MAX_KEY), _given("other", other, MAX_KEY)
    if key == other:
        raise BadRow(f"connects {key[:60]!r} with itself")
    day = _past("connected_on", connected_on.strip())
    return ArchivedConnection(key, other, datetime.combine(day, time(), UTC))


def project_of(row: Sequence[str]) -> ArchivedProject:
    """Read id, owner, title, description, published and created on. Raises BadRow."""
    key, owner, title, description, published, created_on = row
    try:
        texts = [
            project_texts.text("title", _shown("title", title, len(title))),
            project_texts.text("description", description),
        ]
    except NotFit as why:
        raise BadRow(str(why)) from None
    day = _past("created_on", created_on.strip())
    return ArchivedProject(
        key=_given("id", key, MAX_KEY),
        owner=_given("owner", owner, MAX_KEY),
        title=texts[0],
        description=texts[1],
        published=_yes("published", published.strip()),
        created_at=datetime.combine(day, time(), UTC),
    )


def collaborator_of(row: Sequence[str]) -> tuple[str, str]:
    """Read project and profile: keys of the archive. Raises BadRow."""
    project, profile = row
    return _given("project", project, MAX_KEY), _given("profile", profile, MAX_KEY)


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


def _past(column: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadRow(f"{column} is {text[:40]!r}, not a day like 2024-05-31") from None
    if day > clock.today():
        raise BadRow(f"{column} is {text}, in the future")
    return day


def _yes(column: str, text: str) -> bool:
    if text not in {"true", "false"}:
        raise BadRow(f"{column} is {text[:40]!r}, not true or false")
    return text == "true"


def _given(column: str, text: str, longest: int) -> str:
    if not text.strip():
        raise BadRow(f"{column} is empty")
    return _text(column, text, longest)


def _name(column: str, text: str, longest: int) -> str:
    """A text of one line, without the characters in it that are not seen. Raises BadRow: too long."""
    return cleaned_name(_text(column, text, longest), longest)


def _shown(column: str, text: str, longest: int) -> str:
    """A name, of which something is seen. Raises BadRow."""
    name = _name(column, _given(column, text, longest), longest)
    if not name:
        raise BadRow(f"{column} has no character that is seen")
    return name


def _text(column: str, text: str, longest: int) -> str:
    text = text.strip()
    if len(text) > longest:
        raise BadRow(f"{column} has {len(text):,} characters, more than {longest}")
    return text
