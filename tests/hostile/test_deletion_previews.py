"""Finding out by the preview of a deletion what others have done in secret."""

import pytest

from catalogue.points import Category
from models.connections import Block, ConnectionRequest, DismissedSuggestion
from models.database import Database
from services.core import clock
from services.deletion import engine, preview
from services.points import corrections
from tests.helpers.factories import make_person


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
