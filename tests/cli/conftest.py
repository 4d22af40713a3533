"""Commands as an operator runs them, on the test's own database."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.__main__ import app
from models.database import opened
from services.core.runtime import Runtime
from settings import Settings

Cli = Callable[..., Result]
Inside = Callable[[Callable[[], Awaitable[Any]]], Any]


@pytest.fixture
def cli(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command on the test's database."""
    monkeypatch.setattr("cli.command.logs.set_up", lambda _level: None)
    for field in dataclasses.fields(settings):
        monkeypatch.setenv(field.name.upper(), str(getattr(settings, field.name)))
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture
def inside(settings: Settings) -> Inside:
    """Look into the database between two commands."""

    async def run(work: Callable[[], Awaitable[Any]]) -> Any:
        async with opened(settings) as database:
            with Runtime(settings, database).active():
                return await work()

    return lambda work: asyncio.run(run(work))
