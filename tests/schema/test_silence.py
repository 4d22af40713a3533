"""A sender sees the same of a request that is open, was ignored, or was sent to a person who has blocked the sender."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import orjson

from execution.executor import Executor
from execution.limits import Limits
from models.connections import ConnectionRequest
from models.database import Database
from models.profiles import Profile
from resolvers.base import ids
from resolvers.base.context import Context
from schema.graph import build
from services.auth.principals import Principal
from services.connections import blocks, connections
from services.connections.connections import RENOTIFY_AFTER
from services.core import clock
from tests.helpers.connections import member
from tests.helpers.factories import NOON

EXECUTOR = Executor(build(), limits=Limits(max_cost=100_000))

SEEN = """
query S($id: ID!) { profile(by: {id: $id}) { connectionStatus connectionRequest { id direction sentAt }
    mutualConnections { totalCount } }
  viewer { connectionRequestsSent { totalCount edges { cursor node { id sentAt profile { connectionStatus } } } }
    connectionRequestsReceived { totalCount } blockedProfiles { totalCount edges { node { name } } }
    peopleYouMayKnow { totalCount edges { node { name } } } } }
"""
SEND = """
mutation S($id: ID!) { sendConnectionRequest(input: {profileId: $id}) {
  profile { connectionStatus } request { id sentAt direction } errors { code message path } } }
"""
WITHDRAW = """
mutation W($id: ID!) { withdrawConnectionRequest(input: {requestId: $id}) {
  profile { connectionStatus } errors { code message path } } }
"""
React = Callable[[Any, Any], Awaitable[None]]
Ask = Callable[[str, str], Awaitable[Any]]
DAY = timedelta(days=1)
STEPS = [
    ("send", 0 * DAY), ("send", DAY), ("withdraw", 2 * DAY), ("send", 3 * DAY), ("send", RENOTIFY_AFTER), ("send", RENOTIFY_AFTER + DAY),
    ("send", 2 * RENOTIFY_AFTER), ("withdraw", 2 * RENOTIFY_AFTER + DAY), ("send", 4 * RENOTIFY_AFTER), ("withdraw", 4 * RENOTIFY_AFTER + DAY),
    ("forget", 6 * RENOTIFY_AFTER), ("send", 6 * RENOTIFY_AFTER + DAY), ("withdraw", 6 * RENOTIFY_AFTER + DAY), ("withdraw", 6 * RENOTIFY_AFTER + DAY),
]  # fmt: skip
"""What the sender does, and when; `forget` is the house's."""


async def nothing(_sender: Any, _receiver: Any) -> None:
    pass


async def ignoring(sender: Any, receiver: Any) -> None:
    waits = await ConnectionRequest.get_or_none(
        sender_id=sender.profile_id, receiver_id=receiver.profile_id, ignored_at=None, withdrawn_at=None
    )
    if waits:
        await connections.ignore(receiver.profile_id, waits.id)


async def blocking(sender: Any, receiver: Any) -> None:
    await blocks.block(receiver.profile_id, sender.profile_id)


async def blocking_now_and_then(sender: Any, receiver: Any) -> None:
    await blocks.block(receiver.profile_id, sender.profile_id)
    await blocks.unblock(receiver.profile_id, sender.profile_id)


async def story(database: Database, react: React, *, before: bool) -> list[Any]:
    """All that a sender is answered, numbers of rows put into words: which are the same is what they can tell."""
    sender, receiver = await member("Ada"), await member("Ben")
    target = ids.encode("Profile", receiver.profile_id)

    async def ask(text: str, about: str) -> Any:
        context = Context(database, Principal(sender.id, sender.profile_id))
        answer = await EXECUTOR.run(text, {"id": about}, None, context)
        assert "errors" not in answer.body, answer.body
        return orjson.loads(orjson.dumps(answer.body["data"]))

    if before:
        await react(sender, receiver)
    told: list[Any] = []
    last = ""
    for step, later in STEPS:
        with clock.frozen(NOON + later):
            if step == "forget":
                await connections.delete_withdrawn(clock.now())
            elif step == "send":
                answer = (await ask(SEND, target))["sendConnectionRequest"]
                last = answer["request"]["id"]
                told.append(answer)
            else:
                told.append((await ask(WITHDRAW, last))["withdrawConnectionRequest"])
            await react(sender, receiver)
            told.append(await seen(ask, target))
    return renumbered(told)


async def seen(ask: Ask, target: str) -> Any:
    found = await ask(SEEN, target)
    for edge in found["viewer"]["connectionRequestsSent"]["edges"]:
        del edge["cursor"]  # holds the time and the number, which the request shows
    return found


def renumbered(told: list[Any]) -> list[Any]:
    """With the ids of requests in the order in which they appeared."""
    text, numbers = orjson.dumps(told).decode(), dict[str, str]()
    for word in text.split('"'):
        if word.startswith("crq_"):
            numbers.setdefault(word, f"request {len(numbers)}")
    for number, name in numbers.items():
        text = text.replace(f'"{number}"', f'"{name}"')
    return list(orjson.loads(text))


async def test_a_sender_cannot_tell_what_became_of_their_request(database: Database) -> None:
    # given
    with clock.frozen(NOON):
        waiting = await story(database, nothing, before=False)
    assert waiting[0]["request"]["sentAt"] == "2026-03-10T12:00:00Z" and waiting[-2]["errors"][0]["code"] == "NOT_FOUND"
    # then
    for react, before in (ignoring, False), (blocking, False), (blocking, True), (blocking_now_and_then, False):
        with clock.frozen(NOON):
            assert await story(database, react, before=before) == waiting, (react.__name__, before)
    assert await Profile.all().count() == 10
