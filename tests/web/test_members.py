"""What the admin of a company may do over HTTP, and everyone who may not. docs/rules/accounts.md#company-admins."""

from typing import Any

import pytest

from catalogue.scopes import SCOPES
from models.accounts import Account, AccountStatus
from models.profiles import Profile
from models.tokens import AccessToken
from tests.helpers.factories import give, make_person, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, make_company_with_admin, make_member, with_key

MEMBERS = """
query Members($first: Int, $after: String, $last: Int, $before: String) { viewer { company {
  id name domains passwordDays sso
  members(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { account email name status admin createdAt } } pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
  } } } }
"""
OWN = "{ viewer { company { name domains passwordDays sso } } }"
WHO = "{ viewer { account { id } } }"
EXPIRY = """
mutation Expiry($input: SetPasswordExpiryInput!) { setPasswordExpiry(input: $input) {
  company { passwordDays } errors { code path } } }
"""
SSO = """
mutation Sso($input: SetCompanySsoInput!) { setCompanySso(input: $input) { company { sso } errors { code message } } }
"""


def doing(name: str) -> str:
    kind = name[0].upper() + name[1:]
    return (
        f"mutation M($input: {kind}Input!) {{ {name}(input: $input) "
        "{ member { account status admin } errors { code path } } }"
    )


async def do(client: GraphQLClient, name: str, headers: Any, account: Account | str) -> Any:
    given = {"account": account if isinstance(account, str) else f"acc_{account.id}"}
    return (await client.data(doing(name), headers=headers, input=given))[name]


def codes(answer: Any) -> list[str]:
    return [each["code"] for each in answer["errors"]]


