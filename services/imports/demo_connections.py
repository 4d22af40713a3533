"""
Connections of the demo: people of one company are more likely to be connected, and active people have more connections.
Some requests are pending, so that people who sign in have requests to answer. Random with a fixed seed.
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
from services.connections.connection_rows import ImportedConnection
from services.imports.demo import SEED, Member, random_time
from services.imports.demo_sign_ins import COMPANY, MEMBER

MEETINGS: Final = 1_600
"""Random pairs to connect; a repeated pair counts once."""
REQUESTS_PER_SIGN_IN: Final = 4
"""Pending requests of each person who can sign in."""
NEAR_SHARE: Final = 0.4
"""Share of meetings with a colleague."""


async def connect(members: Sequence[Member], profiles: Mapping[str, int], anchor: date) -> int:
    """Create connections and pending requests; returns the number of new connections. Repeating it adds nothing."""
    rng = Random(SEED + 1)
    pairs = _pairs(rng, members, anchor)
    connections = [ImportedConnection(profiles[one], profiles[other], at) for (one, other), at in pairs.items()]
    requests = [(profiles[one], profiles[other], at) for one, other, at in _requests(rng, members, pairs, anchor)]
    async with in_transaction():
        result = await connection_rows.import_connections(connections)
        await achievements.evaluate(result.movements, notify=False)
        for sender_id, receiver_id, at in requests:
            if not await _are_related(sender_id, receiver_id):
                await ConnectionRequest.create(sender_id=sender_id, receiver_id=receiver_id, sent_at=at)
    return result.new


def signing_in(members: Sequence[Member]) -> list[str]:
    """Keys of people who can sign in: the guide, and the first two public people of the guide's company."""
    colleagues = [
        each.person.key
        for each in members
        if each.company == COMPANY and each.person.visibility is Visibility.PUBLIC and each.person.key != MEMBER
    ]
    return [MEMBER, *colleagues[:2]]


def _pairs(rng: Random, members: Sequence[Member], anchor: date) -> dict[tuple[str, str], datetime]:
    """The times of connections by pair of keys; each pair once, in alphabetical order."""
    weights = [each.draws + 3 for each in members]
    colleagues = [[other for other in members if other.company and other.company == each.company] for each in members]
    places = {each.person.key: place for place, each in enumerate(members)}
    found: dict[tuple[str, str], datetime] = {}
    for _ in range(MEETINGS):
        one, other = rng.choices(members, weights, k=2)
        near = colleagues[places[one.person.key]]
        if near and rng.random() < NEAR_SHARE:
            other = rng.choice(near)
        if one is other:
            continue
        since = max(one.person.joined_on, other.person.joined_on)
        on = since + timedelta(days=rng.randrange((anchor - since).days))
        first, second = sorted((one.person.key, other.person.key))
        found.setdefault((first, second), random_time(rng, on))
    guide, admin, careful = signing_in(members)
    found.setdefault(
        (min(guide, admin), max(guide, admin)), datetime.combine(anchor - timedelta(days=100), time(9), UTC)
    )
    found.pop((min(guide, careful), max(guide, careful)), None)  # these two have a pending request
    return found


def _requests(
    rng: Random, members: Sequence[Member], pairs: Mapping[tuple[str, str], datetime], anchor: date
) -> list[tuple[str, str, datetime]]:
    """Sender, receiver and time of pending requests, in the last weeks before the anchor."""
    public = [each.person.key for each in members if each.person.visibility is Visibility.PUBLIC]
    guide, admin, careful = signing_in(members)
    requests = {(careful, guide)}
    for receiver in (guide, admin, careful):
        strangers = [
            each
            for each in public
            if each not in {guide, admin, careful} and (min(each, receiver), max(each, receiver)) not in pairs
        ]
        requests |= {(each, receiver) for each in rng.sample(strangers, REQUESTS_PER_SIGN_IN)}
    start = datetime.combine(anchor, time(), UTC)
    return [(*each, start - timedelta(minutes=rng.randrange(20, 30_000))) for each in sorted(requests)]


async def _are_related(one: int, other: int) -> bool:
    """True if the two are connected, or one has sent the other a request."""
    return (
        await Connection.exists(profile_id=one, other_id=other)
        or await ConnectionRequest.exists(sender_id=one, receiver_id=other)
        or await ConnectionRequest.exists(sender_id=other, receiver_id=one)
    )
