"""Points that a merge takes back: docs/rules/accounts.md#merging-points-badges-challenges."""

from datetime import timedelta

import pytest
from tortoise.transactions import in_transaction

from catalogue.points import Category
from models.points import EntryKind, OnceAward, Outcome, PointEntry
from services.core import clock
from services.merging.compensations import planned, take_back
from services.merging.plan import Compensation, CompensationReason, Pair
from services.points.corrections import REVERSALS, reverse
from services.points.ledger import record
from services.points.points_today import daily_caps
from tests.helpers.factories import NOON, event, give, make_profile

pytestmark = pytest.mark.usefixtures("database")
SELF = CompensationReason.SELF


async def taken_back(entry_ids: list[int]) -> int:
    async with in_transaction():
        return await take_back(entry_ids, SELF, clock.now())


async def test_what_is_taken_back_is_an_ordinary_reversal_that_says_why() -> None:
    # given
    ada, ben = await make_profile(), await make_profile()
    await give(ada, "UPVOTE_RECEIVED", times=3)
    await give(ada, "DOWNVOTE_RECEIVED")
    await record(event(ada, "RAPID_CERTIFIED"))
    await record(event(ada, "APP_REVIEWED", counterpart_id=ben))
    rows = await PointEntry.all().order_by("id")
    await reverse(rows[0].source, rows[0].external_id)
    ids = [row.id for row in rows]
    # when
    plan = await planned(Pair(ada, ben), ids, SELF)
    with clock.frozen(NOON + timedelta(hours=1)):
        counted = await taken_back(ids)
        again = await taken_back(ids)
        room = {each.activity.code: each.remaining for each in (await daily_caps([ada], NOON.date()))[ada]}
    # then the plan has everything but what another step plans
    assert plan == [
        Compensation(SELF, Category.FORUM, "DOWNVOTE_RECEIVED", 1, -2),
        Compensation(SELF, Category.LEARNING, "RAPID_CERTIFIED", 1, 25),
        Compensation(SELF, Category.FORUM, "UPVOTE_RECEIVED", 2, 20),
    ]
    assert (counted, again) == (5, 0)
    assert sum([row.awarded for row in await PointEntry.all()]) == 0
    made = await PointEntry.filter(reverses_id=rows[1].id).get()
    assert (made.kind, made.outcome, made.source, made.external_id) == (
        EntryKind.REVERSAL,
        Outcome.SELF,
        REVERSALS,
        str(rows[1].id),
    )
    assert (made.occurred_at, made.day, made.asked, made.capped) == (rows[1].occurred_at, rows[1].day, -10, -10)
    # and it frees the cap of today, as every reversal does; what was reversed later than its day does not
    assert room["UPVOTE_RECEIVED"] == 50 - 10
    # and a service that reverses the same event finds it
    assert (await reverse(rows[1].source, rows[1].external_id)).repeated
    # and the activity can be earned again
    assert not await OnceAward.exists(profile_id=ada)
    assert (await record(event(ada, "RAPID_CERTIFIED"))).outcome is Outcome.AWARDED
