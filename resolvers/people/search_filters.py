"""
The filters of a search, as SQL: each lists the rows it matches, by number in the column `item`, and tells whether it
matches one row. The rows are people; with tables of projects they are projects (resolvers/project_search.py).

`LIMIT 1 OFFSET 0` keeps PostgreSQL from turning a test of one row into a join over all of them: search_plan.py decides
how a page is found, from counts, and not the database's planner from estimates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from services.media.search_tokenizer import NAME

AddParameter = Callable[[object], str]
"""Adds a parameter to the statement and returns its mark."""

TIERS = 4
"""How well words match, best first: 0 whole words of the name, 1 whole words, 2 prefixes of words of the name, 3
prefixes of words. A person is in the tier of the word that matches worst."""
ANY_TIER = TIERS - 1


class Filter(Protocol):
    """One condition of a search."""

    @property
    def indexed(self) -> bool:
        """True if an index lists the people."""

    @property
    def lists_hidden(self) -> bool:
        """True if hidden rows are among those that it lists."""

    def ids_sql(self, add: AddParameter, tier: int) -> str:
        """SQL of the rows `item` that match in this tier or a better one; one may be there more than once."""

    def matches_sql(self, add: AddParameter, item: str, tier: int) -> str:
        """SQL: the row whose number is in the column `item` matches in this tier or a better one."""


@dataclass(frozen=True)
class WordFilter:
    """A word of the name, the handle or the job title begins with `word`, or is it. Indexes: all of profile_word."""

    word: bytes
    table: str = "profile_word"
    key: str = "profile_id"
    lists_hidden: bool = False
    """Hidden people have no words."""
    indexed: ClassVar[bool] = True

    def ids_sql(self, add: AddParameter, tier: int) -> str:
        return f"SELECT w.{self.key} AS item FROM {self.table} w WHERE {self._condition(add, tier)}"

    def matches_sql(self, add: AddParameter, item: str, tier: int) -> str:
        return exists_sql(f"{self.table} w WHERE w.{self.key} = {item} AND {self._condition(add, tier)}")

    def _condition(self, add: AddParameter, tier: int) -> str:
        word = add(self.word)
        if tier == 0:
            return f"w.word = {word} AND w.place = {NAME}"
        if tier == 1:
            return f"w.word = {word}"
        # No text has the byte 255 in UTF-8: all words that begin with this one lie before it.
        begins = f"w.word >= {word} AND w.word < {add(self.word + bytes([255]))}"
        return begins if tier == ANY_TIER else f"{begins} AND (w.place = {NAME} OR w.word = {word})"


@dataclass(frozen=True)
class TermFilter:
    """A skill or an industry is among a row's. Indexes: (skill, profile_id), unique (profile_id, skill), and alike."""

    table: str
    column: str
    code: str
    key: str = "profile_id"
    indexed: ClassVar[bool] = True
    lists_hidden: ClassVar[bool] = True

    def ids_sql(self, add: AddParameter, tier: int) -> str:  # noqa: ARG002 - only words have tiers
        return f"SELECT t.{self.key} AS item FROM {self.table} t WHERE t.{self.column} = {add(self.code)}"

    def matches_sql(self, add: AddParameter, item: str, tier: int) -> str:  # noqa: ARG002
        return exists_sql(f"{self.table} t WHERE t.{self.key} = {item} AND t.{self.column} = {add(self.code)}")


@dataclass(frozen=True)
class ColumnFilter:
    """
    A column of the profile has a value. Indexes: (listed, country, id), (company_id), the primary key; what people
    look for has no index, so that all listed profiles are read.
    """

    column: str
    value: str | int | bool
    lists_hidden: ClassVar[bool] = False

    @property
    def indexed(self) -> bool:
        return self.column in {"country", "company_id"}

    def ids_sql(self, add: AddParameter, tier: int) -> str:  # noqa: ARG002
        # "IS NOT false": of two indexes SQLite would take the one of (listed, …), which the company is not in.
        listed = "IS NOT false" if self.column == "company_id" else "= true"
        return f"SELECT p.id AS item FROM profile p WHERE p.listed {listed} AND {self._condition(add)}"

    def matches_sql(self, add: AddParameter, item: str, tier: int) -> str:  # noqa: ARG002
        return exists_sql(f"profile p WHERE p.id = {item} AND {self._condition(add)}")

    def _condition(self, add: AddParameter) -> str:
        return f"p.{self.column} = " + ("true" if self.value is True else add(self.value))


def exists_sql(rest: str) -> str:
    return f"EXISTS (SELECT 1 FROM {rest} LIMIT 1 OFFSET 0)"
