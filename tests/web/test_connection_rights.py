"""Connections over HTTP: what a block hides, and what nobody gets who should not."""

from typing import Any

from models.connections import Block, Connection, ConnectionRequest
from services.connections import blocks, connections
from tests.helpers.connections import asked, connected, hide, member
from tests.helpers.connections_by_http import LIST, TOWARDS, WAITING, circle, crq, do, listed, prf, towards, waiting
from tests.helpers.factories import make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session

# Blocks


async def test_a_block_hides_both_from_each_other_in_lists_and_mutuals(checked_client: GraphQLClient) -> None:
    # given Ada and Ben, who both know Zoe and Cem
    zoe, (ada, ben, cem) = await circle(["Ada", "Ben", "Cem"])
    await connected(ada, cem)
    await connected(ben, cem)
    as_ada, as_ben, as_zoe = [await in_session(each) for each in (ada, ben, zoe)]
    # when
    answer = await do(checked_client, as_ada, "blockProfile", prf(ben))
    # then
    assert answer["profile"] == {"name": "Ben", "connectionStatus": "BLOCKED"}
    assert await listed(checked_client, as_ada, zoe) == ["Cem", "Ada"] and await listed(
        checked_client, as_ben, zoe
    ) == ["Cem", "Ben"]
    assert await listed(checked_client, as_zoe, zoe) == await listed(checked_client, {}, zoe) == ["Cem", "Ben", "Ada"]
    for headers, whom in ((as_ada, ben), (as_ben, ada)):
        found = await towards(checked_client, headers, whom)
        assert found["name"] == whom.name or found["name"] in {"Ada", "Ben"}  # the public page stays
        assert found["connections"]["totalCount"] == 0
        assert found["mutualConnections"] == {"totalCount": 0, "profiles": []}
        assert (await towards(checked_client, headers, zoe))["mutualConnections"] == {
            "totalCount": 1,
            "profiles": [{"name": "Cem"}],
        }
    # and only the blocker knows
    blocked = (await waiting(checked_client, as_ada))["blockedProfiles"]
    [edge] = blocked["edges"]
    assert (blocked["totalCount"], blocked["nodes"]) == (1, [{"name": "Ben"}])
    assert edge["node"] == {"name": "Ben", "connectionStatus": "BLOCKED"} and edge["blockedAt"]
    assert (await waiting(checked_client, as_ben))["blockedProfiles"] == {"totalCount": 0, "nodes": [], "edges": []}
    assert (await towards(checked_client, as_ben, ada))["connectionStatus"] == "NONE"
    # when
    answer = await do(checked_client, as_ada, "unblockProfile", prf(ben))
    # then
    assert answer["profile"]["connectionStatus"] == "NONE"
    assert await listed(checked_client, as_ada, zoe) == ["Cem", "Ben", "Ada"]


async def test_whoever_is_blocked_cannot_tell_it_from_nothing(checked_client: GraphQLClient) -> None:
    # given: Ben has blocked Ada, Cem has only ignored her, Dan has done nothing; none of them knows anybody
    ada, ben, cem, dan = [await member(name) for name in ("Ada", "Ben", "Cem", "Dan")]
    as_ada = await in_session(ada)
    await blocks.block(ben.profile_id, ada.profile_id)
    await connections.ignore(cem.profile_id, await asked(ada, cem))
    await connections.withdraw(ada.profile_id, (await ConnectionRequest.get()).id)

    async def story(whom: Any) -> list[Any]:
        """All that Ada can try and see of somebody, without what tells people apart anyway."""
        seen = [await towards(checked_client, as_ada, whom)]
        seen.append(await do(checked_client, as_ada, "removeConnection", prf(whom)))
        sent = await do(checked_client, as_ada, "sendConnectionRequest", prf(whom))
        seen += [
            sent,
            await do(checked_client, as_ada, "sendConnectionRequest", prf(whom)),
            await towards(checked_client, as_ada, whom),
        ]
        number = sent["request"]["id"]
        node = "query($id: ID!) { node(id: $id) { __typename id ... on ConnectionRequest { direction profile { name } } } }"
        seen.append((await checked_client.ask(node, headers=as_ada, id=number))["data"])
        seen.append(
            [
                each
                for each in (await waiting(checked_client, as_ada))["connectionRequestsSent"]["edges"]
                if each["node"]["id"] == number
            ]
        )
        seen.append(await do(checked_client, as_ada, "withdrawConnectionRequest", number))
        seen.append(await towards(checked_client, as_ada, whom))
        text = repr(seen).replace(number, "NUMBER")
        return [text.replace(f"'{name}'", "'WHO'") for name in ("Ben", "Cem", "Dan") if f"'{name}'" in text]

    # then
    assert await story(ben) == await story(cem) == await story(dan)
    as_ben = await waiting(checked_client, await in_session(ben))
    assert as_ben["connectionRequestsReceived"]["totalCount"] == 0


