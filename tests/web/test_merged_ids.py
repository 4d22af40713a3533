"""After a merge, whatever named the source names the survivor. docs/rules/accounts.md#merging-who-wins."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type

from models.connections import Block, Connection, ConnectionRequest, DismissedSuggestion
from models.points import PointEntry
from models.portfolio import ProjectCollaborator
from models.profiles import Profile, Visibility
from models.referrals import Referral
from schema.graph import build
from services.connections import blocks
from services.invites import referrals
from services.profiles.profiles import refresh_visibility
from tests.conftest import CountStatements
from tests.helpers.badge_awards import make_award
from tests.helpers.connections import connected, hide, member
from tests.helpers.factories import give, make_person, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.invites import join
from tests.helpers.people import Headers, in_session
from tests.helpers.projects import WHOLE
from tests.helpers.racing_merges import merge_now
from tests.helpers.transactions import committed
from tests.helpers.uploads import picture, uploaded

SCHEMA = build()._schema
OTHER_IDS = {
    "accountId", "addressId", "apiKeyId", "companyId", "imageId", "inviteId", "mergeId", "orderId", "projectId", "projectIds", "requestId",
    "sessionId", "tokenId",
}  # fmt: skip
"""Names of arguments and input fields with ids of other types: merging changes none of them."""
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Profile { name } } }"
BY_ID = "query($id: ID!) { profile(by: {id: $id}) { id name } }"
BY_HANDLE = "query($handle: String!) { profile(by: {handle: $handle}) { id handle } }"
AROUND = "query($id: ID!) { leaderboard(board: OVERALL) { around(profileId: $id, radius: 2) { profile { id } } } }"


@dataclass
class World:
    """Ada, who looks; Ben, into whom `old` was merged; and a service."""

    client: GraphQLClient
    ada: Any
    ben: Any
    headers: Headers
    service: str
    old: str
    old_handle: str

    @property
    def new(self) -> str:
        return graph_id("prf", self.ben.profile_id)

    async def ask(self, document: str, **variables: Any) -> Any:
        body = await self.client.ask(document, headers=self.headers, **variables)
        assert "errors" not in body, body
        return body["data"]

    async def do(self, name: str, **given: Any) -> Any:
        """Run a mutation of Ada's; the profile in its payload."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        asked = "project { id }" if "Project" in kind else "profile { id }"
        document = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {asked} errors {{ code path }} }} }}"
        payload = (await self.ask(document, input=given))[name]
        assert payload["errors"] == [], payload
        if "Project" not in kind:
            assert payload["profile"] == {"id": self.new}
        return payload


@pytest.fixture
async def world(checked_client: GraphQLClient) -> World:
    ada, ben, gone = await member("Ada"), await member("Ben"), await member("Old")
    await give(ada.profile_id, times=2)
    await give(ben.profile_id, times=2)
    handle = (await Profile.get(id=gone.profile_id)).handle
    await merge_now(gone.profile_id, ben.profile_id)
    token = await make_token(await make_service(), "mx:points:ingest")
    old = graph_id("prf", gone.profile_id)
    return World(checked_client, ada, ben, await in_session(ada), token, old, handle)


Proof = Callable[[World], Awaitable[None]]
PROOFS: dict[str, Proof] = {}


def proves(*places: str) -> Callable[[Proof], Proof]:
    def mark(proof: Proof) -> Proof:
        PROOFS.update(dict.fromkeys(places, proof))
        return proof

    return mark


@proves("Query.node(id)", "Query.nodes(ids)")
async def _nodes(world: World) -> None:
    assert (await world.ask(NODE, id=world.old))["node"] == {"__typename": "Profile", "id": world.new, "name": "Ben"}
    both = await world.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[world.new, world.old, world.old])
    assert both["nodes"] == [{"id": world.new}] * 3


@proves("ProfileBy.id", "ProfileBy.handle")
async def _profile(world: World) -> None:
    assert (await world.ask(BY_ID, id=world.old))["profile"] == {"id": world.new, "name": "Ben"}
    found = (await world.ask(BY_HANDLE, handle=world.old_handle.upper()))["profile"]
    assert found == {"id": world.new, "handle": (await Profile.get(id=world.ben.profile_id)).handle}


