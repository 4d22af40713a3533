"""API keys: what is kept of them, and who they let in."""

import re

import pytest

from models.accounts import AccountStatus
from models.tokens import ApiKey
from services.auth import api_keys, credential_last_used
from services.core.audit import OPERATOR
from services.errors import ErrorCode, Refused
from tests.helpers.factories import make_person, make_service

pytestmark = pytest.mark.usefixtures("database")


async def test_a_key_stands_for_its_person_with_all_rights() -> None:
    account = await make_person("ada@people.example")
    made = await api_keys.create(account.id, name=" Script ", actor=OPERATOR)
    bearer = await api_keys.authenticate("ADA@people.example", made.secret)
    assert bearer is not None and bearer.scopes is None and not bearer.service
    assert (bearer.account_id, bearer.profile_id) == (account.id, account.profile_id)
    assert made.key.name == "Script"


async def test_the_secret_is_nowhere_but_in_the_answer() -> None:
    made = await api_keys.create((await make_person()).id, name="Script", actor=OPERATOR)
    assert re.fullmatch(r"mxk_[0-9A-Za-z]{38}", made.secret)
    assert made.secret not in repr(made)
    assert made.secret[4:-6] not in str(await ApiKey.all().values())


async def test_it_lets_nobody_in_beside_another_address_or_once_the_account_is_deactivated() -> None:
    ada, eve = await make_person("ada@people.example"), await make_person("eve@people.example")
    made = await api_keys.create(ada.id, name="Script", actor=OPERATOR)
    for username in (eve.email, "", "nonsense", "ada@people.example\n.", "\udce9"):
        assert await api_keys.authenticate(username, made.secret) is None, username
    for key in ("", made.secret[:-1], "\udce9" * 42, "0" * 42):
        assert await api_keys.authenticate(ada.email, key) is None
    ada.status = AccountStatus.DEACTIVATED
    await ada.save()
    assert await api_keys.authenticate(ada.email, made.secret) is None


async def test_services_have_none_and_a_name_is_needed() -> None:
    with pytest.raises(Refused) as service:
        await api_keys.create((await make_service()).id, name="Script", actor=OPERATOR)
    with pytest.raises(Refused) as unnamed:
        await api_keys.create((await make_person()).id, name=" ", actor=OPERATOR)
    assert [why.value.problems[0].code for why in (service, unnamed)] == [ErrorCode.NOT_FOUND, ErrorCode.BAD_INPUT]


async def test_an_account_has_a_hundred_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "MAX_KEYS", 2)
    account = await make_person()
    for _ in range(2):
        await api_keys.create(account.id, name="Script", actor=OPERATOR)
    with pytest.raises(Refused) as why:
        await api_keys.create(account.id, name="Script", actor=OPERATOR)
    assert why.value.problems[0].code is ErrorCode.TOO_MANY_ITEMS


async def test_the_last_use_is_written_down_later_and_never_goes_back() -> None:
    # given
    account = await make_person()
    made = await api_keys.create(account.id, name="Script", actor=OPERATOR)
    # when
    await api_keys.authenticate(account.email, made.secret)
    # then
    assert (await ApiKey.get()).last_used_at is None
    assert (await credential_last_used.write_uses(), await credential_last_used.write_uses()) == (1, 0)
    used = (await ApiKey.get()).last_used_at
    assert used is not None
    later = used.replace(year=used.year + 1)
    await ApiKey.all().update(last_used_at=later)
    await api_keys.authenticate(account.email, made.secret)
    await credential_last_used.write_uses()
    assert (await ApiKey.get()).last_used_at == later
