"""The accounts of a profile over HTTP: docs/rules/accounts.md#overview."""

from datetime import timedelta

from models.accounts import Account, AccountStatus
from models.companies import Company
from resolvers.base import ids
from services.core import clock
from tests.conftest import CountStatements
from tests.helpers.factories import make_person, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, make_company_with_admin, make_member, with_key
from tests.helpers.sessions_by_http import sign_in
from tests.helpers.sign_in import make_domain, make_login

OVERVIEW = """
{ viewer { accounts {
  email name status isCurrent isCompanyAdmin usesSso allowsMarketing createdAt lastSignInAt company { name } profile { id }
} } }
"""
EMAILS = "{ viewer { accounts { email } } }"
READ, TRAIL = "mx:user:profile:v1:read", "mx:audit-logging:read"


async def with_three() -> Account:
    """Ada, who signs in with the second of her three accounts; the first is of a company with single sign-on."""
    harbor = await make_domain("harbor.example", sso=True)
    first, ada, last = [await make_login(f"ada@{where}.example") for where in ("work", "people", "old")]
    for number, account in enumerate((first, ada, last)):
        created_at = clock.now() - timedelta(days=9 - number)
        await Account.filter(id=account.id).update(profile_id=ada.profile_id, created_at=created_at)
    await Account.filter(id=first.id).update(company_id=harbor.id, marketing=True)
    await Account.filter(id=last.id).update(status=AccountStatus.DEACTIVATED)
    return ada


async def test_a_person_sees_all_accounts_of_the_profile(checked_client: GraphQLClient) -> None:
    # given
    ada = await with_three()
    await make_login("ben@people.example")
    await sign_in(checked_client)
    # when
    shown = (await checked_client.data(OVERVIEW))["viewer"]["accounts"]
    # then
    assert [each["email"] for each in shown] == ["ada@work.example", "ada@people.example", "ada@old.example"]
    assert [each["isCurrent"] for each in shown] == [False, True, False]
    assert [each["usesSso"] for each in shown] == [True, False, False]
    assert [each["allowsMarketing"] for each in shown] == [True, False, False]
    assert [each["status"] for each in shown] == ["ACTIVE", "ACTIVE", "DEACTIVATED"]
    assert [each["company"] for each in shown] == [{"name": "Harbor Works"}, None, None]
    assert [each["lastSignInAt"] is None for each in shown] == [True, False, True]
    assert {each["profile"]["id"] for each in shown} == {ids.encode("Profile", ada.own_profile_id)}
    assert [each["createdAt"] for each in shown] == sorted(each["createdAt"] for each in shown)


async def test_any_number_of_accounts_takes_the_same_statements(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    headers = await in_session(await with_three())
    alone = await in_session(await make_member(await Company.get(), "cleo@people.example"))
    counted = []
    for each in (headers, alone):
        await checked_client.data(OVERVIEW, headers=each)  # compiles the document
        with count_statements() as seen:
            await checked_client.data(OVERVIEW, headers=each)
        counted.append(seen.total)
    assert counted == [5, 5]  # the session, the accounts, single sign-on, companies, profiles


async def test_a_token_sees_what_its_scopes_allow(checked_client: GraphQLClient) -> None:
    ada = await with_three()
    last_sign_in = "{ viewer { accounts { email lastSignInAt } } }"
    reading, trail = await make_token(ada, READ), await make_token(ada, TRAIL)
    assert len((await checked_client.data(EMAILS, token=reading))["viewer"]["accounts"]) == 3
    assert await checked_client.code(last_sign_in, token=reading) == "INSUFFICIENT_SCOPE"
    assert len((await checked_client.data(last_sign_in, token=trail))["viewer"]["accounts"]) == 3
    assert await checked_client.code(OVERVIEW, token=trail) == "INSUFFICIENT_SCOPE"
    for closed in ("mx:points:read", "mx:connections:read"):
        assert await checked_client.code(EMAILS, token=await make_token(ada, closed)) == "INSUFFICIENT_SCOPE"


async def test_tokens_and_keys_are_no_sign_in(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example")
    for headers in (await with_key(ada), {"Authorization": f"mxtoken {await make_token(ada, READ, TRAIL)}"}):
        [own] = (await checked_client.data(OVERVIEW, headers=headers))["viewer"]["accounts"]
        assert (own["isCurrent"], own["lastSignInAt"]) == (True, None)


async def test_an_admin_does_not_learn_when_a_member_signed_in(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example")
    await Account.filter(id=ben.id).update(last_sign_in_at=clock.now(), marketing=True)
    fields = "... on PersonAccount { email isCurrent usesSso lastSignInAt allowsMarketing profile { id } }"
    node = f"query A($id: ID!) {{ node(id: $id) {{ {fields} }} }}"
    members = f"{{ viewer {{ company {{ members {{ nodes {{ {fields} }} }} }} }} }}"
    hidden = {"isCurrent": False, "usesSso": False, "lastSignInAt": None, "allowsMarketing": None, "profile": None}
    # when
    for headers in (await in_session(admin), await with_key(admin)):
        shown = (await checked_client.data(node, headers=headers, id=ids.encode("Account", ben.id)))["node"]
        listed = (await checked_client.data(members, headers=headers))["viewer"]["company"]["members"]["nodes"]
        # then
        assert shown == {"email": ben.email, **hidden}
        assert shown in listed
