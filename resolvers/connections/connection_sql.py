"""
How lists of somebody's connections are asked for: the top rows of each parent, from that parent's own index.

Rows are the cards of people (resolvers/profiles.py) with `connected_at`. Who is hidden is not among them, nor anybody a
block stands between and the viewer; the list of somebody who is blocked, or has blocked the viewer, has no rows.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from models.statements import Statement
from services.connections.blocks import BLOCKED_WITH
from services.media.search_tokenizer import NAME

CARD: Final = ("id", "handle", "name", "avatar", "job_title", "country", "company_id", "visibility")
CONNECTED: Final = (*CARD, "connected_at")
CARD_COLUMNS: Final = ", ".join(
    "NULLIF(p.job_title, '') AS job_title" if each == "job_title" else f"p.{each}" for each in CARD
)
"""The card of a profile `p`."""
_UNBLOCKED: Final = f"""
    c.other_id NOT IN {BLOCKED_WITH.format(one="$2")} AND {{parent}} NOT IN {BLOCKED_WITH.format(one="$2")}
"""
# "LIMIT 1 OFFSET 0" here and below keeps PostgreSQL from joining all of one table with all of another for each parent;
# CROSS JOIN holds SQLite to the order that is written, "IS NOT false" keeps it from the index of everybody listed.
_LISTED: Final = "EXISTS (SELECT 1 FROM profile p WHERE p.id = c.other_id AND p.listed IS NOT false LIMIT 1 OFFSET 0)"


class _Rows(NamedTuple):
    """Connections `c` of a parent: the tables, and the conditions, in the words of one database."""

    tables: str
    where: str


class _Found(NamedTuple):
    sqlite: _Rows
    postgres: _Rows


_ALL: Final = _Rows("connection c", "c.profile_id = {parent}")
_ALSO_OWN: Final = _Rows(
    "connection c",
    """c.profile_id = {parent} AND EXISTS (
        SELECT 1 FROM connection v WHERE v.profile_id = $2 AND v.other_id = c.other_id LIMIT 1 OFFSET 0)""",
)
_EVERY: Final = _Found(_ALL, _ALL)
_MUTUAL: Final = {
    "theirs": _Found(_ALSO_OWN, _ALSO_OWN),
    "own": _Found(
        _Rows(
            "connection v CROSS JOIN connection c",
            "v.profile_id = $2 AND c.profile_id = {parent} AND c.other_id = v.other_id",
        ),
        _Rows(
            """connection v CROSS JOIN LATERAL (
            SELECT * FROM connection k WHERE k.profile_id = {parent} AND k.other_id = v.other_id LIMIT 1 OFFSET 0) c""",
            "v.profile_id = $2",
        ),
    ),
}


@lru_cache(maxsize=64)
def page(words: int, *, backward: bool, beyond: bool) -> Statement:
    """
    The first rows of each of $1 that $2 sees, $3 at most; `beyond` the row ($4, $5); with names in which words begin with
    each of as many pairs of further parameters. Indexes: connection (profile_id, connected_at, other_id), profile_word
    (profile_id, word, place).
    """
    at = f"AND (c.connected_at, c.other_id) {'>' if backward else '<'} ($4, $5)" if beyond else ""
    return _top(_EVERY, f"{at} {_named(words, 6 if beyond else 4)}", "ASC" if backward else "DESC")


@lru_cache(maxsize=16)
def total(words: int) -> Statement:
    """How many rows each of $1 has for $2, with pairs of further parameters like `page`."""
    return _total(_EVERY, _named(words, 3))


@lru_cache
def mutual(drive: str) -> Statement:
    """
    The newest rows of each of $1 that $2 has too, $3 at most; found from `theirs` or from the viewer's `own`. Unique
    connection (profile_id, other_id).
    """
    return _top(_MUTUAL[drive], "", "DESC")


@lru_cache
def mutual_total(drive: str) -> Statement:
    """How many rows each of $1 has that $2 has too; indexes like `mutual`."""
    return _total(_MUTUAL[drive], "")


def _named(words: int, start: int) -> str:
    # No text has the byte 255 in UTF-8: all words that begin with one lie before it and that byte.
    found = f"SELECT 1 FROM profile_word w WHERE w.profile_id = c.other_id AND w.place = {NAME}"
    return " ".join(
        f"AND EXISTS ({found} AND w.word >= ${mark} AND w.word < ${mark + 1} LIMIT 1 OFFSET 0)"
        for mark in range(start, start + 2 * words, 2)
    )


def _top(found: _Found, further: str, way: str) -> Statement:
    """The rows of each parent in the order of time, $3 at most."""
    pairs = ", ".join(f"'{name}', {name}" for name in CONNECTED)
    sqlite, postgres = (
        f"""
            SELECT {CARD_COLUMNS}, c.connected_at FROM {rows.tables} CROSS JOIN profile p
            WHERE {rows.where} AND p.id = c.other_id AND p.listed IS NOT false AND {_UNBLOCKED} {further}
            ORDER BY c.connected_at {way}, c.other_id {way} LIMIT $3
        """
        for rows in found
    )
    return _of_each(
        f"(SELECT json_group_array(json_object({pairs})) FROM ({sqlite})) FROM json_each($1) key",
        f"""
            r.* FROM unnest($1::bigint[]) AS key (value) CROSS JOIN LATERAL ({postgres}) r
            ORDER BY key.value, r.connected_at {way}, r.id {way}
        """,
    )


def _total(found: _Found, further: str) -> Statement:
    """How many rows each parent has."""
    sqlite, postgres = (
        f"(SELECT count(*) FROM {rows.tables} WHERE {rows.where} AND {_LISTED} AND {_UNBLOCKED} {further}) AS total"
        for rows in found
    )
    return _of_each(f"{sqlite} FROM json_each($1) key", f"{postgres} FROM unnest($1::bigint[]) AS key (value)")


def _of_each(sqlite: str, postgres: str) -> Statement:
    """Both texts behind `key.value`, which is the parent."""
    sqlite, postgres = (f"SELECT key.value, {text}".format(parent="key.value") for text in (sqlite, postgres))
    return Statement(sqlite=re.sub(r"\$(\d+)", r"?\1", sqlite), postgres=postgres)
