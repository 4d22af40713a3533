"""How rare a badge is: by the share of people who hold it, without flickering, the same in every process."""

from asyncio import gather
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.badges import BADGES, Rarity
from catalogue.criteria import BadCatalogue
from catalogue.rarity import RARITY, read
from models.badges import BadgeRarity
from models.database import Database
from services.achievements import badge_rarity, badges
from tests.helpers.factories import give, make_person, make_profile

GREEN, BLUE, PURPLE, ORANGE = Rarity


@pytest.mark.parametrize(
    ("holders", "people", "current", "colour"),
    [
        (1, 199, None, BLUE),  # a small community: as it was given
        (1, 200, None, ORANGE),
        (2, 200, None, ORANGE),
        (3, 200, None, PURPLE),
        (10, 200, None, PURPLE),
        (11, 200, None, BLUE),
        (40, 200, None, BLUE),
        (41, 200, None, GREEN),
        (0, 200, None, ORANGE),
        # within the margin of a limit nothing changes, from whichever side it is reached
        (430, 2_000, BLUE, BLUE),
        (441, 2_000, BLUE, GREEN),
        (370, 2_000, GREEN, GREEN),
        (359, 2_000, GREEN, BLUE),
        # several limits at once
        (0, 2_000, GREEN, ORANGE),
        (2_000, 2_000, ORANGE, GREEN),
        # and the community itself has a margin
        (1, 190, ORANGE, ORANGE),
        (1, 179, ORANGE, BLUE),
    ],
)
def test_the_colour_of_a_share(holders: int, people: int, current: Rarity | None, colour: Rarity) -> None:
    assert RARITY.colour(holders, people, given=BLUE, current=current) is colour


@given(st.integers(0, 5_000), st.sampled_from(Rarity), st.integers(-40, 40))
def test_a_colour_is_stable_and_small_moves_never_turn_it_to_and_fro(holders: int, current: Rarity, move: int) -> None:
    first = RARITY.colour(holders, 5_000, given=GREEN, current=current)
    assert RARITY.colour(holders, 5_000, given=GREEN, current=first) is first
    moved = min(5_000, max(0, holders + move))
    second = RARITY.colour(moved, 5_000, given=GREEN, current=first)
    back = RARITY.colour(holders, 5_000, given=GREEN, current=second)
    if second is not first and back is first:  # it went over a limit and back: by twice its margin at least
        limits = [
            limit for limit in RARITY.up_to.values() if min(holders, moved) <= limit * 5_000 <= max(holders, moved)
        ]
        assert Fraction(abs(moved - holders), 5_000) >= 2 * RARITY.margin * min(limits)


@pytest.mark.parametrize(
    "limits",
    [{"ORANGE": 1, "PURPLE": 1.1, "BLUE": 20}, {"ORANGE": 5, "PURPLE": 1, "BLUE": 20}, {"ORANGE": 1}, {"BLUE": 0}],
)
def test_limits_that_make_no_sense_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(BadCatalogue):
        read({"small_community": 1, "margin_percent": 10, "up_to_percent": limits})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let five people be enough."""
    monkeypatch.setattr(badge_rarity, "RARITY", replace(RARITY, small_community=5))


async def colours() -> dict[str, Rarity]:
    rows: Any = BadgeRarity.all().values_list("badge", "rarity")
    return dict(await rows)


async def test_colours_are_kept_and_change_only_beyond_the_margin(database: Database, small: None) -> None:
    # given nine public people of whom three hold a badge, and hidden ones who do not count
    people = [await make_profile() for _ in range(9)]
    for who in people[:3]:
        await give(who)
    for _ in range(4):
        await give((await make_person(public=False)).own_profile_id)
    # when
    assert await badge_rarity.settle(database) == len(BADGES)
    # then
    assert ((await colours())["FIRST_LIGHT"], (await colours())["SUMMIT"]) == (GREEN, ORANGE)
    assert await badge_rarity.settle(database) == 0
    # 3 of 16 are below the limit of 20 percent, but not below its margin
    for _ in range(7):
        await make_profile()
    assert await badge_rarity.settle(database) == 0
    await make_profile()
    assert await badge_rarity.settle(database) == 1
    assert (await badge_rarity.current(["FIRST_LIGHT"])) == {"FIRST_LIGHT": BLUE}
    # 4 of 18 are above the limit, and beyond its margin
    await give(await make_profile())
    assert await badge_rarity.settle(database) == 1
    assert (await colours())["FIRST_LIGHT"] is GREEN


async def test_a_small_community_has_the_catalogues_colours(database: Database) -> None:
    await give(await make_profile())
    assert await badge_rarity.settle(database) == 0
    assert await colours() == await badge_rarity.current() == {}


async def test_many_who_settle_at_once_agree(database: Database, small: None) -> None:
    for _ in range(6):
        await make_profile()
    await gather(*(badge_rarity.settle(database) for _ in range(5)))
    assert (await colours()).keys() == BADGES.keys()
    assert await badge_rarity.settle(database) == 0


async def test_a_revoked_badge_is_held_no_more(database: Database, small: None) -> None:
    people = [await make_profile() for _ in range(6)]
    for who in people[:2]:
        await give(who)
    await badge_rarity.settle(database)
    assert (await colours())["FIRST_LIGHT"] is GREEN
    for who in people[:2]:
        await badges.revoke(who, "FIRST_LIGHT", reason="Votes of friends")
    await badge_rarity.settle(database)
    assert (await colours())["FIRST_LIGHT"] is ORANGE
