"""
Two people's whole story: invited, published, connected, working together, and apart. The callers of this module speak for the two
voices, over HTTP or out of two browsers; what each step does is looked at from both sides.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tests.helpers.connections import connected, member
from tests.helpers.graph_ids import number_in

ADA, BEN = "ada@people.example", "ben@people.example"
PASSWORD = "Correct horse 7 staple!"
DETAILS: dict[str, Any] = {
    "jobTitle": "Architect",
    "department": "Platform",
    "countryCode": "NL",
    "about": "I build bridges.",
    "skillCodes": ["python"],
    "industryCodes": ["logistics"],
    "lookingFor": ["PROJECT"],
}
TEXTS = {
    "title": "Berth planner",
    "description": "Ships onto berths.",
    "customer": "A harbor",
    "businessNeed": "Two ships, one place.",
    "solution": "A board.",
    "results": "One ship, one place.",
}
ME = """{ viewer {
  creditTotal profile { id handle visibility score { points } }
  invites { edges { node { email state acceptedBy { name } } } }
  connectionRequestsReceived { totalCount edges { node { id profile { name } } } }
  connectionRequestsSent { totalCount edges { node { profile { name } } } }
  blockedProfiles { edges { node { name } } }
  peopleYouMayKnow { edges { node { name } } }
} }"""
OTHER = """query Other($handle: String!) { profile(by: {handle: $handle}) {
  name avatarUrl connectionStatus connectionRequest { direction }
  connections { totalCount edges { node { name } } }
  mutualConnections { totalCount profiles { name } }
  projects { totalCount edges { node { id title collaborators { name } } } }
  collaborations { totalCount edges { node { title } } }
} }"""
EVENTS = """subscription { viewerEvents { __typename kind
  ... on PointsEvent { points activity { code } }
  ... on InviteAcceptedEvent { invite { email state } }
  ... on ConnectionRequestEvent { profile { name } request { id direction } }
  ... on ConnectionAcceptedEvent { profile { name } }
  ... on CollaboratorTaggedEvent { project { title } }
} }"""
UPLOAD = """mutation Upload($input: UploadAvatarInput!) {
  uploadAvatar(input: $input) { profile { avatarUrl } errors { code message } } }"""
Mail = Callable[[], Awaitable[str]]
"""Has all mails delivered, and gives the last one's text."""


