"""Invites and referrals over HTTP: the whole story, who sees what of it, and the page that ends invites."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from models.database import Database
from models.invites import Invite, InviteOptOut
from models.profiles import Profile, Visibility
from models.referrals import Referral, ReferralVia
from server import make_app
from services.connections import blocks
from services.core import clock
from services.profiles.profiles import refresh_visibility
from settings import Settings
from tests.helpers.browser import CHROMIUM, a_browser
from tests.helpers.factories import make_person, make_service, make_token, total
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.invites import invite, invite_code, join, profile_of, stop_path
from tests.helpers.mail import newest_mail
from tests.helpers.people import in_session
from tests.helpers.sign_in import GOOD
from tests.helpers.sign_up import sign_up, verify
from tests.helpers.subscriptions import arrives, subscribe
from tests.helpers.transactions import committed
from tests.helpers.websocket import open_socket

BEN = "ben@friends.example"
READ, WRITE = "mx:connections:read", "mx:connections:write"
SEND = """
mutation S($input: SendInvitesInput!) {
  sendInvites(input: $input) {
    results { email invite { id email kind state note timesSent expiresAt acceptedAt acceptedBy { name } } errors { code path } }
    errors { code path }
  }
}
"""
RESEND = "mutation R($input: ResendInviteInput!) { resendInvite(input: $input) { invite { state timesSent } errors { code path } } }"
WITHDRAW = "mutation W($input: WithdrawInviteInput!) { withdrawInvite(input: $input) { invite { state } errors { code path } } }"
MINE = """
query I($state: InviteState, $first: Int, $after: String, $last: Int, $before: String) {
  viewer { invites(state: $state, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id email state acceptedAt acceptedBy { name } } } nodes { email } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}
