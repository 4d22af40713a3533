"""Downloads of personal data: docs/rules/accounts.md#downloads."""

import asyncio
import os
import re
from datetime import timedelta
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import obstore
import orjson
import pytest

from models import tables
from models.accounts import Account
from models.audit import Origin
from models.database import Database
from models.personal_data_exports import ExportState, PersonalDataExport
from models.profiles import Profile
from services.core import clock
from services.core.audit import Actor
from services.errors import ErrorCode, Refused
from services.media import image_store, images
from services.messages import outbox
from services.personal_data import archive, downloads, export_store, readable_index, records
from services.personal_data.sections import SECTIONS, Owner
from services.personal_data.values import Reader
from settings import Settings
from tests.helpers.canaries import CANARY, OTHER, secrets_of_everybody
from tests.helpers.factories import make_person
from tests.helpers.full_profiles import make_full_person
from tests.helpers.profile_editing import picture

HOSTILE = "<script>alert(1)</script>\"'&\u202e ../../x %s {0} \ud83d\ude00".encode("utf-16", "surrogatepass").decode(
    "utf-16"
)


class Markup(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src"}}

    def handle_data(self, data: str) -> None:
        self.text += data


def actor(account: Account) -> Actor:
    return Actor(account.id, Origin.SESSION, "192.0.2.7")


async def request(account: Account, key: str | None = None) -> int:
    return await downloads.request(account.id, key, actor=actor(account))


async def stored_keys() -> set[str]:
    return {Path(each["path"]).stem async for batch in obstore.list(export_store._store()) for each in batch}


def folder_of(settings: Settings) -> Path:
    return Path(settings.export_store.removeprefix("file:"))


async def content_of(key: str) -> bytes:
    found = await export_store.chunks(key)
    assert found is not None
    size, chunks = found
    content = b"".join([chunk async for chunk in chunks])
    assert len(content) == size
    return content


async def test_the_archive_has_everything_and_nothing_else(
    database: Database, settings: Settings, monkeypatch: Any
) -> None:
    # given a full person with pictures and a hostile text, and somebody else
    ada, _ = await make_full_person(canary=CANARY), await make_full_person("Eve Stone", canary=OTHER)
    avatar, image = image_store.new_key(), image_store.new_key()
    await image_store.put(avatar, await images.squares(picture()))
    await image_store.put(image, images.whole_of(picture()))
    await Profile.filter(id=ada.profile_id).update(avatar=avatar, about=HOSTILE)
    first = await tables.ProjectImage.filter(project__owner_id=ada.profile_id).order_by("id").first()
    assert first
    await tables.ProjectImage.filter(id=first.id).update(image=image, caption=HOSTILE)
    monkeypatch.setattr(records, "EXPORT_BATCH", 1)
    monkeypatch.setattr(readable_index, "MAX_RECORDS_SHOWN", 1)
    monkeypatch.setattr(archive, "MAX_RECORDS_SHOWN", 1)
    # when
    number = await request(ada.account)
    assert await downloads.make_due() == 1
    # then
    row = await PersonalDataExport.get(id=number)
    content = await content_of(row.key)
    assert (row.state, row.bytes) == (ExportState.READY, len(content))
    [file] = [each for each in folder_of(settings).iterdir() if each.stem == row.key]
    assert file.stat().st_mode & 0o777 == 0o600 and folder_of(settings).stat().st_mode & 0o077 == 0
    packed = ZipFile(BytesIO(content))
    names = packed.namelist()
    assert packed.testzip() is None and len(names) == len(set(names))
    assert all(re.fullmatch(r"(pictures/)?[a-z0-9_-]+\.(json|html|webp)", name) for name in names)
    # one file per section, with all records, and the pictures that exist
    reader = Reader(Owner(ada.account.id, ada.profile_id), "nl", whole=True)
    lost = {"avatar", "image"}
    for code, section in SECTIONS.items():
        expected = [record async for batch in records.every_batch(section, reader) for record in batch]
        read = orjson.loads(packed.read(f"{code}.json"))
        if code != "personal-data-export":  # which is now ready
            assert [{name: value for name, value in each.items() if name not in lost} for each in read] == [
                {each.name: each.json for each in record if each.name not in lost} for record in expected
            ]
    assert {name for name in names if name.startswith("pictures/")} == {
        orjson.loads(packed.read("profile.json"))[0]["avatar"],
        *(each["image"] for each in orjson.loads(packed.read("project-image.json")) if each["image"]),
    }
    assert packed.read("pictures/avatar.webp") == await image_store.get(avatar, 512)
    assert orjson.loads(packed.read("manifest.json"))["account"] == ada.account.email
    # no secret, and nothing of others
    everything = b"\n".join(packed.read(name) for name in names if not name.startswith("pictures/")).decode()
    assert [each for each in await secrets_of_everybody() if each in everything] == []
    assert OTHER not in everything and "PENALTY" not in everything and ada.friend.email not in everything
    # and a page that a browser can show, in the person's language
    html = packed.read("index.html").decode()
    page = Markup(html)
    assert {"script", "img", "iframe", "form", "link"} & page.tags == set()
    assert (
        HOSTILE in page.text and "Je persoonlijke gegevens" in page.text and "Hier staan de eerste 1 van 2" in page.text
    )
    assert {each for each in page.addresses if not each.startswith("#")} <= set(names)
    # the account is told, without a way around the sign-in
    sent = [outbox.opened(each) for each in await tables.OutboxMessage.filter(kind="personal-data-ready")]
    assert [each.to for each in sent] == [ada.account.email] and row.key not in sent[0].text
    assert not list(folder_of(settings).glob("*.part"))


async def test_of_many_requests_at_once_there_is_one_download(database: Database, unlimited: None) -> None:
    ada, eve = await make_person(), await make_person()
    numbers = await asyncio.gather(*(request(ada, key) for key in ("a", "a", "b", None, None, None)), request(eve))
    assert len(set(numbers[:-1])) == 1 and len(set(numbers)) == 2
    made = await asyncio.gather(*(downloads.make_due() for _ in range(3)))  # three processes
    assert sum(made) == 2
    first = await PersonalDataExport.get(id=numbers[0])
    assert await stored_keys() >= {first.key} and len(await stored_keys()) == 2
    # the same key is the same download; a new one replaces it once it is ready
    assert await request(ada, "a") == first.id
    second = await request(ada)
    assert second != first.id
    assert [(each["id"], each["state"]) for each in await downloads.of_account(ada.id)] == [
        (second, ExportState.PENDING),
        (first.id, ExportState.READY),
    ]
    await downloads.make_due()
    assert [each["id"] for each in await downloads.of_account(ada.id)] == [second]
    assert first.key not in await stored_keys() and len(await stored_keys()) == 2
    assert await tables.AuditEntry.filter(account_id=ada.id, action="personal-data.download-requested").count() == 2


async def test_what_fails_is_begun_again_and_given_up_in_the_end(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await make_person()
    number, write, tries = await request(ada), archive.write, []

    async def fails(account_id: int, file: Path) -> None:
        await write(account_id, file)
        tries.append(file.name)
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(archive, "write", fails)
        for minutes in (0, 2, 5, 9, 14):
            with clock.frozen(clock.now() + timedelta(minutes=minutes)):
                assert await downloads.make_due() == 0
    assert len(tries) == downloads.MAX_DOWNLOAD_TRIES and len(set(tries)) == 3
    assert (await PersonalDataExport.get(id=number)).state is ExportState.FAILED
    assert not list(folder_of(settings).iterdir())
    # a new request is a new download; one whose process died is begun again after its claim
    number = await request(ada)
    assert not await PersonalDataExport.exists(state=ExportState.FAILED)
    assert await downloads._claim() is not None and await downloads.make_due() == 0
    with clock.frozen(clock.now() + downloads.CLAIM_DURATION):
        assert await downloads.make_due() == 1
    assert (await PersonalDataExport.get(id=number)).state is ExportState.READY


async def test_a_download_goes_with_its_account_even_while_it_is_made(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, eve, write = await make_person(), await make_person(), archive.write
    await request(ada)

    async def meanwhile(account_id: int, file: Path) -> None:
        await write(account_id, file)
        await PersonalDataExport.filter(account_id=account_id).delete()

    monkeypatch.setattr(archive, "write", meanwhile)
    assert await downloads.make_due() == 0
    assert await stored_keys() == set() and not await tables.OutboxMessage.filter(kind="personal-data-ready").exists()
    # and one of an account that was deleted: its files are discarded by their keys
    monkeypatch.undo()
    await request(eve)
    assert await downloads.make_due() == 1
    keys = await downloads.keys_of([eve.id, ada.id])
    assert set(keys) == await stored_keys() != set()
    await export_store.discard([*keys, image_store.new_key()])
    assert await stored_keys() == set()


async def test_expired_downloads_and_forgotten_files_are_deleted(database: Database, settings: Settings) -> None:
    ada, eve = await make_person(), await make_person()
    now = clock.now()
    with clock.frozen(now):
        await request(ada)
        await downloads.make_due()
    await request(eve)
    await downloads.make_due()
    key = (await PersonalDataExport.get(account_id=ada.id)).key
    kept = (await PersonalDataExport.get(account_id=eve.id)).key
    folder, orphan = folder_of(settings), image_store.new_key()
    (folder / f"{orphan}.zip").write_bytes(b"PK")
    (folder / f"{orphan}.1.part").write_bytes(b"PK")
    (folder / f"{orphan}.1.html.part").write_bytes(b"<p>")
    (folder / "notes.txt").write_text("of the operator")
    # when nothing is old
    assert await export_store.sweep(clock.now()) == 0 and await downloads.forget_expired(now) == 0
    # then seven days later
    expiry = now + downloads.DOWNLOAD_LIFETIME
    with clock.frozen(expiry):
        assert await downloads.of_account(ada.id) == []
        with pytest.raises(Refused) as refused:
            await downloads.fetch(ada.id, key, actor=actor(ada))
        assert refused.value.problems[0].code is ErrorCode.NOT_FOUND
    assert await downloads.forget_expired(expiry) == 1
    assert [each.account_id for each in await PersonalDataExport.all()] == [eve.id]
    for each in folder.iterdir():
        os.utime(each, (0, 0))
    assert await export_store.sweep(clock.now()) == 3
    assert {each.name for each in folder.iterdir()} == {f"{kept}.zip", "notes.txt"}


async def test_only_its_own_account_fetches_a_download(database: Database) -> None:
    ada, second = await make_person(), await make_person()
    await Account.filter(id=second.id).update(profile_id=ada.profile_id)
    await request(ada)
    key = (await PersonalDataExport.get(account_id=ada.id)).key
    for account, wanted in ((ada, key), (second, key), (ada, image_store.new_key())):
        with pytest.raises(Refused):  # not ready yet
            await downloads.fetch(account.id, wanted, actor=actor(account))
    await downloads.make_due()
    assert (await downloads.fetch(ada.id, key, actor=actor(ada))).key == key
    with pytest.raises(Refused):
        await downloads.fetch(second.id, key, actor=actor(second))
    assert await tables.AuditEntry.filter(action="personal-data.downloaded").count() == 1
    with pytest.raises(ValueError, match="is not a key"):
        await export_store.chunks("../../etc/passwd")
