"""
What a search asks of a person, as SQL: each condition can list the people it holds for, and say whether it holds for one.

`LIMIT 1 OFFSET 0` keeps PostgreSQL from turning a question about one person into a join over all of them: how a page is
found is decided in resolvers/people/people_search.py, by what was counted, and not by the planner's guess.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from services.media.search_tokenizer import NAME

Put = Callable[[object], str]
"""Takes a parameter of the statement that is being written; answers its mark."""

TIERS = 4
"""How well words match, the best first: 0 whole words of the name, 1 whole words, 2 beginnings of words of the name, 3
beginnings of words. A person is in the tier of the word that matches them worst."""
ANY_TIER = TIERS - 1


class Condition(Protocol):
    """One thing that is asked."""

    def ids(self, put: Put, tier: int) -> str:
        """SQL of the profiles it holds for, some of them more than once."""

    def holds(self, put: Put, person: str, tier: int) -> str:
        """SQL of whether it holds for the profile in the column `person`."""


@dataclass(frozen=True)
class Word:
    """A word is in the name, the handle or the job title, as its beginning or as a whole. Indexes: all of profile_word."""

    word: bytes

    def ids(self, put: Put, tier: int) -> str:
        return f"SELECT profile_id FROM profile_word w WHERE {self._matches(put, tier)}"

    def holds(self, put: Put, person: str, tier: int) -> str:
        return _exists(f"profile_word w WHERE w.profile_id = {person} AND {self._matches(put, tier)}")

    def _matches(self, put: Put, tier: int) -> str:
        word = put(self.word)
        if tier == 0:
            return f"w.word = {word} AND w.place = {NAME}"
        if tier == 1:
            return f"w.word = {word}"
        # No text has the byte 255 in UTF-8: all words that begin with this one lie before it.
        begins = f"w.word >= {word} AND w.word < {put(self.word + bytes([255]))}"
        return begins if tier == ANY_TIER else f"{begins} AND (w.place = {NAME} OR w.word = {word})"


@dataclass(frozen=True)
class Term:
    """A skill or an industry is among a person's. Indexes: (skill, profile_id), unique (profile_id, skill), and alike."""

    table: str
    column: str
    code: str

    def ids(self, put: Put, tier: int) -> str:  # noqa: ARG002 - only words have tiers
        return f"SELECT profile_id FROM {self.table} t WHERE t.{self.column} = {put(self.code)}"

    def holds(self, put: Put, person: str, tier: int) -> str:  # noqa: ARG002
        return _exists(f"{self.table} t WHERE t.profile_id = {person} AND t.{self.column} = {put(self.code)}")


@dataclass(frozen=True)
class Fact:
    """
    A column of the profile has a value. Indexes: (listed, country, id), (company_id), the primary key; what people
    look for is in none, and read through all of them.
    """

    column: str
    value: str | int | bool

    @property
    def indexed(self) -> bool:
        """Whether an index lists the people."""
        return self.column in {"country", "company_id"}

    def ids(self, put: Put, tier: int) -> str:  # noqa: ARG002
        # "IS NOT false": of two indexes SQLite would take the one of (listed, …), which the company is not in.
        listed = "IS NOT false" if self.column == "company_id" else "= true"
        return f"SELECT p.id AS profile_id FROM profile p WHERE p.listed {listed} AND {self._is(put)}"

    def holds(self, put: Put, person: str, tier: int) -> str:  # noqa: ARG002
        return _exists(f"profile p WHERE p.id = {person} AND {self._is(put)}")

    def _is(self, put: Put) -> str:
        return f"p.{self.column} = " + ("true" if self.value is True else put(self.value))


def _exists(rest: str) -> str:
    return f"EXISTS (SELECT 1 FROM {rest} LIMIT 1 OFFSET 0)"
