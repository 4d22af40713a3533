"""People with a second factor, and what reaches them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp

from models.accounts import Account
from models.audit import Origin
from models.outbox import OutboxMessage
from services.auth import second_factor_setup, second_factors, sessions
from services.auth.principals import Client
from services.core import clock
from services.core.audit import Actor
from services.errors import ErrorCode, Refused
from services.messages import outbox
from tests.helpers.factories import make_person

START = datetime(2026, 5, 4, 9, 0, 10, tzinfo=UTC)
"""Ten seconds into a time step."""
NUMBER = "+31201234567"
OTHER_NUMBER = "+31201234568"


class Person:
    """Somebody signed in, with an authenticator app."""

    def __init__(self, account: Account, session_id: int) -> None:
        self.account, self.session_id = account, session_id
        self.id: int = account.id
        self.secret = ""
        self.backup_codes: list[str] = []

    @property
    def who(self) -> dict[str, Any]:
        return {"session_id": self.session_id, "actor": Actor(self.id, Origin.SESSION, "192.0.2.1")}

    @property
    def actor(self) -> Actor:
        return self.who["actor"]

    def code(self, steps: int = 0) -> str:
        """What the app shows now, or some steps from now."""
        return pyotp.TOTP(self.secret).at(clock.now() + timedelta(seconds=30 * steps))


async def signed_in(email: str = "ada@people.example") -> Person:
    account = await Account.get_or_none(email=email) or await make_person(email)
    secret = await sessions.begin(account.id, Client("192.0.2.1", "A browser"))
    facts = await sessions.authenticate(secret)
    assert facts and facts.session_id
    return Person(account, facts.session_id)


async def with_totp(email: str = "ada@people.example") -> Person:
    """Somebody whose authenticator app was confirmed an hour ago."""
    with clock.frozen(START - timedelta(hours=1)):
        person = await signed_in(email)
        person.secret = (await second_factor_setup.begin_totp(person.id)).secret
        person.backup_codes = (
            await second_factor_setup.confirm_totp(person.id, person.code(), **person.who)
        ).backup_codes
    return person


async def with_sms(email: str = "ada@people.example") -> Person:
    person = await signed_in(email)
    await second_factor_setup.begin_sms(person.id, NUMBER)
    await second_factor_setup.confirm_sms(person.id, await texted(), **person.who)
    return person


async def sent(kind: str) -> list[outbox.Message]:
    return [outbox.opened(row) for row in await OutboxMessage.filter(kind=kind).order_by("id")]


async def texted(to: str = NUMBER) -> str:
    """The code in the last text message to a number."""
    found = re.search(r"\b[0-9]{6}\b", [each for each in await sent("sms-code") if each.to == to][-1].text)
    assert found
    return found[0]


async def link() -> str:
    """The secret in the last link that was mailed."""
    found = re.search(r"token=(\w+)", (await sent("second-factor-off-link"))[-1].text)
    assert found
    return found[1]


async def code_of(work: Any) -> ErrorCode | None:
    """Why something is refused; None: it is not."""
    try:
        await work
    except Refused as why:
        return why.problems[0].code
    return None


async def tried(person: Person, code: str, **more: Any) -> ErrorCode | None:
    return await code_of(second_factors.check(person.id, code, actor=person.who["actor"], **more))
