"""People you may know over HTTP: who sees whom, why, and who can dismiss them."""

from typing import Any

from models.profiles import Profile
from resolvers.base import ids
from services.connections import blocks
from tests.conftest import CountStatements
from tests.helpers.connections import hide, member
from tests.helpers.factories import make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import Body, GraphQLClient
from tests.helpers.people import Headers, in_session, make_company_with_admin, make_member
from tests.helpers.suggestions import join

KNOWN = """
query K($first: Int, $after: String, $last: Int, $before: String) { viewer {
  peopleYouMayKnow(first: $first, after: $after, last: $last, before: $before) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount nodes { name } edges { cursor node { id name connectionStatus } reasons {
      kind mutualConnections { totalCount profiles(limit: 2) { name } } company { name } skills { code } industries { name }
    } } } } }
"""
DISMISS = """
mutation D($profile: ID!) { dismissSuggestion(input: {profileId: $profile}) { profile { name } errors { code message path } } }
"""
SEND = "mutation S($profile: ID!) { sendConnectionRequest(input: {profileId: $profile}) { errors { code } } }"
MUTUAL = """
query M($id: ID!) { profile(by: {id: $id}) { mutualConnections { totalCount profiles { name } } } }
"""


def prf(who: Any) -> str:
    return ids.encode("Profile", who.profile_id)


async def known(client: GraphQLClient, headers: Headers, **asked: Any) -> Any:
    return (await client.ask(KNOWN, headers=headers, **asked))["data"]["viewer"]["peopleYouMayKnow"]


async def names(client: GraphQLClient, headers: Headers, **asked: Any) -> list[str]:
    return [edge["node"]["name"] for edge in (await known(client, headers, **asked))["edges"]]


async def dismiss(client: GraphQLClient, headers: Headers, profile: str) -> Body:
    return (await client.ask(DISMISS, headers=headers, profile=profile))["data"]["dismissSuggestion"]


async def test_whom_i_may_know_and_why(checked_client: GraphQLClient) -> None:
    # given
    company, ada = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example", name="Ben", skills=["python", "sql"], industries=["banking"])
    cem = await member("Cem", skills=["sql"])
    for friend in [await member(name) for name in ("F", "G", "H")]:
        await join(ada, friend)
        await join(friend, ben)
    as_cem, as_ada = await in_session(cem), await in_session(ada)
    # then
    found = await known(checked_client, as_cem)
    [edge] = found["edges"]
    assert found["pageInfo"]["endCursor"] == found["pageInfo"]["startCursor"] == edge["cursor"]
    assert (found["nodes"], found["totalCount"]) == ([{"name": "Ben"}], 1)
    assert edge["node"] == {"id": prf(ben), "name": "Ben", "connectionStatus": "NONE"}
    assert edge["reasons"] == [
        {
            "kind": "SHARED_SKILLS",
            "mutualConnections": None,
            "company": None,
            "skills": [{"code": "sql"}],
            "industries": None,
        }
    ]
    # and
    [edge] = (await known(checked_client, as_ada))["edges"]
    assert edge["reasons"] == [
        {
            "kind": "MUTUAL_CONNECTIONS",
            "mutualConnections": {"totalCount": 3, "profiles": [{"name": "H"}, {"name": "G"}]},
            "company": None,
            "skills": None,
            "industries": None,
        },
        {
            "kind": "SAME_COMPANY",
            "mutualConnections": None,
            "company": {"name": "Harbor Works"},
            "skills": None,
            "industries": None,
        },
    ]


