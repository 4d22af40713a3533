"""Deleting the account of the session over HTTP. docs/rules/accounts.md#deleting-an-account."""

from typing import Any

from models.accounts import Account
from models.audit import AuditEntry
from models.companies import Company
from models.invites import Invite
from models.outbox import OutboxMessage
from models.profiles import Profile
from tests.helpers.factories import make_person, make_token
from tests.helpers.full_profiles import make_full_person
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session, make_company_with_admin, make_member, with_key

PREVIEW = """
{ viewer { deletionPreview {
  hash isLastAccount isLastAdmin lostCredits refundedOrderCount records { code title deletedCount detachedCount }
} } }
"""
DELETE = """
mutation Delete($input: DeleteAccountInput!) {
  deleteAccount(input: $input) { wasProfileErased errors { code path } } }
"""
WHO = "{ viewer { account { email } } }"


async def preview(client: GraphQLClient, headers: Headers) -> Any:
    return (await client.data(PREVIEW, headers=headers))["viewer"]["deletionPreview"]


async def delete(client: GraphQLClient, headers: Headers, digest: str) -> Any:
    return (await client.data(DELETE, headers=headers, input={"previewHash": digest}))["deleteAccount"]


async def test_the_last_account_goes_with_its_profile(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_full_person("Ada", accounts=1)
    headers, token = (
        await in_session(ada.account, elevated=True),
        await make_token(ada.account, "mx:user:profile:v1:read"),
    )
    key, other = await with_key(ada.account), await in_session(ada.account)
    handle = (await Profile.get(id=ada.profile_id)).handle
    # when
    shown = await preview(checked_client, headers)
    outdated = await delete(checked_client, headers, "x")
    done = await delete(checked_client, headers, shown["hash"])
    # then
    assert (shown["isLastAccount"], shown["isLastAdmin"]) == (True, False)
    assert (shown["lostCredits"], shown["refundedOrderCount"]) == (70, 1)
    counted = {each["code"]: (each["deletedCount"], each["detachedCount"]) for each in shown["records"]}
    assert (counted["profile"], counted["connection"], counted["project"]) == ((1, 0), (1, 0), (2, 0))
    assert (counted["point-entry"], counted["access-token"]) == ((2, 1), (2, 0))
    assert "Punten" in {each["title"] for each in shown["records"]} and "password" not in counted
    assert outdated == {"wasProfileErased": None, "errors": [{"code": "PREVIEW_OUTDATED", "path": ["previewHash"]}]}
    assert done == {"wasProfileErased": True, "errors": []}
    for gone in (headers, other):
        assert (await checked_client.data(WHO, headers=gone))["viewer"] is None
    assert (await checked_client.post(WHO, token=token)).status == 403
    assert (await checked_client.post(WHO, headers=key)).status == 403
    found = await checked_client.data(
        "query P($handle: String!) { profile(by: {handle: $handle}) { id } }", handle=handle
    )
    assert found == {"profile": None}
    assert [each.kind for each in await OutboxMessage.all()] == ["profile-erased"]
    assert not await AuditEntry.exclude(address="").exists()


async def test_the_other_account_keeps_the_profile(checked_client: GraphQLClient) -> None:
    ada = await make_full_person("Ada", accounts=2)
    second = await in_session(ada.accounts[1], elevated=True)
    shown = await preview(checked_client, second)
    assert (shown["isLastAccount"], [each["code"] for each in shown["records"]]) == (False, ["account", "session"])
    assert (await delete(checked_client, second, shown["hash"]))["wasProfileErased"] is False
    assert (await checked_client.data(WHO, headers=await in_session(ada.account)))["viewer"]
    assert sorted([each.kind for each in await OutboxMessage.filter(kind__contains="delete")]) == [
        "account-deleted", "other-account-deleted",
    ]  # fmt: skip


async def test_the_last_admin_names_another_one_first(checked_client: GraphQLClient) -> None:
    company, admin = await make_company_with_admin()
    member = await make_member(company, "ben@harbor.example")
    headers = await in_session(admin, elevated=True)
    shown = await preview(checked_client, headers)
    assert shown["isLastAdmin"] is True
    refused = await delete(checked_client, headers, shown["hash"])
    assert [each["code"] for each in refused["errors"]] == ["LAST_ADMIN"]
    await Account.filter(id=member.id).update(company_admin=True)
    assert (await delete(checked_client, headers, shown["hash"]))["errors"] == []
    assert await Company.exists(id=company.id)


async def test_an_inviter_sees_a_deleted_user(checked_client: GraphQLClient) -> None:
    ada, ben = await make_person("ada@people.example"), await make_person()
    mine = await in_session(ben)
    sent = 'mutation { sendInvites(input: {emails: ["ada@people.example"], idempotencyKey: "k"}) { results { invite { id } } } }'
    await checked_client.data(sent, headers=mine)
    headers = await in_session(ada, elevated=True)
    await delete(checked_client, headers, (await preview(checked_client, headers))["hash"])
    listed = await checked_client.data(
        "{ viewer { invites(first: 9) { nodes { email state acceptedBy { id } } } } }", headers=mine
    )
    assert listed["viewer"]["invites"]["nodes"] == [{"email": None, "state": "WITHDRAWN", "acceptedBy": None}]
    assert await Invite.filter(email_key="ada@people.example").count() == 0
