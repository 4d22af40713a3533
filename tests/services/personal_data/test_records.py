"""What is stored about a person, section by section: docs/rules/accounts.md#personal-data."""

from typing import Any

import orjson

from models import tables
from models.database import Database
from models.points import EntryKind
from models.profiles import Profile
from models.second_factors import SecondFactorMethod
from services.core import clock, ids, phone_numbers
from services.personal_data import labels, records
from services.personal_data.sections import SECTIONS, Owner
from services.personal_data.values import Reader, Value
from tests.helpers.canaries import CANARY, OTHER, secrets_of_everybody
from tests.helpers.full_profiles import FullPerson, make_full_person


async def read(person: FullPerson, *, account: int = 0, whole: bool = True, language: str = "en") -> dict[str, Any]:
    """All records by section."""
    reader = Reader(Owner(person.account_ids[account], person.profile_id), language, whole)
    return {
        code: [record async for batch in records.every_batch(section, reader) for record in batch]
        for code, section in SECTIONS.items()
    }


def as_text(found: dict[str, list[list[Value]]]) -> str:
    return orjson.dumps(found, default=list).decode()


def texts(record: list[Value]) -> dict[str, str | None]:
    return {each.name: each.text for each in record}


async def test_every_section_has_the_records_of_the_person_alone_without_secrets(database: Database) -> None:
    # given two people with rows everywhere
    ada, eve = await make_full_person(canary=CANARY), await make_full_person("Eve Stone", canary=OTHER)
    now = clock.now()
    await tables.ConnectionRequest.create(
        sender_id=ada.profile_id, receiver_id=eve.profile_id, sent_at=now, ignored_at=now
    )
    await tables.BadgeAward.filter(profile_id=ada.profile_id, badge="NETWORKER").update(
        reason=f"{OTHER} told us", reason_shown=False
    )
    # when
    found = await read(ada)
    # then
    assert [code for code, listed in found.items() if not listed] == []
    everything = as_text(found)
    public = f"Eve Stone {OTHER}"  # asked to connect, who ignored it
    assert texts(found["connection-request"][0])["receiver"].startswith(f"{public} (@")  # type: ignore[union-attr]
    everything = everything.replace(public, "").replace((await Profile.get(id=eve.profile_id)).handle, "")
    assert OTHER not in everything and "$no-hash" not in everything and "gnored" not in everything
    assert [each for each in await secrets_of_everybody() if each in everything] == []
    # of others, no address; and nothing of silent penalties
    addresses = {each.email for each in (ada.friend, ada.asker, ada.blocked, *eve.accounts)}
    assert [each for each in addresses if each in everything] == [] and ".friend" not in everything
    assert await tables.PointEntry.filter(profile_id=ada.profile_id, kind=EntryKind.PENALTY, shown=False).exists()
    assert "PENALTY" not in everything
    # and nothing that is exported is left out
    assert all(each.email in everything for each in ada.accounts)
    for code, column in (("project", "title"), ("access-token", "name"), ("session", "device"), ("invite", "note")):
        assert any(CANARY in (texts(record)[column] or "") for record in found[code]), code
    assert texts(found["profile"][0])["id"] == ids.encode("Profile", ada.profile_id)
    assert await records.count(SECTIONS["point-entry"], Owner(ada.account.id, ada.profile_id)) == len(
        found["point-entry"]
    )


async def test_other_people_are_their_public_name_or_a_member(database: Database) -> None:
    ada = await make_full_person(canary=CANARY)
    friend = await Profile.get(id=ada.friend.own_profile_id)
    found = await read(ada)
    assert [texts(each)["other"] for each in found["connection"]] == [f"Ben Friend (@{friend.handle})"]
    assert [texts(each)["project"] for each in found["project-collaborator"]] == ["Of a friend project"]
    # when they hide
    await Profile.filter(id=friend.id).update(listed=False)
    await tables.Project.filter(owner_id=friend.id).update(listed=False)
    # then
    hidden = await read(ada, language="nl")
    assert [texts(each)["other"] for each in hidden["connection"]] == ["Een lid"]
    assert [texts(each)["project"] for each in hidden["project-collaborator"]] == ["Een project"]
    assert not any(name in as_text(hidden) for name in ("Ben Friend", "Of a friend"))


async def test_an_account_reads_nothing_of_the_security_of_the_others(database: Database) -> None:
    ada = await make_full_person(canary=CANARY)
    second = await read(ada, account=1)
    others = {"connection-request"}  # of which there is none
    empty = {
        "access-token",
        "api-key",
        "audit-entry",
        "credit-balance",
        "credit-entry",
        "personal-data-export",
        "second-factor",
        "session",
        "shop-order",
    }
    assert {code for code, listed in second.items() if not listed} == empty | others
    assert {code for code, section in SECTIONS.items() if section.of_account} == empty
    first = await read(ada)
    assert [texts(each)["ipAddress"] for each in first["profile-change"]] == ["192.0.2.97"]
    assert [texts(each)["ipAddress"] for each in second["profile-change"]] == [None]
    assert len(first["account"]) == len(second["account"]) == 2


async def test_what_is_encrypted_is_whole_in_the_download_and_masked_in_the_view(database: Database) -> None:
    ada = await make_full_person(canary=CANARY)
    factor = tables.SecondFactor.filter(account_id=ada.account.id)
    assert texts((await read(ada))["second-factor"][0]).keys() == {"method", "confirmedAt"}  # an app has only a secret
    await factor.update(method=SecondFactorMethod.SMS, sealed=phone_numbers.sealed("+31612345678"))
    whole, masked = await read(ada), await read(ada, whole=False)
    assert texts(whole["second-factor"][0])["phone"] == "+31612345678"
    assert texts(masked["second-factor"][0])["phone"] == "+31•••78"
    assert texts(whole["shirt-claim"][0])["street"] == f"{CANARY} 1"
    assert texts(masked["shirt-claim"][0])["street"] == "c•••"
    # a value of another key is left out
    await factor.update(sealed="00")
    assert "phone" not in texts((await read(ada))["second-factor"][0])


async def test_records_come_in_batches_each_once_in_order(database: Database, monkeypatch: Any) -> None:
    ada = await make_full_person(canary=CANARY)
    whole = await read(ada)
    monkeypatch.setattr(records, "EXPORT_BATCH", 1)
    assert await read(ada) == whole
    section, owner = SECTIONS["point-entry"], Owner(ada.account.id, ada.profile_id)
    rows = await records.stored(section, owner, 10)
    back = await records.stored(section, owner, 1, after=records.keys_of(section, rows[-1]), backward=True)
    assert [each["id"] for each in back] == [rows[-2]["id"]]


def test_every_column_has_a_name_for_people() -> None:
    columns = {column for section in SECTIONS.values() for column in section.columns} - {"sealed"}
    assert columns - labels.LABELS.keys() == set()
    assert set(labels.FIELD_LABELS) == set(tables.ProfileChange._meta.fields_map["field"].enum_type)  # type: ignore[attr-defined]
