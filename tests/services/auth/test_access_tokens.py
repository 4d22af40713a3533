"""Personal access tokens: what is kept of them, and who they let in."""

import re
from dataclasses import fields
from datetime import timedelta

import pytest

from models.accounts import AccountStatus
from models.passwords import Password
from models.tokens import AccessToken, ApiKey
from services.auth import access_tokens, api_keys
from services.auth.principals import Principal
from services.auth.stored_credentials import Unusable
from services.core import clock
from services.core.audit import OPERATOR
from services.errors import ErrorCode, Refused
from tests.helpers.factories import NOON, make_person, make_service

pytestmark = pytest.mark.usefixtures("database")
READ = ["mx:leaderboard:read"]


async def test_a_token_stands_for_its_account_within_its_scopes() -> None:
    # given
    account = await make_person()
    # when
    made = await access_tokens.create(account.id, name=" Pull ", scopes=READ)
    bearer = await access_tokens.authenticate(made.secret)
    # then
    assert bearer is not None
    assert (bearer.account_id, bearer.profile_id, bearer.scopes) == (account.id, account.profile_id, frozenset(READ))
    assert (made.token.name, made.token.scopes) == ("Pull", READ)


async def test_the_secret_is_nowhere_but_in_the_answer() -> None:
    # given
    account = await make_person()
    # when
    made = await access_tokens.create(account.id, name="Pull", scopes=READ)
    # then
    assert re.fullmatch(r"mxp_[0-9A-Za-z]{38}", made.secret)
    assert made.secret not in repr(made)
    stored = await AccessToken.get(id=made.token.id)
    kept = " ".join(str(getattr(stored, name)) for name in stored._meta.fields_db_projection)
    assert made.secret[4:-6] not in kept and made.secret[-5:] not in kept
    assert {each.name for each in fields(Principal)}.isdisjoint({"secret", "hash"})


async def test_two_tokens_are_never_alike() -> None:
    assert len({access_tokens.new_secret() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: "",
        lambda secret: secret[:-1],
        lambda secret: secret + "a",
        lambda secret: secret[:-1] + ("b" if secret[-1] == "a" else "a"),
        lambda secret: secret.replace("mxp_", "mxq_"),
        lambda secret: secret + "\n",
        lambda secret: access_tokens.new_secret(),
        lambda secret: "mxp_" + "é" * 38,
    ],
)
async def test_what_is_not_the_token_lets_nobody_in(change) -> None:
    account = await make_person()
    made = await access_tokens.create(account.id, name="Pull", scopes=READ)
    assert await access_tokens.authenticate(change(made.secret)) is None


async def test_an_expired_token_and_that_of_a_deactivated_account_let_nobody_in() -> None:
    # given
    account = await make_person()
    with clock.frozen(NOON):
        brief = await access_tokens.create(account.id, name="Brief", scopes=READ, expires_at=NOON + timedelta(hours=1))
        lasting = await access_tokens.create(account.id, name="Lasting", scopes=READ)
    # when, then
    with clock.frozen(NOON + timedelta(minutes=59)):
        assert await access_tokens.authenticate(brief.secret)
    with clock.frozen(NOON + timedelta(hours=1)):
        assert await access_tokens.authenticate(brief.secret) is None
        assert await access_tokens.authenticate(lasting.secret)
    account.status = AccountStatus.DEACTIVATED
    await account.save()
    assert await access_tokens.authenticate(lasting.secret) is None


async def test_a_deleted_token_lets_nobody_in() -> None:
    account = await make_person()
    made = await access_tokens.create(account.id, name="Pull", scopes=READ)
    await AccessToken.filter(id=made.token.id).delete()
    assert await access_tokens.authenticate(made.secret) is None


async def test_everything_wrong_with_a_new_token_is_said_at_once() -> None:
    # given
    account = await make_person()
    # when
    with pytest.raises(Refused) as why:
        await access_tokens.create(account.id, name=" ", scopes=["mx:points:ingest", "mx:all"], expires_at=clock.now())
    # then
    assert [problem.code for problem in why.value.problems] == [ErrorCode.BAD_INPUT] * 4
    assert await AccessToken.all().count() == 0


async def test_a_token_without_a_scope_is_refused() -> None:
    account = await make_person()
    with pytest.raises(Refused):
        await access_tokens.create(account.id, name="Nothing", scopes=[])


async def test_a_scope_is_named_once() -> None:
    account = await make_person()
    with pytest.raises(Refused) as why:
        await access_tokens.create(account.id, name="Twice", scopes=[*READ, *READ])
    assert [(each.code, each.path) for each in why.value.problems] == [(ErrorCode.BAD_INPUT, ("scopes",))] * len(READ)
    assert await AccessToken.all().count() == 0


async def test_a_session_that_has_ended_meanwhile_makes_nothing() -> None:
    account = await make_person()
    for making in (
        access_tokens.create(account.id, name="Late", scopes=READ, session_id=7),
        api_keys.create(account.id, name="Late", actor=OPERATOR, session_id=7),
    ):
        with pytest.raises(Refused) as why:
            await making
        assert why.value.problems[0].code is ErrorCode.UNAUTHENTICATED
    assert await AccessToken.all().count() == await ApiKey.all().count() == 0


async def test_only_a_service_may_report_activities() -> None:
    service = await make_service()
    made = await access_tokens.create(service.id, name="Report", scopes=["mx:points:ingest"])
    bearer = await access_tokens.authenticate(made.secret)
    assert bearer is not None and bearer.service and bearer.profile_id is None


async def test_a_token_is_deleted_once_and_only_by_its_owner() -> None:
    # given
    ada, eve = await make_person(), await make_person()
    made = await access_tokens.create(ada.id, name="Pull", scopes=READ)
    # when, then
    for account_id, right in ((eve.id, False), (ada.id, True), (ada.id, False)):
        if right:
            await access_tokens.delete(made.token.id, account_id=account_id, actor=OPERATOR)
            continue
        with pytest.raises(Refused) as why:
            await access_tokens.delete(made.token.id, account_id=account_id, actor=OPERATOR)
        assert why.value.problems[0].code is ErrorCode.NOT_FOUND
    assert await access_tokens.authenticate(made.secret) is None


async def test_a_token_is_looked_up_in_one_statement(count_statements) -> None:
    account = await make_person()
    made = await access_tokens.create(account.id, name="Pull", scopes=READ)
    with count_statements() as seen:
        assert await access_tokens.authenticate(made.secret)
    assert seen.total == 1
    with count_statements() as seen:
        assert await access_tokens.authenticate(made.secret[:-1] + "!") is None
    assert seen.total == 0


async def test_a_password_that_has_expired_stops_its_owners_tokens() -> None:
    # given
    account = await make_person()
    made = await access_tokens.create(account.id, name="Pull", scopes=READ)
    await Password.create(account_id=account.id, hash="x", changed_at=NOON)
    # when, then
    with clock.frozen(NOON + timedelta(days=90, microseconds=-1)):
        assert await access_tokens.authenticate(made.secret)
        assert [row["unusable"] for row in await access_tokens.of_account(account.id)] == [None]
    with clock.frozen(NOON + timedelta(days=90)):
        assert await access_tokens.authenticate(made.secret) is None
        assert [row["unusable"] for row in await access_tokens.of_account(account.id)] == [Unusable.PASSWORD_EXPIRED]
