"""Connections over HTTP: asking, answering, and lists of them page by page."""

from typing import Any

from models.profiles import Profile
from services.connections import blocks
from services.core import clock
from tests.conftest import CountStatements
from tests.helpers.connections import connected, hide, member
from tests.helpers.connections_by_http import LIST, WAITING, circle, do, listed, prf, towards, waiting
from tests.helpers.factories import NOON, make_profile, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, with_key


async def test_asking_and_accepting_from_both_sides(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await member("Ada"), await member("Ben")
    as_ada, as_ben = await in_session(ada), await with_key(ben)
    # when
    answer = await do(checked_client, as_ada, "sendConnectionRequest", prf(ben))
    # then
    request = answer["request"]
    assert answer["errors"] == [] and answer["profile"] == {"name": "Ben", "connectionStatus": "REQUEST_SENT"}
    assert (request["direction"], request["profile"]) == ("SENT", {"name": "Ben"})
    [edge] = (await waiting(checked_client, as_ben))["connectionRequestsReceived"]["edges"]
    assert edge["node"]["id"] == request["id"] and edge["node"]["direction"] == "RECEIVED"
    assert edge["node"]["profile"] == {"name": "Ada", "connectionStatus": "REQUEST_RECEIVED"}
    assert (await towards(checked_client, as_ben, ada))["connectionRequest"]["id"] == request["id"]
    sent = (await waiting(checked_client, as_ada))["connectionRequestsSent"]
    assert sent["totalCount"] == 1 and sent["edges"][0]["node"]["id"] == request["id"]
    # when
    answer = await do(checked_client, as_ben, "acceptConnectionRequest", request["id"])
    # then
    assert answer == {"profile": {"name": "Ada", "connectionStatus": "CONNECTED"}, "errors": []}
    assert await listed(checked_client, as_ada, ada) == ["Ben"] and await listed(checked_client, {}, ben) == ["Ada"]
    for who in (as_ada, as_ben):
        found = await waiting(checked_client, who)
        assert found["connectionRequestsReceived"]["totalCount"] == found["connectionRequestsSent"]["totalCount"] == 0
    # when
    answer = await do(checked_client, as_ada, "removeConnection", prf(ben))
    # then
    assert answer["profile"]["connectionStatus"] == "NONE" and await listed(checked_client, as_ada, ada) == []


async def test_ignoring_withdrawing_and_asking_across(checked_client: GraphQLClient) -> None:
    ada, ben, cem = [await member(name) for name in ("Ada", "Ben", "Cem")]
    as_ada, as_ben, as_cem = [await in_session(each) for each in (ada, ben, cem)]
    request = (await do(checked_client, as_ada, "sendConnectionRequest", prf(ben)))["request"]["id"]
    assert (await do(checked_client, as_ben, "ignoreConnectionRequest", request))["profile"][
        "connectionStatus"
    ] == "NONE"
    assert (await waiting(checked_client, as_ben))["connectionRequestsReceived"] == {
        "totalCount": 0,
        "nodes": [],
        "edges": [],
    }
    assert (await towards(checked_client, as_ben, ada))["connectionRequest"] is None
    assert (await towards(checked_client, as_ada, ben))["connectionRequest"]["id"] == request  # Ada sees nothing of it
    assert (await do(checked_client, as_ada, "withdrawConnectionRequest", request))["profile"][
        "connectionStatus"
    ] == "NONE"
    await do(checked_client, as_cem, "sendConnectionRequest", prf(ada))
    answer = await do(checked_client, as_ada, "sendConnectionRequest", prf(cem))
    assert answer["request"] is None and answer["profile"]["connectionStatus"] == "CONNECTED"


async def test_what_was_refused_says_why_and_where(checked_client: GraphQLClient) -> None:
    ada, ben = await member("Ada"), await member("Ben")
    una: Any = type("Una", (), {"profile_id": await make_profile("Una")})
    as_ada = await in_session(ada)
    await blocks.block(ada.profile_id, ben.profile_id)
    for name, target, code, path in (
        ("sendConnectionRequest", prf(ada), "NOT_YOURSELF", ["profileId"]),
        ("sendConnectionRequest", prf(ben), "BLOCKED", ["profileId"]),
        ("sendConnectionRequest", prf(una), "UNCLAIMED", ["profileId"]),
        ("sendConnectionRequest", graph_id("prf", 999_999), "NOT_FOUND", ["profileId"]),
        ("sendConnectionRequest", graph_id("cmp", 1), "NOT_FOUND", ["profileId"]),
        ("sendConnectionRequest", "nonsense", "BAD_ID", ["profileId"]),
        ("acceptConnectionRequest", graph_id("crq", 999_999), "NOT_FOUND", ["requestId"]),
        ("ignoreConnectionRequest", prf(ben), "NOT_FOUND", ["requestId"]),
        ("withdrawConnectionRequest", graph_id("crq", 1), "NOT_FOUND", ["requestId"]),
        ("removeConnection", prf(ben), "NOT_FOUND", ["profileId"]),
        ("blockProfile", prf(ada), "NOT_YOURSELF", ["profileId"]),
        ("blockProfile", graph_id("prf", 999_999), "NOT_FOUND", ["profileId"]),
    ):
        answer = await do(checked_client, as_ada, name, target)
        assert answer["errors"] == [{"code": code, "path": path}] and answer["profile"] is None, (name, answer)
    await hide(ada)
    assert (await do(checked_client, as_ada, "sendConnectionRequest", prf(una)))["errors"][0]["code"] == "NOT_PUBLIC"


# Lists


async def test_a_list_pages_both_ways_newest_first(checked_client: GraphQLClient) -> None:
    names = ["Ada", "Ben", "Cem", "Dan", "Eve"]
    zoe, _ = await circle(names)
    wanted = names[::-1]
    seen: list[str] = []
    after = None
    while True:
        found = (await checked_client.data(LIST, id=prf(zoe), first=2, after=after))["profile"]
        page = found["connections"]
        assert page["totalCount"] == 5
        assert page["nodes"] == [{"name": edge["node"]["name"]} for edge in page["edges"]]
        seen += [edge["node"]["name"] for edge in page["edges"]]
        assert page["edges"][-1]["cursor"] == page["pageInfo"]["endCursor"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == wanted and page["edges"][0]["connectedAt"] == "2026-03-10T12:00:00Z"
    back: list[str] = []
    before = None
    while True:
        page = (await checked_client.data(LIST, id=prf(zoe), last=2, before=before))["profile"]["connections"]
        back = [edge["node"]["name"] for edge in page["edges"]] + back
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert back == wanted
    assert await checked_client.code(LIST, id=prf(zoe), first=0) == "BAD_PAGE"
    assert await checked_client.code(LIST, id=prf(zoe), after="nonsense") == "BAD_CURSOR"


async def test_people_of_one_moment_are_neither_lost_nor_shown_twice(checked_client: GraphQLClient) -> None:
    zoe, people = await member("Zoe"), [await member(f"P{n}") for n in range(7)]
    with clock.frozen(NOON):
        for each in people:
            await connected(zoe, each)
    seen: list[str] = []
    after = None
    for _ in range(4):
        page = (await checked_client.data(LIST, id=prf(zoe), first=2, after=after))["profile"]["connections"]
        seen += [edge["node"]["name"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert sorted(seen) == [f"P{n}" for n in range(7)]


async def test_searching_a_list_by_name(checked_client: GraphQLClient) -> None:
    zoe, people = await circle(["Renée van Dijk", "Rene Descartes", "Dijkstra", "Bo Reed"])
    await member("Renate Elsewhere")
    await Profile.filter(id=people[3].profile_id).update(job_title="Rene's friend")
    for search, names in {
        "rene": ["Rene Descartes", "Renée van Dijk"],
        "DIJK": ["Dijkstra", "Renée van Dijk"],
        "dijk ren": ["Renée van Dijk"],
        "friend": [],
        "zzz": [],
        "  ": ["Bo Reed", "Dijkstra", "Rene Descartes", "Renée van Dijk"],
    }.items():
        found = (await checked_client.data(LIST, id=prf(zoe), search=search))["profile"]
        assert [edge["node"]["name"] for edge in found["connections"]["edges"]] == names, search
        assert found["connections"]["totalCount"] == len(names)
    first = (await checked_client.data(LIST, id=prf(zoe), search="re", first=1))["profile"]["connections"]
    after = first["pageInfo"]["endCursor"]
    assert await listed(checked_client, {}, zoe, search="re", first=1, after=after) == ["Rene Descartes"]
    for search in ("!", "x" * 201, "a b c d e f g h i j k"):
        assert await checked_client.code(LIST, id=prf(zoe), search=search) == "BAD_INPUT"


async def test_who_hides_leaves_no_trace_in_lists_counts_and_mutuals(checked_client: GraphQLClient) -> None:
    # given
    zoe, (ada, ben, cem) = await circle(["Ada", "Ben", "Cem"])
    await connected(ada, ben)
    await connected(ada, cem)
    as_ada = await in_session(ada)
    assert (await towards(checked_client, as_ada, zoe))["mutualConnections"] == {
        "totalCount": 2,
        "profiles": [{"name": "Cem"}, {"name": "Ben"}],
    }
    # when
    await hide(ben)
    # then
    found = await towards(checked_client, as_ada, zoe)
    assert found["connections"]["totalCount"] == 2
    assert [edge["node"]["name"] for edge in found["connections"]["edges"]] == ["Cem", "Ada"]
    assert found["mutualConnections"] == {"totalCount": 1, "profiles": [{"name": "Cem"}]}
    # and the hidden one's own list is theirs alone
    assert await towards(checked_client, as_ada, ben) is None
    assert await listed(checked_client, await in_session(ben), ben) == ["Ada", "Zoe"]
    # when
    await hide(ben, public=True)
    # then
    assert await listed(checked_client, as_ada, zoe) == ["Cem", "Ben", "Ada"]


async def test_nobody_and_services_have_no_status_and_no_mutuals(checked_client: GraphQLClient) -> None:
    zoe, _ = await circle(["Ada"])
    service = await make_token(await make_service(), "mx:connections:read")
    for headers in ({}, {"Authorization": f"mxtoken {service}"}):
        found = await towards(checked_client, headers, zoe)
        assert found["connectionStatus"] is found["connectionRequest"] is found["mutualConnections"] is None
        assert found["connections"]["totalCount"] == 1
    assert (await checked_client.data(WAITING, token=service))["viewer"] is None
    own = await towards(checked_client, await in_session(zoe), zoe)
    assert (own["connectionStatus"], own["mutualConnections"]) == ("SELF", None)


async def test_mutual_connections_are_found_from_either_side(checked_client: GraphQLClient) -> None:
    # given one who knows many, and one who knows two of those
    zoe, people = await circle([f"P{n}" for n in range(6)])
    yan = await member("Yan")
    for each in people[:2]:
        await connected(each, yan)
    wanted = {"totalCount": 2, "profiles": [{"name": "P1"}, {"name": "P0"}]}
    # then
    assert (await towards(checked_client, await in_session(yan), zoe))["mutualConnections"] == wanted
    assert (await towards(checked_client, await in_session(zoe), yan))["mutualConnections"] == wanted
    alone = await member("Alone")
    assert (await towards(checked_client, await in_session(alone), zoe))["mutualConnections"] == {
        "totalCount": 0,
        "profiles": [],
    }
    query = "query($id: ID!, $n: Int) { profile(by: {id: $id}) { mutualConnections { profiles(limit: $n) { name } } } }"
    body = await checked_client.ask(query, headers=await in_session(yan), id=prf(zoe), n=1)
    assert body["data"]["profile"]["mutualConnections"]["profiles"] == [{"name": "P1"}]
    assert await checked_client.code(query, headers=await in_session(yan), id=prf(zoe), n=0) == "BAD_PAGE"


# Statements


PEOPLE = """{ profiles(first: 50, orderBy: NEWEST) { edges { node { name connectionStatus
  connectionRequest { id profile { name } } mutualConnections { totalCount profiles { name } }
  connections(first: 20) { totalCount edges { node { name connectionStatus } } } } } } }"""


async def test_statements_do_not_grow_with_people(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    zoe, _ = await circle([f"P{n}" for n in range(10)])
    headers, seen = await in_session(zoe), []
    for _ in range(2):
        with count_statements() as statements:
            body = await checked_client.ask(PEOPLE, headers=headers)
        assert "errors" not in body
        seen.append(statements.total)
        for n in range(10):
            await connected(zoe, await member(f"More{n}"))
    # then
    assert seen[0] == seen[1], seen
    with count_statements() as alone:
        await checked_client.ask("{ viewer { __typename } }", headers=headers)
    with count_statements() as statements:
        await checked_client.ask(WAITING, headers=headers)
    assert statements.total - alone.total == 6, statements.texts
