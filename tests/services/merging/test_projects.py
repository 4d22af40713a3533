"""Projects and tags of merged people."""

from datetime import timedelta
from typing import Any

import pytest

from models.notices import Notice
from models.portfolio import Project, ProjectCollaborator
from services.connections import blocks
from services.core import clock
from services.portfolio import collaborators, projects
from services.portfolio.collaborators import MIN_TAG_TIME
from tests.helpers.conserved import known_tags
from tests.helpers.merging import Two, make_two, merge, of_table, plan_of
from tests.helpers.projects import actor, make_project, people, project_of, tagged

pytestmark = pytest.mark.usefixtures("start", "unlimited")


async def merged(two: Two) -> Any:
    """Merge, and compare the rows of the two with the plan."""
    plan = await plan_of(two.pair)
    tags, own = (of_table(plan, name) for name in ("project_collaborator", "project"))
    before = await known_tags(*two.pair)
    assert before == tags.kept + tags.moved + tags.combined + tags.lost
    await merge(two.pair)
    assert await known_tags(two.pair.survivor) == tags.kept + tags.moved
    assert await Project.filter(owner_id=two.pair.survivor).count() == own.kept + own.moved
    return two.survivor


async def tag_of(project_id: int, profile_id: int) -> ProjectCollaborator | None:
    return await ProjectCollaborator.get_or_none(project_id=project_id, profile_id=profile_id)


async def test_the_survivor_s_projects_come_first_and_each_side_keeps_its_order() -> None:
    two = await make_two()
    theirs = [await make_project(two.source, title=f"Old {n}", publish=n != 1) for n in range(3)]
    await projects.order(two.pair.source, theirs, actor=actor(two.source))
    own = [await make_project(two.survivor, title=f"New {n}") for n in range(2)]  # place 0: the newest first
    later = await make_project(two.source, title="Newest")
    me = await merged(two)
    rows: Any = Project.filter(owner_id=me.profile_id).order_by("place", "-id").values_list("id", flat=True)
    assert list(await rows) == [own[1], own[0], later, *theirs]
    latest = await make_project(me, title="Created after")
    assert (await rows)[0] == latest


@pytest.mark.parametrize(("source", "survivor"), [(True, False), (False, True)])
async def test_projects_are_as_visible_as_the_survivor(source: bool, survivor: bool) -> None:
    two, (friend,) = await make_two({"public": source}, {"public": survivor}), await people("Cleo")
    shown = await make_project(two.source, collaborator_ids=[friend.profile_id])
    draft = await make_project(two.source, publish=False)
    told = Notice.filter(profile_id=friend.profile_id)
    before = await told.count()
    await merged(two)
    assert ((await project_of(shown)).listed, (await project_of(draft)).listed) == (survivor, False)
    # People on a project that becomes visible are told, once.
    assert (before, await told.count()) == ((1, 1) if source else (0, 1))


async def test_a_tag_on_each_other_s_projects_disappears() -> None:
    two = await make_two()
    one = await make_project(two.source, collaborator_ids=[two.pair.survivor])
    other = await make_project(two.survivor, collaborator_ids=[two.pair.source])
    await collaborators.untag(two.pair.source, other)
    await merged(two)
    assert await ProjectCollaborator.filter(project_id__in=[one, other]).count() == 0


async def test_on_a_project_of_a_third_person_the_two_are_one_and_an_untag_stays() -> None:
    two, (owner,) = await make_two(), await people("Cleo")
    both = list(two.pair)
    shared, untagged, by_survivor = [await make_project(owner, collaborator_ids=both) for _ in range(3)]
    only = await make_project(owner, collaborator_ids=[two.pair.source])
    tagged_at = clock.now()
    with clock.frozen(tagged_at + timedelta(days=1)):
        await collaborators.untag(two.pair.source, untagged)
        await collaborators.untag(two.pair.survivor, by_survivor)
        me = await merged(two)
    assert [await tagged(each) for each in (shared, untagged, by_survivor, only)] == [
        [me.profile_id],
        [],
        [],
        [me.profile_id],
    ]
    for each in (untagged, by_survivor):
        row = await tag_of(each, me.profile_id)
        assert row and (row.tagged_at, row.untagged_at) == (tagged_at, tagged_at + timedelta(days=1))
    row = await tag_of(shared, me.profile_id)
    assert row and row.told_at


async def test_a_tag_that_only_its_owner_sees_stays_one_beside_another_and_gives_way_to_a_real_one() -> None:
    two, (owner, other) = await make_two(), await people("Cleo", "Dina")
    for own in two.pair:
        await blocks.block(own, owner.profile_id)
    await blocks.block(two.pair.source, other.profile_id)
    hidden = await make_project(owner, collaborator_ids=list(two.pair))
    real = await make_project(other, collaborator_ids=list(two.pair))
    await blocks.unblock(two.pair.source, other.profile_id)
    me = await merged(two)
    row = await tag_of(hidden, me.profile_id)
    assert row and row.untagged_at == row.tagged_at
    assert await tagged(real) == [me.profile_id]


async def test_a_block_of_one_ends_the_tags_of_the_other() -> None:
    two, (blocked, blocker) = await make_two(), await people("Cleo", "Dina")
    by_blocked = await make_project(blocked, collaborator_ids=[two.pair.survivor])
    by_blocker = await make_project(blocker, collaborator_ids=[two.pair.survivor])
    own = await make_project(two.survivor, collaborator_ids=[blocked.profile_id, blocker.profile_id])
    await blocks.block(two.pair.source, blocked.profile_id)
    await blocks.block(blocker.profile_id, two.pair.source)
    me = await merged(two)
    assert [await tagged(each) for each in (by_blocked, by_blocker, own)] == [[], [], []]
    # As after a block: the blocker cannot be tagged again, and the other one's tag is deleted.
    left = await tag_of(by_blocked, me.profile_id), await tag_of(own, blocker.profile_id)
    assert all(each and each.untagged_at and each.untagged_at - each.tagged_at == MIN_TAG_TIME for each in left)
    assert await tag_of(by_blocker, me.profile_id) is await tag_of(own, blocked.profile_id) is None


async def test_imported_projects_keep_the_id_of_the_other_system() -> None:
    two = await make_two()
    number = await make_project(two.source)
    await Project.filter(id=number).update(source="archive", key="17")
    await merged(two)
    assert (await Project.get(source="archive", key="17")).owner_id == two.pair.survivor
