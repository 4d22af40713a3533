"""Who is named on a project: told once it is published, free to take the name off, parted by blocks. docs/rules/portfolio.md#collaborators."""

from asyncio import gather
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.database import Database
from models.notices import Notice
from models.portfolio import ProjectCollaborator
from models.profiles import Profile, Visibility
from resolvers import portfolio
from resolvers.base.context import Context
from services.auth.principals import Principal
from services.connections import blocks
from services.connections.connections import send
from services.core import rate_limits
from services.core.audit import OPERATOR
from services.portfolio import collaborators, projects
from services.profiles import publishing
from tests.helpers.factories import make_profile
from tests.helpers.projects import actor, id_of, make_project, people, problems, publish, tagged, update

NAMED = ("collaboratorIds", "0")


async def told(account: Any) -> list[int]:
    """The projects that somebody was told to be named on."""
    found = await Notice.filter(topic="PERSON", profile_id=id_of(account)).order_by("id")
    return [each.facts["project"] for each in found if each.facts["kind"] == "COLLABORATOR_TAGGED"]


async def seen(database: Database, project_id: int, viewer: Any = None) -> list[int]:
    """Whom a viewer sees named on a project; as many as are counted."""
    context = Context(database, Principal(account_id=viewer.id, profile_id=id_of(viewer)) if viewer else Principal())
    [rows] = await portfolio.collaborators([project_id], context)
    return [row["id"] for row in rows]


async def hide(account: Any) -> None:
    await publishing.unpublish(id_of(account), actor=OPERATOR)


async def appear(account: Any) -> None:
    """As `publishProfile` ends, for a profile that lacks what publishing asks for."""
    profile = await Profile.get(id=id_of(account))
    async with in_transaction():
        await publishing._set_visibility(profile, Visibility.PUBLIC, OPERATOR)


async def test_people_hear_of_it_when_it_is_published_and_once(database: Database) -> None:
    # given
    ada, ben, kim = await people("Ada", "Ben", "Kim")
    # when it is a draft
    number = await make_project(ada, publish=False, collaborator_ids=[id_of(ben), id_of(ben)])
    await update(ada, number, title="Another")
    assert (await tagged(number), await told(ben)) == ([id_of(ben)], [])
    # when it is published, edited, made a draft and published again
    await publish(ada, number)
    await publish(ada, number)
    assert (await told(ben), await told(ada)) == ([number], [])
    await update(ada, number, collaborator_ids=[id_of(kim), id_of(ben)])
    await projects.unpublish(id_of(ada), number, actor=actor(ada))
    await publish(ada, number)
    # then
    assert (await told(ben), await told(kim)) == ([number], [number])
    # and one published at once tells at once
    other = await make_project(ada, collaborator_ids=[id_of(ben)])
    assert await told(ben) == [number, other]


async def test_a_hidden_owners_projects_tell_nobody_until_they_can_be_seen(database: Database) -> None:
    ada, ben = await people("Ada", "Ben")
    await hide(ada)
    number = await make_project(ada, collaborator_ids=[id_of(ben)])
    assert await told(ben) == []
    await appear(ada)
    assert await told(ben) == [number]


async def test_who_can_be_named(database: Database) -> None:
    # given
    ada, hidden, blocked, blocker = await people("Ada", "Hid", "Blo", "Ker")
    unclaimed = await make_profile("Una")
    await hide(hidden)
    await blocks.block(id_of(ada), id_of(blocked))
    await blocks.block(id_of(blocker), id_of(ada))
    for publish_ in (False, True):
        wanted = [unclaimed, id_of(ada), 0, 999_999, id_of(hidden), id_of(blocked)]
        # when
        found = await problems(make_project(ada, publish=publish_, collaborator_ids=wanted))
        # then: one problem each, by its place
        assert found == [
            ("NOT_YOURSELF", ("collaboratorIds", "1")),
            ("NOT_FOUND", ("collaboratorIds", "2")),
            ("NOT_FOUND", ("collaboratorIds", "3")),
            ("NOT_FOUND", ("collaboratorIds", "4")),
            ("BLOCKED", ("collaboratorIds", "5")),
        ]
    number = await make_project(ada, collaborator_ids=[unclaimed])
    assert await tagged(number) == [unclaimed]


