"""Badge credentials in the graph: where they are, and verifying one."""

from models.profiles import Profile
from services.achievements import badges
from tests.helpers.badge_credentials import at, get, someones
from tests.helpers.factories import make_token
from tests.helpers.graphql_client import GraphQLClient

VERIFY = """query ($credential: String!, $email: String) {
  verifyBadgeCredential(credential: $credential, email: $email) {
    isValid isRevoked problem url badgeName achievementUrl issuerUrl recipientUrl issuedAt isRecipient
  }
}"""


async def test_the_graph_verifies_a_pasted_credential(checked_client: GraphQLClient) -> None:
    # given
    account, award = await someones(badge="PROBLEM_SOLVER", level=2)
    credential = await (await get(checked_client, at(award))).text()
    # when
    found = (await checked_client.data(VERIFY, credential=credential, email="ADA@people.example"))[
        "verifyBadgeCredential"
    ]
    # then
    handle = (await Profile.get(id=account.profile_id)).handle
    assert found == {
        "isValid": True,
        "isRevoked": False,
        "problem": None,
        "url": f"http://graph.example{at(award)}",
        "badgeName": "Problem Solver, level 2",
        "achievementUrl": "http://graph.example/achievements/PROBLEM_SOLVER/2",
        "issuerUrl": "http://graph.example/issuer",
        "recipientUrl": f"http://graph.example/profiles/{handle}",
        "issuedAt": "2026-03-10T12:00:00Z",
        "isRecipient": True,
    }
    wrong = (await checked_client.data(VERIFY, credential=credential, email="eve@people.example"))[
        "verifyBadgeCredential"
    ]
    assert wrong == {**found, "isRecipient": False}
    assert await checked_client.code(VERIFY, credential=credential, email="eve") == "BAD_INPUT"
    # and what is not ours says nothing
    bad = (await checked_client.data(VERIFY, credential=credential[:-4] + "AAAA", email="eve"))["verifyBadgeCredential"]
    assert bad == {**dict.fromkeys(found), "isValid": False, "isRevoked": False, "problem": "BAD_SIGNATURE"}
    # and a revoked one
    await badges.revoke(account.own_profile_id, "PROBLEM_SOLVER", level=2, reason="x")
    gone = (await checked_client.data(VERIFY, credential=credential))["verifyBadgeCredential"]
    assert gone == {**found, "isValid": False, "isRevoked": True, "problem": "REVOKED", "isRecipient": None}


async def test_verifying_is_limited_for_each_address(checked_client: GraphQLClient) -> None:
    asked = (
        "query ($c: String!) {"
        + "".join(f" a{n}: verifyBadgeCredential(credential: $c) {{ isValid }}" for n in range(101))
        + "}"
    )
    body = await checked_client.ask(asked, c="x")
    assert {error["extensions"]["code"] for error in body["errors"]} == {"RATE_LIMITED"}


async def test_a_badge_tells_where_its_credential_is(checked_client: GraphQLClient) -> None:
    # given
    account, award = await someones()
    ask = "query ($handle: String!) { profile(by: {handle: $handle}) { topBadges { credentialUrl } } }"
    handle = (await Profile.get(id=account.profile_id)).handle
    # when
    found = (await checked_client.data(ask, handle=handle))["profile"]["topBadges"]
    # then
    assert found == [{"credentialUrl": f"http://graph.example{at(award)}"}]
    token = await make_token(account, "mx:user:profile:v1:read")
    assert (await checked_client.data(ask, token=token, handle=handle))["profile"]["topBadges"] == found
    less = await make_token(account, "mx:leaderboard:read")
    assert await checked_client.code(ask, token=less, handle=handle) == "INSUFFICIENT_SCOPE"
    assert await checked_client.code(VERIFY, token=less, credential="x") == "INSUFFICIENT_SCOPE"
    assert (await checked_client.data(VERIFY, token=token, credential="x"))["verifyBadgeCredential"][
        "problem"
    ] == "NOT_A_CREDENTIAL"