"""
REFERRAL = """
query { viewer { referral {
  link shareUrls { service url } signUps signUpsNeeded canClaim tshirt { size state claimedAt shippedAt }
} } }
"""
ROTATE = "mutation { rotateReferralLink { referral { link } errors { code } } }"
CLAIM = """
mutation C($input: ClaimTshirtInput!) {
  claimTshirt(input: $input) { referral { canClaim tshirt { size state } } errors { code message path } }
}
"""
HOME = {
    "size": "M",
    "name": "Ada",
    "street": "Kade 12",
    "town": "Rotterdam",
    "postalCode": "3011 AA",
    "countryCode": "NL",
}
EVENTS = {
    "query": "subscription { viewerEvents { __typename kind ... on InviteAcceptedEvent"
    " { invite { email state acceptedBy { name } } } } }"
}


async def mine(client: GraphQLClient, headers: dict[str, str], **more: Any) -> Any:
    body = await client.ask(MINE, headers=headers, **more)
    return body["data"]["viewer"]["invites"]


async def send(client: GraphQLClient, headers: dict[str, str], *emails: str, key: str = "one", **more: Any) -> Any:
    body = await client.ask(SEND, headers=headers, input={"emails": emails, "idempotencyKey": key, **more})
    return body["data"]["sendInvites"]


async def publish(name: str) -> None:
    profile = await Profile.get(name=name)
    profile.visibility = Visibility.PUBLIC
    await profile.save()
    await committed(refresh_visibility([profile.id]))


async def test_from_an_invite_to_a_shirt(checked_client: GraphQLClient, settings: Settings) -> None:
    # given
    ada = await make_person("ada@people.example", name="Ada Okafor")
    here = await in_session(ada)
    # when: invited, and somebody comes by the link of the mail
    sent = await send(checked_client, here, BEN, note="See you!")
    mail = await newest_mail(settings)
    assert f"To: {BEN}" in mail and "See you!" in mail
    [code] = re.findall(r"/join\?code=([0-9a-f]{32})\s", mail)
    begun = await sign_up(checked_client, BEN, name="Ben", referralCode=code)
    [digits] = re.findall(r"^\d{6}$", await newest_mail(settings), re.MULTILINE)
    async with open_socket(checked_client, {**here, "Origin": "http://graph.example"}) as ws:
        await ws.init()
        await subscribe(ws, EVENTS)
        assert (await verify(checked_client, begun["signUpToken"], digits))["errors"] == []
        heard = [await arrives(ws)]
        while heard[-1]["viewerEvents"]["__typename"] != "InviteAcceptedEvent":  # after points, and a badge for them
            heard.append(await arrives(ws))
    checked_client.http.session.cookie_jar.clear()
    # then: told at once, on both sides what it is worth
    assert heard[-1]["viewerEvents"] == {
        "__typename": "InviteAcceptedEvent",
        "kind": "INVITE_ACCEPTED",
        "invite": {"email": BEN, "state": "ACCEPTED", "acceptedBy": None},
    }
    assert await total(profile_of(ada)) == 5 + 25
    [result] = sent["results"]
    [edge] = (await mine(checked_client, here))["edges"]
    assert (result["invite"]["state"], edge["node"]["state"]) == ("PENDING", "ACCEPTED")
    assert edge["node"]["id"] == result["invite"]["id"] and edge["node"]["acceptedAt"]
    # and: who came is seen once they are to be seen
    assert edge["node"]["acceptedBy"] is None
    await publish("Ben")
    assert (await mine(checked_client, here))["edges"][0]["node"]["acceptedBy"] == {"name": "Ben"}
    # when: four more by the link
    referral = (await checked_client.ask(REFERRAL, headers=here))["data"]["viewer"]["referral"]
    figures = [referral[name] for name in ("signUps", "signUpsNeeded", "canClaim", "tshirt")]
    assert figures == [1, 5, False, None]
    refused = (await checked_client.ask(CLAIM, headers=here, input=HOME))["data"]["claimTshirt"]
    assert refused["referral"] is None and refused["errors"][0]["code"] == "TOO_FEW_REFERRALS"
    for n in range(4):
        await join(f"guest{n}@x.example", referral["link"].partition("code=")[2])
    # then
    referral = (await checked_client.ask(REFERRAL, headers=here))["data"]["viewer"]["referral"]
    assert (referral["signUps"], referral["canClaim"]) == (5, True)
    assert await total(profile_of(ada)) == 30 + 4 * 30
    claimed = (await checked_client.ask(CLAIM, headers=here, input=HOME))["data"]["claimTshirt"]
    assert claimed == {"referral": {"canClaim": False, "tshirt": {"size": "M", "state": "CLAIMED"}}, "errors": []}
    again = (await checked_client.ask(CLAIM, headers=here, input=HOME))["data"]["claimTshirt"]
    assert again["errors"][0]["code"] == "ALREADY_EXISTS" and "Kade" not in str(again)


async def test_a_link_is_ones_own_and_can_be_changed(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await make_person(), await make_person()
    # when
    links = [
        (await checked_client.ask(REFERRAL, headers=await in_session(each)))["data"]["viewer"]["referral"]
        for each in (ada, ben)
    ]
    # then
    assert re.fullmatch(r"http://graph\.example/join\?code=[a-z0-9]{12}", links[0]["link"])
    assert links[0]["link"] != links[1]["link"]
    assert [each["service"] for each in links[0]["shareUrls"]] == ["X", "LINKEDIN", "FACEBOOK", "WHATSAPP", "MAIL"]
    # when
    done = (await checked_client.ask(ROTATE, headers=await in_session(ada)))["data"]["rotateReferralLink"]
    # then
    assert done["errors"] == [] and done["referral"]["link"] not in {links[0]["link"], links[1]["link"]}
    # and: nobody and services have none
    assert (await checked_client.data(REFERRAL)) == {"viewer": None}


async def test_each_address_is_answered_alike(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person("ada@people.example")
    await make_person("member@x.example")
    here = await in_session(ada)
    # when
    with clock.frozen(clock.now()):
        done = await send(
            checked_client, here, "member@x.example", "nobody@x.example", "nonsense", "ada@people.example"
        )
    # then
    first, second, wrong, own = done["results"]
    for each in (first, second):
        each["invite"].pop("id")
        assert each.pop("email") == each["invite"].pop("email")
    assert first == second and first["errors"] == [] and first["invite"]["state"] == "PENDING"
    assert wrong == {"email": "nonsense", "invite": None, "errors": [{"code": "BAD_INPUT", "path": ["emails", "2"]}]}
    assert own["errors"] == [{"code": "NOT_YOURSELF", "path": ["emails", "3"]}]
    # and: sent once more, the call answers the same and mails nothing
    again = await send(checked_client, here, "member@x.example", "nobody@x.example", "nonsense", "ada@people.example")
    assert [each["errors"] for each in again["results"]] == [each["errors"] for each in done["results"]]
    assert [row.sends for row in await Invite.all()] == [1, 1]
    assert (await send(checked_client, here, BEN))["errors"] == [
        {"code": "IDEMPOTENCY_MISMATCH", "path": ["idempotencyKey"]}
    ]
    assert (await send(checked_client, here, key="two"))["errors"] == [{"code": "BAD_INPUT", "path": ["emails"]}]


async def test_nobody_sees_or_touches_anothers_invites(checked_client: GraphQLClient) -> None:
    # given
    ada, eve = await make_person(), await make_person()
    [theirs] = await invite(ada, BEN)
    here, there = await in_session(ada), await in_session(eve)
    number = graph_id("inv", theirs.invite_id)
    node = "query N($id: ID!) { node(id: $id) { id ... on Invite { email } } }"
    # then
    assert (await checked_client.ask(node, headers=here, id=number))["data"]["node"] == {"id": number, "email": BEN}
    for headers in (there, {}):
        assert (await checked_client.ask(node, headers=headers, id=number))["data"]["node"] is None
    assert (await mine(checked_client, there))["edges"] == []
    for document, name in ((RESEND, "resendInvite"), (WITHDRAW, "withdrawInvite")):
        given = {"inviteId": number} | ({"idempotencyKey": "k"} if document is RESEND else {})
        done = (await checked_client.ask(document, headers=there, input=given))["data"][name]
        given["inviteId"] = graph_id("inv", 999_999)
        never = (await checked_client.ask(document, headers=there, input=given))["data"][name]
        if document is WITHDRAW:
            assert done == never
        assert done["invite"] is None and done["errors"] == [{"code": "NOT_FOUND", "path": ["inviteId"]}]
    # and: the sender may
    assert (await checked_client.ask(RESEND, headers=here, input={"inviteId": number, "idempotencyKey": "k"}))["data"]["resendInvite"] == {
        "invite": {"state": "PENDING", "timesSent": 2}, "errors": [],
    }  # fmt: skip
    assert (await checked_client.ask(WITHDRAW, headers=here, input={"inviteId": number}))["data"]["withdrawInvite"] == {
        "invite": {"state": "WITHDRAWN"}, "errors": [],
    }  # fmt: skip


async def test_invites_are_read_in_pages_and_by_state(checked_client: GraphQLClient) -> None:
    # given: seven, of which two moments coincide
    ada = await make_person()
    here = await in_session(ada)
    for names in (("a", "b", "c"), ("d", "e", "f", "g")):
        await invite(ada, *(f"{name}@x.example" for name in names))
    await checked_client.ask(
        WITHDRAW, headers=here, input={"inviteId": graph_id("inv", (await Invite.get(email="d@x.example")).id)}
    )
    # when
    pages, after = [], None
    while True:
        page = await mine(checked_client, here, first=3, after=after)
        pages.append([edge["node"]["email"][0] for edge in page["edges"]])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    back = await mine(checked_client, here, last=3, before=after)
    assert (back["totalCount"], back["nodes"]) == (7, [{"email": edge["node"]["email"]} for edge in back["edges"]])
    # then
    assert pages == [["g", "f", "e"], ["d", "c", "b"], ["a"]]
    assert [edge["node"]["email"][0] for edge in back["edges"]] == ["d", "c", "b"]
    found = {
        state: "".join(edge["node"]["email"][0] for edge in (await mine(checked_client, here, state=state))["edges"])
        for state in ("PENDING", "EXPIRED", "WITHDRAWN", "ACCEPTED")
    }
    assert found == {"PENDING": "gfecba", "EXPIRED": "", "WITHDRAWN": "d", "ACCEPTED": ""}
    body = await checked_client.ask(MINE, headers=here, after="nonsense")
    assert body["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


async def test_a_page_of_invites_takes_as_many_statements_however_long(
    checked_client: GraphQLClient, count_statements: Any
) -> None:
    # given
    ada = await make_person()
    here = await in_session(ada)
    for n in range(6):
        await invite(ada, f"guest{n}@x.example")
        await join(f"guest{n}@x.example")
    await mine(checked_client, here)
    # when
    seen = []
    for first in (1, 6):
        with count_statements() as statements:
            assert len((await mine(checked_client, here, first=first))["edges"]) == first
        seen.append(statements.total)
    # then
    assert seen[0] == seen[1] <= 5


async def test_a_block_hides_who_came(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person()
    here = await in_session(ada)
    await invite(ada, BEN)
    ben = await join(BEN)
    await publish("New Here")
    assert (await mine(checked_client, here))["edges"][0]["node"]["acceptedBy"] == {"name": "New Here"}
    # when
    await blocks.block(profile_of(ben), profile_of(ada))
    # then
    assert (await mine(checked_client, here))["edges"][0]["node"]["acceptedBy"] is None


async def test_what_tokens_may(checked_client: GraphQLClient) -> None:
    # given
    ada, service = await make_person(), await make_service()
    read, write = await make_token(ada, READ), await make_token(ada, WRITE)
    board = await make_token(ada, "mx:leaderboard:read", "mx:user:profile:v1:read")
    given = {"emails": [BEN], "idempotencyKey": "one"}
    # then
    assert (await checked_client.data(SEND.replace("acceptedBy { name }", "timesSent"), token=write, input=given))[
        "sendInvites"
    ]["errors"] == []
    assert await checked_client.code(SEND, token=read, input=given) == "INSUFFICIENT_SCOPE"
    for token in (read, write):
        assert (
            len(
                (await checked_client.data("{ viewer { invites { edges { node { email } } } } }", token=token))[
                    "viewer"
                ]["invites"]["edges"]
            )
            == 1
        )
        assert (await checked_client.data(REFERRAL, token=token))["viewer"]["referral"]["link"]
        assert await checked_client.code(ROTATE, token=token) == "INSUFFICIENT_SCOPE"
        assert await checked_client.code(CLAIM, token=token, input=HOME) == "INSUFFICIENT_SCOPE"
    for query in (REFERRAL, MINE):
        assert await checked_client.code(query, token=board) == "INSUFFICIENT_SCOPE"
    there = await make_token(service, READ)
    assert await checked_client.data("{ viewer { referral { link } invites { edges { cursor } } } }", token=there) == {
        "viewer": None
    }


async def test_the_whole_claim_of_many_at_once_is_one(checked_client: GraphQLClient) -> None:
    ada = await make_person()
    for _ in range(5):
        guest = await make_person()
        await Referral.create(referrer_id=profile_of(ada), account_id=guest.id, via=ReferralVia.MAIL, at=clock.now())
    here = await in_session(ada)
    bodies = await asyncio.gather(*(checked_client.ask(CLAIM, headers=here, input=HOME) for _ in range(4)))
    found = sorted(str([each["code"] for each in body["data"]["claimTshirt"]["errors"]]) for body in bodies)
    assert found == ["['ALREADY_EXISTS']"] * 3 + ["[]"]


# The page that ends invites


async def test_the_page_asks_and_the_button_does_it(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person(name="Ada")
    await invite(ada, BEN)
    path = await stop_path(BEN)
    # when: a mail program looks at the link
    for method in ("GET", "HEAD"):
        shown = await checked_client.http.request(method, path)
        assert shown.status == 200 and shown.content_type == "text/html"
    page = await (await checked_client.http.get(path)).text()
    # then: nothing has happened, and the page shows nobody
    assert await InviteOptOut.all().count() == 0
    assert '<form method="post">' in page and "<script" not in page and "ben" not in page and "Ada" not in page
    assert {name: shown.headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Frame-Options")} == {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy and "unsafe" not in policy
    # when: as RFC 8058 has it, by a program without cookies or origin, and once more
    for _ in range(2):
        done = await checked_client.http.post(path, data={"List-Unsubscribe": "One-Click"})
        assert done.status == 200 and "Done" in await done.text() and "Set-Cookie" not in done.headers
    # then
    assert await InviteOptOut.all().count() == 1
    await invite(ada, "BEN@friends.example")
    assert (await invite_code(BEN)) and (await Invite.get()).sends == 2


async def test_an_invented_address_of_the_page_does_nothing(checked_client: GraphQLClient) -> None:
    await make_person()
    for path in ("0" * 48, "f" * 48):
        for answer in (
            await checked_client.http.get(f"/invites/stop/{path}"),
            await checked_client.http.post(f"/invites/stop/{path}"),
        ):
            assert answer.status == 404 and "form-action 'self'" in answer.headers["Content-Security-Policy"]
    for path in ("", "x", "0" * 47, "0" * 48 + "/", "%3Cscript%3E"):
        assert (await checked_client.http.post(f"/invites/stop/{path}")).status == 404
    assert await InviteOptOut.all().count() == 0


@pytest.fixture
async def base(settings: Settings, database: Database) -> AsyncIterator[str]:
    async with TestServer(await make_app(settings, database)) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
@pytest.mark.sqlite_only
async def test_a_browser_can_press_the_button(base: str) -> None:
    # given
    await invite(await make_person(), BEN)
    path = await stop_path(BEN)
    async with a_browser() as visit:
        # when
        await visit.page.goto(base + path)
        await visit.page.get_by_role("button", name="No more invites").click()
        # then
        await expect(visit.page.get_by_role("heading", name="Done")).to_be_visible()
        assert [each for each in visit.complaints if "favicon" not in each] == []
        assert visit.elsewhere(base) == []
    assert await InviteOptOut.all().count() == 1
    assert GOOD not in path
