"""
SQL of lists of connections: the top rows of each parent, from that parent's own index.

Rows are the cards of people (resolvers/profiles.py) with `connected_at`. They leave out hidden people and those with a block
between them and the viewer, $2. The list of a parent with a block between it and the viewer has no rows.
"""

from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from models.statements import Statement
from resolvers.base.keyset import PARENT, SortKey, TopPerParent, count_per_parent
from resolvers.profiles import CARD, card_sql
from services.core.visibility import blocked_with_sql
from services.media.search_tokenizer import NAME

CONNECTED: Final = (*CARD, "connected_at")
_BLOCKED: Final = blocked_with_sql("$2")
_UNBLOCKED: Final = f"c.other_id NOT IN {_BLOCKED} AND {PARENT} NOT IN {_BLOCKED}"
# "LIMIT 1 OFFSET 0" here and below keeps PostgreSQL from joining whole tables for each parent; CROSS JOIN makes SQLite keep
# the written order of tables, "IS NOT false" keeps it from the index of all listed profiles.
_LISTED: Final = "EXISTS (SELECT 1 FROM profile p WHERE p.id = c.other_id AND p.listed IS NOT false LIMIT 1 OFFSET 0)"


class _Source(NamedTuple):
    """Connections `c` of a parent: the tables, and the conditions."""

    tables: str
    where: str

    def cards(self, further: str = "") -> str:
        """FROM and WHERE of the cards `p` of the people that the viewer sees."""
        return f"""
            FROM {self.tables} CROSS JOIN profile p
            WHERE {self.where} AND p.id = c.other_id AND p.listed IS NOT false AND {_UNBLOCKED} {further}
        """

    def people(self, further: str = "") -> str:
        """The same rows for counting them."""
        return f"FROM {self.tables} WHERE {self.where} AND {_LISTED} AND {_UNBLOCKED} {further}"


_ALL: Final = _Source("connection c", f"c.profile_id = {PARENT}")
_THEIRS: Final = _Source(
    "connection c",
    f"""c.profile_id = {PARENT} AND EXISTS (
        SELECT 1 FROM connection v WHERE v.profile_id = $2 AND v.other_id = c.other_id LIMIT 1 OFFSET 0)""",
)
_OWN_SQLITE: Final = _Source(
    "connection v CROSS JOIN connection c",
    f"v.profile_id = $2 AND c.profile_id = {PARENT} AND c.other_id = v.other_id",
)
_OWN_POSTGRES: Final = _Source(
    f"""connection v CROSS JOIN LATERAL (
        SELECT * FROM connection k WHERE k.profile_id = {PARENT} AND k.other_id = v.other_id LIMIT 1 OFFSET 0) c""",
    "v.profile_id = $2",
)


def _list(source: str | Statement, parameters: int) -> TopPerParent:
    return TopPerParent(
        "connections",
        columns=CONNECTED,
        select=f"{card_sql('p')}, c.connected_at",
        source=source,
        order=(SortKey("connected_at", "c.connected_at", value_type=datetime), SortKey("id", "c.other_id")),
        parameters=parameters,
    )


CONNECTIONS: Final = _list(_ALL.cards(), parameters=1)
"""Newest first. Index: connection (profile_id, connected_at, other_id)."""


@lru_cache(maxsize=16)
def named(words: int) -> TopPerParent:
    """
    CONNECTIONS whose names have words that begin with each of as many pairs of further parameters. Indexes: connection
    (profile_id, connected_at, other_id), profile_word (profile_id, word, place).
    """
    return _list(_ALL.cards(_have_words(words)), parameters=1 + 2 * words) if words else CONNECTIONS


@lru_cache(maxsize=16)
def total(words: int) -> Statement:
    """How many rows `named` has for each parent, with its parameters."""
    return count_per_parent(_ALL.people(_have_words(words)))


MUTUAL: Final = {
    "theirs": _list(_THEIRS.cards(), parameters=1),
    "own": _list(Statement(_OWN_SQLITE.cards(), _OWN_POSTGRES.cards()), parameters=1),
}
"""
The connections of each parent that the viewer has too; found from the parent's (`theirs`) or from the viewer's (`own`).
Unique connection (profile_id, other_id).
"""
MUTUAL_TOTALS: Final = {
    "theirs": count_per_parent(_THEIRS.people()),
    "own": count_per_parent(Statement(_OWN_SQLITE.people(), _OWN_POSTGRES.people())),
}
"""How many rows MUTUAL has for each parent."""


def _have_words(words: int) -> str:
    # No text has the byte 255 in UTF-8: all words that begin with one lie before it and that byte.
    found = f"SELECT 1 FROM profile_word w WHERE w.profile_id = c.other_id AND w.place = {NAME}"
    return " ".join(
        f"AND EXISTS ({found} AND w.word >= ${mark} AND w.word < ${mark + 1} LIMIT 1 OFFSET 0)"
        for mark in range(3, 3 + 2 * words, 2)
    )
