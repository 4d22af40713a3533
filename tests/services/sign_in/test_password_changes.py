"""A new password for somebody who is signed in: docs/rules/sign-in.md#password-change."""

import pytest

from models.audit import AuditEntry
from models.database import Database
from services.auth import access_tokens, passwords, sessions
from services.errors import ErrorCode, Refused
from services.sign_in import password_changes
from tests.helpers.factories import make_token
from tests.helpers.sign_in import (
    GOOD,
    HERE,
    OTHER,
    codes_of,
    kinds,
    make_login,
    session_id,
    signed_in,
)


async def test_a_change_of_password_ends_the_other_sessions(database: Database) -> None:
    # given
    ada = await make_login()
    here, there = (await signed_in()).secret, (await signed_in()).secret
    token = await make_token(ada, "mx:leaderboard:read")
    # when
    new = await password_changes.change(ada.id, await session_id(here), current=GOOD, new=OTHER, actor=HERE)
    # then
    assert [bool(await sessions.authenticate(secret)) for secret in (here, there, new)] == [False, False, True]
    assert await access_tokens.authenticate(token) is not None
    assert await passwords.is_correct(ada.id, OTHER) and not await passwords.is_correct(ada.id, GOOD)
    assert await kinds() == ["new-token", "password-changed"]
    assert await AuditEntry.filter(action="password.changed", account_id=ada.id).count() == 1


@pytest.mark.parametrize(
    ("current", "new", "code"),
    [
        (OTHER, "Yet another 1 secret!", ErrorCode.BAD_CREDENTIALS),
        (GOOD, GOOD, ErrorCode.PASSWORD_REUSED),
        (GOOD, "Short 1!", ErrorCode.PASSWORD_TOO_SHORT),
    ],
)
async def test_a_refused_change_changes_nothing(database: Database, current: str, new: str, code: ErrorCode) -> None:
    # given
    ada = await make_login()
    here, there = (await signed_in()).secret, (await signed_in()).secret
    # when
    with pytest.raises(Refused) as refusal:
        await password_changes.change(ada.id, await session_id(here), current=current, new=new, actor=HERE)
    # then
    assert codes_of(refusal.value) == [code]
    assert await sessions.authenticate(here) and await sessions.authenticate(there)
    assert await passwords.is_correct(ada.id, GOOD)
    assert await kinds() == []
