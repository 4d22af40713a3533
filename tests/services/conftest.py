"""Fixtures for tests of rules."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.exceptions import ConfigurationError

from models.accounts import Account
from models.database import Database
from services.auth import passwords
from services.core import clock, rate_limits
from tests.helpers.second_factors import START


@pytest.fixture
async def start(database: Database) -> AsyncIterator[None]:
    """A database at a moment that stands still."""
    with clock.frozen(START):
        yield


@pytest.fixture(autouse=True)
def limits_are_spent_outside_of_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting in Redis may take half a second, and locks of a transaction must not wait for it."""
    spend = rate_limits.spend

    async def checked(operation: str, **given: Any) -> None:
        with suppress(RuntimeError, ConfigurationError):  # no database in this test
            connection = Account._meta.db
            assert not isinstance(connection, TransactionalDBClient), f"{operation} is spent inside a transaction"
        await spend(operation, **given)

    monkeypatch.setattr(rate_limits, "spend", checked)


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested is the rule beneath the limit."""

    async def free(*_: Any, **__: Any) -> None:
        pass

    monkeypatch.setattr(rate_limits, "spend", free)


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many people sign up, and what is tested is not how their passwords are kept."""

    async def hashed(_password: str) -> str:
        return "no hash"

    monkeypatch.setattr(passwords, "hash_password", hashed)
