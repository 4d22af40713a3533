"""Skills and industries of people."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalogue.languages import translate
from catalogue.terms import INDUSTRIES, SKILLS, Term
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
async def industries_of(profile_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """Industries of each profile, by name. Index: unique (profile_id, industry)."""
    rows: Any = ProfileIndustry.filter(profile_id__in=profile_ids).values("profile_id", code="industry")
    return _term_rows(profile_ids, await rows, INDUSTRIES)


def _term_rows(profile_ids: Sequence[int], rows: list[dict[str, Any]], terms: Mapping[str, Term]) -> list[list[Row]]:
    named = [{"profile_id": row["profile_id"], **vars(terms[row["code"]])} for row in rows if row["code"] in terms]
    return grouped(profile_ids, sorted(named, key=lambda row: translate(row["name"]).casefold()), by="profile_id")
