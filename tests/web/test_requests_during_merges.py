"""Requests that were authenticated before a merge and run after it. docs/rules/accounts.md#merging-requests-meanwhile."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from models.accounts import Account
from models.badges import FeaturedBadge
from models.connections import Block, Connection, ConnectionRequest, DismissedSuggestion
from models.invites import Invite
from models.portfolio import Project, ProjectCollaborator
from models.profiles import Profile, ProfileHandle, ProfileSkill
from models.referrals import Referral, ReferralCode, ReferralVia, ShirtClaim
from services.connections import blocks
from services.core.audit import OPERATOR
from services.deletion import engine as deletion
from services.invites import referrals
from services.sign_in import registration
from tests.helpers.badge_awards import make_award
from tests.helpers.connections import asked, connected, member
from tests.helpers.factories import NOON, give, make_person, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session
from tests.helpers.projects import WHOLE, make_project
from tests.helpers.racing_merges import merge_during, merge_now
from tests.helpers.sign_in import BROWSER, GOOD, mailed_code
from tests.helpers.uploads import picture, uploaded

VIEWER = "{ viewer { account { email } profile { id name score { points } } } }"


@contextmanager
def after_authentication(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Let something happen once, after the next request was authenticated and before it is run."""
    graphql: Any = sys.modules["web.graphql"]
    waiting, original = [happens], graphql.authenticate

    async def authenticate(*given: Any) -> Any:
        found = await original(*given)
        if waiting:
            await waiting.pop()()
        return found

    monkeypatch.setattr(graphql, "authenticate", authenticate)
    yield
    monkeypatch.setattr(graphql, "authenticate", original)
    assert not waiting


class World:
    """`old` of an account that makes a request while its profile is merged into Ben's; Ada is somebody else."""

    def __init__(self, client: GraphQLClient, old: Account, ben: Account, ada: Account, headers: Headers) -> None:
        self.client, self.old, self.ben, self.ada, self.headers = client, old, ben, ada, headers

    @classmethod
    async def make(cls, client: GraphQLClient) -> "World":
        old, ben, ada = [await member(name) for name in ("Old", "Ben", "Ada")]
        await give(ben.profile_id, times=1)
        return cls(client, old, ben, ada, await in_session(old))

    async def merge(self) -> None:
        await merge_now(self.old.own_profile_id, self.ben.own_profile_id)

    async def mutate(self, name: str, given: Any, asked: str = "errors { code path }") -> Any:
        kind = f"{name[0].upper()}{name[1:]}Input"
        declared, passed = (f"($input: {kind}!)", "(input: $input)") if given is not None else ("", "")
        document = f"mutation{declared} {{ {name}{passed} {{ {asked} }} }}"
        body = await self.client.ask(document, headers=self.headers, **({"input": given} if given is not None else {}))
        assert "errors" not in body, (name, body)
        return body["data"][name]


Asked = tuple[str, Any, Callable[[], Awaitable[Any]]]
"""A mutation, its input, and what is true of the survivor afterwards."""
CASES: list[Callable[[World], Awaitable[Asked]]] = []


def case(make: Callable[[World], Awaitable[Asked]]) -> Callable[[World], Awaitable[Asked]]:
    CASES.append(make)
    return make


@case
async def _update_profile(world: World) -> Asked:
    return (
        "updateProfile",
        {"skillCodes": ["python"]},
        lambda: ProfileSkill.exists(profile_id=world.ben.profile_id, skill="python"),
    )


@case
async def _change_handle(world: World) -> Asked:
    return (
        "changeHandle",
        {"handle": "brand-new"},
        lambda: ProfileHandle.exists(profile_id=world.ben.profile_id, handle="brand-new"),
    )


@case
async def _language(world: World) -> Asked:
    return (
        "updatePreferences",
        {"languageCode": "nl", "allowsMarketing": True},
        lambda: Profile.exists(id=world.ben.profile_id, language="nl"),
    )


@case
async def _connect(world: World) -> Asked:
    mine: Any = {"sender_id": world.ben.profile_id, "receiver_id": world.ada.profile_id}
    return (
        "sendConnectionRequest",
        {"profileId": graph_id("prf", world.ada.profile_id)},
        lambda: ConnectionRequest.exists(**mine),
    )


@case
async def _accept(world: World) -> Asked:
    number = graph_id("crq", await asked(world.ada, world.old))
    return (
        "acceptConnectionRequest",
        {"requestId": number},
        lambda: Connection.exists(profile_id=world.ben.profile_id, other_id=world.ada.profile_id),
    )


@case
async def _ignore(world: World) -> Asked:
    number = graph_id("crq", await asked(world.ada, world.old))
    return (
        "ignoreConnectionRequest",
        {"requestId": number},
        lambda: DismissedSuggestion.exists(profile_id=world.ben.profile_id, other_id=world.ada.profile_id),
    )


