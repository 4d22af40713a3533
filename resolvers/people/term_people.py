"""
The people who have a skill, know an industry or live in a country, the newest profile first: lists for many terms at once.

Only listed people, as in a search. `Query.profiles` has other orders and combines conditions.
"""

from collections.abc import Sequence
from typing import NamedTuple

from models.statements import Statement
from resolvers.base.context import Context
from resolvers.base.keyset import PARENT, SortKey, TopPerParent
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from resolvers.profiles import CARD, card_sql


class TermList(NamedTuple):
    """The people of every term of one kind."""

    people: TopPerParent
    totals: Statement


class TermTotal(NamedTuple):
    """A key of `totals`: one term of a list."""

    terms: TermList
    code: str


def _list_of(name: str, term: str, person: str, source: str) -> TermList:
    """The list of one kind of term: `term` and `person` are columns of `source`, which ends in conditions."""
    people = TopPerParent(
        f"people-of-{name}",
        columns=CARD,
        select=card_sql("p"),
        source=f"{source} AND {term} = {PARENT}",
        order=(SortKey("id", person),),
        parent_type="text",
    )
    # All terms at once: PostgreSQL then reads profiles in one pass (67 skills of 30,000 people: 0.2 s instead of 1.5).
    totals = f"SELECT {term} AS parent, count(*) AS total {source} AND {term} = ANY($1) GROUP BY {term}"
    return TermList(people, Statement.of(totals))


def _having(table: str) -> str:
    # CROSS JOIN and "IS NOT false" keep SQLite from beginning with the listed profiles.
    return f"FROM {table} t CROSS JOIN profile p WHERE p.id = t.profile_id AND p.listed IS NOT false"


# Indexes (skill, profile_id) and (industry, profile_id), then profile by its primary key; (listed, country, id).
SKILLS = _list_of("skill", "t.skill", "t.profile_id", _having("profile_skill"))
INDUSTRIES = _list_of("industry", "t.industry", "t.profile_id", _having("profile_industry"))
COUNTRIES = _list_of("country", "p.country", "p.id", "FROM profile p WHERE p.listed = true")


@columns("edges", "page_info", "search")
@paged
async def of_skills(codes: Sequence[str], context: Context, *, page: Page) -> list[Row]:
    """A page of the people of each skill, in one statement. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    return await _pages(SKILLS, codes, context, page)


@columns("edges", "page_info", "search")
@paged
async def of_industries(codes: Sequence[str], context: Context, *, page: Page) -> list[Row]:
    """A page of the people of each industry, like `of_skills`."""
    return await _pages(INDUSTRIES, codes, context, page)


@columns("edges", "page_info", "search")
@paged
async def of_countries(codes: Sequence[str], context: Context, *, page: Page) -> list[Row]:
    """A page of the people of each country, like `of_skills`."""
    return await _pages(COUNTRIES, codes, context, page)


async def totals(wanted: Sequence[TermTotal], context: Context) -> list[int]:
    """How many people each term has, in one statement for each kind of term. It reads all people of the terms."""
    found: dict[TermTotal, int] = {}
    for terms in dict.fromkeys(each.terms for each in wanted):
        codes = list(dict.fromkeys(each.code for each in wanted if each.terms is terms))
        rows = in_order(codes, await context.database.fetch_long(terms.totals, codes), by="parent")
        found |= {TermTotal(terms, code): row["total"] if row else 0 for code, row in zip(codes, rows, strict=True)}
    return [found[each] for each in wanted]


async def _pages(terms: TermList, codes: Sequence[str], context: Context, page: Page) -> list[Row]:
    found = await terms.people.pages(context.database, codes, page, slow=True)
    edges = {
        code: [{"order": terms.people, "keys": row, "person": row} for row in rows] for code, rows in found.items()
    }
    return [connection(page, edges.get(code, ()), _cursor_of, search=TermTotal(terms, code)) for code in codes]


def _cursor_of(edge: Row) -> str:
    cursor: str = edge["order"].cursor_of(edge["keys"])
    return cursor
