"""Deleting an account, and with the last one its profile. docs/rules/accounts.md#deleting-an-account."""

from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models import tables
from models.accounts import Account
from models.database import Database
from models.ownership import OWNERSHIP
from models.ownership.references import Owner, references_of
from models.ownership.rules import Anonymised, Cleared, Deleted, Ownership
from models.profiles import Profile
from services.core import clock
from services.core.audit import OPERATOR
from services.credits import credit_ledger
from services.deletion import engine
from services.deletion.plan import TablePlan
from services.errors import Refused
from services.messages.outbox import send_mail
from services.personal_data import downloads, export_store
from services.points import ledger_consistency
from tests.helpers.factories import make_person
from tests.helpers.full_profiles import FullPerson, make_full_person

Row = dict[str, Any]
BY_THE_DELETION = {"audit_entry": 2, "notice": 1, "outbox_message": 1}
"""Rows that erasing itself writes: its entries, the change of the boards, and the mail that confirms it."""


async def rows_of(of: Ownership) -> dict[Any, Row]:
    key = of.model._meta.db_pk_column
    return {row[key]: row for row in await of.model.all().values()}


async def all_rows() -> dict[str, dict[Any, Row]]:
    return {each.table: await rows_of(each) for each in OWNERSHIP}


async def full_person() -> FullPerson:
    """A person in every table, who was also invited, referred and mailed by a friend, and did things to others."""
    ada = await make_full_person("Ada", accounts=1)
    now, friend = clock.now(), ada.friend
    more = {"sender_id": friend.own_profile_id, "account_id": friend.id, "kind": "FRIEND", "sent_at": now}
    for place, (address, by) in enumerate([(ada.account.email_key, None), ("other@people.example", ada.account.id)]):
        values = {
            **more,
            "email": address,
            "email_key": address,
            "accepted_by_id": by,
            "note": "Hello Ada",
            "digest": f"{place}",
        }
        await tables.Invite.create(state="ACCEPTED" if by else "PENDING", expires_at=now, created_at=now, **values)
    await tables.Referral.create(referrer_id=friend.own_profile_id, account_id=ada.account.id, via="MAIL", at=now)
    await tables.AuditEntry.create(
        at=now,
        action="member.deactivated",
        origin="SESSION",
        actor_id=ada.account.id,
        account_id=friend.id,
        facts={"a": 1},
    )
    await tables.AuditEntry.create(
        at=now, action="points.penalize", origin="OPERATOR", facts={"profile": ada.profile_id, "reason": "Ada"}
    )
    async with in_transaction():
        await send_mail("sign-up-taken", ada.account)
        await send_mail("sign-up-taken", friend, ada.profile_id)
        await send_mail("sign-up-taken", friend)
        await send_mail("recovery-email-set", await Profile.get(id=ada.profile_id), account="x")
    return ada


def named(of: Ownership, row: Row, person: FullPerson) -> set[str]:
    """The columns of a row that name the person."""
    ids = {Owner.ACCOUNT: person.account_ids, Owner.PROFILE: [person.profile_id], Owner.PROJECT: person.projects}
    return {name for name, owner in references_of(of.model).items() if row[name] in ids[owner]}


def test_a_rule_with_by_names_a_module() -> None:
    by = {rule.by for each in OWNERSHIP for rule in each.deletion if isinstance(rule, Deleted | Anonymised)}
    assert by - {None} == engine.STEPS.keys()


