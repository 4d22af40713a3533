"""The helpers that make people for tests of merging and deletion: their rows agree with each other."""

from random import Random

from models.database import Database
from tests.helpers.full_profiles import make_full_person
from tests.helpers.invariants import check_consistent
from tests.helpers.random_pairs import random_pair


async def test_a_full_person_has_every_row_and_right_sums(database: Database) -> None:
    await make_full_person(canary="c4n4ry")
    await make_full_person(public=False)
    await check_consistent(database)


async def test_random_people_are_consistent(database: Database) -> None:
    for seed in range(3):
        await random_pair(Random(seed))
    await check_consistent(database)
