"""People that the viewer may know, and the reasons."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import orjson

from catalogue.languages import translate
from catalogue.terms import INDUSTRIES, SKILLS, Term
from resolvers import profiles
from resolvers.base import cursors
from resolvers.base.context import Context
from resolvers.base.current_profiles import current_of
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from resolvers.connections import connections
from resolvers.connections.suggestion_sql import CANDIDATES, IN_COMMON
from services.connections import suggestions
from services.connections.suggestions import Facts, weight

LIST_NAME = "people-you-may-know"
MAX_SUGGESTIONS = 200
"""Suggestions on all pages together."""
Suggested = tuple[int, bool]
"""A suggested profile, and whether the search found it among the connections of the viewer's connections."""


class Reason(Enum):
    """Why two people may know each other."""

    MUTUAL_CONNECTIONS = "MUTUAL_CONNECTIONS"
    SAME_COMPANY = "SAME_COMPANY"
    SHARED_SKILLS = "SHARED_SKILLS"
    SHARED_INDUSTRIES = "SHARED_INDUSTRIES"


@columns("edges", "page_info", "total_count")
@paged
async def of_profiles(profile_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | None]:
    """
    A page of people that the viewer may know, highest weight first, then by profile number; None for other profiles.

    Raises Refused: BAD_PAGE, BAD_CURSOR.
    """
    own = context.viewer.profile_id
    found = await _suggestion_page(own, page, context) if own is not None and own in profile_ids else None
    return [found if number == own else None for number in profile_ids]


async def _suggestion_page(own: int, page: Page, context: Context) -> Row:
    position = None if page.cursor is None else tuple(cursors.decode(LIST_NAME, page.cursor, int, int))
    ranked = await _ranked_candidates(own, context)
    rows = _page_of(ranked, page, position)
    cards = await profiles.by_id([row["id"] for row in rows], context)
    edges = [{**row, "person": card} for row, card in zip(rows, cards, strict=True)]
    # A person who hid after the list was read has no card.
    return connection(page, edges, cursor_of, visible=lambda edge: edge["person"] is not None, total_count=len(ranked))


async def _ranked_candidates(own: int, context: Context) -> list[Row]:
    # Up to 15 ms on SQLite.
    rows = await context.database.fetch_long(CANDIDATES, own)
    weighed = [
        {"id": row[0], "mutual": row[1] > 0, "weight": weight(Facts(row[1], bool(row[2]), row[3], row[4]))}
        for row in rows
    ]
    return sorted(weighed, key=_sort_key)[:MAX_SUGGESTIONS]


def _page_of(ranked: list[Row], page: Page, position: tuple[int, ...] | None) -> list[Row]:
    """Up to one row more than the page's size, beyond the cursor, even if the cursor's own row is gone."""
    if page.backward:
        return [row for row in ranked if position is None or _sort_key(row) < position][-page.size - 1 :]
    return [row for row in ranked if position is None or _sort_key(row) > position][: page.size + 1]


def _sort_key(row: Row) -> tuple[int, int]:
    return -row["weight"], row["id"]


def cursor_of(row: Row) -> str:
    """Return the cursor of a suggestion: its weight, which follows from its reasons, and its profile."""
    return cursors.encode(LIST_NAME, *_sort_key(row))


def person_of(row: Row) -> Row:
    """The suggested person of an edge."""
    return row["person"]


def suggested(row: Row) -> Suggested:
    """The key of `reasons` of a suggestion."""
    return row["id"], row["mutual"]


@columns("kind", "profile_id", "company_id", "skills", "industries")
async def reasons(people: Sequence[Suggested], context: Context) -> list[list[Row]]:
    """
    What the viewer has in common with each of these people, in the order of `Reason`. Exact also if the search was bounded:
    mutual connections are counted where it found none. Empty for anonymous callers and service accounts.
    """
    own, database = context.viewer.profile_id, context.database
    if own is None:
        return [[] for _ in people]
    unknown = [number for number, mutual in people if not mutual]
    totals = dict(zip(unknown, await connections.mutual_totals(unknown, context), strict=True)) if unknown else {}
    ids = [number for number, _ in people]
    rows = in_order(ids, await database.fetch(IN_COMMON, ids, own), by="id")
    return [
        [] if row is None else list(_reasons(number, row, mutual=mutual or totals[number] > 0))
        for (number, mutual), row in zip(people, rows, strict=True)
    ]


def _reasons(profile_id: int, row: Row, *, mutual: bool) -> Iterable[Row]:
    nothing: dict[str, Any] = {"profile_id": None, "company_id": None, "skills": None, "industries": None}
    if mutual:
        yield {**nothing, "kind": Reason.MUTUAL_CONNECTIONS, "profile_id": profile_id}
    if row["company_id"] is not None:
        yield {**nothing, "kind": Reason.SAME_COMPANY, "company_id": row["company_id"]}
    if skills := _term_rows(row["skills"], SKILLS):
        yield {**nothing, "kind": Reason.SHARED_SKILLS, "skills": skills}
    if industries := _term_rows(row["industries"], INDUSTRIES):
        yield {**nothing, "kind": Reason.SHARED_INDUSTRIES, "industries": industries}


def _term_rows(codes: Any, terms: Mapping[str, Term]) -> list[Row]:
    listed: list[str] = orjson.loads(codes) if isinstance(codes, str) else codes
    return [vars(term) for term in sorted((terms[code] for code in listed if code in terms), key=_sort_name)]


def _sort_name(term: Term) -> str:
    return translate(term.name).casefold()


async def dismiss(context: Context, *, input: Any) -> Row:
    """Never suggest a profile to the viewer again."""
    other = await current_of(input.profile_id, context, "profileId")
    await suggestions.dismiss(context.viewer.own_profile, other)
    return {"profile_id": other}