@proves("Leaderboard.around(profileId)")
async def _around(world: World) -> None:
    found = [await world.ask(AROUND, id=each) for each in (world.old, world.new)]
    assert found[0] == found[1] and {"profile": {"id": world.new}} in found[0]["leaderboard"]["around"]


@proves("SendConnectionRequestInput.profileId")
async def _send(world: World) -> None:
    await world.do("sendConnectionRequest", profileId=world.old)
    assert await ConnectionRequest.exists(sender_id=world.ada.profile_id, receiver_id=world.ben.profile_id)


@proves("RemoveConnectionInput.profileId")
async def _remove(world: World) -> None:
    await connected(world.ada, world.ben)
    await world.do("removeConnection", profileId=world.old)
    assert not await Connection.all().exists()


@proves("BlockProfileInput.profileId", "UnblockProfileInput.profileId")
async def _block(world: World) -> None:
    await world.do("blockProfile", profileId=world.old)
    assert await blocks.between(world.ada.profile_id, [world.ben.profile_id])
    await world.do("unblockProfile", profileId=world.old)
    assert not await Block.all().exists()


@proves("DismissSuggestionInput.profileId")
async def _dismiss(world: World) -> None:
    await world.do("dismissSuggestion", profileId=world.old)
    assert await DismissedSuggestion.exists(profile_id=world.ada.profile_id, other_id=world.ben.profile_id)


@proves("CreateProjectInput.collaboratorIds", "UpdateProjectInput.collaboratorIds")
async def _tag(world: World) -> None:
    made = await world.do("createProject", **WHOLE_INPUT, collaboratorIds=[world.old, world.new])
    assert await ProjectCollaborator.filter(profile_id=world.ben.profile_id).count() == 1
    number = made["project"]["id"]
    await world.do("updateProject", projectId=number, collaboratorIds=[])
    await world.do("updateProject", projectId=number, collaboratorIds=[world.old])
    assert await ProjectCollaborator.filter(profile_id=world.ben.profile_id).count() == 1


@proves("PersonInput.profileId")
async def _report(world: World) -> None:
    document = """mutation($input: RecordActivityInput!) { recordActivity(input: $input) {
      recorded { outcome isRepeated } errors { code path } } }"""

    async def report(number: str, person: str, counterpart: str) -> Any:
        event = {
            "activityCode": "ANSWER_ACCEPTED", "person": {"profileId": person}, "occurredAt": "2026-03-10T12:00:00Z",
            "externalId": number, "counterpart": {"profileId": counterpart},
        }  # fmt: skip
        payload = (await world.client.data(document, token=world.service, input=event))["recordActivity"]
        assert payload["errors"] == [], payload
        return payload["recorded"]

    ada = graph_id("prf", world.ada.profile_id)
    assert await report("1", world.old, ada) == {"outcome": "AWARDED", "isRepeated": False}
    assert await report("1", world.new, ada) == {"outcome": "AWARDED", "isRepeated": True}
    assert await report("2", ada, world.old) == {"outcome": "AWARDED", "isRepeated": False}
    assert await report("2", ada, world.old) == {"outcome": "AWARDED", "isRepeated": True}
    assert await report("3", world.new, world.old) == {"outcome": "SELF", "isRepeated": False}
    assert (await PointEntry.get(external_id="1")).profile_id == world.ben.profile_id
    assert (await PointEntry.get(external_id="2")).counterpart_id == world.ben.profile_id


@proves("PersonInput.email")
async def _report_by_address(_world: World) -> None:
    """An address is of an account, which goes along with a merge: see tests/services/merging."""


WHOLE_INPUT = {"title": WHOLE["title"]}


