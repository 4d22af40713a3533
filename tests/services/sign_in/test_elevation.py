"""Confirming that it is you: docs/rules/sign-in.md#elevation."""

import re

import pytest

from models.audit import AuditEntry, AuditOutcome
from models.database import Database
from models.second_factors import SecondFactorMethod
from services.auth import sessions
from services.errors import ErrorCode, Refused
from services.sign_in import authentication, elevation
from services.sign_in.elevation import ElevationProof
from tests.helpers.sign_in import (
    ADA,
    BROWSER,
    GOOD,
    HERE,
    OTHER,
    codes_of,
    completes,
    mails,
    make_login,
    session_id,
    signed_in,
    switch_on,
    totp,
)


async def test_elevation_takes_the_password_where_there_is_no_factor(database: Database) -> None:
    # given
    ada = await make_login()
    old = (await signed_in()).secret
    own = await session_id(old)
    # then
    assert await elevation.proofs_of(ada.id) == [ElevationProof.PASSWORD]
    for wrong, code in (
        ({"password": OTHER, "code": ""}, ErrorCode.BAD_CREDENTIALS),
        ({"password": "", "code": "000000"}, ErrorCode.PROOF_REQUIRED),
    ):
        with pytest.raises(Refused) as refusal:
            await elevation.elevate(ada.id, own, actor=HERE, **wrong)
        assert codes_of(refusal.value) == [code]
    # then: the wrong password is in the trail
    [line] = await AuditEntry.filter(action="session.elevated")
    assert (line.account_id, line.outcome) == (ada.id, AuditOutcome.REFUSED.value)
    # when
    new = await elevation.elevate(ada.id, own, password=GOOD, code="", actor=HERE)
    # then: a secret that was stolen before does not get the new rights
    assert await sessions.authenticate(old) is None
    facts = await sessions.authenticate(new)
    assert facts is not None and facts.elevated


async def test_elevation_takes_the_code_where_there_is_a_factor(database: Database) -> None:
    # given
    ada = await make_login()
    secret = (await signed_in()).secret
    await switch_on(ada)
    own = await session_id(secret)
    # then: the password is not enough
    with pytest.raises(Refused) as refusal:
        await elevation.elevate(ada.id, own, password=GOOD, code="", actor=HERE)
    assert codes_of(refusal.value) == [ErrorCode.PROOF_REQUIRED]
    assert refusal.value.problems[0].facts == {"proofs": [ElevationProof.TOTP, ElevationProof.BACKUP_CODE]}
    # when
    new = await elevation.elevate(ada.id, own, password="", code=totp(), actor=HERE)
    # then
    facts = await sessions.authenticate(new)
    assert facts is not None and facts.elevated


async def test_a_texted_code_elevates_and_does_not_sign_in(database: Database) -> None:
    # given
    ada = await make_login()
    own = await session_id((await signed_in()).secret)
    await switch_on(ada, SecondFactorMethod.SMS)
    half = await authentication.sign_in(ADA, GOOD, BROWSER)
    assert isinstance(half, authentication.PendingSignIn)
    await elevation.send_code(ada.id)
    to_sign_in, to_elevate = [next(iter(re.findall(r"\d{6}", text.text))) for text in await mails()]
    # then: each is good for what it was sent for
    assert to_sign_in == to_elevate or not await completes(half.token, to_elevate)
    new = await elevation.elevate(ada.id, own, password="", code=to_elevate, actor=HERE)
    facts = await sessions.authenticate(new)
    assert facts is not None and facts.elevated
    assert await completes(half.token, to_sign_in)


async def test_guessing_the_password_in_a_session_ends(database: Database) -> None:
    # given
    ada = await make_login()
    own = await session_id((await signed_in()).secret)
    answers = []
    for n in range(50):
        with pytest.raises(Refused) as refusal:
            await elevation.elevate(ada.id, own, password=f"guess {n}", code="", actor=HERE)
        answers += codes_of(refusal.value)
    assert answers[-1] is ErrorCode.RATE_LIMITED
    assert answers.count(ErrorCode.BAD_CREDENTIALS) == 10
