"""Skills and industries of people, and the lists to choose from: countries and languages too."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalogue.languages import LANGUAGES, current_language, native_name, translate
from catalogue.terms import INDUSTRIES, SKILLS, Term, sort_key
from catalogue.terms import countries as countries_by_name
from models.portfolio import ProjectSkill
from models.profiles import ProfileIndustry, ProfileSkill
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, grouped


@columns("code", "name", "retired")
async def skills_of(profile_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """Skills of each profile, by name. Index: unique (profile_id, skill)."""
    rows: Any = ProfileSkill.filter(profile_id__in=profile_ids).values("profile_id", code="skill")
    return _term_rows(profile_ids, await rows, SKILLS)


@columns("code", "name", "retired")
async def skills_of_projects(project_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """Skills of each project, by name. Index: unique (project_id, skill)."""
    rows: Any = ProjectSkill.filter(project_id__in=project_ids).values("project_id", code="skill")
    return _term_rows(project_ids, await rows, SKILLS, of="project_id")


@columns("code", "name", "retired")
async def industries_of(profile_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """Industries of each profile, by name. Index: unique (profile_id, industry)."""
    rows: Any = ProfileIndustry.filter(profile_id__in=profile_ids).values("profile_id", code="industry")
    return _term_rows(profile_ids, await rows, INDUSTRIES)


async def skills(context: Context) -> list[Row]:
    """The skills that can be chosen, by name. No statement."""
    return _choices(SKILLS)


async def industries(context: Context) -> list[Row]:
    """The industries that can be chosen, by name. No statement."""
    return _choices(INDUSTRIES)


async def countries(context: Context) -> list[Row]:
    """All countries, by name. No statement."""
    return [{"code": code, "name": name} for code, name in countries_by_name(current_language())]


async def languages(context: Context) -> list[Row]:
    """The languages of texts, English first. No statement."""
    return [language(code) for code in LANGUAGES]


def language(code: str) -> Row:
    """A language, with its own name."""
    return {"code": code, "name": native_name(code)}


def _choices(terms: Mapping[str, Term]) -> list[Row]:
    """The terms that profiles and searches accept: a retired one can only be kept."""
    return _by_name([vars(term) for term in terms.values() if not term.retired])


def _by_name(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: sort_key(translate(row["name"])))


def _term_rows(
    keys: Sequence[int], rows: list[dict[str, Any]], terms: Mapping[str, Term], *, of: str = "profile_id"
) -> list[list[Row]]:
    named = [{of: row[of], **vars(terms[row["code"]])} for row in rows if row["code"] in terms]
    return grouped(keys, _by_name(named), by=of)
