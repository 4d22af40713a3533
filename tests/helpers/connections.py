"""People who ask, accept and block, for tests of those rules."""

from collections import Counter
from typing import Any

from catalogue.criteria import CONNECTIONS
from models.connections import Connection, ConnectionRequest
from models.notices import Notice
from models.points import ProfileCounter
from models.profiles import Profile, Visibility
from services.connections import connections
from services.connections.connections import SendOutcome
from services.errors import ErrorCode, ProfilesMerged, Refused
from services.points.ledger_consistency import differences
from services.profiles import profiles
from tests.helpers.factories import make_person
from tests.helpers.transactions import committed


async def member(name: str = "Ada Okafor", **more: Any) -> Any:
    """A person with an account, public unless told otherwise; `.profile_id` is theirs."""
    return await make_person(name=name, **more)


async def ask(sender: Any, receiver: Any) -> SendOutcome:
    return await connections.send(sender.profile_id, receiver.profile_id, account_id=sender.id)


async def request_of(sender: Any, receiver: Any) -> int:
    return (await ConnectionRequest.get(sender_id=sender.profile_id, receiver_id=receiver.profile_id)).id


async def asked(sender: Any, receiver: Any) -> int:
    """A request that waits; returns its number."""
    assert await ask(sender, receiver) is SendOutcome.PENDING
    return await request_of(sender, receiver)


async def connected(one: Any, other: Any) -> None:
    await connections.accept(other.profile_id, await asked(one, other))


async def knows(one: Any, other: Any) -> bool:
    """Whether both rows of a connection are there, of the same moment; one alone fails."""
    there: Any = Connection.filter(profile_id=one.profile_id, other_id=other.profile_id).values_list(
        "connected_at", flat=True
    )
    back: Any = Connection.filter(profile_id=other.profile_id, other_id=one.profile_id).values_list(
        "connected_at", flat=True
    )
    there, back = list(await there), list(await back)
    assert there == back and len(there) <= 1, (there, back)
    return bool(there)


async def counted(who: Any) -> int:
    found = await ProfileCounter.get_or_none(profile_id=who.profile_id, name=CONNECTIONS)
    return found.times if found else 0


async def hide(who: Any, *, public: bool = False) -> None:
    visibility = Visibility.PUBLIC if public else Visibility.PRIVATE
    await Profile.filter(id=who.profile_id).update(visibility=visibility)
    await committed(profiles.refresh_visibility([who.profile_id]))


async def settled() -> None:
    """Fail unless counters equal the rows, pairs are whole, and no connected pair has a request."""
    assert [each async for each in differences()] == []
    rows: Any = Connection.all().values_list("profile_id", "other_id")
    pairs = set(await rows)
    assert {(other, one) for one, other in pairs} == pairs
    requests: Any = ConnectionRequest.all().values_list("sender_id", "receiver_id")
    assert pairs.isdisjoint(set(await requests))


async def outcome(call: Any) -> str:
    """What a call came to: its answer's word or kind, the code of its refusal, or MERGED: to be called again."""
    try:
        answer = await call
    except Refused as refusal:
        [problem] = refusal.problems
        return problem.code.value
    except ProfilesMerged:
        return "MERGED"
    return answer.value if isinstance(answer, SendOutcome) else "DONE"


async def refusal(call: Any) -> ErrorCode:
    return ErrorCode(await outcome(call))


async def reported_changes() -> Counter[tuple[int, str, int]]:
    """Whom the notices tell what about whom."""
    rows = await Notice.filter(profile_id__isnull=False)
    return Counter(
        (each.profile_id, each.facts["kind"], each.facts["profile"])
        for each in rows
        if each.facts["kind"].startswith("CONNECTION")
    )


async def requests_reported_to(who: Any) -> int:
    return sum(
        n
        for (whom, kind, _), n in (await reported_changes()).items()
        if (whom, kind) == (who.profile_id, "CONNECTION_REQUEST")
    )