async def test_who_has_blocked_the_owner_is_named_for_the_owner_alone(database: Database) -> None:
    # given
    ada, blocker, eve = await people("Ada", "Ker", "Eve")
    await blocks.block(id_of(blocker), id_of(ada))
    # when
    number = await make_project(ada, collaborator_ids=[id_of(blocker)])
    # then the owner learns of no block, and the one who blocked of no project
    assert await seen(database, number, ada) == [id_of(blocker)]
    assert [await seen(database, number, each) for each in (None, eve, blocker)] == [[], [], []]
    assert (await told(blocker), await tagged(number)) == ([], [])
    assert await problems(collaborators.untag(id_of(blocker), number)) == [("NOT_FOUND", ("projectId",))]
    # nor later, when the block has ended
    await update(ada, number, collaborator_ids=[id_of(blocker)])
    await blocks.unblock(id_of(blocker), id_of(ada))
    await update(ada, number, collaborator_ids=[id_of(blocker)])
    assert (await seen(database, number), await told(blocker)) == ([], [])
    # until the owner names them anew
    await update(ada, number, collaborator_ids=None)
    await update(ada, number, collaborator_ids=[id_of(blocker)])
    assert (await seen(database, number), await told(blocker)) == ([id_of(blocker)], [number])


async def test_a_block_takes_the_names_off_both_ways(database: Database) -> None:
    # given
    ada, ben, kim = await people("Ada", "Ben", "Kim")
    of_ada = await make_project(ada, collaborator_ids=[id_of(ben), id_of(kim)])
    of_ben = await make_project(ben, collaborator_ids=[id_of(ada)])
    draft = await make_project(ben, publish=False, collaborator_ids=[id_of(ada)])
    # when
    await blocks.block(id_of(ben), id_of(ada))
    # then
    assert [await tagged(each) for each in (of_ada, of_ben, draft)] == [[id_of(kim)], [], []]
    await blocks.unblock(id_of(ben), id_of(ada))
    assert [await tagged(each) for each in (of_ada, of_ben, draft)] == [[id_of(kim)], [], []]
    # whoever was blocked cannot put the name back; who has blocked can
    both = [id_of(ben), id_of(kim)]
    assert await problems(update(ada, of_ada, collaborator_ids=both)) == [("NOT_TAGGABLE", NAMED)]
    assert await problems(update(ben, of_ben, collaborator_ids=[id_of(ada)])) == []


async def test_whoever_takes_the_name_off_stays_off(database: Database) -> None:
    # given
    ada, ben, eve = await people("Ada", "Ben", "Eve")
    number = await make_project(ada, collaborator_ids=[id_of(ben)])
    # when
    for _ in range(2):
        await collaborators.untag(id_of(ben), number)
    # then
    assert await tagged(number) == await seen(database, number, ada) == []
    assert await problems(update(ada, number, title="x", collaborator_ids=[id_of(ben)])) == [("NOT_TAGGABLE", NAMED)]
    await update(ada, number, collaborator_ids=None)
    assert await problems(update(ada, number, collaborator_ids=[id_of(ben)])) == [("NOT_TAGGABLE", NAMED)]
    # on another project the owner may ask anew
    assert await problems(make_project(ada, collaborator_ids=[id_of(ben)])) == []
    # and nobody takes off a name that is not there
    for call in (collaborators.untag(id_of(eve), number), collaborators.untag(id_of(ben), 999_999)):
        assert await problems(call) == [("NOT_FOUND", ("projectId",))]
    assert await problems(collaborators.untag(id_of(ada), number)) == [("NOT_FOUND", ("projectId",))]


