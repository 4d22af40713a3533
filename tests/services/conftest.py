"""Fixtures for tests of rules."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from models.database import Database
from services import clock, limits, passwords
from tests.services.second_factors import START


@pytest.fixture
async def start(database: Database) -> AsyncIterator[None]:
    """A database at a moment that stands still."""
    with clock.frozen(START):
        yield


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested is the rule beneath the limit."""

    async def free(*_: Any, **__: Any) -> None:
        pass

    monkeypatch.setattr(limits, "spend", free)


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many people sign up, and what is tested is not how their passwords are kept."""

    async def hashed(_password: str) -> str:
        return "no hash"

    monkeypatch.setattr(passwords, "hashed", hashed)