# Attacks


async def test_a_request_is_a_node_to_its_two_parties_alone(checked_client: GraphQLClient) -> None:
    # given
    ada, ben, eve = [await member(name) for name in ("Ada", "Ben", "Eve")]
    number = await asked(ada, ben)
    node = "query($id: ID!) { node(id: $id) { id ... on ConnectionRequest { direction profile { name } } } }"

    async def seen(headers: Headers) -> Any:
        return (await checked_client.ask(node, headers=headers, id=crq(number)))["data"]["node"]

    as_ada, as_ben, as_eve = [await in_session(each) for each in (ada, ben, eve)]
    # then
    assert await seen(as_ada) == {"id": crq(number), "direction": "SENT", "profile": {"name": "Ben"}}
    assert await seen(as_ben) == {"id": crq(number), "direction": "RECEIVED", "profile": {"name": "Ada"}}
    assert await seen(as_eve) is None and await seen({}) is None
    for name in ("acceptConnectionRequest", "ignoreConnectionRequest", "withdrawConnectionRequest"):
        assert (await do(checked_client, as_eve, name, crq(number)))["errors"][0]["code"] == "NOT_FOUND"
    assert (await do(checked_client, as_ada, "acceptConnectionRequest", crq(number)))["errors"][0][
        "code"
    ] == "NOT_FOUND"
    assert (
        await Connection.all().count() == 0
        and await ConnectionRequest.filter(withdrawn_at=None, ignored_at=None).count() == 1
    )
    # when Ada hides: Ben sees nothing of it; she does
    await hide(ada)
    assert (
        await seen(as_ben) is None
        and (await waiting(checked_client, as_ben))["connectionRequestsReceived"]["totalCount"] == 0
    )
    assert (await seen(as_ada))["direction"] == "SENT"
    await hide(ada, public=True)
    assert await seen(as_ben) is not None
    # when it is ignored: gone for Ben alone
    await connections.ignore(ben.profile_id, number)
    assert await seen(as_ben) is None and (await seen(as_ada))["direction"] == "SENT"


async def test_tokens_read_with_the_scope_and_write_with_the_other(checked_client: GraphQLClient) -> None:
    # given
    zoe, (ada,) = await circle(["Ada"])
    read, write = await make_token(zoe, "mx:connections:read"), await make_token(zoe, "mx:connections:write")
    profile, board = await make_token(zoe, "mx:user:profile:v1:read"), await make_token(zoe, "mx:leaderboard:read")
    block = "mutation B($input: BlockProfileInput!) { blockProfile(input: $input) { profile { id } errors { code } } }"
    # then
    for token in (read, write):
        assert (await checked_client.data(LIST, token=token, id=prf(zoe)))["profile"]["connections"]["totalCount"] == 1
        assert (await checked_client.data(WAITING, token=token))["viewer"]["blockedProfiles"]["edges"] == []
    assert (await checked_client.data(LIST, token=profile, id=prf(zoe)))["profile"]["connections"]["totalCount"] == 1
    assert await checked_client.code(WAITING, token=profile) == "INSUFFICIENT_SCOPE"
    for text in (LIST, TOWARDS):
        assert await checked_client.code(text, token=board, id=prf(zoe)) == "INSUFFICIENT_SCOPE"
    for token in (read, profile, board):
        assert await checked_client.code(block, token=token, input={"profileId": prf(ada)}) == "INSUFFICIENT_SCOPE"
    assert await Block.all().count() == 0
    assert (await checked_client.data(block, token=write, input={"profileId": prf(ada)}))["blockProfile"][
        "errors"
    ] == []
    assert await Block.all().count() == 1


async def test_another_ones_requests_and_blocks_cannot_be_asked_for(checked_client: GraphQLClient) -> None:
    ada, ben = await member("Ada"), await member("Ben")
    await asked(ada, ben)
    assert (await checked_client.ask(WAITING))["data"] == {"viewer": None}
    found = await waiting(checked_client, await in_session(await member("Eve")))
    assert [found[name]["edges"] for name in found] == [[], [], []]
