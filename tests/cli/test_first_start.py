"""The first `run`: an empty database gets a demo, all of it, also when it is killed half-way."""

from pathlib import Path
from typing import Any

import pytest

from cli import run
from models.accounts import Account
from models.database import Database
from models.profiles import Profile
from services.accounts.accounts import create_account
from services.core.audit import SYSTEM, Actor
from services.imports.demo import PEOPLE
from services.profiles import publishing
from services.profiles.publishing import ChecklistItem

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path]:
    """Where the secrets of the demo go."""
    found = tmp_path / "demo-token", tmp_path / "demo-sign-ins"
    monkeypatch.setattr(run, "HERE", tmp_path)
    monkeypatch.setattr(run, "TOKEN_FILE", found[0])
    monkeypatch.setattr(run, "SIGN_INS_FILE", found[1])
    return found


@pytest.mark.parametrize("step", ["load_demo", "create_account", "create_token", "open_sign_ins", "_write_secret"])
async def test_a_first_start_that_was_killed_is_completed_by_the_next(
    database: Database, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    # given
    async def small(_database: Database) -> None:
        """Stand in for the demo where it is not what is killed: three people."""

    class Killed(BaseException):
        pass

    def dies(*_: Any, **__: Any) -> Any:
        raise Killed

    async def sign_ins() -> list[Any]:
        return []

    monkeypatch.setattr(run, "load_demo", small)
    monkeypatch.setattr(run, "open_sign_ins", sign_ins)
    kept = getattr(run, step)
    monkeypatch.setattr(run, step, dies)
    with pytest.raises(Killed):
        await run._demo_if_empty(database)
    assert not await Account.exists()
    # when
    monkeypatch.setattr(run, step, kept)
    await run._demo_if_empty(database)
    # then
    assert await Account.filter(email=run.PARTNER).count() == 1
    assert files[0].read_text().startswith("mxp_")
    # and a third start changes nothing
    token = files[0].read_text()
    await run._demo_if_empty(database)
    assert files[0].read_text() == token


async def test_a_database_of_somebodys_own_gets_no_demo(database: Database, files: tuple[Path, Path]) -> None:
    await create_account("ada@people.example", name="Ada")
    await run._demo_if_empty(database)
    assert await Account.all().count() == 1 and not files[0].exists()


async def test_the_whole_first_start_and_people_of_the_demo_can_go_private_and_public_again(
    database: Database, files: tuple[Path, Path]
) -> None:
    # given
    await run._demo_if_empty(database)
    assert await Profile.all().count() == PEOPLE + 1
    assert files[0].exists() and "TOTP secret" in files[1].read_text()
    # then every public profile is complete
    for profile in await Profile.filter(listed=True):
        assert len(await publishing.read_completed_items(profile)) == len(ChecklistItem), profile.handle
    # and one that goes private can be published again
    guide = await Profile.get(handle="ada-okafor")
    account = await Account.get(profile_id=guide.id)
    actor = Actor(account.id, SYSTEM.origin)
    await publishing.unpublish(guide.id, actor=actor)
    await publishing.publish(guide.id, actor=actor)
    assert (await Profile.get(id=guide.id)).listed
