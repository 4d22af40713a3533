"""Merging over HTTP, as a person with two accounts does it: docs/rules/accounts.md#merging."""

import re
from dataclasses import replace

import pytest

from models.accounts import Account, AccountStatus
from models.audit import AuditEntry
from models.merged_profiles import MergedProfile
from models.profiles import Profile
from models.second_factors import SecondFactorMethod
from services.accounts import recovery_email
from services.core import runtime
from services.credits.credit_ledger import correct
from tests.helpers.factories import give, make_person, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.merge_steps import Merger, merge_code, merge_mails, merger
from tests.helpers.people import in_session, with_key
from tests.helpers.runtimes import using_settings
from tests.helpers.second_factors import texted, with_sms
from tests.helpers.sign_in import switch_on, totp
from tests.helpers.subscriptions import arrives, subscribe
from tests.helpers.websocket import open_socket

OLD, NEW = "ada@old.example", "ada@new.example"


async def two_profiles(client: GraphQLClient) -> tuple[Merger, Account]:
    """Ada's new account, which merges, and her old one."""
    old = await make_person(OLD, name="Ada of old")
    return await merger(client, await make_person(NEW, name="Ada", public=False)), old


async def assert_merged(ada: Merger, old: Account) -> None:
    """All accounts of both are of Ada's profile, and the old one leads to it."""
    own = ada.account.profile_id
    assert (ada.merge["state"], ada.merge["profile"]["name"]) == ("DONE", "Ada") and ada.merge["mergedAt"]
    assert {each.profile_id for each in await Account.filter(email__in=[OLD, NEW])} == {own}
    assert (await MergedProfile.get(former_id=old.profile_id)).profile_id == own
    assert await Profile.filter(id=old.profile_id).count() == 0
    assert sorted(each.to for each in await merge_mails("merge-done")) == [NEW, OLD]
    for account in (ada.account, old):
        [entry] = await AuditEntry.filter(action="merge.done", account_id=account.id)
        assert entry.actor_id == ada.account.id
        assert entry.facts["of_source"] == ["a•••@o•••.example"] and entry.facts["of_survivor"] == ["a•••@n•••.example"]
    assert "@old" not in str(await AuditEntry.all().values_list("facts", flat=True))


async def test_with_platform_access_by_both_accounts(checked_client: GraphQLClient) -> None:
    ada, old = await two_profiles(checked_client)
    await make_token(old, "mx:user:profile:v1:read")
    await correct(OLD, 30, reason="A prize")
    await give(old.own_profile_id)
    theirs = await in_session(old, elevated=True)
    # start, once for a repeated call
    assert await ada.start(OLD, idempotencyKey="k") == []
    first = ada.merge["id"]
    assert await ada.start(OLD, idempotencyKey="k") == [] and ada.merge["id"] == first
    assert await ada.start(NEW, idempotencyKey="k") == ["IDEMPOTENCY_MISMATCH"]
    assert (ada.merge["state"], ada.merge["addresses"][0]["masked"]) == ("STARTED", "a•••@o•••.example")
    assert (ada.merge["attemptsLeft"], ada.merge["needsSecondFactor"], ada.merge["supportUrl"]) == (5, None, None)
    # a reloaded client finds it
    found = await ada.ask("{ viewer { openMerge { id state } } }")
    assert found["data"]["viewer"]["openMerge"] == {"id": ada.merge["id"], "state": "STARTED"}
    # the code
    assert await ada.send() == [] and ada.merge["state"] == "CODE_SENT"
    [mail] = await merge_mails()
    assert mail.to == OLD and '"Ada of old (ada-of-old)"' in mail.text and 'into the profile "Ada (ada)"' in mail.text
    assert await ada.verify(f" {await merge_code()} ") == []
    assert (ada.merge["state"], ada.merge["needsSecondFactor"]) == ("VERIFIED", False)
    # the preview
    shown = await ada.preview()
    assert {
        "field": "NAME",
        "title": "Name",
        "keptFrom": "SURVIVOR",
        "kept": "Ada",
        "lost": "Ada of old",
    } in shown["fields"]
    assert shown["warnings"] == ["NO_LONGER_VISIBLE"]
    assert shown["accounts"] == [
        {"email": NEW, "status": "ACTIVE", "isOfOtherProfile": False, "creditBalance": 0},
        {"email": OLD, "status": "ACTIVE", "isOfOtherProfile": True, "creditBalance": 30},
    ]
    [token] = shown["credentials"]
    assert (token["kind"], token["name"], token["accountEmail"]) == ("TOKEN", "A token", OLD)
    assert token["isOfOtherProfile"] and len(token["hint"]) == 4
    assert shown == await ada.preview(), "reading it changes nothing"
    assert (shown["ownFigures"]["score"]["points"], shown["otherFigures"]["score"]["points"]) == (0, 15)
    assert shown["otherFigures"]["certifications"] == shown["mergedFigures"]["certifications"] == []
    # merged
    assert await ada.finish(shown["hash"]) == []
    await assert_merged(ada, old)
    body = await ada.ask("{ viewer { profile { score { points level { number } categories { category points } } } } }")
    score = body["data"]["viewer"]["profile"]["score"]
    assert score == shown["mergedFigures"]["score"] and score["points"] == 15
    assert (await ada.ask("{ viewer { openMerge { id } } }"))["data"]["viewer"]["openMerge"] is None
    # the old account is signed in still, sees the merged profile, and has to prove itself again
    body = await checked_client.ask("{ viewer { elevatedUntil profile { name } } }", headers=theirs)
    assert body["data"]["viewer"] == {"elevatedUntil": None, "profile": {"name": "Ada"}}