def places() -> Iterator[str]:
    """Every argument and input field that may name a profile."""
    for each in SCHEMA.type_map.values():
        if isinstance(each, GraphQLObjectType) and not each.name.startswith("__"):
            for field, kind in each.fields.items():
                for name, argument in kind.args.items():
                    if get_named_type(argument.type).name == "ID" and name not in OTHER_IDS | {"id"}:
                        yield f"{each.name}.{field}({name})"
        elif isinstance(each, GraphQLInputObjectType):
            persons = each.name in {"PersonInput", "ProfileBy"}
            for name, value in each.fields.items():
                if persons or (get_named_type(value.type).name == "ID" and name not in OTHER_IDS):
                    yield f"{each.name}.{name}"
    yield "Query.node(id)"


def test_every_place_that_names_a_profile_is_proved() -> None:
    assert set(places()) == set(PROOFS)


async def test_an_old_id_is_accepted_everywhere(world: World) -> None:
    for proof in dict.fromkeys(PROOFS.values()):
        await proof(world)


async def test_the_id_of_a_merge_into_a_hidden_profile_is_of_nobody(
    checked_client: GraphQLClient, world: World
) -> None:
    # given
    await Profile.filter(id=world.ben.profile_id).update(visibility=Visibility.PRIVATE)
    await committed(refresh_visibility([world.ben.profile_id]))
    unknown = graph_id("prf", 987_654)
    # then
    for document in (NODE, BY_ID, AROUND):
        old, never = [await world.ask(document, id=each) for each in (world.old, unknown)]
        assert old == never
    for name in ("sendConnectionRequest", "dismissSuggestion", "blockProfile", "removeConnection"):
        kind = f"{name[0].upper()}{name[1:]}Input"
        document = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ errors {{ code message path }} }} }}"
        old, never = [await world.ask(document, input={"profileId": each}) for each in (world.old, unknown)]
        assert old == never and old[name]["errors"][0]["code"] == "NOT_FOUND"
    # and Ben himself still gets there
    own = await checked_client.ask(NODE, headers=await in_session(world.ben), id=world.old)
    assert own["data"]["node"]["id"] == world.new


async def test_two_merges_lead_to_the_last_profile_and_own_old_ids_are_oneself(world: World) -> None:
    # when Ben is merged into Ada
    viewer = graph_id("vwr", world.ada.id)
    await merge_now(world.ben.profile_id, world.ada.profile_id)
    ada = graph_id("prf", world.ada.profile_id)
    # then both old ids are hers
    for each in (world.old, world.new):
        assert (await world.ask(NODE, id=each))["node"] == {"__typename": "Profile", "id": ada, "name": "Ada"}
        document = "mutation($input: BlockProfileInput!) { blockProfile(input: $input) { errors { code } } }"
        refused = (await world.ask(document, input={"profileId": each}))["blockProfile"]
        assert refused == {"errors": [{"code": "NOT_YOURSELF"}]}
    # and the viewer's id is of the account, which stays
    assert (await world.ask("query($id: ID!) { node(id: $id) { id } }", id=viewer))["node"] == {"id": viewer}
    as_ben = await world.client.ask(
        "query($id: ID!) { node(id: $id) { ... on Viewer { profile { id } } } }",
        headers=await in_session(world.ben),
        id=graph_id("vwr", world.ben.id),
    )
    assert as_ben["data"] == {"node": {"profile": {"id": ada}}}


async def test_old_links_lead_to_the_new_profile(world: World) -> None:
    answer = await world.client.http.get(f"/profiles/{world.old_handle}", allow_redirects=False)
    ben = (await Profile.get(id=world.ben.profile_id)).handle
    assert (answer.status, answer.headers["Location"]) == (302, f"http://graph.example/profiles/{ben}")
    await hide(world.ben)
    assert (await world.client.http.get(f"/profiles/{world.old_handle}", allow_redirects=False)).status == 404