async def test_erasing_does_to_every_table_what_its_plan_says(database: Database) -> None:
    ada = await full_person()
    plan = await engine.plan_account(ada.account.id)
    assert (plan.whole_profile, plan) == (True, await engine.plan_profile(ada.profile_id))
    planned = {each.table: each for each in plan.tables}
    before = await all_rows()
    assert [name for name, found in before.items() if not found] == []
    await engine.delete_account(ada.account.id, actor=OPERATOR)
    after = await all_rows()
    for of in OWNERSHIP:
        was, now = before[of.table], after[of.table]
        cleared = {name for rule in of.deletion if isinstance(rule, Cleared) for name in rule.columns}
        changed = [number for number in was if number in now and was[number] != now[number]]
        got = TablePlan(
            of.table,
            deleted=len(was.keys() - now.keys()),
            cleared=sum(bool(cleared & named(of, was[number], ada)) for number in changed),
            anonymised=len(changed) if of.table in {"audit_entry", "invite"} else 0,
        )
        assert got == planned.get(of.table, TablePlan(of.table))
        assert len(now.keys() - was.keys()) == BY_THE_DELETION.get(of.table, 0), of.table
        assert of.table == "audit_entry" or not any(named(of, row, ada) for row in now.values()), of.table
    entries = [row for row in after["audit_entry"].values() if row["actor_id"] == ada.account.id or row["facts"]]
    assert {str(row["facts"]) for row in entries} == {"{}", str({"profile": ada.profile_id})}
    assert {row["address"] for row in after["audit_entry"].values()} == {""}
    invites = {(row["email"], row["note"], row["state"].value) for row in after["invite"].values()}
    assert invites == {("", "", "WITHDRAWN"), ("", "", "ACCEPTED")}
    assert sorted(row["kind"] for row in after["outbox_message"].values()) == ["profile-erased", "sign-up-taken"]
    assert {row["credential"] for row in before["badge_award"].values()} <= set(
        await tables.RevokedCredential.all().values_list("credential", flat=True)
    )
    assert await consistency() == []
    with pytest.raises(Refused):
        await engine.delete_account(ada.account.id, actor=OPERATOR)


async def consistency() -> list[object]:
    """What `verify-points` and `verify-credits` find wrong."""
    return [each async for each in ledger_consistency.differences()] + [
        each async for each in credit_ledger.differences()
    ]


async def test_an_account_that_is_not_the_last_leaves_the_profile(database: Database) -> None:
    ada = await full_person()
    second = await make_person(name="Ada")
    await Account.filter(id=second.id).update(profile_id=ada.profile_id)
    changed = await tables.ProfileChange.create(
        profile_id=ada.profile_id,
        actor_id=ada.account.id,
        at=clock.now(),
        origin="SESSION",
        address="192.0.2.77",
        field="NAME",
        new="Ada",
    )
    before = await all_rows()
    plan = await engine.plan_account(ada.account.id)
    assert not plan.whole_profile
    [key] = await downloads.keys_of([ada.account.id])
    archive = export_store.unfinished_file(key)
    archive.write_bytes(b"PK")
    await export_store.put(key, archive)
    await engine.delete_account(ada.account.id, actor=OPERATOR)
    assert await export_store.chunks(key) is None
    after = await all_rows()
    for of in OWNERSHIP:
        columns = [name for name, owner in references_of(of.model).items() if owner is Owner.ACCOUNT]
        kept = {key for key, row in before[of.table].items() if ada.account.id not in {row[name] for name in columns}}
        gone = {ada.account.id} if of.model is tables.Account else set()
        if of.table not in {"outbox_message", "sign_up", "mailed_code"}:
            assert kept - gone <= after[of.table].keys(), of.table
    assert (await Profile.get(id=ada.profile_id)).active
    stays = await tables.ProfileChange.get(id=changed.id)
    assert (stays.actor_id, stays.address, stays.new) == (None, "", "Ada"), (
        "the other accounts do not see its IP address"
    )
    counted = {each.table: (each.deleted, each.cleared) for each in plan.tables}
    assert (counted["account"], counted["challenge_claim"], counted["profile"]) == ((1, 0), (0, 1), (0, 0))
    assert await tables.OutboxMessage.filter(account_id=second.id, kind="other-account-deleted").count() == 1
    assert await tables.OutboxMessage.filter(account_id=None, kind="account-deleted").count() == 1
    assert await consistency() == []
