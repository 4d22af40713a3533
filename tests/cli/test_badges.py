"""The operator's commands about badges."""

import asyncio
import dataclasses
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from models.badges import BadgeAward
from models.database import opened
from models.points import ProfileCounter
from services.core.runtime import Runtime
from services.points.ledger import record_many
from services.progress import profile_batches
from services.progress.scores import lock_scores
from settings import Settings
from tests.helpers.factories import event, make_profile
from tests.helpers.graph_ids import graph_id
from tests.helpers.runtimes import using_settings

RUNNER = CliRunner()
pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def cli(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command on the test's database, where Ada has solved a problem or two."""
    monkeypatch.setattr("cli.command.logs.set_up", lambda _level: None)
    for field in dataclasses.fields(settings):
        monkeypatch.setenv(field.name.upper(), str(getattr(settings, field.name)))

    async def prepare() -> None:
        async with opened(settings):
            for name in ("Ada", "Ben", "Cem"):
                who = await make_profile(name)
                await record_many([event(who, "ANSWER_ACCEPTED") for _ in range(5)])

    with using_settings(settings):
        asyncio.run(prepare())
    return lambda *words: RUNNER.invoke(app, list(words))


def stored(settings: Settings, change: Any) -> Any:
    async def run() -> Any:
        async with opened(settings) as database:
            with Runtime(settings, database).active():
                return await change()

    return asyncio.run(run())


async def id_of_the_second() -> str:
    return graph_id("prf", 2)


async def forget() -> None:
    await BadgeAward.all().delete()
    await ProfileCounter.all().delete()


async def solvers() -> list[tuple[int, bool]]:
    rows: Any = (
        BadgeAward.filter(profile_id=1, badge="PROBLEM_SOLVER").order_by("level").values_list("level", "revoked_at")
    )
    return [(level, revoked_at is not None) for level, revoked_at in await rows]


def test_badges_are_granted_and_revoked_with_a_reason(cli: Any, settings: Settings) -> None:
    # when
    granted = cli("badges", "grant", "ada", "PROBLEM_SOLVER", "--level", "3", "--reason", "Helped at the booth")
    revoked = cli("badges", "revoke", "ada", "PROBLEM_SOLVER", "--level", "2", "--reason", "A mistake")
    # then
    assert (granted.exit_code, granted.stdout) == (0, "ada now has PROBLEM_SOLVER, level 3.\n")
    assert (revoked.exit_code, revoked.stdout) == (0, "Revoked PROBLEM_SOLVER of ada: level 2, 3.\n")
    assert stored(settings, solvers) == [(1, False), (2, True), (3, True)]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["grant", "nobody", "SUMMIT", "--reason", "Why"], 1, "There is no profile 'nobody'."),
        (["grant", "ada", "NO_SUCH", "--reason", "Why"], 1, "There is no badge 'NO_SUCH'."),
        (["grant", "ada", "FIRST_LIGHT", "--reason", "Why"], 1, "already"),
        (["grant", "ada", "SUMMIT"], 2, "--reason"),
        (["grant", "ada", "SUMMIT", "--reason", " "], 1, "A reason has 1 to 500 characters."),
        (["revoke", "ada", "SUMMIT", "--reason", "Why"], 1, "The profile has no SUMMIT"),
    ],
)
def test_what_cannot_be_done_is_said(cli: Any, words: list[str], code: int, said: str) -> None:
    result = cli("badges", *words)
    assert result.exit_code == code
    assert said in result.stderr


def test_the_list_has_every_badge(cli: Any) -> None:
    result = cli("badges", "list")
    assert result.exit_code == 0
    assert "PROBLEM_SOLVER" in result.stdout


def test_a_database_from_before_is_brought_up_to_date(
    cli: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(profile_batches, "PROFILES_PER_BATCH", 2)
    stored(settings, forget)
    # when
    counted = cli("rebuild", "counters")
    given = cli("badges", "reevaluate")
    # then
    assert (counted.exit_code, counted.stdout) == (0, "Corrected 3 counters.\n")
    assert (given.exit_code, given.stdout) == (0, "Awarded 9 badge levels.\n")
    assert cli("verify-points").exit_code == 0


@pytest.mark.parametrize("command", [("badges", "reevaluate"), ("rebuild", "counters")])
def test_ctrl_c_says_how_to_go_on(
    cli: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch, command: tuple[str, str]
) -> None:
    # given
    monkeypatch.setattr(profile_batches, "PROFILES_PER_BATCH", 2)
    stored(settings, forget)
    lock, calls = lock_scores, []

    async def interrupted(ids: list[int]) -> Any:
        calls.append(ids)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return await lock(ids)

    monkeypatch.setattr(profile_batches, "lock_scores", interrupted)
    second = stored(settings, id_of_the_second)
    # when
    result = cli(*command)
    # then
    assert result.exit_code == 130
    assert f"Continue with `{' '.join(command)} --after {second}`." in result.stderr.replace("\n", " ")
    monkeypatch.setattr(profile_batches, "lock_scores", lock)
    assert cli(*command, "--after", second).exit_code == 0
    if command[0] == "rebuild":
        assert cli("verify-points").exit_code == 0