class Voice(Protocol):
    """Somebody who is in a browser, or is one."""

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data of an answer without errors."""

    async def upload(self) -> Any:
        """Send UPLOAD with a picture; its data."""

    async def listen(self) -> None:
        """Subscribe to EVENTS; comes back when the server listens."""

    async def hears(self, kind: str) -> Any:
        """The next event of a type; those of others before it are passed over."""


async def do(voice: Voice, name: str, asked: str, /, *, refused: str = "", **given: Any) -> Any:
    """Run a mutation; its payload. It must be done, or be refused with this code alone."""
    kind = f"{name[0].upper()}{name[1:]}Input!"
    declared, passed = (f"($input: {kind})", "(input: $input)") if given else ("", "")
    document = f"mutation M{declared} {{ {name}{passed} {{ {asked} errors {{ code message }} }} }}"
    payload = (await voice.ask(document, input=given))[name]
    assert [each["code"] for each in payload["errors"]] == ([refused] if refused else []), payload
    return payload


async def own(voice: Voice) -> Any:
    return (await voice.ask(ME))["viewer"]


async def seen(voice: Voice, handle: str) -> Any:
    return (await voice.ask(OTHER, handle=handle))["profile"]


def names(page: Any) -> list[str]:
    return [edge["node"]["name"] for edge in page["edges"]]


async def join(voice: Voice, mail: Mail, email: str, name: str, code: str | None = None) -> None:
    """Sign up, and verify by the mailed code."""
    begun = await do(
        voice,
        "signUp",
        "signUpToken",
        email=email,
        password=PASSWORD,
        name=name,
        allowsMarketing=False,
        referralCode=code,
    )
    text = await mail()
    assert f"To: {email}" in text
    [digits] = re.findall(r"^\d{6}$", text, re.MULTILINE)
    done = await do(voice, "verifyEmail", "viewer { account { email } }", signUpToken=begun["signUpToken"], code=digits)
    assert done["viewer"]["account"]["email"] == email


async def publish(voice: Voice) -> None:
    """Fill in the checklist, and go public."""
    before = (await own(voice))["profile"]
    await do(voice, "updateProfile", "profile { id }", **DETAILS)
    assert (await voice.upload())["uploadAvatar"]["profile"]["avatarUrl"]
    assert (await do(voice, "publishProfile", "profile { visibility }"))["profile"] == {"visibility": "PUBLIC"}
    after = (await own(voice))["profile"]
    assert (after["visibility"], after["score"]["points"] - before["score"]["points"]) == ("PUBLIC", 50 + 50)


async def the_story(ada: Voice, ben: Voice, mail: Mail) -> None:
    """All of it, in order. Cem is somebody whom both know before they know each other."""
    await join(ada, mail, ADA, "Ada")
    await publish(ada)
    await ada.listen()
    handles = await by_invite(ada, ben, mail)
    await connecting(ada, ben, *handles)
    await working_together(ada, ben, *handles)
    await apart(ada, ben, *handles)


async def by_invite(ada: Voice, ben: Voice, mail: Mail) -> tuple[str, str]:
    """Ben comes by Ada's invite; the handles of both."""
    begun = (await own(ada))["profile"]
    sent = await do(ada, "sendInvites", "results { email invite { state } }", emails=[BEN], idempotencyKey="first")
    assert sent["results"] == [{"email": BEN, "invite": {"state": "PENDING"}}]
    text = await mail()
    assert f"To: {BEN}" in text and "Ada" in text
    [code] = re.findall(r"/join\?code=([0-9a-f]{32})\s", text)
    await join(ben, mail, BEN, "Ben", code)
    assert (await ada.hears("InviteAcceptedEvent"))["invite"] == {"email": BEN, "state": "ACCEPTED"}
    here = await own(ada)
    assert here["profile"]["score"]["points"] - begun["score"]["points"] == 5 + 25
    [edge] = here["invites"]["edges"]
    assert edge["node"] == {"email": BEN, "state": "ACCEPTED", "acceptedBy": None}, "Ben is not to be seen yet"
    handle = (await own(ben))["profile"]["handle"]
    assert await seen(ada, handle) is None
    await publish(ben)
    assert (await own(ada))["invites"]["edges"][0]["node"]["acceptedBy"] == {"name": "Ben"}
    return begun["handle"], handle


async def connecting(ada: Voice, ben: Voice, ada_handle: str, ben_handle: str) -> None:
    """Both know Cem; Ada asks, Ben accepts."""
    cem = await member("Cem")
    for voice in (ada, ben):
        number = number_in((await own(voice))["profile"]["id"])
        await connected(type("Somebody", (), {"id": cem.id, "profile_id": number}), cem)
    assert (await ada.hears("ConnectionAcceptedEvent"))["profile"] == {"name": "Cem"}
    there = await seen(ada, ben_handle)
    assert (there["connectionStatus"], there["connections"]["totalCount"], there["mutualConnections"]) == (
        "NONE",
        1,
        {"totalCount": 1, "profiles": [{"name": "Cem"}]},
    )
    assert "Ben" in suggested(await own(ada)) and "Ada" in suggested(await own(ben))
    await ben.listen()
    target = (await own(ben))["profile"]["id"]
    asked = await do(ada, "sendConnectionRequest", "profile { connectionStatus }", profileId=target)
    assert asked["profile"] == {"connectionStatus": "REQUEST_SENT"}
    event = await ben.hears("ConnectionRequestEvent")
    assert (event["profile"], event["request"]["direction"]) == ({"name": "Ada"}, "RECEIVED")
    here, there = await own(ada), await own(ben)
    assert names_of(here["connectionRequestsSent"]) == ["Ben"] and here["connectionRequestsReceived"]["totalCount"] == 0
    assert names_of(there["connectionRequestsReceived"]) == ["Ada"]
    assert (await seen(ben, ada_handle))["connectionStatus"] == "REQUEST_RECEIVED"
    await do(ben, "acceptConnectionRequest", "profile { connectionStatus }", requestId=event["request"]["id"])
    assert (await ada.hears("ConnectionAcceptedEvent"))["profile"] == {"name": "Ben"}
    for voice, handle in ((ada, ben_handle), (ben, ada_handle)):
        there = await seen(voice, handle)
        assert (there["connectionStatus"], there["connectionRequest"]) == ("CONNECTED", None)
        assert there["connections"]["totalCount"] == 2
        assert there["mutualConnections"] == {"totalCount": 1, "profiles": [{"name": "Cem"}]}
        me = await own(voice)
        assert me["connectionRequestsReceived"]["totalCount"] == me["connectionRequestsSent"]["totalCount"] == 0
        assert not {"Ada", "Ben"} & set(suggested(me))


