"""The history of personal data: docs/rules/accounts.md#personal-data."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.accounts import Account
from models.audit import Origin
from models.database import Database
from models.imports import ImportedPerson
from models.profile_changes import ChangedField, ProfileChange
from models.profiles import Profile
from services.accounts import preferences, recovery_email
from services.core import clock
from services.core.audit import OPERATOR
from services.errors import Refused
from services.imports.import_runs import Progress, import_skills
from services.media.social_accounts import SocialService
from services.profiles import avatars, handle_changes, profile_changes, profile_editing, publishing
from services.profiles.profile_editing import LookingFor, SocialAccount
from services.profiles.profiles import NewPerson, create_people
from tests.helpers.factories import NOON, make_person
from tests.helpers.profile_editing import actor, edit, id_of, newcomer, picture, ready

pytestmark = pytest.mark.usefixtures("unlimited")
ADDRESS = "192.0.2.7"
Entry = tuple[str, str | None, str | None]


async def entries(account: Account, *, after: int = 0) -> list[Entry]:
    rows = await ProfileChange.filter(profile_id=account.profile_id, id__gt=after).order_by("id")
    return sorted((row.field.value, row.old, row.new) for row in rows)


async def last(account: Account) -> int:
    row = await ProfileChange.filter(profile_id=account.profile_id).order_by("-id").first()
    return row.id if row else 0


async def test_each_field_that_changed_has_an_entry_with_who_when_and_from_where(database: Database) -> None:
    # given
    ada, ben = await newcomer(name="Ada Okafor"), await newcomer()
    await edit(ada, about="x" * 1_500, skills=["python"])
    assert await entries(ada) == [
        ("ABOUT", None, "x" * 999 + "…"),
        ("ACCOUNT", None, ada.email),
        ("SKILLS", None, "python"),
    ]
    before = await last(ada)
    # when
    with clock.frozen(NOON):
        await edit(
            ada,
            name="Ada Okafor",  # as it was
            about=None,
            country="NL",
            skills=["css", "python"],
            looking_for=[LookingFor.PROJECT, LookingFor.JOB],
            socials=[SocialAccount(SocialService.SKYPE, "live:ada")],
        )
    # then
    assert await entries(ada, after=before) == [
        ("ABOUT", "x" * 999 + "…", None),
        ("COUNTRY", None, "NL"),
        ("LOOKING_FOR", None, "JOB, PROJECT"),
        ("SKILLS", "python", "css, python"),
        ("SKYPE", None, "live:ada"),
    ]
    rows = await ProfileChange.filter(profile_id=ada.profile_id, id__gt=before)
    assert {(row.actor_id, row.account_id, row.origin, row.address, row.at) for row in rows} == {
        (ada.id, None, Origin.SESSION, ADDRESS, NOON)
    }
    # and nothing for the same again, for a refused edit, or for other people
    before = await last(ada)
    await edit(ada, country="nl", looking_for=[LookingFor.JOB, LookingFor.PROJECT])
    with pytest.raises(Refused):
        await edit(ada, job_title="Pilot", country="XX")
    assert await entries(ada, after=before) == []
    assert await entries(ben) == [("ACCOUNT", None, ben.email)]


async def test_every_other_writer_of_personal_data_writes_an_entry(database: Database) -> None:
    ada = await ready()
    number, who = id_of(ada), actor(ada)
    profile = await Profile.get(id=number)

    async def done(work: Awaitable[Any]) -> list[Entry]:
        before = await last(ada)
        await work
        return await entries(ada, after=before)

    assert await done(publishing.publish(number, actor=who)) == [("VISIBILITY", "PRIVATE", "PUBLIC")]
    assert await done(publishing.unpublish(number, actor=who)) == [("VISIBILITY", "PUBLIC", "PRIVATE")]
    assert await done(avatars.put(number, picture(colour="red"), actor=who)) == [("AVATAR", "PICTURE", "PICTURE")]
    assert await done(avatars.remove(number, actor=who)) == [("AVATAR", "PICTURE", None)]
    assert await done(handle_changes.change(number, "ada-new", actor=who)) == [("HANDLE", profile.handle, "ada-new")]
    assert await done(preferences.update(ada.id, number, {"language": "nl", "allows_marketing": True}, actor=who)) == [
        ("LANGUAGE", None, "nl"),
        ("MARKETING", "False", "True"),
    ]
    assert await done(recovery_email.set_by_operator(ada.id, "ada@home.example")) == [
        ("RECOVERY_EMAIL", None, "ada@home.example")
    ]
    assert await done(recovery_email.remove(ada.id, actor=who)) == [("RECOVERY_EMAIL", "ada@home.example", None)]
    marketing = await ProfileChange.get(profile_id=number, field=ChangedField.MARKETING)
    by_operator = await ProfileChange.get(profile_id=number, new="ada@home.example")
    assert (marketing.account_id, marketing.actor_id) == (ada.id, ada.id)
    assert (by_operator.origin, by_operator.actor_id, by_operator.address) == (Origin.OPERATOR, None, "")
    # and an import, which adds skills to people who exist
    await ImportedPerson.create(source="forum", key="7", profile_id=number)
    imported = import_skills([(number, "css"), (number, "python")], Progress("forum", "skills", 1, "x"))
    assert await done(imported) == [("SKILLS", "python", "css, python")]


async def test_an_entry_is_written_with_its_change_or_not_at_all(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await newcomer()

    async def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("stopped")

    writers: list[Callable[[], Awaitable[Any]]] = [
        lambda: edit(ada, job_title="Pilot"),
        lambda: handle_changes.change(id_of(ada), "ada-new", actor=actor(ada)),
        lambda: preferences.update(ada.id, id_of(ada), {"language": "nl"}, actor=actor(ada)),
        lambda: recovery_email.set_by_operator(ada.id, "ada@home.example"),
    ]
    before, profile = await entries(ada), await Profile.get(id=id_of(ada)).values()
    monkeypatch.setattr("services.core.audit.record", fails)  # the last statement of each
    for write in writers:
        with pytest.raises(RuntimeError, match="stopped"):
            await write()
    assert (await entries(ada), await Profile.get(id=id_of(ada)).values()) == (before, profile)


async def test_the_history_is_complete_from_the_creation_or_from_the_migration_on(database: Database) -> None:
    ada = await Profile.get(id=id_of(await make_person()))
    assert await profile_changes.tracked_since(ada) == ada.created_at
    # an older profile
    ada.created_at = datetime(2018, 11, 1, tzinfo=UTC)
    since = await profile_changes.tracked_since(ada)
    assert clock.now() - timedelta(days=1) < since < clock.now()


async def test_many_entries_are_written_by_one_statement(database: Database) -> None:
    async with in_transaction():
        ids = await create_people([NewPerson(name="Ada", joined_on=NOON.date()) for _ in range(3)])
        profile = await Profile.get(id=ids[0])
        before = await profile_changes.read_values(profile.id)
        profile.name, profile.twitter = "Ada B", "ada"
        await profile_editing.touch(profile, ["name", "twitter"])
        await profile_changes.record_differences(profile.id, before, profile_changes.values_of(profile), actor=OPERATOR)
    rows = await ProfileChange.filter(profile_id__in=ids).order_by("field")
    assert [(row.field.value, row.old, row.new) for row in rows] == [("NAME", "Ada", "Ada B"), ("TWITTER", None, "ada")]
