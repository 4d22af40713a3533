"""The helper that gives a person a row in every table: its rows agree with each other."""

from models.database import Database
from services.credits import credit_ledger
from services.points import ledger_consistency
from tests.helpers.full_profiles import make_full_person


async def test_a_full_person_has_every_row_and_right_sums(database: Database) -> None:
    await make_full_person(canary="c4n4ry")
    await make_full_person(public=False)
    assert [each async for each in ledger_consistency.differences()] == []
    assert [each async for each in credit_ledger.differences()] == []
