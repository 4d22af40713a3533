"""`demo --live`: people of a loaded demo earn points, until it is stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from cli import demo
from models.database import opened
from models.imports import ImportedPerson
from models.points import PointEntry
from services.core.runtime import Runtime
from services.imports.demo import SOURCE
from settings import Settings
from tests.helpers.factories import make_profile

HERE = Path(__file__).parents[2]
pytestmark = pytest.mark.sqlite_only


async def with_people(settings: Settings, *names: str) -> None:
    async with opened(settings) as database:
        with Runtime(settings, database).active():
            for name in names:
                number = await make_profile(name)
                await ImportedPerson.create(source=SOURCE, key=name, profile_id=number)


async def entries(settings: Settings) -> int:
    async with opened(settings):
        return await PointEntry.all().count()


async def test_it_stops_at_ctrl_c(settings: Settings) -> None:
    # given
    await with_people(settings, "Ada", "Ben")
    environment = {**os.environ, "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key}
    command = [sys.executable, "-m", "cli", "demo", "--live", "--seconds", "3600"]
    # when: it waits for an hour after the first event
    process = subprocess.Popen(  # noqa: ASYNC220 - the test has nothing else to do
        command, cwd=HERE, env={**environment, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    begun, earned = process.stdout.readline(), process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    # then
    assert "every 3600 seconds" in begun and "points" in earned and rest == "Stopped.\n"
    assert process.returncode == 0 and await entries(settings) == 1


@pytest.mark.parametrize("loaded", [True, False])
def test_it_ends_by_itself_and_needs_a_demo(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, *, loaded: bool
) -> None:
    # given
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("SECRET_KEY", settings.secret_key)
    if loaded:
        asyncio.run(with_people(settings, "Ada"))
    app = Typer()
    demo.register(app)
    # when
    result = CliRunner().invoke(app, ["--live", "--seconds", "0.2", "--times", "2"])
    # then
    assert result.exit_code == (0 if loaded else 1), result.output
    assert result.output.count("Ada: ") == (2 if loaded else 0)
    assert asyncio.run(entries(settings)) == (2 if loaded else 0)
