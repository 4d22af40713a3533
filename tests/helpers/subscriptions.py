"""Subscriptions over a WebSocket: begin, the next event, no event."""

import asyncio
from typing import Any

import pytest

from services.core import change_feed, runtime
from tests.helpers.factories import make_person
from tests.helpers.waiting import until
from tests.helpers.websocket import GraphQLSocket

READ, RANK = "mx:user:profile:v1:read", "mx:leaderboard:read"


BOARD = {
    "query": "subscription { leaderboardChanged(board: OVERALL) { board asOf leaderboard { entries(first: 3)"
    " { edges { node { rank points profile { name } } } } } } }"
}


OWN = {
    "query": "subscription Own($after: String) { viewerEvents(after: $after) { cursor __typename kind recordedAt ... on PointsEvent { points category activity { code } }"
    " ... on LevelEvent { level { number } } ... on BadgeEvent { level { number } badge { code name } }"
    " ... on ChallengeEvent { challenge { code title credits } } ... on EventsMissedEvent { missedAfter } } }"
}


PATIENCE = 15.0
"""Seconds within which an event arrives on the busiest machine; `SECOND` is what a quiet one keeps."""


def listeners() -> int:
    """Subscriptions to a person's events that the servers of this process have begun."""
    reader = runtime.current().existing(change_feed.Follower)
    return len(reader._listeners[change_feed.Topic.PERSON]) if reader else 0


async def subscribe(ws: GraphQLSocket, payload: Any, name: str = "s") -> Any:
    """
    Subscribe, and come back when the server listens.

    A board is delivered at once as it stands: that is what comes back. A person's events have no such beginning.
    """
    before = listeners()
    await ws.send(id=name, type="subscribe", payload=payload)
    if "leaderboardChanged" in payload["query"]:
        return await arrives(ws, name)
    await until(lambda: listeners() > before, seconds=PATIENCE)
    return None


async def arrives(ws: GraphQLSocket, name: str = "s", within: float = PATIENCE) -> Any:
    """The data of the next event."""
    async with asyncio.timeout(within):
        message = await ws.receive()
    assert (message["id"], message["type"]) == (name, "next"), message
    assert "errors" not in message["payload"], message
    return message["payload"]["data"]


async def nothing_arrives(ws: GraphQLSocket, within: float = 0.8) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(within):
            pytest.fail(f"{await ws.raw.receive()}")


async def person(name: str = "Ada", **more: Any) -> Any:
    account = await make_person(name=name, **more)
    return account, account.profile_id
