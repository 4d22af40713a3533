"""Going public: docs/rules/profiles.md#publish-checklist and "Points" (once for life), docs/rules/profiles.md#publish-checklist."""

import asyncio
from typing import Any

import pytest

from models.audit import AuditEntry
from models.database import Database
from models.points import OnceAward, PointEntry, Score
from models.profiles import Profile, Visibility
from services.errors import ErrorCode, Refused
from services.points.corrections import reverse
from services.profiles import avatars, publishing
from services.profiles.publishing import ChecklistItem
from tests.helpers.factories import make_person, total
from tests.helpers.profile_editing import WHOLE, actor, edit, id_of, newcomer, picture, profile_of, ready


async def publish(account: Any) -> None:
    await publishing.publish(id_of(account), actor=actor(account))


async def hide(account: Any) -> None:
    await publishing.unpublish(id_of(account), actor=actor(account))


async def awards(account: Any) -> list[str | None]:
    found: Any = PointEntry.filter(profile_id=id_of(account)).order_by("id").values_list("activity", flat=True)
    return list(await found)


async def test_publishing_names_every_missing_item(database: Database) -> None:
    # given
    ada = await newcomer()
    # when
    with pytest.raises(Refused) as refused:
        await publish(ada)
    # then
    assert [each.facts["item"] for each in refused.value.problems] == list(ChecklistItem)
    assert {each.code for each in refused.value.problems} == {ErrorCode.CHECKLIST_ITEM_MISSING}
    profile = await profile_of(ada)
    assert (profile.visibility, profile.listed, await total(profile.id)) == (Visibility.PRIVATE, False, 0)


@pytest.mark.parametrize("missing", [*WHOLE, "avatar"])
async def test_no_item_may_be_missing(database: Database, missing: str) -> None:
    # given
    ada = await newcomer()
    await edit(ada, **{name: value for name, value in WHOLE.items() if name != missing})
    if missing != "avatar":
        await avatars.put(id_of(ada), picture(), actor=actor(ada))
    # when
    with pytest.raises(Refused) as refused:
        await publish(ada)
    # then
    [problem] = refused.value.problems
    item: Any = problem.facts["item"]
    assert item.value.lower() == {"skills": "skill", "industries": "industry"}.get(missing, missing)
    assert await awards(ada) == []


async def test_a_complete_profile_gives_points_while_private_and_going_public_gives_more(database: Database) -> None:
    # given
    ada = await newcomer()
    await avatars.put(id_of(ada), picture(), actor=actor(ada))
    assert await awards(ada) == []
    # when
    await edit(ada, **WHOLE)
    # then
    assert (await awards(ada), await total(id_of(ada))) == (["PROFILE_COMPLETED"], 50)
    assert not (await profile_of(ada)).listed
    # when
    await publish(ada)
    # then
    assert (await awards(ada), await total(id_of(ada))) == (["PROFILE_COMPLETED", "PROFILE_PUBLISHED"], 100)
    assert (await profile_of(ada)).listed and (await Score.get(profile_id=id_of(ada))).listed


async def test_both_awards_are_given_once_in_a_life(database: Database) -> None:
    # given
    ada = await ready()
    # when it is undone and done again, hidden and shown again, and asked for twice
    await edit(ada, about=None)
    await edit(ada, about="Again")
    await publish(ada)
    await publish(ada)
    await hide(ada)
    await hide(ada)
    await edit(ada, about=None)
    await edit(ada, about="Once more")
    await publish(ada)
    # then no row tells of what was not given
    assert (await awards(ada), await total(id_of(ada))) == (["PROFILE_COMPLETED", "PROFILE_PUBLISHED"], 100)
    lines: Any = AuditEntry.filter(action="profile.visibility-changed").order_by("id").values_list("facts", flat=True)
    change = {"old": "PRIVATE", "new": "PUBLIC"}
    back = {"old": "PUBLIC", "new": "PRIVATE"}
    assert list(await lines) == [{"visibility": each} for each in (change, back, change)]


async def test_what_was_taken_back_can_be_earned_again(database: Database) -> None:
    ada = await ready()
    entry = await PointEntry.get(activity="PROFILE_COMPLETED")
    await reverse(entry.source, entry.external_id)
    assert await total(id_of(ada)) == 0
    await edit(ada, location="Elsewhere")
    assert await total(id_of(ada)) == 50


async def test_an_imported_public_profile_gets_nothing_for_being_public(database: Database) -> None:
    # given
    ada = await make_person(public=True)
    # when
    await publish(ada)
    # then
    assert await awards(ada) == []
    # when it hides, it needs the list like everybody
    await hide(ada)
    with pytest.raises(Refused):
        await publish(ada)
    assert not (await profile_of(ada)).listed


async def test_a_profile_that_is_gone_is_not_found(database: Database) -> None:
    ada = await newcomer()
    for work in (publishing.publish, publishing.unpublish):
        with pytest.raises(Refused) as refused:
            await work(999_999, actor=actor(ada))
        assert [each.code for each in refused.value.problems] == [ErrorCode.NOT_FOUND]


async def test_many_who_publish_at_once_give_one_award(database: Database) -> None:
    # given
    ada = await ready()
    # when
    await asyncio.gather(*(publish(ada) for _ in range(8)))
    # then
    assert (await awards(ada), await total(id_of(ada))) == (["PROFILE_COMPLETED", "PROFILE_PUBLISHED"], 100)
    assert await OnceAward.filter(profile_id=id_of(ada)).count() == 2
    assert await AuditEntry.filter(action="profile.visibility-changed").count() == 1


async def test_many_who_complete_at_once_give_one_award(database: Database) -> None:
    # given
    ada = await newcomer()
    await edit(ada, **{**WHOLE, "about": None, "department": None})
    await avatars.put(id_of(ada), picture(), actor=actor(ada))
    # when
    await asyncio.gather(
        edit(ada, about="One"), edit(ada, department="Two"), edit(ada, about="Three", department="Four")
    )
    # then
    assert (await awards(ada), await total(id_of(ada))) == (["PROFILE_COMPLETED"], 50)


@pytest.mark.parametrize("turn", range(4))
async def test_publishing_beside_an_edit_that_undoes_an_item_never_leaves_a_public_profile_without_it(
    database: Database, turn: int
) -> None:
    # given
    ada = await ready()
    works = [publish(ada), edit(ada, about=None), avatars.remove(id_of(ada), actor=actor(ada)), edit(ada, skills=[])]
    # when
    done = await asyncio.gather(*works[turn:], *works[:turn], return_exceptions=True)
    # then
    assert all(each is None or isinstance(each, Refused | Profile) for each in done), done
    profile = await profile_of(ada)
    if profile.visibility is Visibility.PUBLIC:
        assert await publishing.read_completed_items(profile) == set(ChecklistItem)


async def test_hiding_beside_publishing_ends_in_one_of_the_two(database: Database) -> None:
    ada = await ready()
    await asyncio.gather(publish(ada), hide(ada), publish(ada), hide(ada))
    profile, score = await profile_of(ada), await Score.get(profile_id=id_of(ada))
    assert profile.listed is score.listed is (profile.visibility is Visibility.PUBLIC)
    assert await total(id_of(ada)) == 100
