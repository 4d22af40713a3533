"""The audit trail over HTTP: who reads what of it. docs/rules/sign-in.md#audit-trail."""

from typing import Any

from models.audit import AuditEntry, Origin
from resolvers.base import ids
from services.core import audit
from services.core.audit import OPERATOR, Actor, Change
from tests.helpers.factories import make_person, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, make_company_with_admin, make_member
from tests.helpers.sign_in import GOOD, OTHER, make_login
from tests.helpers.transactions import committed

ENTRY = "occurredAt action id outcome origin ipAddress actor { __typename id email } account { id email ... on PersonAccount { isCompanyAdmin profile { id } } } facts { name old new }"
PAGE = f"totalCount nodes {{ id }} edges {{ cursor node {{ {ENTRY} }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"
ARGUMENTS = "first: $first, after: $after, last: $last, before: $before"
VARIABLES = "$first: Int, $after: String, $last: Int, $before: String"
OWN = f"query Own({VARIABLES}) {{ viewer {{ auditTrail({ARGUMENTS}) {{ {PAGE} }} }} }}"
COMPANY = f"query Company({VARIABLES}) {{ viewer {{ company {{ auditTrail({ARGUMENTS}) {{ {PAGE} }} }} }} }}"


KINDS = ["session.elevated", "password.changed", "sign-in", "token.created", "token.deleted"]


def actions(trail: Any) -> list[str]:
    return [edge["node"]["action"] for edge in trail["edges"]]


async def test_the_trail_is_read_newest_first_page_by_page(checked_client: GraphQLClient) -> None:
    # given
    ada, eve = await make_person(), await make_person()
    for n in range(5):
        await committed(audit.record(KINDS[n], actor=OPERATOR, account_id=ada.id))
        await committed(audit.record("session.ended", actor=OPERATOR, account_id=eve.id))
    headers = await in_session(ada)

    async def page(**asked: Any) -> Any:
        return (await checked_client.data(OWN, headers=headers, **asked))["viewer"]["auditTrail"]

    # when
    first = await page(first=2)
    second = await page(first=2, after=first["pageInfo"]["endCursor"])
    back = await page(last=2, before=second["pageInfo"]["startCursor"])
    # then
    assert actions(first) + actions(second) == ["TOKEN_DELETED", "TOKEN_CREATED", "SIGN_IN", "PASSWORD_CHANGED"]
    assert back["edges"] == first["edges"]
    assert first["pageInfo"]["hasNextPage"] and not back["pageInfo"]["hasPreviousPage"]
    for asked, code in (
        ({"first": 0}, "BAD_PAGE"),
        ({"after": "x"}, "BAD_CURSOR"),
        ({"first": 1, "last": 1}, "BAD_PAGE"),
    ):
        body = await checked_client.ask(OWN, headers=headers, **asked)
        assert body["errors"][0]["extensions"]["code"] == code


async def test_it_covers_all_accounts_of_a_person_and_says_old_and_new(checked_client: GraphQLClient) -> None:
    # given
    ada, second = await make_person("ada@people.example"), await make_person("ada@work.example")
    second.profile_id = ada.profile_id
    await second.save()
    mine = Actor(ada.id, Origin.SESSION, "192.0.2.7")
    await committed(
        audit.record(
            "profile.updated", actor=mine, account_id=second.id, days=Change(90, None), on=True, words=["a", "b"]
        )
    )
    # when
    [edge] = (await checked_client.data(OWN, headers=await in_session(ada)))["viewer"]["auditTrail"]["edges"]
    # then
    entry = edge["node"]
    assert (entry["actor"]["email"], entry["account"]["email"], entry["ipAddress"]) == (
        "ada@people.example",
        "ada@work.example",
        "192.0.2.7",
    )
    assert (entry["outcome"], entry["origin"]) == ("SUCCESS", "SESSION")
    assert entry["facts"] == [
        {"name": "days", "old": "90", "new": None},
        {"name": "on", "old": None, "new": "yes"},
        {"name": "words", "old": None, "new": "a, b"},
    ]


