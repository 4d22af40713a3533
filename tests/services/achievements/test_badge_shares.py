"""How many hold a badge: never older than a minute, and never counted by everybody at once."""

from asyncio import gather, sleep
from collections import Counter
from datetime import timedelta

import pytest

from models.database import Database
from services.achievements import badge_shares
from services.achievements.badge_shares import Shares
from services.core import clock
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, give, make_profile


async def share(database: Database, seconds: float) -> float:
    with clock.frozen(NOON + timedelta(seconds=seconds)):
        return (await badge_shares.of(database)).percent("FIRST_LIGHT")


async def test_figures_are_kept_then_renewed_behind_and_never_older_than_a_minute(database: Database) -> None:
    # given
    ada, _ = await make_profile(), await make_profile()
    assert await share(database, 0) == 0.0
    await give(ada)
    # then
    assert await share(database, 30) == 0.0
    assert await share(database, 31) == 0.0  # counted again behind
    await sleep(0.2)
    assert await share(database, 32) == 50.0
    await give(await make_profile())
    assert await share(database, 31 + 61) == 66.7


async def test_many_who_ask_at_once_count_once(database: Database, count_statements: CountStatements) -> None:
    with count_statements() as seen:
        await gather(*(badge_shares.of(database) for _ in range(20)))
    assert seen.total == 1


@pytest.mark.parametrize(
    ("holders", "people", "percent"),
    [(0, 0, 0.0), (0, 9, 0.0), (1, 100_000, 0.1), (99_999, 100_000, 99.9), (1, 3, 33.3), (3, 3, 100.0)],
)
def test_only_nobody_is_0_and_only_everybody_is_100(holders: int, people: int, percent: float) -> None:
    assert Shares(people, Counter({("A", 1): holders}), NOON).percent("A") == percent
