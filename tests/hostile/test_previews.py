"""Finding out by the preview of a deletion or a merge what others have done in secret."""

import pytest

from catalogue.points import Category
from models.connections import Block, ConnectionRequest, DismissedSuggestion
from models.database import Database
from services.core import clock
from services.deletion import engine, preview
from services.merging import preview as merge_preview
from services.merging.plan import Pair
from services.points import corrections
from tests.helpers.factories import make_person
from tests.helpers.transactions import committed


@pytest.mark.usefixtures("database")
async def test_a_preview_does_not_tell_what_others_did_in_secret(database: Database) -> None:
    ada, ben = await make_person(), await make_person()
    before = await preview.read(await engine.plan_account(ada.id))
    now = clock.now()
    await Block.create(blocker_id=ben.profile_id, blocked_id=ada.profile_id, blocked_at=now)
    await DismissedSuggestion.create(profile_id=ben.profile_id, other_id=ada.profile_id, dismissed_at=now)
    await ConnectionRequest.create(sender_id=ben.profile_id, receiver_id=ada.profile_id, sent_at=now)
    await corrections.penalize(
        ada.profile_id or 0, Category.COMMUNITY, 5, reason="A reason", shown=False, external_id="x"
    )
    after = await preview.read(await engine.plan_account(ada.id))
    assert (after.records, after.plan.hash) == (before.records, before.plan.hash)
    # what Ada did herself is there
    await Block.create(blocker_id=ada.profile_id, blocked_id=ben.profile_id, blocked_at=now)
    last = await preview.read(await engine.plan_account(ada.id))
    assert last.plan.hash != before.plan.hash
    assert [each.deleted for each in last.records if each.code == "block"] == [1]


@pytest.mark.usefixtures("database")
async def test_a_merge_does_not_count_silent_penalties(database: Database) -> None:
    ada, other = await make_person(), await make_person()
    pair = Pair(other.own_profile_id, ada.own_profile_id)
    before = await committed(merge_preview.of(pair))
    for profile_id in pair:
        await corrections.penalize(
            profile_id, Category.COMMUNITY, 5, reason="A reason", shown=False, external_id=f"x{profile_id}"
        )
    after = await committed(merge_preview.of(pair))
    assert before and after and after.tables == before.tables
