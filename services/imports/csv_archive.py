"""Parse the rows of a community's CSV archive: people, skills, opening balances, badges, connections, projects."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache

from catalogue import terms
from catalogue.badges import Rarity
from catalogue.points import Category
from models.profiles import Visibility
from services.accounts.companies import MAX_COMPANY_NAME
from services.core import clock
from services.imports.import_runs import MAX_KEY, BadRow
from services.imports.imported_badges import MAX_BADGE_NAME, MAX_DESCRIPTION, BadgeDefinition
from services.media.text_rules import MAX_CHARACTERS, NotFit, cleaned_name
from services.portfolio import project_texts
from services.profiles.profiles import NewPerson

NAMELESS = "Member"
"""Name of a person whose name has no visible character; the person is imported all the same."""
MAX_POINTS = 100_000_000
"""Points of one opening balance; sums of them stay within the integers of the database."""
COUNTRY_LENGTH = 2
"""Letters of ISO 3166-1 alpha-2."""


@dataclass(frozen=True)
class ArchivedPerson:
    """A person of the archive; `company` is its name, empty for none."""

    person: NewPerson
    company: str


@dataclass(frozen=True)
class ArchivedBalance:
    """An opening balance; `key` is the person's id in the archive."""

    key: str
    category: Category
    points: int


@dataclass(frozen=True)
class ArchivedAward:
    """An award; `key` and `badge` are ids in the archive. The time is the start of the day."""

    key: str
    badge: str
    awarded_at: datetime


@dataclass(frozen=True)
class ArchivedConnection:
    """A connection; both keys are ids in the archive. The time is the start of the day."""

    key: str
    other: str
    connected_at: datetime


@dataclass(frozen=True)
class ArchivedProject:
    """A project; `owner` is the id of a person in the archive. The time is the start of the day."""

    key: str
    owner: str
    title: str
    description: str
    published: bool
    created_at: datetime


def person_of(row: Sequence[str]) -> ArchivedPerson:
    """Parse id, handle, name, job title, country, company, about, public, joined on. Raises BadRow."""
    key, handle, name, job_title, country, company, about, public, joined_on = row
    max_name = MAX_CHARACTERS["name"]
    details = {
        "job_title": _name("job_title", job_title, MAX_CHARACTERS["job_title"]),
        "country": _country(country.strip()),
        "about": about.strip(),
    }
    person = NewPerson(
        name=_name("name", _required("name", name, max_name), max_name) or NAMELESS,
        handle=handle.strip(),
        key=_key("id", key),
        joined_on=_past_day("joined_on", joined_on),
        visibility=Visibility.PUBLIC if _boolean("public", public.strip()) else Visibility.PRIVATE,
        details=details,
    )
    return ArchivedPerson(person, _name("company", company, MAX_COMPANY_NAME))


def skill_of(row: Sequence[str]) -> tuple[str, str]:
    """Parse profile and skill: the person's id in the archive, the skill's code. Raises BadRow."""
    key, text = row
    code = _skill(text)
    if code is None:
        raise BadRow(f"there is no skill {text[:60]!r} to choose")
    return _key("profile", key), code


def balance_of(row: Sequence[str]) -> ArchivedBalance:
    """Parse profile, category and points. Raises BadRow."""
    key, category, points = row
    if category.strip() not in Category.__members__:
        raise BadRow(f"category is {category[:40]!r}, not one of {', '.join(Category.__members__)}")
    whole = re.fullmatch(r"-?[0-9]{1,9}", points.strip())
    if not whole or abs(int(points)) > MAX_POINTS:
        raise BadRow(f"points is {points[:40]!r}, not a whole number up to {MAX_POINTS:,}")
    return ArchivedBalance(_key("profile", key), Category(category.strip()), int(points))


def badge_of(row: Sequence[str]) -> BadgeDefinition:
    """Parse id, name, rarity and description. Raises BadRow."""
    key, name, rarity, description = row
    if rarity.strip() not in Rarity.__members__:
        raise BadRow(f"rarity is {rarity[:40]!r}, not one of {', '.join(Rarity.__members__)}")
    return BadgeDefinition(
        key=_key("id", key),
        name=_visible_name("name", name, MAX_BADGE_NAME),
        rarity=Rarity(rarity.strip()),
        description=_text("description", description, MAX_DESCRIPTION),
    )