@pytest.mark.parametrize("public", [True, False])
async def test_what_was_given_out_of_the_source_goes_on_working(checked_client: GraphQLClient, public: bool) -> None:
    # given a picture, a credential and a link of the source's
    old, ben = await member("Old", public=public), await member("Ben", public=public)
    payload = await uploaded(checked_client, picture(), headers=await in_session(old))
    pictured = urlsplit(payload["profile"]["avatarUrl"])
    assert bool(pictured.query) is not public  # signed
    award = await make_award(old.profile_id)
    code = await referrals.code_of(old.profile_id)
    await merge_now(old.profile_id, ben.profile_id)
    # then
    shown = await checked_client.http.get(f"{pictured.path}?{pictured.query}")
    assert (shown.status, shown.content_type) == (200, "image/webp")
    credential = await checked_client.http.get(
        f"/credentials/{award.credential}", headers={"Accept": "application/json"}
    )
    assert credential.status == (200 if public else 404)
    if public:
        handle = (await Profile.get(id=ben.profile_id)).handle
        assert f"/profiles/{handle}" in await credential.text()
    guest = await join("guest@guests.example", code)
    assert await Referral.exists(referrer_id=ben.profile_id, account_id=guest.id)


LISTS = """query($board: String, $people: String, $known: String, $zoe: ID!) {
  leaderboard(board: OVERALL) { entries(first: 2, after: $board) { edges { cursor node { profile { name } } } } }
  profiles(first: 2, after: $people) { edges { cursor node { name } } }
  profile(by: {id: $zoe}) { connections(first: 2, after: $known) { edges { cursor node { name } } } }
}"""


async def test_a_cursor_of_a_profile_that_was_merged_goes_on(checked_client: GraphQLClient) -> None:
    """The first page ends with the source; the next one has everyone after it, once, and the survivor where it is now."""
    zoe = await member("Zoe")
    people = [await member(name) for name in ("Ada", "Old", "Ben", "Cem", "Dee")]
    for each in reversed(people):
        await connected(each, zoe)
    for place, each in enumerate(people):
        await give(each.profile_id, times=9 - place)
    survivor = people[2]

    async def pages(**after: str) -> dict[str, Any]:
        data = await checked_client.data(LISTS, zoe=graph_id("prf", zoe.profile_id), **after)
        return {
            "board": data["leaderboard"]["entries"]["edges"],
            "people": data["profiles"]["edges"],
            "known": data["profile"]["connections"]["edges"],
        }

    def names(edges: Any) -> list[str]:
        return [(each["node"].get("profile") or each["node"])["name"] for each in edges]

    first = await pages()
    assert [names(each) for each in first.values()] == [["Ada", "Old"]] * 3
    # when
    before = {name: edges[1]["cursor"] for name, edges in first.items()}
    await merge_now(people[1].profile_id, survivor.profile_id)
    # then the survivor has more points than Ada, so it is before the cursor where points decide
    assert {kind: names(edges) for kind, edges in (await pages(**before)).items()} == {
        "board": ["Cem", "Dee"],
        "people": ["Cem", "Dee"],
        "known": ["Ben", "Cem"],
    }
    # and every list has each person once, read from its beginning
    for kind in ("board", "people", "known"):
        found: list[str] = []
        after: dict[str, str] = {}
        while edges := (await pages(**after))[kind]:
            found += names(edges)
            after = {kind: edges[-1]["cursor"]}
        assert sorted(found) == [*["Ada", "Ben", "Cem", "Dee"], *(["Zoe"] if kind == "people" else [])], kind


async def test_who_was_not_merged_costs_no_further_statement(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    ada = await make_person(name="Ada")
    for document in (NODE, BY_ID):
        with count_statements() as seen:
            await checked_client.data(document, id=graph_id("prf", ada.profile_id))
        assert not [each for each in seen.texts if "merged_profile" in each]


async def test_a_repeated_call_may_name_a_person_who_was_merged_since(checked_client: GraphQLClient) -> None:
    ada, ben, gone = await member("Ada"), await member("Ben"), await member("Old")
    document = (
        "mutation($input: CreateProjectInput!) { createProject(input: $input) { project { id } errors { code } } }"
    )
    given = {**WHOLE_INPUT, "collaboratorIds": [graph_id("prf", gone.profile_id)], "idempotencyKey": "one"}
    headers = await in_session(ada)
    first = await checked_client.ask(document, headers=headers, input=given)
    await merge_now(gone.profile_id, ben.profile_id)
    assert await checked_client.ask(document, headers=headers, input=given) == first
    assert first["data"]["createProject"]["errors"] == []