async def test_paging_there_and_back_shows_everybody_once(checked_client: GraphQLClient) -> None:
    # given
    ada = await member("Ada", skills=["python", "sql"])
    for n in range(7):
        await member(f"P{n}", skills=["python", "sql"] if n % 2 else ["sql"])
    wanted = ["P1", "P3", "P5", "P0", "P2", "P4", "P6"]
    headers = await in_session(ada)
    # when
    seen: list[str] = []
    after, more = None, True
    while more:
        page = await known(checked_client, headers, first=3, after=after)
        seen += [edge["node"]["name"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    back: list[str] = []
    before, more = None, True
    while more:
        page = await known(checked_client, headers, last=3, before=before)
        back = [edge["node"]["name"] for edge in page["edges"]] + back
        before, more = page["pageInfo"]["startCursor"], page["pageInfo"]["hasPreviousPage"]
    # then
    assert seen == back == wanted
    for wrong, code in (
        ({"first": 0}, "BAD_PAGE"),
        ({"first": 1, "last": 1}, "BAD_PAGE"),
        ({"after": "x"}, "BAD_CURSOR"),
    ):
        body = await checked_client.ask(KNOWN, headers=headers, **wrong)
        assert body["errors"][0]["extensions"]["code"] == code


async def test_dismissing_is_for_good(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await member("Ada", skills=["sql"]), await member("Ben", skills=["sql"])
    headers = await in_session(ada)
    assert await names(checked_client, headers) == ["Ben"]
    # when
    for _ in range(2):
        assert await dismiss(checked_client, headers, prf(ben)) == {"profile": {"name": "Ben"}, "errors": []}
    # then
    assert await names(checked_client, headers) == []
    # but one may still ask them
    body = await checked_client.ask(SEND, headers=headers, profile=prf(ben))
    assert body["data"]["sendConnectionRequest"]["errors"] == []


async def test_what_cannot_be_dismissed_tells_nothing(checked_client: GraphQLClient) -> None:
    # given one who is hidden, one who blocked Ada
    ada, hidden, blocker = await member("Ada"), await member("Ben", public=False), await member("Cem")
    await blocks.block(blocker.profile_id, ada.profile_id)
    headers = await in_session(ada)
    # then
    unknown = await dismiss(checked_client, headers, graph_id("prf", 999_999))
    assert unknown["errors"] == [{"code": "NOT_FOUND", "message": "There is no such profile.", "path": ["profileId"]}]
    assert await dismiss(checked_client, headers, prf(hidden)) == unknown
    assert await dismiss(checked_client, headers, graph_id("cmp", 1)) == unknown
    assert (await dismiss(checked_client, headers, prf(ada)))["errors"][0]["code"] == "NOT_YOURSELF"
    assert await dismiss(checked_client, headers, prf(blocker)) == {"profile": {"name": "Cem"}, "errors": []}
    body = await checked_client.ask(DISMISS, headers=headers, profile="nonsense")
    assert body["data"]["dismissSuggestion"]["errors"][0]["code"] == "BAD_ID"


async def test_who_hides_or_is_blocked_is_neither_counted_nor_named(checked_client: GraphQLClient) -> None:
    # given three friends of both
    ada, ben = await member("Ada"), await member("Ben")
    friends = [await member(name) for name in ("F", "G", "H")]
    for friend in friends:
        await join(ada, friend)
        await join(friend, ben)
    headers = await in_session(ada)
    # when
    await hide(friends[0])
    await blocks.block(friends[1].profile_id, ada.profile_id)
    # then
    [edge] = (await known(checked_client, headers))["edges"]
    [reason] = edge["reasons"]
    assert reason["mutualConnections"] == {"totalCount": 1, "profiles": [{"name": "H"}]}
    # and that is what the profile itself says
    found = await checked_client.ask(MUTUAL, headers=headers, id=prf(ben))
    assert found["data"]["profile"]["mutualConnections"] == reason["mutualConnections"]


async def test_a_private_person_is_told_of_others_and_cannot_ask_them(checked_client: GraphQLClient) -> None:
    ada, ben = await member("Ada", skills=["sql"], public=False), await member("Ben", skills=["sql"])
    headers = await in_session(ada)
    assert await names(checked_client, headers) == ["Ben"]
    assert await names(checked_client, await in_session(ben)) == []
    body = await checked_client.ask(SEND, headers=headers, profile=prf(ben))
    assert body["data"]["sendConnectionRequest"]["errors"][0]["code"] == "NOT_PUBLIC"


async def test_nobody_else_sees_whom_i_may_know(checked_client: GraphQLClient) -> None:
    ada = await member("Ada", skills=["sql"])
    await member("Ben", skills=["sql"])
    assert (await checked_client.ask(KNOWN))["data"]["viewer"] is None
    service = await make_token(await make_service(), "mx:connections:read")
    assert (await checked_client.data(KNOWN, token=service))["viewer"] is None
    # a cursor of somebody else's list is a place in one's own, and shows nothing of theirs
    cursor = (await known(checked_client, await in_session(ada)))["edges"][0]["cursor"]
    assert await names(checked_client, await in_session(await member("Cem")), after=cursor) == []


async def test_what_tokens_may(checked_client: GraphQLClient) -> None:
    ada, ben = await member("Ada", skills=["sql"]), await member("Ben", skills=["sql"])
    reading, writing = await make_token(ada, "mx:connections:read"), await make_token(ada, "mx:connections:write")
    for token in (reading, writing):
        found = (await checked_client.data(KNOWN, token=token))["viewer"]["peopleYouMayKnow"]
        assert [edge["node"]["name"] for edge in found["edges"]] == ["Ben"]
    for scope in ("mx:leaderboard:read", "mx:user:profile:v1:read", "mx:points:read"):
        assert await checked_client.code(KNOWN, token=await make_token(ada, scope)) == "INSUFFICIENT_SCOPE"
    assert await checked_client.code(DISMISS, token=reading, profile=prf(ben)) == "INSUFFICIENT_SCOPE"
    assert (await checked_client.data(DISMISS, token=writing, profile=prf(ben)))["dismissSuggestion"]["errors"] == []


async def test_twice_as_many_people_take_the_same_statements(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    company, ada = await make_company_with_admin()
    await Profile.filter(id=ada.profile_id).update(visibility="PUBLIC")
    friend = await member("Friend")
    await join(ada, friend)
    await join(await make_member(company, "alone@harbor.example"), await member("Elsewhere"))
    headers = await in_session(ada)
    totals = []
    for n in range(8):
        other = await make_member(company, f"p{n}@harbor.example", name=f"P{n}")
        await join(friend, other)
        if n in {2, 7}:
            await known(checked_client, headers)
            # when
            with count_statements() as seen:
                assert len((await known(checked_client, headers))["edges"]) == n + 2
            totals.append(seen.total)
    # then: who asks, the search, the cards; whether the one whom it did not meet knows anybody (two), what else they share;
    # how many they both know, and whom (four), the company; and what they are to the viewer
    assert totals == [STATEMENTS, STATEMENTS], seen.texts


STATEMENTS = 12
