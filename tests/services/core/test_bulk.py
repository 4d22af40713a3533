from datetime import UTC, date, datetime
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from models.database import Database
from models.imports import ImportedPerson
from models.profiles import Profile, Visibility
from services.core.bulk import insert, lookup
from tests.helpers.factories import make_profile

NOON = datetime(2026, 3, 10, 12, 0, 0, 5, tzinfo=UTC)


def profile(handle: str, **more: Any) -> Profile:
    return Profile(handle=handle, name="N", joined_on=date(2020, 2, 29), created_at=NOON, **more)


async def test_rows_come_back_as_they_were(database: Database) -> None:
    # when
    await insert([profile("one", visibility=Visibility.PUBLIC, country="DE"), profile("two", active=False)])
    # then
    one, two = await Profile.all().order_by("id")
    assert (one.handle, one.visibility, one.country, one.active) == ("one", Visibility.PUBLIC, "DE", True)
    assert (two.handle, two.visibility, two.country, two.active) == ("two", Visibility.PRIVATE, None, False)
    assert (one.joined_on, one.created_at, one.edited_at) == (date(2020, 2, 29), NOON, None)


async def test_stored_forms_are_those_of_tortoise(database: Database) -> None:
    # when
    await insert([profile("one")])
    await Profile.bulk_create([profile("two")])
    # then
    one, two = await database.fetch("SELECT * FROM profile ORDER BY id")
    different = {name for name in one.keys() if one[name] != two[name]}  # noqa: SIM118 - a row, not a dict
    assert different == {"id", "handle"}


async def test_a_row_that_is_there_already_is_an_integrity_error(database: Database) -> None:
    # given
    await insert([profile("one")])
    # then
    with pytest.raises(IntegrityError):
        async with in_transaction():
            await insert([profile("two"), profile("one")])
    assert await Profile.all().count() == 1


async def test_nothing_is_nothing(database: Database) -> None:
    await insert([])
    assert await lookup(Profile, "id", column="handle", keys=[]) == {}


async def test_keys_are_looked_up_within_their_source(database: Database) -> None:
    # given
    zoe, adam = await make_profile(), await make_profile()
    await insert([ImportedPerson(source=source, key="1", profile_id=who) for source, who in (("a", zoe), ("b", adam))])
    # then
    assert await lookup(ImportedPerson, "profile_id", source="a", column="key", keys={"1", "2"}) == {"1": zoe}
    assert await lookup(ImportedPerson, "profile_id", source="c", column="key", keys={"1"}) == {}
    odd = ["ä'\"%_\\", "1"]
    assert await lookup(ImportedPerson, "profile_id", source="b", column="key", keys=odd) == {"1": adam}
