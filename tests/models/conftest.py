"""Fixtures for tests of tables and migrations."""

import pytest


@pytest.fixture
def server(dialect: str, request: pytest.FixtureRequest) -> None:
    """Skips where there is no PostgreSQL and the test needs it. Not in an async fixture: looking takes a loop of its own."""
    if dialect == "postgres":
        request.getfixturevalue("postgres_server")
