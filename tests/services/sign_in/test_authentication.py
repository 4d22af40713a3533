"""Signing in, and how it is attacked: docs/rules/sign-in.md#sign-in-steps."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.audit import AuditEntry
from models.database import Database
from models.passwords import Password
from models.second_factors import SecondFactor, SecondFactorMethod
from models.sessions import Session
from services.auth import backup_codes, passwords, second_factors, sessions
from services.auth.principals import Client
from services.core import clock, crypto
from services.errors import ErrorCode, Refused
from services.sign_in import authentication, password_changes
from tests.helpers.factories import make_person, make_service
from tests.helpers.runtimes import forget_limits
from tests.helpers.sign_in import (
    ADA,
    BROWSER,
    GOOD,
    HERE,
    OTHER,
    codes_of,
    completes,
    make_domain,
    make_login,
    session_id,
    signed_in,
    switch_on,
    totp,
)


async def refused(email: str = ADA, password: str = GOOD, client: Client = BROWSER) -> list[ErrorCode]:
    with pytest.raises(Refused) as refusal:
        await authentication.sign_in(email, password, client)
    assert not [
        problem for problem in refusal.value.problems if problem.path and problem.code is not ErrorCode.MANAGED_BY_IDP
    ]
    return codes_of(refusal.value)


async def test_somebody_signs_in(database: Database) -> None:
    # given
    ada = await make_login()
    # when
    done = await signed_in(" ADA@People.Example ")
    # then
    facts = await sessions.authenticate(done.secret)
    assert facts is not None and (facts.account_id, facts.elevated) == (ada.id, False)
    assert done.secret not in repr(done)
    [entry] = await AuditEntry.filter(action="sign-in")
    assert (entry.account_id, entry.outcome, entry.address) == (ada.id, "SUCCESS", "192.0.2.7")
    assert (await Account.get(id=ada.id)).last_sign_in_at is not None
    stored = repr(await AuditEntry.all().values())
    assert done.secret not in stored and GOOD not in stored


async def test_each_sign_in_has_a_secret_of_its_own(database: Database) -> None:
    await make_login()
    assert (await signed_in()).secret != (await signed_in()).secret
    assert await Session.all().count() == 2


async def test_whatever_is_wrong_is_answered_alike(database: Database) -> None:
    # given
    ada, gone = await make_login(), await make_login("gone@people.example")
    await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
    unverified = await make_login("new@people.example")
    await Account.filter(id=unverified.id).update(verified_at=None)
    await make_person("no-password@people.example")
    await make_service("service@people.example")
    wrong = [
        (ADA, OTHER),
        (ADA, GOOD + " "),
        (ADA, ""),
        ("nobody@people.example", GOOD),
        ("gone@people.example", GOOD),
        ("gone@people.example", OTHER),
        ("new@people.example", GOOD),
        ("no-password@people.example", GOOD),
        ("service@people.example", GOOD),
        ("no address", GOOD),
        ("", ""),
    ]
    # then
    for n, (email, password) in enumerate(wrong):
        assert await refused(email, password, Client(f"198.51.100.{n}")) == [ErrorCode.BAD_CREDENTIALS], email
    assert await Session.all().count() == 0
    assert {entry.outcome for entry in await AuditEntry.filter(action="sign-in")} == {"REFUSED"}
    assert await AuditEntry.filter(action="sign-in", account_id=ada.id).count() == 3


async def test_nobody_costs_as_much_as_somebody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    await make_login()
    tried: list[str] = []
    verify = passwords._verify

    def counted(stored: str, word: bytes) -> bool:
        tried.append(stored)
        return verify(stored, word)

    monkeypatch.setattr(passwords, "_verify", counted)
    # when
    for email in (ADA, "nobody@people.example", "no address", "x" * 100_000, ""):
        await refused(email, OTHER)
    # then
    assert len(tried) == 5


async def test_an_identity_provider_is_named_by_the_domain_alone(database: Database) -> None:
    # given
    await make_login("ada@sso.example")
    await make_domain("sso.example", sso=True)
    # then: whoever has an account there
    assert await refused("ada@sso.example", GOOD) == [ErrorCode.MANAGED_BY_IDP]
    assert await refused("nobody@sso.example", GOOD) == [ErrorCode.MANAGED_BY_IDP]


async def test_guessing_ends(database: Database) -> None:
    # given
    await make_login()
    # when
    answers = [await refused(ADA, f"guess {n}") for n in range(50)]
    # then
    assert answers[0] == [ErrorCode.BAD_CREDENTIALS]
    assert answers[-1] == [ErrorCode.RATE_LIMITED]
    assert await refused(ADA, GOOD) == [ErrorCode.RATE_LIMITED]
    # and: the owner elsewhere is not kept out
    assert await signed_in(client=Client("198.51.100.1"))


async def test_a_sign_in_does_not_slip_past_a_change_of_password(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: the password is changed after it was found right and before the session begins
    ada = await make_login()
    method_of = second_factors.method_of

    async def meanwhile(account_id: int) -> Any:
        await passwords.set_password(ada.id, OTHER)
        return await method_of(account_id)

    monkeypatch.setattr(second_factors, "method_of", meanwhile)
    # then
    assert await refused() == [ErrorCode.BAD_CREDENTIALS]
    assert await Session.all().count() == 0


async def test_an_expired_password_signs_in_to_be_changed(database: Database) -> None:
    # given
    ada = await make_login()
    await Password.filter(account_id=ada.id).update(changed_at=clock.now() - timedelta(days=90))
    # when
    done = await signed_in()
    facts = await sessions.authenticate(done.secret)
    # then
    assert facts and facts.session_id and facts.password_expired
    # when
    fresh = await password_changes.change(ada.id, facts.session_id, current=GOOD, new=OTHER, actor=HERE)
    # then
    facts = await sessions.authenticate(fresh)
    assert facts is not None and not facts.password_expired


async def test_a_second_factor_is_demanded(database: Database) -> None:
    # given
    ada = await make_login()
    await switch_on(ada)
    # when
    half = await authentication.sign_in(ADA, GOOD, BROWSER)
    # then
    assert isinstance(half, authentication.PendingSignIn) and half.method is SecondFactorMethod.TOTP
    assert half.token not in repr(half)
    assert await Session.all().count() == 0
    assert await sessions.authenticate(half.token) is None
    # when
    code = totp()
    done = await authentication.complete(half.token, code, BROWSER)
    # then
    facts = await sessions.authenticate(done.secret)
    assert facts is not None and facts.account_id == ada.id
    # and: the same code again is refused
    with pytest.raises(Refused) as refusal:
        await authentication.complete(half.token, code, BROWSER)
    assert codes_of(refusal.value) == [ErrorCode.BAD_CODE]


async def test_a_half_way_token_is_used_up_by_its_success(database: Database) -> None:
    # given
    ada = await make_login()
    await switch_on(ada)
    async with in_transaction():
        spare = await backup_codes.create(ada.id)
    half = await authentication.sign_in(ADA, GOOD, BROWSER)
    other = await authentication.sign_in(ADA, GOOD, BROWSER)
    assert isinstance(half, authentication.PendingSignIn) and isinstance(other, authentication.PendingSignIn)
    # when, then: a wrong code leaves it, success does not, another sign-in of the same moment lives on
    assert not await completes(half.token, "000000")
    assert (await Account.get(id=ada.id)).last_sign_in_at is None
    assert await completes(half.token)
    assert not await completes(half.token, spare[0])
    assert await Session.all().count() == 1
    assert await completes(other.token, spare[1])


async def test_of_two_uses_of_a_half_way_token_at_once_one_gets_a_session(database: Database) -> None:
    # given
    ada = await make_login()
    await switch_on(ada)
    async with in_transaction():
        spare = await backup_codes.create(ada.id)
    half = await authentication.sign_in(ADA, GOOD, BROWSER)
    assert isinstance(half, authentication.PendingSignIn)
    # when
    done = await asyncio.gather(*(completes(half.token, code) for code in spare[:4]))
    # then
    assert sorted(done) == [False, False, False, True]
    assert await Session.filter(account_id=ada.id).count() == 1


async def test_a_known_address_costs_as_many_statements_as_an_unknown_one(
    database: Database, count_statements: Any
) -> None:
    # given: an account with a company, one without, one without a password, and none at all
    await make_login()
    company = await make_domain("harbor.example")
    ben = await make_login("ben@harbor.example")
    await Account.filter(id=ben.id).update(company_id=company.id)
    await make_person("cem@people.example")
    counts = []
    for email in (ADA, "ben@harbor.example", "cem@people.example", "nobody@people.example"):
        with count_statements() as seen:
            assert await refused(email, OTHER) == [ErrorCode.BAD_CREDENTIALS]
        counts.append(seen.total)
    # then
    assert len(set(counts)) == 1, counts
    assert [each.company_id for each in await AuditEntry.filter(action="sign-in").order_by("id")] == [
        None, company.id, None, None,
    ]  # fmt: skip


async def test_a_wrong_password_does_not_tell_of_a_second_factor(database: Database) -> None:
    await switch_on(await make_login())
    assert await refused(ADA, OTHER) == [ErrorCode.BAD_CREDENTIALS]


async def test_a_half_way_token_does_not_hold_for_ever(database: Database) -> None:
    # given
    ada = await make_login()
    await switch_on(ada)

    async def begun() -> str:
        half = await authentication.sign_in(ADA, GOOD, BROWSER)
        assert isinstance(half, authentication.PendingSignIn)
        return half.token

    # then: forged, too old, cut
    token = await begun()
    assert not await completes("nonsense")
    assert not await completes(token[:-2] + ("00" if token[-2:] != "00" else "11"))
    with clock.frozen(clock.now() + timedelta(minutes=10, seconds=1)):
        assert not await completes(token)
    forget_limits()  # the clock goes back
    assert not await completes(token, "000000")
    # when: the account is deactivated
    await Account.filter(id=ada.id).update(status=AccountStatus.DEACTIVATED)
    # then
    assert not await completes(token)
    # when: the password was changed meanwhile
    await Account.filter(id=ada.id).update(status=AccountStatus.ACTIVE)
    await passwords.set_password(ada.id, OTHER)
    # then
    assert not await completes(token)
    assert await Session.all().count() == 0


async def test_ones_own_factor_does_not_complete_anothers_sign_in(database: Database) -> None:
    # given: a thief knows Ada's password and has a factor of their own
    ada, mallory = await make_login(), await make_login("mallory@people.example")
    await switch_on(ada)
    half = await authentication.sign_in(ADA, GOOD, BROWSER)
    assert isinstance(half, authentication.PendingSignIn)
    await SecondFactor.create(
        account_id=mallory.id,
        method=SecondFactorMethod.TOTP,
        sealed=crypto.seal(crypto.TOTP_SECRET, "K" * 32),
        confirmed_at=clock.now(),
        created_at=clock.now(),
    )
    # then
    assert not await completes(half.token, pyotp.TOTP("K" * 32).at(clock.now()))


async def test_signing_out_and_ending_sessions(database: Database) -> None:
    # given
    ada, ben = await make_login(), await make_login("ben@people.example")
    one, two, three = [(await signed_in()).secret for _ in range(3)]
    # when
    with pytest.raises(Refused) as refusal:
        await authentication.end_session(ben.id, await session_id(one), actor=HERE)
    await authentication.end_session(ada.id, await session_id(one), actor=HERE)
    ended = await authentication.end_other_sessions(ada.id, await session_id(two), actor=HERE)
    # then
    assert codes_of(refusal.value) == [ErrorCode.NOT_FOUND]
    assert ended == 1
    assert [bool(await sessions.authenticate(secret)) for secret in (one, two, three)] == [False, True, False]
    # when
    await authentication.sign_out(ada.id, await session_id(two), actor=HERE)
    # then
    assert await sessions.authenticate(two) is None


async def test_a_rush_of_sign_ins_leaves_the_loop_free(database: Database) -> None:
    # given
    await make_login()
    longest, running = 0.0, True

    async def watch() -> None:
        nonlocal longest
        while running:
            begun = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - begun)

    watcher = asyncio.create_task(watch())
    # when
    await asyncio.gather(*(signed_in(client=Client(f"198.51.100.{n}")) for n in range(50)))
    running = False
    await watcher
    # then
    assert longest < 1
    assert await Session.all().count() == 50
