"""A database accepts only the secret key that it was made with."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from models import tables
from models.accounts import Account
from models.database import Database
from models.outbox import Channel, OutboxMessage
from models.second_factors import SecondFactor
from models.secret_canary import SecretCanary
from services.core import clock, crypto, secret_key
from services.core.runtime import Runtime
from services.core.secret_key import WrongSecretKey
from settings import BadSetting, Settings
from tests.conftest import CountStatements
from tests.helpers import tshirts
from tests.helpers.runtimes import using_settings
from tests.helpers.second_factors import with_sms, with_totp

OTHER_KEY = "a7" * 32


class KeyFile:
    """The file of a generated key. A process reads it once; each change here is followed by a new process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        return self._path.exists()

    def read(self) -> str:
        return self._path.read_text()

    def write(self, text: str) -> None:
        self._path.parent.mkdir(exist_ok=True)
        self._path.write_text(text)
        crypto._key_in.cache_clear()

    def delete(self) -> None:
        self._path.unlink()
        crypto._key_in.cache_clear()


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyFile]:
    path = tmp_path / "keys" / "secret-key"
    monkeypatch.setattr(crypto, "KEY_FILE", path)
    crypto._key_in.cache_clear()
    yield KeyFile(path)
    crypto._key_in.cache_clear()


async def verify_with(settings: Settings, key: str) -> None:
    """Verify as a process with this key does."""
    with Runtime(replace(settings, secret_key=key)).active():
        await secret_key.verify()


async def test_the_first_start_stores_a_canary_and_later_ones_open_it(
    database: Database, settings: Settings, count_statements: CountStatements
) -> None:
    await secret_key.verify()
    [row] = await SecretCanary.all()
    assert crypto.unseal(crypto.CANARY, row.sealed) == secret_key.CANARY_TEXT
    with count_statements() as seen:
        await verify_with(settings, settings.secret_key.upper())
    assert seen.total == 1 and (await SecretCanary.get()).sealed == row.sealed


async def test_a_wrong_key_is_refused_and_printed_nowhere(database: Database, settings: Settings) -> None:
    await secret_key.verify()
    before = (await SecretCanary.get()).sealed
    with pytest.raises(WrongSecretKey, match=r"SECRET_KEY.*was made with.*accept-secret-key.*second factors") as why:
        await verify_with(settings, OTHER_KEY)
    assert OTHER_KEY not in str(why.value) and settings.secret_key not in str(why.value)
    assert (await SecretCanary.get()).sealed == before


@pytest.mark.postgres_only
async def test_on_postgresql_the_key_must_be_set(database: Database, settings: Settings, key_file: KeyFile) -> None:
    for _ in range(2):  # a key file makes no difference
        with pytest.raises(BadSetting, match=r"SECRET_KEY is not set.*PostgreSQL"):
            await verify_with(settings, "")
        with using_settings(replace(settings, secret_key="")), pytest.raises(BadSetting, match="PostgreSQL"):
            crypto.seal("anything", "text")
        assert await SecretCanary.all().count() == 0
        key_file.write(OTHER_KEY)


@pytest.mark.sqlite_only
async def test_on_sqlite_a_generated_key_is_enough(database: Database, settings: Settings, key_file: KeyFile) -> None:
    for _ in range(2):
        await verify_with(settings, "")
    # with the same key as a setting
    await verify_with(settings, key_file.read())
    # another one
    key_file.write(OTHER_KEY)
    with pytest.raises(WrongSecretKey):
        await verify_with(settings, "")


@pytest.mark.sqlite_only
async def test_a_lost_key_file_is_not_replaced(database: Database, settings: Settings, key_file: KeyFile) -> None:
    await verify_with(settings, "")
    key_file.delete()
    with pytest.raises(WrongSecretKey, match=r"var/secret-key does not exist"):
        await verify_with(settings, "")
    assert not key_file.exists()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("content", ["", "a7" * 31, "no key"])
async def test_a_damaged_key_file_is_no_key(
    database: Database, settings: Settings, key_file: KeyFile, content: str
) -> None:
    key_file.write(content)
    with pytest.raises(BadSetting, match="64 hexadecimal digits"):
        await verify_with(settings, "")


