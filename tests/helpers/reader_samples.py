"""Rows for the contract test of readers: what several people have with each other."""

from datetime import date, timedelta
from typing import Any

from tortoise.transactions import in_transaction

from models.accounts import Account
from models.personal_data_exports import ExportState, PersonalDataExport
from models.portfolio import ProjectImage
from models.profile_merges import MergeState, ProfileMerge
from services.connections import blocks as block_rules
from services.connections import connections as connection_rules
from services.connections.connection_rows import connect
from services.core import clock
from tests.helpers.factories import make_person
from tests.helpers.projects import make_project


async def know_each_other(ada: Account) -> None:
    """Ada knows Ben and Cem, who know each other; Dan has asked her, she has asked Eve, and blocked Finn."""
    own: int = ada.own_profile_id
    ben: int = (await Account.get(email="ben@people.example")).own_profile_id
    cem, dan, eve, finn = [await make_person() for _ in range(4)]
    async with in_transaction():
        await connect(own, ben, clock.now())
        await connect(own, cem.own_profile_id, clock.now())
        await connect(ben, cem.own_profile_id, clock.now())
    await connection_rules.send(dan.own_profile_id, own, account_id=dan.id)
    await connection_rules.send(own, eve.own_profile_id, account_id=ada.id)
    await block_rules.block(own, finn.own_profile_id)


async def show_projects(ada: Account) -> list[int]:
    """Ada's draft and a project of hers with days, pictures and Ben; Ben's that she is named on, and one that says nothing."""
    ben = await Account.get(email="ben@people.example")
    days: dict[str, Any] = {"started_on": date(2024, 1, 2), "ended_on": date(2024, 3, 4)}
    numbers = [
        await make_project(ada, publish=False),
        await make_project(ada, collaborator_ids=[ben.profile_id], **days),
        await make_project(ben, collaborator_ids=[ada.profile_id]),
    ]
    for caption in ("A screen", ""):
        await ProjectImage.create(project_id=numbers[1], image=f"image {caption}", caption=caption)
    return numbers


async def begun_merge(ada: Account, source: int | None, state: MergeState) -> int:
    """A merge of Ada's; the last one is open."""
    choices = [{"masked": "b•••@p•••.example", "account": 0, "recovery": False}]
    now = clock.now()
    more: dict[str, Any] = {"started_at": now, "expires_at": now + timedelta(hours=1)}
    row = await ProfileMerge.create(
        account_id=ada.id, survivor_id=ada.profile_id, source_id=source, state=state, typed="x", choices=choices, **more
    )
    return row.id


async def begun_downloads(ada: Account) -> list[int]:
    """A download of Ada's data that is being made, and one that is ready."""
    now = clock.now()
    of: dict[str, Any] = {"account_id": ada.id, "requested_at": now, "due_at": now}
    ready: dict[str, Any] = {
        "state": ExportState.READY,
        "ready_at": now,
        "expires_at": now + timedelta(days=1),
        "bytes": 9,
    }
    made = [
        await PersonalDataExport.create(key=key, **of, **more) for key, more in (("a", dict[str, Any]()), ("b", ready))
    ]
    return [each.id for each in made]
