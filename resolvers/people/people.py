"""Finding people."""

import hashlib
from collections.abc import Sequence
from datetime import date
from enum import Enum

from strawberry import ID

from catalogue.languages import Text
from catalogue.terms import INDUSTRIES, SKILLS, Term, choice, country
from models.statements import Statement
from resolvers.base import cursors, ids
from resolvers.base.context import Context
from resolvers.base.keyset import TopPerParent
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from resolvers.people import term_people
from resolvers.people.people_search import Search
from resolvers.people.search_filters import ColumnFilter, Filter, TermFilter, WordFilter
from resolvers.people.search_sql import NEWEST, POINTS, Position
from resolvers.people.term_people import TermTotal
from resolvers.profiles import by_id
from services.errors import ErrorCode, refused
from services.media import search_tokenizer
from services.profiles.profile_editing import LookingFor

MAX_WORDS = 10
MAX_SEARCH_LENGTH = 200
MAX_TERMS = 10
POSITION = Statement.of("SELECT overall, overall_reached FROM score WHERE profile_id = $1")


class ProfileOrder(Enum):
    """The order of a list of people."""

    RELEVANCE = "RELEVANCE"
    POINTS = "POINTS"
    NEWEST = "NEWEST"


async def find(
    context: Context,
    *,
    search: str | None = None,
    skill_codes: list[str] | None = None,
    industry_codes: list[str] | None = None,
    company_id: ID | None = None,
    country_code: str | None = None,
    looking_for: LookingFor | None = None,
    order_by: ProfileOrder = ProfileOrder.RELEVANCE,
    page: Page,
) -> Row:
    """
    A page of the listed people who match all arguments; schema/people.py describes them.

    Raises Refused: BAD_INPUT (no letter or digit to search for, too long), UNKNOWN_TERM (an unknown skill, industry or
    country), TOO_MANY_ITEMS, BAD_ID, BAD_PAGE, BAD_CURSOR (of another search or order).
    """
    words = typed_words(search)
    filters: list[Filter] = [
        *(WordFilter(word) for word in words),
        *(TermFilter("profile_skill", "skill", code) for code in term_codes("skillCodes", skill_codes, SKILLS)),
        *(
            TermFilter("profile_industry", "industry", code)
            for code in term_codes("industryCodes", industry_codes, INDUSTRIES)
        ),
        *_column_filters(company_id, country_code, looking_for),
    ]
    order = NEWEST if order_by is ProfileOrder.NEWEST else POINTS
    found = Search(context.database, filters, order, by_match=bool(words) and order_by is ProfileOrder.RELEVANCE)
    list_name = _list_name(order_by, filters)
    position = None if page.cursor is None else await _position(context, list_name, found, page.cursor)
    rows = await found.page(page.size + 1, position, backward=page.backward)
    cards = await by_id([row[order.item] for row in rows], context)
    edges = [
        {"list": list_name, "order": order, "keys": row, "person": card} for row, card in zip(rows, cards, strict=True)
    ]
    # A person who hid after the list was read has no card.
    return connection(page, edges, cursor_of, visible=lambda edge: edge["person"] is not None, search=found)


async def totals(lists: Sequence[Search | TermTotal], context: Context) -> list[int]:
    """How many people each search finds, and each term has."""
    of_terms = [each for each in lists if isinstance(each, TermTotal)]
    found = dict(zip(of_terms, await term_people.totals(of_terms, context), strict=True))
    return [found[each] if isinstance(each, TermTotal) else await each.total() for each in lists]


profiles = paged(find)


@columns("edges", "page_info", "search")
@paged
async def of_companies(
    company_ids: Sequence[int], context: Context, *, order_by: ProfileOrder = ProfileOrder.POINTS, page: Page
) -> list[Row]:
    """
    A page of the listed people of each company: a search for people by company, and so one search for each company.
    Raises Refused: BAD_PAGE, BAD_CURSOR.
    """
    return [
        await find(context, company_id=ID(ids.encode("Company", each)), order_by=order_by, page=page)
        for each in company_ids
    ]


