"""The demo as it goes on: its own people earn points by the rules, and nobody else does."""

from random import Random

import pytest

from models.database import Database
from models.imports import ImportedPerson
from models.points import PointEntry
from models.profiles import Profile
from services.errors import ErrorCode, Refused
from services.imports.demo import SOURCE
from services.imports.demo_live import LiveDemo
from services.points.ledger_consistency import differences
from tests.helpers.factories import make_profile


async def test_only_people_of_the_demo_earn_points(database: Database) -> None:
    # given
    ada, ben = await make_profile("Ada"), await make_profile("Ben")
    hidden, guest = await make_profile("Hidden", public=False), await make_profile("Guest")
    for number in (ada, ben, hidden):
        await ImportedPerson.create(source=SOURCE, key=str(number), profile_id=number)
    await ImportedPerson.create(source="forum", key="guest", profile_id=guest)
    live = await LiveDemo.open(Random(1))
    # when
    steps = [await live.step() for _ in range(40)]
    # then
    entries = await PointEntry.filter(source=SOURCE)
    assert len(entries) == 40 and {each.profile_id for each in entries} == {ada, ben}
    assert {each.name for each in steps} == {"Ada", "Ben"}
    assert sum(each.points for each in steps) == sum(each.awarded for each in entries) > 0
    assert [each async for each in differences()] == []
    assert await Profile.all().count() == 4


async def test_a_database_without_a_demo_is_left_alone(database: Database) -> None:
    await make_profile("Ada")
    with pytest.raises(Refused) as refused:
        await LiveDemo.open()
    assert refused.value.problems[0].code is ErrorCode.NOT_FOUND
    assert await PointEntry.all().count() == 0