async def working_together(ada: Voice, ben: Voice, ada_handle: str, ben_handle: str) -> None:
    """Ada writes a project with Ben, who hears of it once it is published, and takes his name off for good."""
    person = (await own(ben))["profile"]["id"]
    made = await do(ada, "createProject", "project { id state }", **TEXTS, collaboratorIds=[person])
    project = made["project"]["id"]
    assert made["project"]["state"] == "DRAFT"
    assert (await seen(ben, ben_handle))["collaborations"]["totalCount"] == 0
    assert (await seen(ben, ada_handle))["projects"]["totalCount"] == 0
    await do(ada, "publishProject", "project { state }", projectId=project)
    assert (await ben.hears("CollaboratorTaggedEvent"))["project"] == {"title": "Berth planner"}
    for voice in (ada, ben):
        there = await seen(voice, ada_handle)
        [edge] = there["projects"]["edges"]
        assert (there["projects"]["totalCount"], edge["node"]["collaborators"]) == (1, [{"name": "Ben"}])
        assert (await seen(voice, ben_handle))["collaborations"] == {
            "totalCount": 1,
            "edges": [{"node": {"title": "Berth planner"}}],
        }
    await do(ben, "untagFromProject", "project { collaborators { name } }", projectId=project)
    for voice in (ada, ben):
        [edge] = (await seen(voice, ada_handle))["projects"]["edges"]
        assert edge["node"]["collaborators"] == []
        assert (await seen(voice, ben_handle))["collaborations"]["totalCount"] == 0
    await do(
        ada, "updateProject", "project { id }", refused="NOT_TAGGABLE", projectId=project, collaboratorIds=[person]
    )


async def apart(ada: Voice, ben: Voice, ada_handle: str, ben_handle: str) -> None:
    """Ben blocks Ada: neither meets the other in what people do with each other, and Ada is not told why."""
    ids = [(await own(voice))["profile"]["id"] for voice in (ada, ben)]
    blocked = await do(ben, "blockProfile", "profile { connectionStatus }", profileId=ids[0])
    assert blocked["profile"] == {"connectionStatus": "BLOCKED"}
    mine, theirs = await seen(ada, ben_handle), await seen(ben, ada_handle)
    assert (mine["connectionStatus"], theirs["connectionStatus"]) == ("NONE", "BLOCKED")
    for there in (mine, theirs):  # the public page stays, but for whom they know
        assert there["avatarUrl"], there
        assert there["connections"]["totalCount"] == 0, there
        assert there["mutualConnections"] == {"totalCount": 0, "profiles": []}, there
    for voice, handle in ((ada, ada_handle), (ben, ben_handle)):
        assert names((await seen(voice, handle))["connections"]) == ["Cem"]
    here, there = await own(ada), await own(ben)
    assert names(there["blockedProfiles"]) == ["Ada"] and here["blockedProfiles"]["edges"] == []
    assert not {"Ada", "Ben"} & {*suggested(here), *suggested(there)}
    # asking is answered as ever, and reaches nobody
    asked = await do(ada, "sendConnectionRequest", "profile { connectionStatus }", profileId=ids[1])
    assert asked["profile"] == {"connectionStatus": "REQUEST_SENT"}
    assert (await own(ben))["connectionRequestsReceived"]["totalCount"] == 0
    await do(ben, "sendConnectionRequest", "profile { name }", refused="BLOCKED", profileId=ids[0])
    # and a project may name him for its owner's eyes alone
    texts = {**TEXTS, "title": "Second"}
    await do(ada, "createProject", "project { id }", **texts, collaboratorIds=[ids[1]], publish=True)
    assert (await seen(ben, ben_handle))["collaborations"]["totalCount"] == 0
    theirs = await seen(ben, ada_handle)
    assert theirs["projects"]["totalCount"] == 2
    assert [edge["node"]["collaborators"] for edge in theirs["projects"]["edges"]] == [[], []]


def suggested(me: Any) -> list[str]:
    return [edge["node"]["name"] for edge in me["peopleYouMayKnow"]["edges"]]


def names_of(page: Any) -> list[str]:
    return [edge["node"]["profile"]["name"] for edge in page["edges"]]
