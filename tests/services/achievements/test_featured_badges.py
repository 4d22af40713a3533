"""Which badges a person shows first: docs/rules/badges.md#featured-badges."""

from asyncio import gather
from typing import Any

import pytest

from models.badges import FeaturedBadge
from services.achievements import badges
from services.errors import ErrorCode, Refused
from tests.helpers.factories import make_profile

pytestmark = pytest.mark.usefixtures("database")


async def featured(profile_id: int) -> list[str]:
    rows: Any = FeaturedBadge.filter(profile_id=profile_id).order_by("place")
    return list(await rows.values_list("badge", flat=True))


FIVE = ["FIRST_LIGHT", "WARM_WELCOME", "OPEN_SHOP", "GRAND_PRIZE", "HALL_OF_FAME"]


async def make_laureate() -> int:
    ada = await make_profile()
    for badge in FIVE:
        await badges.grant(ada, badge, reason="Why")
    return ada


async def test_up_to_four_are_featured_in_their_order() -> None:
    # given
    ada = await make_laureate()
    # when
    await badges.feature(ada, FIVE[:4])
    await badges.feature(ada, [FIVE[3], FIVE[0], FIVE[4]])
    # then
    assert await featured(ada) == [FIVE[3], FIVE[0], FIVE[4]]
    await badges.feature(ada, [])
    assert await featured(ada) == []


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        (FIVE, [ErrorCode.TOO_MANY_ITEMS]),
        ([FIVE[0], FIVE[0]], [ErrorCode.BADGE_REPEATED]),
        (["SUMMIT"], [ErrorCode.BADGE_NOT_EARNED]),
        (["NO_SUCH", FIVE[0], FIVE[0]], [ErrorCode.BADGE_NOT_EARNED, ErrorCode.BADGE_REPEATED]),
        (["ON_STAGE"], [ErrorCode.BADGE_NOT_EARNED]),
        (["EXPERT_EYE"], [ErrorCode.BADGE_NOT_EARNED]),
        (["N" * 65], [ErrorCode.BADGE_NOT_EARNED]),
    ],
)
async def test_what_cannot_be_featured_changes_nothing(wanted: list[str], codes: list[ErrorCode]) -> None:
    # given somebody else's badge, and a revoked one
    ada, ben = await make_laureate(), await make_profile()
    await badges.feature(ada, FIVE[:2])
    await badges.grant(ben, "ON_STAGE", reason="Why")
    await badges.grant(ada, "EXPERT_EYE", reason="Why")
    await badges.revoke(ada, "EXPERT_EYE", reason="Why")
    # when
    with pytest.raises(Refused) as why:
        await badges.feature(ada, wanted)
    # then
    assert [problem.code for problem in why.value.problems] == codes
    assert await featured(ada) == FIVE[:2]


@pytest.mark.postgres_only
async def test_two_choices_at_once_are_one_of_them() -> None:
    # given
    ada = await make_laureate()
    choices = [FIVE[:4], FIVE[1:], FIVE[:1], []]
    # when
    await gather(*(badges.feature(ada, choice) for choice in choices))
    # then
    assert await featured(ada) in choices
