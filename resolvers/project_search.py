"""
The list of published projects of listed people, searched and filtered like people (resolvers/people/), and those of a company.

Leaves out the projects of people whom the viewer has blocked. Those who blocked the viewer stay, because a block must not be noticed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from strawberry import ID

from catalogue.terms import SKILLS
from models.connections import Block
from resolvers.base import cursors, ids
from resolvers.base.context import Context
from resolvers.base.keyset import PARENT, SortKey, TopPerParent, count_per_parent
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from resolvers.people.people import term_codes, typed_words
from resolvers.people.people_search import Search
from resolvers.people.search_filters import AddParameter, Filter, TermFilter, WordFilter, exists_sql
from resolvers.people.search_sql import Position, SortOrder
from resolvers.portfolio import COLUMNS, PROJECT, by_id

NEWEST = SortOrder("newest", "project", ("published_at", "id"))
"""Published last first. Index (listed, published_at, id)."""
PUBLISHED_AT = SortKey("published_at", "j.published_at", value_type=datetime)
_OF_COMPANY = f"""
    FROM profile p CROSS JOIN project j WHERE p.company_id = {PARENT} AND j.owner_id = p.id AND j.listed IS NOT false
        AND j.owner_id NOT IN (SELECT blocked_id FROM block WHERE blocker_id = $2)
"""
OF_COMPANY = TopPerParent(
    "projects-of-company",
    columns=(*PROJECT, "own"),
    select=f"{COLUMNS}, j.owner_id = $2 AS own",
    source=_OF_COMPANY,
    order=(PUBLISHED_AT, SortKey("id", "j.id")),
    parameters=1,
)
"""Published last first; sorted. Indexes: profile (company_id, id), project (owner_id, state, place, id), unique block (…)."""
COMPANY_TOTALS = count_per_parent(_OF_COMPANY)
Listing = Search | int
"""A key of `totals`: a search, or the number of a company."""


class ProjectOrder(Enum):
    """The order of a list of projects."""

    RELEVANCE = "RELEVANCE"
    NEWEST = "NEWEST"


@dataclass(frozen=True)
class OwnerCompany:
    """The project's owner works at a company. Indexes: profile (company_id, id), project (owner_id, …), primary keys."""

    company_id: int
    indexed: ClassVar[bool] = True
    lists_hidden: ClassVar[bool] = False

    def ids_sql(self, add: AddParameter, tier: int) -> str:  # noqa: ARG002 - only words have tiers
        # "IS NOT false" keeps SQLite from the index of all listed projects, CROSS JOIN in the order of the tables.
        return f"""
            SELECT j.id AS item FROM profile p CROSS JOIN project j
            WHERE p.company_id = {add(self.company_id)} AND j.owner_id = p.id AND j.listed IS NOT false
        """

    def matches_sql(self, add: AddParameter, item: str, tier: int) -> str:  # noqa: ARG002
        return exists_sql(
            f"project j JOIN profile p ON p.id = j.owner_id WHERE j.id = {item} AND p.company_id = {add(self.company_id)}"
        )


@dataclass(frozen=True)
class NotBlockedBy:
    """The viewer has not blocked the project's owner. Unique (blocker_id, blocked_id), primary key."""

    viewer_id: int
    indexed: ClassVar[bool] = False
    lists_hidden: ClassVar[bool] = False

    def ids_sql(self, add: AddParameter, tier: int) -> str:  # noqa: ARG002
        return f"SELECT j.id AS item FROM project j WHERE j.listed = true AND {self._condition(add)}"

    def matches_sql(self, add: AddParameter, item: str, tier: int) -> str:  # noqa: ARG002
        return exists_sql(f"project j WHERE j.id = {item} AND {self._condition(add)}")

    def _condition(self, add: AddParameter) -> str:
        return f"j.owner_id NOT IN (SELECT blocked_id FROM block WHERE blocker_id = {add(self.viewer_id)})"