async def test_an_admin_sees_account_rows_page_by_page_and_no_profile(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    for name in ("zoe", "ben", "eve"):
        await make_member(company, f"{name}@harbor.example", public=False, details={"about": "Private words"})
    await make_member((await make_company_with_admin("Other", "other.example"))[0], "x@other.example")
    headers = await in_session(admin)
    # when
    first = await checked_client.data(MEMBERS, headers=headers, first=3)
    shown = first["viewer"]["company"]
    rest = await checked_client.data(MEMBERS, headers=headers, first=3, after=shown["members"]["pageInfo"]["endCursor"])
    back = await checked_client.data(
        MEMBERS, headers=headers, last=3, before=rest["viewer"]["company"]["members"]["pageInfo"]["startCursor"]
    )
    # then
    assert (shown["name"], shown["domains"], shown["passwordDays"], shown["sso"]) == (
        "Harbor Works", ["harbor.example"], 90, False,
    )  # fmt: skip
    emails = [edge["node"]["email"] for page in (first, rest) for edge in page["viewer"]["company"]["members"]["edges"]]
    assert emails == [f"{name}@harbor.example" for name in ("admin", "ben", "eve", "zoe")]
    assert [edge["node"]["admin"] for edge in shown["members"]["edges"]] == [True, False, False]
    assert back["viewer"]["company"]["members"]["edges"] == shown["members"]["edges"]
    assert "Private words" not in str(first) and "prf_" not in str(first)


async def test_a_member_sees_the_company_and_not_the_members(checked_client: GraphQLClient) -> None:
    company, admin = await make_company_with_admin()
    member = await make_member(company, "ben@harbor.example")
    for headers in (await in_session(member), await with_key(member)):
        assert (await checked_client.data(OWN, headers=headers))["viewer"]["company"]["name"] == "Harbor Works"
        for document in (MEMBERS, "{ viewer { company { auditTrail { edges { cursor } } } } }"):
            body = await checked_client.ask(document, headers=headers)
            assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    by_key = await with_key(admin)
    trail = await checked_client.data("{ viewer { company { auditTrail { edges { cursor } } } } }", headers=by_key)
    assert len((await checked_client.data(MEMBERS, headers=by_key))["viewer"]["company"]["members"]["edges"]) == 2
    assert trail["viewer"]["company"]["auditTrail"]["edges"]
    token = await make_token(admin, "mx:user:profile:v1:read")
    assert await checked_client.code(OWN, token=token) == "INSUFFICIENT_SCOPE"
    outside = await checked_client.data(OWN, headers=await in_session(await make_person()))
    assert outside["viewer"]["company"] is None


async def test_a_deactivated_member_is_out_at_once_and_off_the_boards(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example")
    await give(ben.own_profile_id)
    session, token = await in_session(ben), await make_token(ben, "mx:user:profile:v1:read")
    deleted = await make_token(ben, "mx:user:profile:v1:read")
    key, headers = await with_key(ben), await in_session(admin)
    await AccessToken.filter(hint=deleted[-4:], account_id=ben.id).delete()
    # when
    answer = await do(checked_client, "deactivateMember", headers, ben)
    # then
    assert answer == {"member": {"account": f"acc_{ben.id}", "status": "DEACTIVATED", "admin": False}, "errors": []}
    assert (await checked_client.data(WHO, headers=session))["viewer"] is None
    assert [
        (await checked_client.post(WHO, token=token)).status,
        (await checked_client.post(WHO, headers=key)).status,
    ] == [403, 403]
    assert not (await Profile.get(id=ben.profile_id)).listed
    board = await checked_client.data("{ leaderboard(board: FORUM) { entries { totalCount } } }")
    assert board["leaderboard"]["entries"]["totalCount"] == 0
    # when
    again = await do(checked_client, "deactivateMember", headers, ben)
    back = await do(checked_client, "reactivateMember", headers, ben)
    # then
    assert again["errors"] == [] and back["member"]["status"] == "ACTIVE"
    assert (await Profile.get(id=ben.profile_id)).listed
    assert (await checked_client.data(WHO, headers=session))["viewer"] is None  # the session has ended for good
    assert (await checked_client.post(WHO, token=token)).status == 200
    assert (await checked_client.post(WHO, token=deleted)).status == 403


async def test_who_is_not_a_member_does_not_exist_and_oneself_is_safe(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    outsider = await make_person()
    _, other = await make_company_with_admin("Other", "other.example")
    headers = await in_session(admin, elevated=True)
    # when, then
    assert codes(await do(checked_client, "deactivateMember", headers, admin)) == ["NOT_YOURSELF"]
    for name in ("deactivateMember", "reactivateMember", "makeCompanyAdmin", "removeCompanyAdmin"):
        for whom in (outsider, other, "acc_999", "prf_1"):
            assert codes(await do(checked_client, name, headers, whom)) == ["NOT_FOUND"], (name, whom)
        assert codes(await do(checked_client, name, headers, "nonsense")) == ["BAD_ID"]
    assert await Account.filter(status=AccountStatus.DEACTIVATED).count() == 0
    assert company.id


async def test_admins_name_others_and_one_always_stays(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example")
    gone = await make_member(company, "gone@harbor.example", admin=True)
    headers, bens = await in_session(admin, elevated=True), await in_session(ben, elevated=True)
    await do(checked_client, "deactivateMember", headers, gone)
    # when, then: a deactivated admin does not count
    assert codes(await do(checked_client, "removeCompanyAdmin", headers, admin)) == ["LAST_ADMIN"]
    assert codes(await do(checked_client, "makeCompanyAdmin", headers, ben)) == []
    assert codes(await do(checked_client, "removeCompanyAdmin", bens, admin)) == []
    assert codes(await do(checked_client, "removeCompanyAdmin", bens, ben)) == ["LAST_ADMIN"]
    body = await checked_client.ask(doing("makeCompanyAdmin"), headers=headers, input={"account": f"acc_{admin.id}"})
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert codes(await do(checked_client, "removeCompanyAdmin", bens, gone)) == []
    member = await make_member(company, "late@harbor.example")
    await do(checked_client, "deactivateMember", bens, member)
    assert codes(await do(checked_client, "makeCompanyAdmin", bens, member)) == ["ACCOUNT_DEACTIVATED"]


@pytest.mark.parametrize("name", ["deactivateMember", "makeCompanyAdmin"])
async def test_a_member_cannot_act_as_an_admin(checked_client: GraphQLClient, name: str) -> None:
    company, admin = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example")
    for headers in (await in_session(ben, elevated=True), await with_key(ben)):
        body = await checked_client.ask(doing(name), headers=headers, input={"account": f"acc_{ben.id}"})
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    token = await make_token(admin, *(each.name for each in SCOPES.values() if not each.service_only))
    assert (
        await checked_client.code(doing(name), token=token, input={"account": f"acc_{ben.id}"}) == "INSUFFICIENT_SCOPE"
    )
    assert codes(await do(checked_client, name, await with_key(admin), ben)) == []


async def test_the_password_expiry_is_set_and_never_has_to_be_said(checked_client: GraphQLClient) -> None:
    # given
    _, admin = await make_company_with_admin()
    headers = await in_session(admin, elevated=True)

    async def expiry(document: str = EXPIRY, **given: Any) -> Any:
        return (await checked_client.data(document, headers=headers, input=given))["setPasswordExpiry"]

    # when, then
    assert (await expiry(days=30))["company"] == {"passwordDays": 30}
    assert (await expiry(days=None))["company"] == {"passwordDays": None}
    bads: list[Any] = [{}, {"days": 0}, {"days": -1}, {"days": 3651}]
    for bad in bads:
        assert (await expiry(**bad))["errors"] == [{"code": "BAD_INPUT", "path": ["days"]}], bad
    literal = "mutation { setPasswordExpiry(input: {}) { errors { code } } }"
    assert codes((await checked_client.data(literal, headers=headers))["setPasswordExpiry"]) == ["BAD_INPUT"]
    assert (await checked_client.data(OWN, headers=headers))["viewer"]["company"]["passwordDays"] is None


async def test_single_sign_on_cannot_be_switched_on_yet(checked_client: GraphQLClient) -> None:
    _, admin = await make_company_with_admin()
    headers = await in_session(admin, elevated=True)
    on = (await checked_client.data(SSO, headers=headers, input={"enabled": True}))["setCompanySso"]
    off = (await checked_client.data(SSO, headers=headers, input={"enabled": False}))["setCompanySso"]
    assert codes(on) == ["FORBIDDEN"] and "is not supported yet" in on["errors"][0]["message"]
    assert off == {"company": {"sso": False}, "errors": []}
