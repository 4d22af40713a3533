"""What the admin of a company may do over HTTP, and everyone who may not. docs/rules/accounts.md#company-admins."""

from typing import Any

import pytest

from catalogue.scopes import SCOPES
from models.accounts import Account, AccountStatus
from models.profiles import Profile
from models.tokens import AccessToken
from resolvers.base import ids
from tests.helpers.factories import give, make_person, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, make_company_with_admin, make_member, with_key

MEMBERS = """
query Members($first: Int, $after: String, $last: Int, $before: String) { viewer { company {
  id name domains passwordDays usesSso
  members(first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { id } edges { cursor node { id email name status isCompanyAdmin createdAt profile { id } company { name } } } pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
  } } } }
"""
OWN = "{ viewer { company { name domains passwordDays usesSso } } }"
WHO = "{ viewer { account { id } } }"
EXPIRY = """
mutation Expiry($input: SetPasswordExpiryInput!) { setPasswordExpiry(input: $input) {
  company { passwordDays } errors { code path } } }
"""


def doing(name: str) -> str:
    kind = name[0].upper() + name[1:]
    return (
        f"mutation M($input: {kind}Input!) {{ {name}(input: $input) "
        "{ account { id status isCompanyAdmin profile { id } } errors { code path } } }"
    )


async def do(client: GraphQLClient, name: str, headers: Any, account: Account | str) -> Any:
    given = {"accountId": account if isinstance(account, str) else ids.encode("Account", account.id)}
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
    assert (shown["name"], shown["domains"], shown["passwordDays"], shown["usesSso"]) == (
        "Harbor Works", ["harbor.example"], 90, False,
    )  # fmt: skip
    emails = [edge["node"]["email"] for page in (first, rest) for edge in page["viewer"]["company"]["members"]["edges"]]
    assert emails == [f"{name}@harbor.example" for name in ("admin", "ben", "eve", "zoe")]
    assert [edge["node"]["isCompanyAdmin"] for edge in shown["members"]["edges"]] == [True, False, False]
    assert back["viewer"]["company"]["members"]["edges"] == shown["members"]["edges"]
    assert shown["members"]["totalCount"] == 4
    assert shown["members"]["nodes"] == [{"id": edge["node"]["id"]} for edge in shown["members"]["edges"]]
    assert {edge["node"]["company"]["name"] for edge in shown["members"]["edges"]} == {"Harbor Works"}
    # One's own account leads to one's own profile, and no other.
    assert [edge["node"]["profile"] for edge in shown["members"]["edges"]] == [
        {"id": ids.encode("Profile", admin.own_profile_id)}, None, None,
    ]  # fmt: skip
    assert "Private words" not in str(first)


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
    assert answer == {
        "account": {
            "id": ids.encode("Account", ben.id),
            "status": "DEACTIVATED",
            "isCompanyAdmin": False,
            "profile": None,
        },
        "errors": [],
    }
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
    assert again["errors"] == [] and back["account"]["status"] == "ACTIVE"
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
        for whom in (outsider, other, ids.encode("Account", 999), ids.encode("Profile", 1)):
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
    body = await checked_client.ask(
        doing("makeCompanyAdmin"), headers=headers, input={"accountId": ids.encode("Account", admin.id)}
    )
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
        body = await checked_client.ask(
            doing(name), headers=headers, input={"accountId": ids.encode("Account", ben.id)}
        )
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    token = await make_token(admin, *(each.name for each in SCOPES.values() if not each.service_only))
    assert (
        await checked_client.code(doing(name), token=token, input={"accountId": ids.encode("Account", ben.id)})
        == "INSUFFICIENT_SCOPE"
    )
    assert codes(await do(checked_client, name, await with_key(admin), ben)) == []


async def test_the_password_expiry_is_set_and_never_has_to_be_said(checked_client: GraphQLClient) -> None:
    # given
    _, admin = await make_company_with_admin()
    headers = await in_session(admin, elevated=True)

    async def expiry(document: str = EXPIRY, **given: Any) -> Any:
        return (await checked_client.data(document, headers=headers, input=given))["setPasswordExpiry"]

    # when, then
    assert (await expiry(passwordDays=30))["company"] == {"passwordDays": 30}
    assert (await expiry(passwordDays=None))["company"] == {"passwordDays": None}
    bads: list[Any] = [{}, {"passwordDays": 0}, {"passwordDays": -1}, {"passwordDays": 3651}]
    for bad in bads:
        assert (await expiry(**bad))["errors"] == [{"code": "BAD_INPUT", "path": ["passwordDays"]}], bad
    literal = "mutation { setPasswordExpiry(input: {}) { errors { code } } }"
    assert codes((await checked_client.data(literal, headers=headers))["setPasswordExpiry"]) == ["BAD_INPUT"]
    assert (await checked_client.data(OWN, headers=headers))["viewer"]["company"]["passwordDays"] is None