async def test_with_platform_access_by_one_account_only(checked_client: GraphQLClient) -> None:
    ada, old = await two_profiles(checked_client)
    await Account.filter(id=old.id).update(status=AccountStatus.DEACTIVATED)
    await ada.verified(OLD)
    assert await ada.finish() == []
    await assert_merged(ada, old)
    assert (await Account.get(id=old.id)).status is AccountStatus.DEACTIVATED


async def test_without_access_to_any_mailbox_support_changes_the_recovery_email(checked_client: GraphQLClient) -> None:
    ada, old = await two_profiles(checked_client)
    await recovery_email.set_by_operator(old.id, "ada@home.example")
    assert await ada.start(OLD) == []
    masks = [each["masked"] for each in ada.merge["addresses"]]
    assert masks == ["a•••@o•••.example", "a•••@•••"]
    assert await ada.send(1) == [] and [each.to for each in await merge_mails()] == ["ada@home.example"]
    assert await ada.verify(await merge_code()) == []
    assert (await ada.preview())["warnings"] == ["NO_LONGER_VISIBLE", "RECOVERY_EMAIL_LOST"]
    assert await ada.finish() == []
    await assert_merged(ada, old)


async def test_a_later_merge_takes_the_place_of_an_open_one(checked_client: GraphQLClient) -> None:
    ada, _ = await two_profiles(checked_client)
    assert await ada.start(OLD) == []
    first = ada.merge
    assert await ada.start("nobody@people.example") == [] and ada.merge["id"] != first["id"]
    second, ada.merge = ada.merge, first
    assert (await ada.seen())["state"] == "CANCELLED" and await ada.send() == ["MERGE_NOT_OPEN"]
    ada.merge = second
    for _ in range(2):
        assert await ada.do("cancelMerge", mergeId=ada.merge_id) == [] and ada.merge["state"] == "CANCELLED"
    assert (await ada.ask("{ viewer { openMerge { id } } }"))["data"]["viewer"]["openMerge"] is None


@pytest.mark.parametrize("method", SecondFactorMethod)
async def test_a_second_factor_of_the_other_profile(checked_client: GraphQLClient, method: SecondFactorMethod) -> None:
    ada, old = await two_profiles(checked_client)
    if method is SecondFactorMethod.SMS:
        await with_sms(OLD)
    else:
        await switch_on(old)
    await ada.verified(OLD)
    assert (ada.merge["needsSecondFactor"], ada.merge["secondFactorMethods"]) == (True, [method.value])
    if method is SecondFactorMethod.SMS:
        assert await ada.do("sendMergeSecondFactorCode", mergeId=ada.merge_id) == []
        code = await texted()
    else:
        code = totp()
    assert await ada.prove(code) == [] and ada.merge["needsSecondFactor"] is False
    assert await ada.finish() == []
    await assert_merged(ada, old)


async def test_open_clients_are_told(checked_client: GraphQLClient) -> None:
    ada, _ = await two_profiles(checked_client)
    await ada.verified(OLD)
    document = "subscription { viewerEvents { kind ... on ProfilesMergedEvent { profile { name } } } }"
    async with open_socket(checked_client) as ws:
        await ws.init(await with_key(ada.account))
        await subscribe(ws, {"query": document})
        assert await ada.finish() == []
        seen = await arrives(ws)
    assert seen == {"viewerEvents": {"kind": "MERGED", "profile": {"name": "Ada"}}}


async def test_the_mail_is_in_the_language_of_its_reader(checked_client: GraphQLClient) -> None:
    ada, old = await two_profiles(checked_client)
    await Profile.filter(id=old.profile_id).update(language="nl")
    assert await ada.start(OLD) == [] and await ada.send() == []
    [mail] = await merge_mails()
    assert mail.subject == "Een code om je profiel bij graph.example samen te voegen"
    assert re.search(r"^http://graph\.example/merges/cancel\?token=mrg_\w+-[0-9a-f]{40}$", mail.text, re.MULTILINE)
    with using_settings(replace(runtime.current().settings, support_url="https://help.example/form?x=1")):
        assert (await ada.seen())["supportUrl"] == "https://help.example/form?x=1"