async def test_an_admin_reads_the_companys_and_no_private_details(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example", public=False)
    _, stranger = await make_company_with_admin("Other", "other.example")
    bens = Actor(ben.id, Origin.SESSION, "192.0.2.9")
    await committed(audit.record("recovery-email.changed", actor=bens, account_id=ben.id, email="private@home.example"))
    await committed(
        audit.record("member.deactivated", actor=Actor(stranger.id, Origin.SESSION), account_id=ben.id, why="a reason")
    )
    await committed(audit.record("sign-in", actor=OPERATOR, account_id=stranger.id))
    # when
    trail = (await checked_client.data(COMPANY, headers=await in_session(admin)))["viewer"]["company"]["auditTrail"]
    # then
    assert actions(trail) == ["MEMBER_DEACTIVATED", "RECOVERY_EMAIL_CHANGED"]
    by_stranger, by_ben = [edge["node"] for edge in trail["edges"]]
    assert (by_ben["actor"]["email"], by_ben["account"]["email"], by_ben["facts"]) == (
        "ben@harbor.example", "ben@harbor.example", [],
    )  # fmt: skip
    assert by_ben["account"]["profile"] is None
    assert (by_stranger["actor"], by_stranger["account"]["email"]) == (None, "ben@harbor.example")
    assert by_stranger["facts"] == [{"name": "why", "old": None, "new": "a reason"}]
    assert "private@home.example" not in str(trail)


async def test_a_person_does_not_learn_where_others_were(checked_client: GraphQLClient) -> None:
    company, admin = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example")
    await committed(
        audit.record("member.made-admin", actor=Actor(admin.id, Origin.SESSION, "192.0.2.66"), account_id=ben.id)
    )
    trail = (await checked_client.data(OWN, headers=await in_session(ben)))["viewer"]["auditTrail"]
    assert trail["edges"][0]["node"]["ipAddress"] is None
    assert trail["edges"][0]["node"]["actor"]["email"] == "admin@harbor.example"


async def test_a_cursor_of_one_trail_is_not_one_of_another(checked_client: GraphQLClient) -> None:
    _, admin = await make_company_with_admin()
    await committed(audit.record("company.created", actor=OPERATOR, account_id=admin.id))
    headers = await in_session(admin)
    own = (await checked_client.data(OWN, headers=headers))["viewer"]["auditTrail"]["pageInfo"]["endCursor"]
    body = await checked_client.ask(COMPANY, headers=headers, after=own)
    assert body["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


async def test_a_token_reads_it_under_its_own_scope_alone(checked_client: GraphQLClient) -> None:
    account = await make_person()
    token = await make_token(account, "mx:audit-logging:read")
    readable = "{ viewer { auditTrail { totalCount edges { node { id action outcome actor { id email } account { id email } } } } } }"
    trail = (await checked_client.data(readable, token=token))["viewer"]["auditTrail"]
    assert actions(trail) == ["TOKEN_CREATED"] and trail["totalCount"] == 1
    assert trail["edges"][0]["node"]["account"] == {"id": ids.encode("Account", account.id), "email": account.email}
    assert await checked_client.code(OWN, token=token) == "INSUFFICIENT_SCOPE"  # more of the account
    assert await checked_client.code("{ viewer { account { email } } }", token=token) == "INSUFFICIENT_SCOPE"
    assert (
        await checked_client.code(OWN, token=await make_token(account, "mx:user:profile:v1:read"))
        == "INSUFFICIENT_SCOPE"
    )
    assert await AuditEntry.filter(actor_id__isnull=True, origin=Origin.OPERATOR).count() == 2


async def test_ids_in_it_are_those_of_the_graph(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person("ada@people.example")
    headers = await in_session(ada, elevated=True)
    make = (
        'mutation { createPersonalAccessToken(input: {name: "Pull", scopes: [MX_LEADERBOARD_READ]}) { token { id } } }'
    )
    made = (await checked_client.data(make, headers=headers))["createPersonalAccessToken"]["token"]["id"]
    mine = Actor(ada.id, Origin.SESSION)
    await committed(audit.record("project.deleted", actor=mine, account_id=ada.id, project=7))
    # when
    deleted, created = (await checked_client.data(OWN, headers=headers))["viewer"]["auditTrail"]["edges"]
    # then
    own = ids.encode("Account", ada.id)
    assert (created["node"]["actor"]["id"], created["node"]["account"]["id"]) == (own, own)
    assert {"name": "token_id", "old": None, "new": made} in created["node"]["facts"]
    assert deleted["node"]["facts"] == [{"name": "project", "old": None, "new": ids.encode("Project", 7)}]


async def test_a_reader_who_does_not_see_who_acted_gets_no_id_either(checked_client: GraphQLClient) -> None:
    ada, stranger = await make_person("ada@people.example"), await make_person()
    await committed(audit.record("member.deactivated", actor=Actor(stranger.id, Origin.SESSION), account_id=ada.id))
    [edge] = (await checked_client.data(OWN, headers=await in_session(ada)))["viewer"]["auditTrail"]["edges"]
    assert edge["node"]["actor"] is None


async def test_a_trail_is_read_by_actions(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    for action in KINDS:
        await committed(audit.record(action, actor=OPERATOR, account_id=admin.id))
    headers = await in_session(admin)
    own = "query T($actions: [AuditAction!], $after: String) { viewer { auditTrail(first: 1, after: $after, actions: $actions) { edges { node { action } } pageInfo { hasNextPage endCursor } } } }"
    # when, then
    wanted = ["SIGN_IN", "TOKEN_DELETED"]
    first = (await checked_client.data(own, headers=headers, actions=wanted))["viewer"]["auditTrail"]
    assert actions(first) == ["TOKEN_DELETED"] and first["pageInfo"]["hasNextPage"]
    after = first["pageInfo"]["endCursor"]
    second = (await checked_client.data(own, headers=headers, actions=wanted, after=after))["viewer"]["auditTrail"]
    assert actions(second) == ["SIGN_IN"] and not second["pageInfo"]["hasNextPage"]
    assert actions((await checked_client.data(own, headers=headers, actions=[]))["viewer"]["auditTrail"]) == []
    theirs = "{ viewer { company { auditTrail(actions: [SIGN_IN]) { edges { node { action } } } } } }"
    assert actions((await checked_client.data(theirs, headers=headers))["viewer"]["company"]["auditTrail"]) == [
        "SIGN_IN"
    ]
    assert company.id


async def test_what_guards_an_account_is_in_its_trail(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_login()
    headers = await in_session(ada)
    elevated = await in_session(ada, elevated=True)
    elevate = "mutation E($input: ElevateSessionInput!) { elevateSession(input: $input) { errors { code } } }"
    change = "mutation C($input: ChangePasswordInput!) { changePassword(input: $input) { errors { code } } }"
    # when
    await checked_client.data(elevate, headers=headers, input={"password": OTHER})
    await checked_client.data(change, headers=elevated, input={"currentPassword": OTHER, "newPassword": GOOD})
    await checked_client.data(
        'mutation { updatePreferences(input: {languageCode: "nl"}) { errors { code } } }', headers=headers
    )
    await checked_client.data("mutation { rotateReferralLink { errors { code } } }", headers=headers)
    # then
    trail = (await checked_client.data(OWN, headers=headers))["viewer"]["auditTrail"]
    assert [(each["node"]["action"], each["node"]["outcome"]) for each in reversed(trail["edges"])] == [
        ("SESSION_ELEVATED", "REFUSED"),
        ("PASSWORD_CHANGED", "REFUSED"),
        ("LANGUAGE_CHANGED", "SUCCESS"),
        ("REFERRAL_LINK_ROTATED", "SUCCESS"),
    ]
    assert trail["edges"][1]["node"]["facts"] == [{"name": "language", "old": None, "new": "nl"}]
    assert OTHER not in str(trail)
