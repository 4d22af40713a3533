"""Finding people."""

import hashlib
from collections.abc import Sequence
from datetime import date
from enum import Enum
from typing import Any

from strawberry import ID

from catalogue.languages import Text
from catalogue.terms import INDUSTRIES, SKILLS, Term, choice, country
from models.statements import Statement
from resolvers.base import cursors, ids
from resolvers.base.context import Context
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.rows import Row
from resolvers.people import search_filters as asked_of
from resolvers.people.people_search import NEWEST, POINTS, Place, Search
from resolvers.people.search_filters import Condition, Word
from resolvers.profiles import by_id
from services.errors import ErrorCode, refused
from services.media import search_tokenizer

MOST_WORDS = 10
LONGEST_SEARCH = 200
"""Characters that are looked at."""
MOST_TERMS = 10
PLACE = Statement.of("SELECT overall, overall_reached FROM score WHERE profile_id = $1")


class People(Enum):
    """What a list of people is ordered by."""

    RELEVANCE = "RELEVANCE"
    POINTS = "POINTS"
    NEWEST = "NEWEST"


class Wanted(Enum):
    """What a person may look for."""

    JOB = "JOB"
    PROJECT = "PROJECT"


@paged
async def profiles(
    context: Context,
    *,
    search: str | None = None,
    skills: list[str] | None = None,
    industries: list[str] | None = None,
    company: ID | None = None,
    country: str | None = None,
    looking_for: Wanted | None = None,
    order_by: People = People.RELEVANCE,
    page: Page,
) -> Row:
    """
    A page of listed people for whom everything that is asked holds. What each argument means is said in schema/people.py.

    Raises Refused: BAD_INPUT (no letter or digit to look for, too long, an unknown skill, industry or country),
    TOO_MANY_ITEMS, BAD_ID, BAD_PAGE, BAD_CURSOR (of another search or order).
    """
    typed = typed_words(search)
    conditions = [
        *_words(typed),
        *_terms("skills", skills, SKILLS),
        *_terms("industries", industries, INDUSTRIES),
        *_facts(company, country, looking_for),
    ]
    order = NEWEST if order_by is People.NEWEST else POINTS
    found = Search(context.database, conditions, order, by_match=bool(typed) and order_by is People.RELEVANCE)
    of = _name(order_by, conditions)
    at = None if page.cursor is None else await _place(context, of, found, page.cursor)
    rows = await found.page(page.size + 1, at, backward=page.backward)
    cards = await by_id([row[order.person] for row in rows], context)
    edges = [{"list": of, "order": order, "place": row, "person": card} for row, card in zip(rows, cards, strict=True)]
    # A person who hid after the list was read has no card.
    return connection(page, edges, cursor_of, visible=lambda edge: edge["person"] is not None, search=found)


async def totals(searches: Sequence[Search], context: Context) -> list[int]:
    """How many people each search finds."""
    return [await search.total() for search in searches]


def cursor_of(row: Row) -> str:
    """
    Where a person stands in the list. Sums below zero are shown nowhere, so a cursor does not hold one: it holds whose
    place it is.
    """
    place, order = row["place"], row["order"]
    if order is NEWEST:
        return cursors.encode(row["list"], place["tier"], str(place["joined_on"]), place["id"])
    below = place["overall"] < 0
    points, reached = (-1, 0) if below else (place["overall"], place["overall_reached"])
    return cursors.encode(row["list"], place["tier"], points, reached, place["profile_id"])


async def _place(context: Context, of: str, search: Search, cursor: str) -> Place:
    if search.order is NEWEST:
        tier, joined, number = cursors.decode(of, cursor, int, str, int)
        day = date.fromisoformat(joined) if context.database.dialect == "postgres" else joined
        return Place(tier, (day, number))
    tier, points, reached, number = cursors.decode(of, cursor, int, int, int, int)
    if points < 0:
        found = await context.database.fetch(PLACE, number)
        if not found:
            raise refused(ErrorCode.BAD_CURSOR, "The person of that cursor is gone: begin again.")
        points, reached = found[0]["overall"], found[0]["overall_reached"]
    return Place(tier, (points, reached, number))


def typed_words(search: str | None) -> list[bytes]:
    """The words that are looked for; a search of nothing but spaces is none. Raises Refused: BAD_INPUT."""
    if search is None or not search.strip():
        return []
    if len(search) > LONGEST_SEARCH:
        text = Text("Search for at most {longest_search} characters.", longest_search=LONGEST_SEARCH)
        raise refused(ErrorCode.BAD_INPUT, text, path=("search",))
    typed = search_tokenizer.typed(search)
    if not typed:
        raise refused(ErrorCode.BAD_INPUT, "There is no letter or digit to search for.", path=("search",))
    if len(typed) > MOST_WORDS:
        raise refused(
            ErrorCode.BAD_INPUT, Text("Search for at most {most_words} words.", most_words=MOST_WORDS), path=("search",)
        )
    return typed


def _words(typed: Sequence[bytes]) -> list[Condition]:
    """The longest first: it is likely to be the rarest."""
    return [Word(word) for word in sorted(typed, key=lambda word: (-len(word), word))]


_LISTS = {"skills": Text("skills"), "industries": Text("industries")}


def _terms(name: str, given: list[str] | None, terms: dict[str, Term]) -> list[Condition]:
    if len(given or ()) > MOST_TERMS:
        raise refused(
            ErrorCode.TOO_MANY_ITEMS,
            Text("Name at most {most_terms} {name}.", most_terms=MOST_TERMS, name=_LISTS[name]),
            path=(name,),
        )
    table, column = ("profile_skill", "skill") if terms is SKILLS else ("profile_industry", "industry")
    codes = []
    for text in given or ():
        found = terms.get(text) or choice(terms, text)
        if found is None:
            raise refused(
                ErrorCode.UNKNOWN_TERM,
                Text("There is nothing of that name among the {name}.", name=_LISTS[name]),
                path=(name,),
            )
        codes.append(found.code)
    return [asked_of.Term(table, column, code) for code in sorted(set(codes))]


def _facts(company: str | None, of_country: str | None, wanted: Wanted | None) -> list[Condition]:
    facts: list[Condition] = []
    if company is not None:
        facts.append(asked_of.Fact("company_id", ids.number_of("Company", company, "company") or 0))
    if of_country is not None:
        code = of_country.strip().upper()
        if country(code) is None:
            text = Text("A country is two letters of ISO 3166-1, such as NL.")
            raise refused(ErrorCode.UNKNOWN_TERM, text, path=("country",))
        facts.append(asked_of.Fact("country", code))
    if wanted is not None:
        facts.append(asked_of.Fact(f"looking_for_{wanted.value.lower()}", True))
    return facts


def _name(order_by: People, conditions: Sequence[Any]) -> str:
    """What a cursor is bound to: the order, and everything that is asked."""
    asked = hashlib.sha256(repr(conditions).encode()).hexdigest()[:16]
    return f"people {order_by.value} {asked}"