async def test_processes_that_start_at_once_settle_on_one_canary(database: Database, settings: Settings) -> None:
    await asyncio.gather(*(verify_with(settings, settings.secret_key) for _ in range(8)))
    assert await SecretCanary.all().count() == 1


async def test_of_two_keys_at_once_one_wins(database: Database, settings: Settings) -> None:
    keys = [settings.secret_key, OTHER_KEY] * 4
    answers = await asyncio.gather(*(verify_with(settings, key) for key in keys), return_exceptions=True)
    accepted = {key for key, answer in zip(keys, answers, strict=True) if answer is None}
    refused = {key for key, answer in zip(keys, answers, strict=True) if isinstance(answer, WrongSecretKey)}
    assert len(accepted) == len(refused) == 1 and not accepted & refused


# Databases that are older than the canary


async def totp() -> None:
    await with_totp()
    await OutboxMessage.all().delete()


async def sms() -> None:
    await with_sms()
    await OutboxMessage.all().delete()


async def message() -> None:
    sealed = crypto.seal(crypto.OUTBOX_MESSAGE, "{}")
    now = clock.now()
    await OutboxMessage.create(channel=Channel.MAIL, kind="invite", sealed=sealed, due_at=now, created_at=now)


async def shirt() -> None:
    await tshirts.claim(await tshirts.referrer())


@pytest.mark.parametrize("stored", [totp, sms, message, shirt])
async def test_the_first_key_of_an_older_database_must_open_what_it_has(
    database: Database, settings: Settings, stored: Callable[[], Awaitable[None]]
) -> None:
    # given
    await stored()
    # when
    with pytest.raises(WrongSecretKey):
        await verify_with(settings, OTHER_KEY)
    # then
    assert not await SecretCanary.exists()
    await secret_key.verify()
    assert await SecretCanary.all().count() == 1


@pytest.mark.sqlite_only
async def test_without_its_key_an_older_database_gets_no_new_one(
    database: Database, settings: Settings, key_file: KeyFile
) -> None:
    await message()
    with pytest.raises(WrongSecretKey, match="does not exist"):
        await verify_with(settings, "")
    assert not key_file.exists() and not await SecretCanary.exists()


async def test_a_few_values_of_another_key_are_reported_and_do_not_prove_it(
    database: Database, settings: Settings
) -> None:
    # given
    await message()
    await message()
    with using_settings(replace(settings, secret_key=OTHER_KEY)):
        await message()
    # then
    with pytest.raises(WrongSecretKey):
        await verify_with(settings, OTHER_KEY)
    with capture_logs() as logs:
        await secret_key.verify()
    assert logs == [
        {"event": "secret_key.values_unreadable", "log_level": "warning", "unreadable": 1, "checked": 3},
    ]


async def test_half_of_the_values_is_not_enough(database: Database, settings: Settings) -> None:
    await message()
    with using_settings(replace(settings, secret_key=OTHER_KEY)):
        await message()
    for key in (settings.secret_key, OTHER_KEY):
        with pytest.raises(WrongSecretKey):
            await verify_with(settings, key)


async def test_a_database_with_people_and_nothing_sealed_takes_any_key(database: Database, settings: Settings) -> None:
    await totp()
    await SecondFactor.all().delete()
    assert await Account.exists()
    await verify_with(settings, OTHER_KEY)


def test_every_sealed_column_is_tried() -> None:
    models: list[Any] = [getattr(tables, name) for name in tables.__all__]
    sealed = {model for model in models if "sealed" in model._meta.fields_map}
    assert sealed == {*secret_key.SEALED_COLUMNS, SecretCanary}


# A lost key


async def test_an_operator_can_go_on_with_another_key(database: Database, settings: Settings) -> None:
    await secret_key.verify()
    with using_settings(replace(settings, secret_key=OTHER_KEY)):
        await secret_key.accept()
        await secret_key.verify()
    with pytest.raises(WrongSecretKey):
        await secret_key.verify()


async def test_an_older_database_whose_key_is_lost_can_go_on(database: Database, settings: Settings) -> None:
    await totp()
    with using_settings(replace(settings, secret_key=OTHER_KEY)):
        await secret_key.accept()
        await secret_key.verify()
    assert await SecondFactor.all().count() == 1