def award_of(row: Sequence[str]) -> ArchivedAward:
    """Parse profile, badge and awarded on. Raises BadRow."""
    key, badge, awarded_on = row
    awarded_at = _start_of_past_day("awarded_on", awarded_on)
    return ArchivedAward(_key("profile", key), _key("badge", badge), awarded_at)


def connection_of(row: Sequence[str]) -> ArchivedConnection:
    """Parse profile, other and connected on. Raises BadRow."""
    key, other, connected_on = row
    key, other = _key("profile", key), _key("other", other)
    if key == other:
        raise BadRow(f"connects {key[:60]!r} with itself")
    return ArchivedConnection(key, other, _start_of_past_day("connected_on", connected_on))


def project_of(row: Sequence[str]) -> ArchivedProject:
    """Parse id, owner, title, description, published and created on. Raises BadRow."""
    key, owner, title, description, published, created_on = row
    try:
        texts = [
            project_texts.checked_text("title", _visible_name("title", title, len(title))),
            project_texts.checked_text("description", description),
        ]
    except NotFit as error:
        raise BadRow(str(error)) from None
    return ArchivedProject(
        created_at=_start_of_past_day("created_on", created_on),
        key=_key("id", key),
        owner=_key("owner", owner),
        title=texts[0],
        description=texts[1],
        published=_boolean("published", published.strip()),
    )


def project_skill_of(row: Sequence[str]) -> tuple[str, str]:
    """Parse project and skill: the project's id in the archive, the skill's code. Raises BadRow."""
    project, text = row
    code = _skill(text)
    if code is None:
        raise BadRow(f"there is no skill {text[:60]!r} to choose")
    return _key("project", project), code


def collaborator_of(row: Sequence[str]) -> tuple[str, str]:
    """Parse project and profile: ids in the archive. Raises BadRow."""
    project, profile = row
    return _key("project", project), _key("profile", profile)


@lru_cache(maxsize=1_024)  # a file has few different skills
def _skill(text: str) -> str | None:
    found = terms.choice(terms.SKILLS, text)
    return found.code if found else None


@lru_cache(maxsize=1_024)
def _is_country(text: str) -> bool:
    return len(text) == COUNTRY_LENGTH and terms.country(text) is not None


def _country(text: str) -> str | None:
    if text and not _is_country(text):
        raise BadRow(f"country is {text[:40]!r}, not an ISO 3166-1 code of two letters")
    return text.upper() or None


def _past_day(column: str, text: str) -> date:
    text = text.strip()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadRow(f"{column} is {text[:40]!r}, not a day like 2024-05-31") from None
    if day > clock.today():
        raise BadRow(f"{column} is {text}, in the future")
    return day


def _start_of_past_day(column: str, text: str) -> datetime:
    return datetime.combine(_past_day(column, text), time(), UTC)


def _boolean(column: str, text: str) -> bool:
    if text not in {"true", "false"}:
        raise BadRow(f"{column} is {text[:40]!r}, not true or false")
    return text == "true"


def _key(column: str, text: str) -> str:
    return _required(column, text, MAX_KEY)


def _required(column: str, text: str, longest: int) -> str:
    if not text.strip():
        raise BadRow(f"{column} is empty")
    return _text(column, text, longest)


def _name(column: str, text: str, longest: int) -> str:
    """A text of one line without invisible characters; may be empty. Raises BadRow if it is too long."""
    return cleaned_name(_text(column, text, longest), longest)


def _visible_name(column: str, text: str, longest: int) -> str:
    """A name with at least one visible character. Raises BadRow."""
    name = _name(column, _required(column, text, longest), longest)
    if not name:
        raise BadRow(f"{column} has no visible character")
    return name


def _text(column: str, text: str, longest: int) -> str:
    text = text.strip()
    if len(text) > longest:
        raise BadRow(f"{column} has {len(text):,} characters, more than {longest}")
    return text
