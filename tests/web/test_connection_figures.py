"""What is counted is what can be listed, by everybody who looks, after whatever happened: docs/rules/connections.md#counts."""

from random import Random
from typing import Any

import pytest

from models.accounts import Account, AccountStatus
from models.connections import Block, Connection
from models.database import Database
from models.profiles import Profile
from resolvers.base.context import Context
from resolvers.connections import connection_requests
from resolvers.connections import connections as connection_resolvers
from resolvers.connections.connection_requests import Direction
from services.auth.principals import ANONYMOUS, Principal
from services.connections import blocks, connections
from services.core import rate_limits
from services.profiles import profiles
from tests.helpers.connections import ask, hide, member, outcome, settled
from tests.helpers.transactions import committed

PEOPLE = 8


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    async def free(*_: Any, **__: Any) -> None:
        pass

    monkeypatch.setattr(rate_limits, "spend", free)


async def storm(lot: Random, people: list[Any], steps: int) -> None:
    """Things that happen between people, by lot."""
    for _ in range(steps):
        one, other = lot.sample(people, 2)
        what = lot.randrange(12)
        if what < 6:
            await outcome(ask(one, other))
            await outcome(ask(other, one))
        elif what == 6:
            await outcome(connections.remove(one.profile_id, other.profile_id))
        elif what == 7:
            await outcome(blocks.block(one.profile_id, other.profile_id))
        elif what == 8:
            await outcome(blocks.unblock(one.profile_id, other.profile_id))
        elif what == 9:
            await hide(one, public=lot.random() < 0.5)
        else:
            status = lot.choice([AccountStatus.ACTIVE, AccountStatus.ACTIVE, AccountStatus.DEACTIVATED])
            await Account.filter(id=one.id).update(status=status)
            await committed(profiles.refresh_visibility([one.profile_id]))


async def walked(context: Context, whose: int, *, backward: bool) -> list[int]:
    """The whole list, two at a time."""
    seen: list[int] = []
    cursor = None
    while True:
        asked: Any = {"last": 2, "before": cursor} if backward else {"first": 2, "after": cursor}
        [page] = await connection_resolvers.of_profiles([whose], context, **asked)
        rows = [row["id"] for row in page["edges"]]
        seen = rows + seen if backward else seen + rows
        cursor = page["page_info"]["start_cursor" if backward else "end_cursor"]
        if not page["page_info"]["has_previous_page" if backward else "has_next_page"]:
            return seen


async def expected(viewer: int | None, whose: int) -> set[int]:
    """The rule itself, row by row."""
    rows: Any = Connection.filter(profile_id=whose).values_list("other_id", flat=True)
    pairs: Any = Block.all().values_list("blocker_id", "blocked_id")
    apart = {other for pair in await pairs if viewer in pair for other in pair if other != viewer}
    listed: Any = Profile.filter(listed=True).values_list("id", flat=True)
    seen = set(await listed)
    return set() if whose in apart else {other for other in await rows if other in seen and other not in apart}


@pytest.mark.parametrize("seed", range(3))
async def test_counts_are_lists_for_every_viewer(database: Database, seed: int) -> None:
    # given
    lot = Random(seed)
    people = [await member(f"Person {n}") for n in range(PEOPLE)]
    ids = [each.profile_id for each in people]
    for _ in range(3):
        # when
        await storm(lot, people, 40)
        # then
        await settled()
        for viewer in (None, *people):
            who = ANONYMOUS if viewer is None else Principal(viewer.id, viewer.profile_id)
            own, context = who.profile_id, Context(database, who)
            lists = [await walked(context, whose, backward=False) for whose in ids]
            assert [set(each) for each in lists] == [await expected(own, whose) for whose in ids]
            assert await connection_resolvers.totals([(whose, ()) for whose in ids], context) == [
                len(each) for each in lists
            ]
            backward = [await walked(context, whose, backward=True) for whose in ids]
            assert backward == lists and all(len(set(each)) == len(each) for each in lists)
            if own is not None:
                await check_mutual(context, ids, lists)
                await check_requests(context)


async def check_mutual(context: Context, ids: list[int], lists: list[list[int]]) -> None:
    """Whom both know is whom the viewer finds in both lists."""
    mine = set(lists[ids.index(context.viewer.own_profile)])
    wanted = [[each for each in theirs if each in mine] for theirs in lists]
    assert await connection_resolvers.mutual_totals(ids, context) == [len(each) for each in wanted]
    found = await connection_resolvers.mutual_profiles(ids, context, limit=100)
    assert [[row["id"] for row in rows] for rows in found] == wanted


async def check_requests(context: Context) -> None:
    """Requests are counted as they are listed, and each other's status says the same."""
    own = context.viewer.own_profile
    directions: Any = (
        (Direction.SENT, connection_requests.sent, "REQUEST_SENT"),
        (Direction.RECEIVED, connection_requests.received, "REQUEST_RECEIVED"),
    )
    for direction, reader, status in directions:
        [page] = await reader([own], context, first=100)
        others = [row["other_id"] for row in page["edges"]]
        assert await connection_requests.totals([direction], context) == [len(others)]
        assert set(await connection_resolvers.statuses(others, context)) <= {status}
        found: Any = await connection_requests.with_viewer(others, context)
        assert [row["id"] for row in found] == [row["id"] for row in page["edges"]]
