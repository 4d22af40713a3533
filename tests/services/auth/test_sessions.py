"""Sign-ins that last, and how they end: docs/rules/sign-in.md#sessions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.accounts import Account, AccountStatus
from models.audit import Origin
from models.companies import Company
from models.database import Database
from models.sessions import Session
from services.auth import passwords, sessions
from services.auth.principals import Client, Principal
from services.core import clock, runtime
from services.errors import ErrorCode, Refused
from tests.conftest import CountStatements
from tests.helpers.factories import make_company, make_person

BROWSER = Client("192.0.2.7", "A browser")
HOUR = timedelta(hours=1)


async def test_a_session_says_who_it_is(database: Database) -> None:
    # given
    ada, company = await make_person(), await make_company()
    await Account.filter(id=ada.id).update(company_id=company.id, company_admin=True)
    # when
    secret = await sessions.begin(ada.id, BROWSER)
    facts = await sessions.authenticate(secret)
    # then
    row = await Session.get(account_id=ada.id)
    assert facts == Principal(
        account_id=ada.id,
        origin=Origin.SESSION,
        profile_id=ada.profile_id,
        session_id=row.id,
        elevated_until=None,
        company_id=company.id,
        company_admin=True,
        password_expired=False,
    )
    assert (row.device, row.address) == ("A browser", "192.0.2.7")
    assert len(secret) == 32 and secret not in repr(await Session.all().values())


async def test_it_is_one_cheap_question(database: Database, count_statements: CountStatements) -> None:
    secret = await sessions.begin((await make_person()).id, BROWSER)
    with count_statements() as seen:
        await sessions.authenticate(secret)
        await sessions.authenticate("nobody's")
    assert seen.total == 2


async def test_nobodys_secret(database: Database) -> None:
    await sessions.begin((await make_person()).id, BROWSER)
    for secret in ("", "x" * 32, "x" * 10_000):
        assert await sessions.authenticate(secret) is None


async def test_use_is_noted_once_a_minute(database: Database, count_statements: CountStatements) -> None:
    # given
    secret = await sessions.begin((await make_person()).id, BROWSER)
    begun = (await Session.all().first()).seen_at  # type: ignore[union-attr]
    # when
    with clock.frozen(begun + timedelta(seconds=61)):
        with count_statements() as first:
            await sessions.authenticate(secret)
        with count_statements() as second:
            await sessions.authenticate(secret)
    # then
    assert (first.total, second.total) == (2, 1)
    assert (await Session.all().first()).seen_at == begun + timedelta(seconds=61)  # type: ignore[union-attr]


async def test_a_session_ends_when_idle(database: Database) -> None:
    secret = await sessions.begin((await make_person()).id, BROWSER)
    idle = timedelta(hours=runtime.current().settings.session_idle_hours)
    with clock.frozen(clock.now() + idle - HOUR):
        assert await sessions.authenticate(secret)
    with clock.frozen(clock.now() + idle + HOUR):
        assert await sessions.authenticate(secret)  # it was seen meanwhile
    with clock.frozen(clock.now() + 2 * idle + HOUR):
        assert await sessions.authenticate(secret) is None


async def test_a_session_ends_however_busy_it_is(database: Database) -> None:
    # given
    ada = await make_person()
    secret, begun = await sessions.begin(ada.id, BROWSER), clock.now()
    end = timedelta(hours=runtime.current().settings.session_hours)
    for hours in range(0, runtime.current().settings.session_hours, 100):
        with clock.frozen(begun + hours * HOUR):
            assert await sessions.authenticate(secret)
    # then
    with clock.frozen(begun + end + HOUR):
        assert await sessions.authenticate(secret) is None
        assert await sessions.live_of(ada.id) == []
        assert await sessions.forget_ended(clock.now()) == 1


async def test_a_deactivated_account_is_out_on_the_next_request(database: Database) -> None:
    ada = await make_person()
    secret = await sessions.begin(ada.id, BROWSER)
    await Account.filter(id=ada.id).update(status=AccountStatus.DEACTIVATED)
    assert await sessions.authenticate(secret) is None


async def test_an_expired_password_is_told(database: Database) -> None:
    # given
    ada, company = await make_person(), await make_company()
    await passwords.set_password(ada.id, "Correct horse 7 staple!")
    secret = await sessions.begin(ada.id, BROWSER)

    async def expired(days: int) -> bool:
        with clock.frozen(clock.now() + timedelta(days=days)):
            await Session.all().update(seen_at=clock.now(), ends_at=clock.now() + HOUR)
            facts = await sessions.authenticate(secret)
            assert facts and facts.session_id
            return facts.password_expired

    # then
    assert not await expired(89)
    assert await expired(91)
    # when
    await Account.filter(id=ada.id).update(company_id=company.id)
    await Company.filter(id=company.id).update(password_days=None)
    # then
    assert not await expired(91)


async def test_a_new_secret_kills_the_old_one(database: Database) -> None:
    # given
    old = await sessions.begin((await make_person()).id, BROWSER)
    facts = await sessions.authenticate(old)
    assert facts and facts.session_id
    # when
    new = await sessions.renew(facts.session_id)
    # then
    assert await sessions.authenticate(old) is None
    assert await sessions.authenticate(new) == replace(facts, session_renewals=1)


async def test_an_open_socket_outlives_an_elevation_and_no_other_new_secret(database: Database) -> None:
    # given
    ada = await make_person()
    here, there = [await sessions.authenticate(await sessions.begin(ada.id, BROWSER)) for _ in range(2)]
    assert here and here.session_id and there and there.session_id
    opened = here.session_id, here.session_renewals
    # when, then: twice in a row, and each time it sees the rights of that moment
    for _ in range(2):
        await sessions.elevate(here.session_id)
        found = await sessions.authenticate_open(*opened)
        assert found and found.elevated and found.account_id == ada.id
    # when
    await sessions.renew(here.session_id)
    # then
    assert await sessions.authenticate_open(*opened) is None
    assert await sessions.authenticate_open(here.session_id, 1)
    # when
    await sessions.end(there.session_id)
    # then
    assert await sessions.authenticate_open(there.session_id, 0) is None
    # when
    await Account.filter(id=ada.id).update(status=AccountStatus.DEACTIVATED)
    # then
    assert await sessions.authenticate_open(here.session_id, 1) is None


async def test_elevation_is_for_eight_hours_and_one_session(database: Database) -> None:
    # given
    ada = await make_person()
    one, other = [await sessions.begin(ada.id, BROWSER) for _ in range(2)]
    facts, now = await sessions.authenticate(one), clock.now()
    assert facts and facts.session_id
    # when
    with clock.frozen(now):
        fresh = await sessions.elevate(facts.session_id)

    async def elevated(secret: str, later: timedelta) -> bool:
        with clock.frozen(now + later):
            found = await sessions.authenticate(secret)
            return found is not None and found.elevated

    # then
    assert await sessions.authenticate(one) is None
    assert await elevated(fresh, timedelta(hours=8, seconds=-1))
    assert not await elevated(fresh, timedelta(hours=8))
    assert not await elevated(other, timedelta())


async def test_what_has_ended_cannot_be_renewed(database: Database) -> None:
    secret = await sessions.begin((await make_person()).id, BROWSER)
    facts = await sessions.authenticate(secret)
    assert facts and facts.session_id
    await sessions.end(facts.session_id)
    assert await sessions.authenticate(secret) is None
    for again in (sessions.renew, sessions.elevate):
        with pytest.raises(Refused) as refusal:
            await again(facts.session_id)
        assert refusal.value.problems[0].code is ErrorCode.UNAUTHENTICATED


async def test_ending_ones_own_and_nobody_elses(database: Database) -> None:
    # given
    ada, ben = await make_person(), await make_person()
    secrets = [await sessions.begin(ada.id, BROWSER) for _ in range(3)]
    bens = await sessions.begin(ben.id, BROWSER)
    [kept, *_] = [await sessions.authenticate(secret) for secret in secrets]
    theirs = await sessions.authenticate(bens)
    assert kept and theirs and theirs.session_id
    # when
    with pytest.raises(Refused) as refusal:
        await sessions.end_own(ada.id, theirs.session_id)
    ended = await sessions.end_all(ada.id, except_for=kept.session_id)
    # then
    assert refusal.value.problems[0].code is ErrorCode.NOT_FOUND
    assert ended == 2
    assert [bool(await sessions.authenticate(secret)) for secret in [*secrets, bens]] == [True, False, False, True]


async def test_a_device_that_names_itself_at_length(database: Database) -> None:
    await sessions.begin((await make_person()).id, Client("2001:db8::1", "X" * 5_000))
    assert len((await Session.all().first()).device) == 200  # type: ignore[union-attr]
