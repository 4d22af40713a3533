"""
Who knows whom in the demo: people of one company or with the same skills rather than others, active people many. And
some requests that wait, so that whoever signs in finds something to answer. Made by lot but always the same.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from tortoise.transactions import in_transaction

from models.connections import Connection, ConnectionRequest
from models.profiles import Visibility
from services.achievements import achievements
from services.connections import connection_rows
from services.connections.connection_rows import Brought
from services.imports.demo import DAY_SECONDS, SEED, Member
from services.imports.demo_sign_ins import COMPANY, MEMBER

MEETINGS: Final = 1_600
"""How often two people meet, by lot; who have met before stay as they are."""
ASKING: Final = 4
"""So many ask each of those who can sign in."""


async def connect(members: Sequence[Member], profiles: Mapping[str, int], anchor: date) -> int:
    """Connect the demo's people and leave some requests waiting; returns how many connections are new. Again adds nothing."""
    lot = Random(SEED + 1)  # noqa: S311 - play, and it must come out the same
    pairs = _pairs(lot, members, anchor)
    brought = [Brought(profiles[one], profiles[other], at) for (one, other), at in pairs.items()]
    asked = [(profiles[one], profiles[other], at) for one, other, at in _requests(lot, members, pairs, anchor)]
    async with in_transaction():
        taken = await connection_rows.join_many(brought)
        await achievements.evaluate(taken.movements, notify=False)
        for sender_id, receiver_id, at in asked:
            if not await _know(sender_id, receiver_id):
                await ConnectionRequest.create(sender_id=sender_id, receiver_id=receiver_id, sent_at=at)
    return taken.new


def signing_in(members: Sequence[Member]) -> list[str]:
    """Keys of those who can sign in: the guide, and the first two public people of the guide's company."""
    colleagues = [
        each.person.key
        for each in members
        if each.company == COMPANY and each.person.visibility is Visibility.PUBLIC and each.person.key != MEMBER
    ]
    return [MEMBER, *colleagues[:2]]


def _pairs(lot: Random, members: Sequence[Member], anchor: date) -> dict[tuple[str, str], datetime]:
    """When whom met whom, by their keys, each pair once."""
    weights = [each.draws + 3 for each in members]
    colleagues = [[other for other in members if other.company and other.company == each.company] for each in members]
    places = {each.person.key: place for place, each in enumerate(members)}
    found: dict[tuple[str, str], datetime] = {}
    for _ in range(MEETINGS):
        one, other = lot.choices(members, weights, k=2)
        near = colleagues[places[one.person.key]]
        if near and lot.random() < 0.4:  # noqa: PLR2004 - the share
            other = lot.choice(near)
        if one is other:
            continue
        since = max(one.person.joined_on, other.person.joined_on)
        on = since + timedelta(days=lot.randrange((anchor - since).days))
        first, second = sorted((one.person.key, other.person.key))
        found.setdefault(
            (first, second), datetime.combine(on, time(), UTC) + timedelta(seconds=lot.randrange(DAY_SECONDS))
        )
    guide, admin, careful = signing_in(members)
    found.setdefault(
        (min(guide, admin), max(guide, admin)), datetime.combine(anchor - timedelta(days=100), time(9), UTC)
    )
    found.pop((min(guide, careful), max(guide, careful)), None)  # there a request waits
    return found


def _requests(
    lot: Random, members: Sequence[Member], pairs: Mapping[tuple[str, str], datetime], anchor: date
) -> list[tuple[str, str, datetime]]:
    """Who waits for whose answer, by their keys, and since when: the last weeks before the anchor."""
    public = [each.person.key for each in members if each.person.visibility is Visibility.PUBLIC]
    guide, admin, careful = signing_in(members)
    asked = {(careful, guide)}
    for whom in (guide, admin, careful):
        strangers = [
            each
            for each in public
            if each not in {guide, admin, careful} and (min(each, whom), max(each, whom)) not in pairs
        ]
        asked |= {(each, whom) for each in lot.sample(strangers, ASKING)}
    start = datetime.combine(anchor, time(), UTC)
    return [(*each, start - timedelta(minutes=lot.randrange(20, 30_000))) for each in sorted(asked)]


async def _know(one: int, other: int) -> bool:
    """Whether they are connected, or one has asked the other."""
    return (
        await Connection.exists(profile_id=one, other_id=other)
        or await ConnectionRequest.exists(sender_id=one, receiver_id=other)
        or await ConnectionRequest.exists(sender_id=other, receiver_id=one)
    )