@paged
async def projects(
    context: Context,
    *,
    search: str | None = None,
    skill_codes: list[str] | None = None,
    company_id: ID | None = None,
    order_by: ProjectOrder = ProjectOrder.RELEVANCE,
    page: Page,
) -> Row:
    """
    A page of the listed projects that match all arguments; schema/portfolio.py describes them.

    Milliseconds for a page and the total of 40,000 projects with 40 words each (SQLite, medians, two busy cores): all 0.5 and
    7; a word of almost all 2 and 57; two words 11 and 83; a skill of a third 1 and 34; a company of 1,000 projects 12 and 5;
    the beginning of every word, the worst, 6 and 1,100.

    Raises Refused: BAD_INPUT (no letter or digit to search for, too long), UNKNOWN_TERM (an unknown skill), TOO_MANY_ITEMS,
    BAD_ID, BAD_PAGE, BAD_CURSOR (of another search or order).
    """
    words = typed_words(search)
    filters: list[Filter] = [
        *(WordFilter(word, "project_word", "project_id", lists_hidden=True) for word in words),
        *(
            TermFilter("project_skill", "skill", code, "project_id")
            for code in term_codes("skillCodes", skill_codes, SKILLS)
        ),
    ]
    if company_id is not None:
        filters.append(OwnerCompany(ids.number_of("Company", company_id, "companyId") or 0))
    digest = hashlib.sha256(repr(filters).encode()).hexdigest()[:16]
    list_name = f"project-list {order_by.value} {digest}"
    own = context.viewer.profile_id
    if own is not None and await Block.exists(blocker_id=own):
        filters.append(NotBlockedBy(own))
    by_match = bool(words) and order_by is ProjectOrder.RELEVANCE
    found = Search(context.database, filters, NEWEST, by_match=by_match, counted=NEWEST)
    rows = await found.page(page.size + 1, _position(list_name, page.cursor), backward=page.backward)
    cards = await by_id([row["id"] for row in rows], context) if rows else []
    edges = [{"cursor": _cursor(list_name, row), "project": card} for row, card in zip(rows, cards, strict=True)]
    # A project that was unpublished after the list was read has no card.
    return connection(
        page, edges, lambda edge: edge["cursor"], visible=lambda edge: edge["project"] is not None, listing=found
    )


@columns("edges", "page_info", "listing")
@paged
async def of_companies(company_ids: Sequence[int], context: Context, *, page: Page) -> list[Row]:
    """
    A page of the listed projects of each company's people, published last first. Raises Refused: BAD_PAGE, BAD_CURSOR.

    SQL of its own: one statement for any number of companies; 6 ms for each with 1,000 projects on SQLite.
    """
    found = await OF_COMPANY.pages(context.database, company_ids, page, context.viewer.own_profile, slow=True)
    return [
        connection(
            page,
            [{"cursor": OF_COMPANY.cursor_of(row), "project": row} for row in found.get(company_id, ())],
            lambda edge: edge["cursor"],
            listing=company_id,
        )
        for company_id in company_ids
    ]


async def totals(listings: Sequence[Listing], context: Context) -> list[int]:
    """How many projects each list has: one statement for all companies, and one or a few for a search."""
    companies = [each for each in listings if isinstance(each, int)]
    counted: dict[Any, int] = {}
    if companies:
        rows = await context.database.fetch_long(COMPANY_TOTALS, companies, context.viewer.own_profile)
        counted = {row["parent"]: row["total"] for row in rows}
    return [counted[each] if isinstance(each, int) else await each.total() for each in listings]


def project_of(edge: Row) -> Row:
    """The project of an edge."""
    return edge["project"]


def _cursor(list_name: str, row: Row) -> str:
    return cursors.encode(list_name, row["tier"], PUBLISHED_AT.to_cursor(row["published_at"]), row["id"])


def _position(list_name: str, cursor: str | None) -> Position | None:
    if cursor is None:
        return None
    tier, published_at, number = cursors.decode(list_name, cursor, int, int, int)
    return Position(tier, (PUBLISHED_AT.from_cursor(published_at), number))