@case
async def _remove(world: World) -> Asked:
    await connected(world.old, world.ada)
    return "removeConnection", {"profileId": graph_id("prf", world.ada.profile_id)}, lambda: _none(Connection)


@case
async def _block(world: World) -> Asked:
    return (
        "blockProfile",
        {"profileId": graph_id("prf", world.ada.profile_id)},
        lambda: Block.exists(blocker_id=world.ben.profile_id, blocked_id=world.ada.profile_id),
    )


@case
async def _unblock(world: World) -> Asked:
    await blocks.block(world.old.own_profile_id, world.ada.own_profile_id)
    return "unblockProfile", {"profileId": graph_id("prf", world.ada.profile_id)}, lambda: _none(Block)


@case
async def _dismiss(world: World) -> Asked:
    return (
        "dismissSuggestion",
        {"profileId": graph_id("prf", world.ada.profile_id)},
        lambda: DismissedSuggestion.exists(profile_id=world.ben.profile_id),
    )


@case
async def _invite(world: World) -> Asked:
    return (
        "sendInvites",
        {"emails": ["new@guests.example"], "idempotencyKey": "one"},
        lambda: Invite.exists(sender_id=world.ben.profile_id, email_key="new@guests.example"),
    )


@case
async def _referral_link(world: World) -> Asked:
    return "rotateReferralLink", None, lambda: ReferralCode.exists(profile_id=world.ben.profile_id, retired_at=None)


@case
async def _create_project(world: World) -> Asked:
    return (
        "createProject",
        {"title": WHOLE["title"], "idempotencyKey": "one"},
        lambda: Project.exists(owner_id=world.ben.profile_id),
    )


@case
async def _update_project(world: World) -> Asked:
    number = await make_project(world.old, publish=False)
    given = {"projectId": graph_id("prj", number), "title": "Renamed"}
    return "updateProject", given, lambda: Project.exists(owner_id=world.ben.profile_id, title="Renamed")


@case
async def _reorder(world: World) -> Asked:
    numbers = [await make_project(world.old) for _ in range(2)]
    return (
        "reorderProjects",
        {"projectIds": [graph_id("prj", each) for each in numbers]},
        lambda: Project.exists(id=numbers[0], place=1),
    )


@case
async def _untag(world: World) -> Asked:
    number = await make_project(world.ada, collaborator_ids=[world.old.profile_id])
    return (
        "untagFromProject",
        {"projectId": graph_id("prj", number)},
        lambda: ProjectCollaborator.exists(profile_id=world.ben.profile_id, untagged_at__not_isnull=True),
    )


@case
async def _feature(world: World) -> Asked:
    await make_award(world.old.own_profile_id)
    return (
        "setFeaturedBadges",
        {"badgeCodes": ["FIRST_LIGHT"]},
        lambda: FeaturedBadge.exists(profile_id=world.ben.profile_id),
    )


@case
async def _claim_shirt(world: World) -> Asked:
    for _ in range(5):
        guest = await make_person()
        await Referral.create(referrer_id=world.old.profile_id, account_id=guest.id, via=ReferralVia.LINK, at=NOON)
    where = {"name": "Ada", "street": "Kade 12", "town": "Rotterdam", "postalCode": "3011 AA", "countryCode": "NL"}
    return (
        "claimTshirt",
        {"size": "L", **where},
        lambda: ShirtClaim.exists(profile_id=world.ben.profile_id),
    )


async def _none(model: Any) -> bool:
    return not await model.all().exists()


