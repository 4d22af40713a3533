"""Things that tests need, with what a test does not care about filled in."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from tortoise.transactions import in_transaction

from catalogue.points import ACTIVITIES
from models.accounts import Account
from models.companies import Company
from models.points import Outcome, PointEntry, Score
from models.profiles import Visibility
from services.accounts.accounts import attach_account, create_account
from services.auth.access_tokens import create as create_token
from services.core import clock
from services.points.ledger import SYSTEM_SOURCE, ActivityEvent, Recorded, record
from services.profiles.profiles import NewPerson, create_people

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
"""A moment long enough ago to be past, on a day that has much of it left."""
_numbers = count(1)


async def make_profile(
    name: str = "Ada Okafor", *, public: bool = True, joined_on: date = date(2020, 1, 1), **more: Any
) -> int:
    """Make an unclaimed profile; `more` goes to NewPerson. Returns its number."""
    more.setdefault("key", str(next(_numbers)))
    person = NewPerson(
        name=name,
        joined_on=joined_on,
        visibility=Visibility.PUBLIC if public else Visibility.PRIVATE,
        **more,
    )
    async with in_transaction():
        [profile_id] = await create_people([person])
    return profile_id


async def make_person(email: str = "", *, public: bool = True, **more: Any) -> Account:
    """Make a claimed profile; returns its account."""
    from models.profiles import Profile

    profile = await Profile.get(id=await make_profile(public=public, **more))
    return await attach_account(profile.handle, email or f"person{next(_numbers)}@people.example")


def mailbox(email: str) -> Account:
    """What mail is sent to: an account with this address that needs no table."""
    account = Account(email=email)
    account._saved_in_db = True
    return account


async def make_service(email: str = "") -> Account:
    return await create_account(email or f"service{next(_numbers)}@services.example", name="Service", service=True)


async def make_company(name: str = "Harbor Works") -> Company:
    return await Company.create(name=name, created_at=clock.now())


async def make_token(account: Account, *scopes: str) -> str:
    return (await create_token(account.id, name="A token", scopes=scopes)).secret


def event(profile_id: int, activity: str = "UPVOTE_RECEIVED", **more: Any) -> ActivityEvent:
    return ActivityEvent(
        **{
            "activity": activity,
            "profile_id": profile_id,
            "occurred_at": NOON,
            "source": SYSTEM_SOURCE if activity in ACTIVITIES and ACTIVITIES[activity].system else "test",
            "external_id": f"event:{next(_numbers)}",
            **more,
        }
    )


async def give(profile_id: int, activity: str = "ANSWER_ACCEPTED", times: int = 1, **more: Any) -> list[Recorded]:
    """Let somebody earn, a minute apart."""
    start = more.pop("occurred_at", NOON)
    return [
        await record(event(profile_id, activity, occurred_at=start + timedelta(minutes=n), **more))
        for n in range(times)
    ]


async def total(profile_id: int) -> int:
    return (await Score.get(profile_id=profile_id)).overall


async def outcomes(profile_id: int) -> Counter[Outcome]:
    return Counter([entry.outcome for entry in await PointEntry.filter(profile_id=profile_id)])
