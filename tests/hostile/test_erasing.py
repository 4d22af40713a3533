"""
A person who was erased is found nowhere: in the database's file, its log, a dump, the pictures, the mails that wait, or the server's log.

The canary stands in every text of the person; an earlier text that was overwritten counts too.
"""

import logging
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from models.database import Database, sqlite_path
from models.outbox import OutboxMessage
from models.points import PointEntry, Score
from models.profiles import Profile
from resolvers.base import ids
from services.core import crypto
from services.core.audit import OPERATOR, Actor
from services.credits import credit_ledger
from services.deletion import engine
from services.messages.outbox import send_mail
from services.messages.outbox_worker import OutboxWorker
from services.personal_data import downloads
from services.points import ledger_consistency
from services.profiles import avatars
from settings import Settings
from tests.helpers.full_profiles import FullPerson, make_full_person
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session
from tests.helpers.uploads import picture

CANARY = "Zqcanary"
EVERYWHERE = """
query Search($id: ID!, $handle: String!) {
  node(id: $id) { id }
  profile(by: {handle: $handle}) { id }
  profiles(first: 20, search: "zqcanary") { nodes { id } }
  projects(first: 20, search: "zqcanary") { nodes { id } }
  leaderboard(board: OVERALL) { entries(first: 50) { nodes { profile { id name } } } }
}
"""


async def dump(settings: Settings) -> bytes:
    """Everything that the database has stored, as bytes in lower case."""
    if settings.database_url.startswith("sqlite:"):
        file = sqlite_path(settings.database_url)
        found = b"".join(each.read_bytes() for each in (file, file.with_name(f"{file.name}-wal")) if each.exists())
        return found.lower()
    connection = await asyncpg.connect(settings.database_url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        texts = [
            row[0]
            for table in tables
            for row in await connection.fetch(f'SELECT t::text FROM "{table["tablename"]}" t')
        ]
    finally:
        await connection.close()
    return "\n".join(texts).lower().encode()


def places(content: bytes) -> list[bytes]:
    """Where the canary is, as text or as the hex digits of bytes."""
    found = []
    for canary in (CANARY.lower().encode(), CANARY.lower().encode().hex().encode()):
        start = -1
        while (start := content.find(canary, start + 1)) >= 0:
            found.append(content[max(0, start - 60) : start + 40])
    return found


def stored_files(settings: Settings) -> list[Path]:
    stores = settings.avatar_store, settings.export_store
    return [each for store in stores for each in Path(store.removeprefix("file:")).rglob("*") if each.is_file()]


async def with_everything() -> FullPerson:
    """A full person with pictures, texts that were overwritten, and mails that wait."""
    ada = await make_full_person("Ada", canary=CANARY, accounts=1)
    await avatars.put(ada.profile_id, picture(), actor=Actor(ada.account.id, OPERATOR.origin))
    await Profile.filter(id=ada.profile_id).update(about=f"{CANARY} " * 500)
    await Profile.filter(id=ada.profile_id).update(about=f"{CANARY} short")
    await downloads.request(ada.account.id, None, actor=OPERATOR)
    while await downloads.make_due():
        pass
    async with in_transaction():
        await send_mail("sign-up-taken", ada.account)
        facts = {"sender": CANARY, "link": "http://graph.example/join", "stop": "http://graph.example/stop"}
        await send_mail("invite-of-member", ada.friend, ada.profile_id, **facts)
    return ada


async def test_nothing_is_left_of_an_erased_person(
    checked_client: GraphQLClient, database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    caplog.set_level(logging.DEBUG)
    ada = await with_everything()
    friend = ada.friend.own_profile_id
    profile, before = await Profile.get(id=ada.profile_id), await Score.get(profile_id=friend).values()
    asked: dict[str, Any] = {"id": ids.encode("Profile", ada.profile_id), "handle": profile.handle}
    shown = await checked_client.data(EVERYWHERE, **asked)
    assert shown["node"] and shown["profile"] and shown["profiles"]["nodes"] and shown["projects"]["nodes"]
    assert places(await dump(settings))
    assert {each.suffix for each in stored_files(settings)} == {".webp", ".zip"}
    # when
    await engine.delete_account(ada.account.id, actor=OPERATOR)
    # then the one exception is the mail that confirms it, until it is sent
    [confirmation] = await OutboxMessage.all()
    assert confirmation.kind == "profile-erased"
    assert CANARY.lower() in crypto.unseal(crypto.OUTBOX_MESSAGE, confirmation.sealed).lower()
    await OutboxWorker(settings).deliver_due()
    assert await OutboxMessage.all().count() == 0
    assert await database.truncate_log()
    assert places(await dump(settings)) == []
    assert stored_files(settings) == []
    assert places(caplog.text.lower().encode()) == []
    gone = await checked_client.data(EVERYWHERE, **asked)
    assert (gone["node"], gone["profile"], gone["profiles"]["nodes"], gone["projects"]["nodes"]) == (None, None, [], [])
    ranked = [each["profile"]["id"] for each in gone["leaderboard"]["entries"]["nodes"]]
    assert asked["id"] not in ranked and ranked
    # and others have what they had
    assert await Score.get(profile_id=friend).values() == before
    assert await PointEntry.filter(profile_id=friend, counterpart_id=None).count() == 1
    assert [each async for each in ledger_consistency.differences()] == []
    assert [each async for each in credit_ledger.differences()] == []
    trail = "{ viewer { auditTrail(first: 50) { nodes { action facts { name old new } actor { id } } } } }"
    assert CANARY.lower() not in str(await checked_client.ask(trail, headers=await in_session(ada.friend))).lower()


@pytest.mark.sqlite_only
async def test_what_is_deleted_does_not_stay_in_the_file(database: Database, settings: Settings) -> None:
    """Every writer overwrites what it deletes; a checkpoint that others hold up is done by the next one."""
    ada = await make_full_person("Ada", canary=CANARY, accounts=1)
    reader = sqlite3.connect(sqlite_path(settings.database_url), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM profile").fetchall()
    await engine.erase(ada.profile_id, actor=OPERATOR)
    assert places(await dump(settings))
    reader.close()
    await OutboxMessage.all().delete()
    assert await database.truncate_log()
    assert places(await dump(settings)) == []