async def test_nobody_takes_a_name_off_what_cannot_be_seen(database: Database) -> None:
    ada, ben = await people("Ada", "Ben")
    draft = await make_project(ada, publish=False, collaborator_ids=[id_of(ben)])
    number = await make_project(ada, collaborator_ids=[id_of(ben)])
    await hide(ada)
    for each in (draft, number):
        assert await problems(collaborators.untag(id_of(ben), each)) == [("NOT_FOUND", ("projectId",))]
    assert await tagged(draft) == await tagged(number) == [id_of(ben)]


async def test_a_hidden_collaborator_leaves_no_trace_and_keeps_the_tag(database: Database) -> None:
    # given
    ada, ben, kim = await people("Ada", "Ben", "Kim")
    number = await make_project(ada, collaborator_ids=[id_of(ben), id_of(kim)])
    # when
    await hide(ben)
    # then
    assert [await seen(database, number, each) for each in (None, ada, kim)] == [[id_of(kim)]] * 3
    assert await seen(database, number, ben) == [id_of(ben), id_of(kim)]
    # the owner, who does not see the name, cannot have meant it; nor put it on
    await update(ada, number, collaborator_ids=[])
    assert await problems(update(ada, number, collaborator_ids=[id_of(ben)])) == [("NOT_FOUND", NAMED)]
    await appear(ben)
    assert await seen(database, number) == [id_of(ben)]
    assert await told(ben) == [number]


@pytest.mark.sqlite_only
async def test_a_project_has_so_many_collaborators(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    [ada] = await people("Ada")
    many = [await make_profile(f"P{n}") for n in range(4)]
    number = await make_project(ada, collaborator_ids=many[:3])
    monkeypatch.setattr(collaborators, "MAX_COLLABORATORS", 2)
    # when, then: one that came with more keeps them and gets no further ones
    assert await problems(update(ada, number, collaborator_ids=many)) == [("TOO_MANY_ITEMS", ("collaboratorIds",))]
    assert await problems(update(ada, number, collaborator_ids=many[:3], title="x")) == []
    assert await problems(update(ada, number, collaborator_ids=[many[3], many[0]])) == []
    assert await tagged(number) == [many[0], many[3]]
    assert await problems(make_project(ada, collaborator_ids=[1] * 201)) == [("TOO_MANY_ITEMS", ("collaboratorIds",))]
    # naming is limited by itself
    await rate_limits.charge("tag-collaborators", by=[f"account:{ada.id}"], cost=200)
    assert await problems(update(ada, number, collaborator_ids=many[:2])) == [("RATE_LIMITED", ())]
    assert await tagged(number) == [many[0], many[3]]


@pytest.mark.postgres_only
async def test_naming_and_blocking_at_once_leave_no_name(database: Database) -> None:
    ada, ben = await people("Ada", "Ben")
    for _ in range(6):
        number = await make_project(ada)
        await gather(problems(update(ada, number, collaborator_ids=[id_of(ben)])), blocks.block(id_of(ben), id_of(ada)))
        assert await tagged(number) == []
        await blocks.unblock(id_of(ben), id_of(ada))


@pytest.mark.postgres_only
async def test_people_who_do_everything_to_one_another_at_once_wait_for_nobody_in_a_circle(database: Database) -> None:
    crowd = await people("Ada", "Ben", "Kim")
    numbers = [await make_project(each) for each in crowd]
    everyone = [id_of(each) for each in crowd]
    calls: list[Any] = []
    for each, number in zip(crowd, numbers, strict=True):
        others = [one for one in everyone if one != id_of(each)]
        calls += [problems(update(each, number, collaborator_ids=others[::step])) for step in (1, -1)]
        calls += [problems(collaborators.untag(one, number)) for one in others]
        calls += [problems(send(id_of(each), one, account_id=each.id)) for one in others]
    await gather(*calls)
    rows: Any = ProjectCollaborator.all().values_list("project_id", "profile_id")
    pairs = await rows
    assert len(pairs) == len(set(pairs)) and set(pairs) == {
        (number, one) for each, number in zip(crowd, numbers, strict=True) for one in everyone if one != id_of(each)
    }