async def test_a_mutation_runs_for_the_profile_that_has_everything(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for make in CASES:
        world = await World.make(checked_client)
        name, given, is_done = await make(world)
        with after_authentication(monkeypatch, world.merge):
            payload = await world.mutate(name, given)
        assert payload == {"errors": []}, (name, payload)
        assert await is_done(), name
        for model in (Connection, Block):
            await model.all().delete()
        await Profile.filter(handle="brand-new").update(handle="no-longer-new")
        await ProfileHandle.filter(handle="brand-new").delete()


async def test_a_picture_is_the_survivors(checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
    world = await World.make(checked_client)
    with after_authentication(monkeypatch, world.merge):
        payload = await uploaded(checked_client, picture(), headers=world.headers)
    assert payload["errors"] == [] and (await Profile.get(id=world.ben.profile_id)).avatar


async def test_the_rest_of_a_request_is_the_merged_person(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queries read the survivor; what depends on the account alone is done at once."""
    ben = {"id": "", "name": "Ben", "score": {"points": 15}}
    for token in (False, True):
        world = await World.make(checked_client)
        scopes = ("mx:user:profile:v1:read",)
        headers = {"Authorization": f"mxtoken {await make_token(world.old, *scopes)}"} if token else world.headers
        ben["id"] = graph_id("prf", world.ben.profile_id)
        with after_authentication(monkeypatch, world.merge):
            body = await checked_client.ask(VIEWER, headers=headers)
        assert body == {"data": {"viewer": {"account": {"email": world.old.email}, "profile": ben}}}
    # and what is asked of the payload
    world = await World.make(checked_client)
    with after_authentication(monkeypatch, world.merge):
        payload = await world.mutate("updateProfile", {"about": "Both"}, "profile { name } errors { code }")
    assert payload == {"profile": {"name": "Ben"}, "errors": []}
    # but a session of the source's account is not elevated any more
    world = await World.make(checked_client)
    await Profile.filter(id=world.ben.profile_id).update(recovery_email="ben@home.example")
    headers = await in_session(world.old, elevated=True)
    with after_authentication(monkeypatch, world.merge):
        code = await checked_client.code("mutation { removeRecoveryEmail { errors { code } } }", headers=headers)
    assert code == "ELEVATION_REQUIRED"
    assert await Profile.exists(id=world.ben.profile_id, recovery_email="ben@home.example")


async def test_a_person_in_the_input_may_be_merged_too(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look-up of the id and the write: the third person is found again."""
    from resolvers.base import current_profiles

    world = await World.make(checked_client)
    headers, original, waiting = await in_session(world.ada), current_profiles.current, [world.merge]

    async def current(*given: Any) -> Any:
        found = await original(*given)
        if waiting:
            await waiting.pop()()
        return found

    monkeypatch.setattr(current_profiles, "current", current)
    document = "mutation($input: SendConnectionRequestInput!) { sendConnectionRequest(input: $input) { profile { name } errors { code } } }"
    body = await checked_client.ask(
        document, headers=headers, input={"profileId": graph_id("prf", world.old.profile_id)}
    )
    assert body["data"]["sendConnectionRequest"] == {"profile": {"name": "Ben"}, "errors": []}
    assert await ConnectionRequest.exists(sender_id=world.ada.profile_id, receiver_id=world.ben.profile_id)


async def test_who_was_deleted_meanwhile_is_not_signed_in(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def delete() -> None:
        await deletion.delete_account(world.old.id, actor=OPERATOR)

    for name, given in (
        ("updateProfile", {"about": "x"}),
        ("sendInvites", {"emails": ["new@guests.example"], "idempotencyKey": "one"}),
        ("createProject", {"title": "x"}),
        ("orderItem", {"itemCode": "STICKERS", "idempotencyKey": "one"}),
        ("unblockProfile", {"profileId": graph_id("prf", 987_654)}),
        ("createPersonalAccessToken", {"name": "T", "scopes": ["MX_LEADERBOARD_READ"]}),
    ):
        world = await World.make(checked_client)
        kind = f"{name[0].upper()}{name[1:]}Input"
        document = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
        headers = await in_session(world.old, elevated=True)
        with after_authentication(monkeypatch, delete):
            body = await checked_client.ask(document, headers=headers, input=given)
        assert [each["extensions"]["code"] for each in body["errors"]] == ["UNAUTHENTICATED"], name
    world = await World.make(checked_client)
    with after_authentication(monkeypatch, delete):
        body = await checked_client.ask(VIEWER, headers=world.headers)
    assert [each["extensions"]["code"] for each in body["errors"]] == ["UNAUTHENTICATED"]


@pytest.mark.postgres_only
async def test_calls_that_wait_for_a_merge_are_the_survivors_and_none_is_a_deadlock(
    checked_client: GraphQLClient,
) -> None:
    for older in (True, False):  # the survivor has the higher or the lower id
        world = await World.make(checked_client)
        if not older:
            world.old, world.ben = world.ben, world.old
            world.headers = await in_session(world.old)
        asking = await asked(world.ada, world.old)
        secret = await registration.begin(
            f"guest{older}@guests.example".lower(), GOOD, "Guest", BROWSER, marketing=False,
            referral_code=await referrals.code_of(world.old.own_profile_id),
        )  # fmt: skip
        code = await mailed_code(f"guest{older}@guests.example".lower())
        results = await merge_during(
            world.old.own_profile_id,
            world.ben.own_profile_id,
            world.mutate("sendInvites", {"emails": ["new@guests.example"], "idempotencyKey": "one"}),
            world.mutate("createProject", {"title": "One", "idempotencyKey": "two"}),
            world.mutate("updateProfile", {"skillCodes": ["python"]}),
            world.mutate("updatePreferences", {"languageCode": "nl", "allowsMarketing": True}),
            world.mutate("acceptConnectionRequest", {"requestId": graph_id("crq", asking)}),
            registration.verify(secret, code, BROWSER),
        )
        assert all(each == {"errors": []} for each in results[:-1]), results
        assert not isinstance(results[-1], BaseException), results
        ben = world.ben.profile_id
        assert await Invite.exists(sender_id=ben) and await Project.exists(owner_id=ben, title="One")
        assert await Connection.exists(profile_id=ben, other_id=world.ada.profile_id)
        assert await Referral.exists(referrer_id=ben) and await Profile.exists(id=ben, language="nl")
        await Invite.all().delete()
