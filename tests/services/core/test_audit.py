"""The audit trail: what goes in, what never does, and how long it stays."""

from datetime import timedelta
from typing import Any, cast

import pytest
from tortoise.transactions import in_transaction

from models.audit import AuditEntry, AuditOutcome, Origin
from services.core import audit, clock
from services.core.audit import OPERATOR, SYSTEM, Actor, Change, UnsafeFact
from tests.helpers.factories import NOON, make_company, make_person
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("database")


async def test_a_line_says_who_what_whom_and_from_where() -> None:
    # given
    company, account = await make_company(), await make_person()
    account.company_id = company.id
    await account.save()
    # when
    with clock.frozen(NOON):
        await committed(
            audit.record(
                "company.password-expiry-changed",
                actor=Actor(7, Origin.SESSION, "192.0.2.7"),
                account_id=account.id,
                days=Change(90, None),
                until=NOON,
                names=["a", "b"],
            )
        )
    # then
    entry = await AuditEntry.get()
    assert (entry.at, entry.action, entry.outcome, entry.origin) == (
        NOON,
        "company.password-expiry-changed",
        "SUCCESS",
        Origin.SESSION,
    )
    assert (entry.actor_id, entry.account_id, entry.company_id) == (7, account.id, company.id)
    assert entry.address == "192.0.2.7"
    assert entry.facts == {"days": {"old": 90, "new": None}, "until": NOON.isoformat(), "names": ["a", "b"]}


async def test_a_line_needs_neither_an_account_nor_one_that_still_exists() -> None:
    await committed(audit.record("session.ended", actor=SYSTEM))
    await committed(audit.record("session.ended", actor=OPERATOR, account_id=999, outcome=AuditOutcome.REFUSED))
    entries = await AuditEntry.all().order_by("id")
    assert [(each.account_id, each.company_id, each.outcome) for each in entries] == [
        (None, None, "SUCCESS"),
        (999, None, "REFUSED"),
    ]


@pytest.mark.parametrize(
    "name", ["password", "new_password", "code", "backup_codes", "token", "tokens", "secret", "client_secret", "Password",
             "password_hash", "digest", "api_key", "key", "link", "cookie"]
)  # fmt: skip
async def test_a_fact_named_like_a_secret_is_refused_and_nothing_is_written(name: str) -> None:
    with pytest.raises(UnsafeFact) as why:
        await committed(audit.record("session.ended", actor=OPERATOR, **cast("Any", {name: "canary"})))
    assert "canary" not in str(why.value)
    assert await AuditEntry.all().count() == 0


@pytest.mark.parametrize("name", ["password_days", "token_id", "key_id", "codes_left"])
async def test_a_fact_that_only_tells_of_one_is_taken(name: str) -> None:
    await committed(audit.record("session.ended", actor=OPERATOR, **cast("Any", {name: 3})))
    assert (await AuditEntry.get()).facts == {name: 3}


@pytest.mark.parametrize(
    "secret", ["mxp_" + "a" * 38, "mxk_" + "B" * 38, "$argon2id$v=19$m=19456,t=2,p=1$abc", "5e" * 32]
)
async def test_a_secret_in_somebodys_text_is_left_out(secret: str) -> None:
    await committed(audit.record("session.ended", actor=OPERATOR, name=f"my {secret}", names=Change([secret], None)))
    stored = str((await AuditEntry.get()).facts)
    assert secret not in stored and "my …" in stored


async def test_what_is_rolled_back_leaves_no_line() -> None:
    async def fail() -> None:
        async with in_transaction():
            await audit.record("session.ended", actor=OPERATOR)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await AuditEntry.all().count() == 0


async def test_lines_are_forgotten_after_a_year_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(audit, "DELETE_BATCH", 2)
    for days in (0, 364, 365, 366, 367, 400):
        with clock.frozen(NOON - timedelta(days=days)):
            await committed(audit.record("session.ended", actor=OPERATOR, day=days))
    # when
    gone, again = await audit.forget_old(NOON), await audit.forget_old(NOON)
    # then
    assert (gone, again) == (3, 0)
    assert {each.facts["day"] for each in await AuditEntry.all()} == {0, 364, 365}


async def test_only_actions_that_readers_can_name_are_written() -> None:
    with pytest.raises(ValueError, match="thing"):
        await committed(audit.record("thing.done", actor=OPERATOR))
    assert await AuditEntry.all().count() == 0