def cursor_of(row: Row) -> str:
    """The cursor of an edge. Sums below zero are secret: instead of one, the cursor has -1 and the profile's number."""
    keys, order = row["keys"], row["order"]
    if isinstance(order, TopPerParent):  # the people of a term
        return order.cursor_of(keys)
    if order is NEWEST:
        return cursors.encode(row["list"], keys["tier"], str(keys["joined_on"]), keys["id"])
    below = keys["overall"] < 0
    points, reached = (-1, 0) if below else (keys["overall"], keys["overall_reached"])
    return cursors.encode(row["list"], keys["tier"], points, reached, keys["profile_id"])


async def _position(context: Context, list_name: str, search: Search, cursor: str) -> Position:
    if search.order is NEWEST:
        tier, joined, number = cursors.decode(list_name, cursor, int, str, int)
        day = date.fromisoformat(joined) if context.database.dialect == "postgres" else joined
        return Position(tier, (day, number))
    tier, points, reached, number = cursors.decode(list_name, cursor, int, int, int, int)
    if points < 0:
        found = await context.database.fetch(POSITION, number)
        if not found:
            raise refused(ErrorCode.BAD_CURSOR, "That cursor is no longer valid. Start again with the first page.")
        points, reached = found[0]["overall"], found[0]["overall_reached"]
    return Position(tier, (points, reached, number))


def typed_words(search: str | None) -> list[bytes]:
    """
    The words of a search, the longest first: it is likely to be the rarest. None if the text has only spaces. Raises Refused:
    BAD_INPUT.
    """
    if search is None or not search.strip():
        return []
    if len(search) > MAX_SEARCH_LENGTH:
        text = Text("Search for at most {longest_search} characters.", longest_search=MAX_SEARCH_LENGTH)
        raise refused(ErrorCode.BAD_INPUT, text, path=("search",))
    typed = search_tokenizer.words_of_search(search)
    if not typed:
        raise refused(ErrorCode.BAD_INPUT, "The search needs a letter or a digit.", path=("search",))
    if len(typed) > MAX_WORDS:
        raise refused(
            ErrorCode.BAD_INPUT, Text("Search for at most {most_words} words.", most_words=MAX_WORDS), path=("search",)
        )
    return sorted(typed, key=lambda word: (-len(word), word))


_LISTS = {"skillCodes": Text("skills"), "industryCodes": Text("industries")}


def term_codes(name: str, texts: list[str] | None, terms: dict[str, Term]) -> list[str]:
    """The codes in the argument `name`, sorted. Raises Refused: UNKNOWN_TERM, TOO_MANY_ITEMS."""
    if len(texts or ()) > MAX_TERMS:
        raise refused(
            ErrorCode.TOO_MANY_ITEMS,
            Text("Name at most {most_terms} {name}.", most_terms=MAX_TERMS, name=_LISTS[name]),
            path=(name,),
        )
    codes = set()
    for text in texts or ():
        found = terms.get(text) or choice(terms, text)
        if found is None:
            raise refused(
                ErrorCode.UNKNOWN_TERM,
                Text("There is no such entry among the {name}.", name=_LISTS[name]),
                path=(name,),
            )
        codes.add(found.code)
    return sorted(codes)


def _column_filters(company: str | None, country_code: str | None, looking_for: LookingFor | None) -> list[Filter]:
    filters: list[Filter] = []
    if company is not None:
        filters.append(ColumnFilter("company_id", ids.number_of("Company", company, "companyId") or 0))
    if country_code is not None:
        code = country_code.strip()
        # Only ASCII: "ß".upper() is "SS", which is South Sudan.
        if not (code.isascii() and country(code := code.upper())):
            text = Text("A country is an ISO 3166-1 alpha-2 code, like NL.")
            raise refused(ErrorCode.UNKNOWN_TERM, text, path=("countryCode",))
        filters.append(ColumnFilter("country", code))
    if looking_for is not None:
        filters.append(ColumnFilter(f"looking_for_{looking_for.value.lower()}", True))
    return filters


def _list_name(order_by: ProfileOrder, filters: Sequence[Filter]) -> str:
    """The list that a cursor is bound to: the order and all filters."""
    digest = hashlib.sha256(repr(filters).encode()).hexdigest()[:16]
    return f"people {order_by.value} {digest}"
