"""The migration that takes the last sign-in of each account from the audit trail."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection

from models import migrate as migrating
from models import versions
from models.database import Database
from tests.helpers import migration_history
from tests.helpers.factories import NOON
from tests.helpers.sample_rows import Maker
from tests.models.conftest import EarlierDatabases

NAME = next(name for name in versions.known() if name.endswith("_last_sign_in"))
BEFORE = [name for name in versions.known() if name < NAME]


@pytest.fixture
async def before(
    dialect: str, server: None, earlier_databases: EarlierDatabases, tmp_path: Path
) -> AsyncIterator[Database]:
    """A database as the migration finds it."""
    async with earlier_databases.before(NAME, dialect, tmp_path) as database:
        yield database


async def test_the_last_completed_sign_in_counts(before: Database) -> None:
    # given
    so_far = {name: migrating.load(name) for name in BEFORE}
    make = Maker(await migration_history.models_after(so_far, before.dialect), before.dialect)
    ada, ben = [await make.row("account", email=f"{name}@people.example") for name in ("ada", "ben")]
    entries = [("sign-in", "SUCCESS", 1), ("sign-in", "SUCCESS", 2), ("sign-in", "REFUSED", 3), ("profile.updated", "SUCCESS", 4)]  # fmt: skip
    for action, outcome, day in entries:
        at = NOON.replace(day=day)
        await make.row("audit_entry", account_id=ada["id"], action=action, outcome=outcome, at=at)
    await make.row("audit_entry", account_id=ben["id"], action="sign-in", outcome="REFUSED", at=NOON)
    # when
    await migrating.apply(before, {**so_far, NAME: migrating.load(NAME)})
    # then
    found: list[Any] = await get_connection(before.dialect).execute_query_dict(
        "SELECT last_sign_in_at FROM account ORDER BY id"
    )
    first, second = [each["last_sign_in_at"] for each in found]
    assert str(first)[:10] == "2026-03-02" and second is None
