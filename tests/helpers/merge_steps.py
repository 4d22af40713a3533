"""The steps of a merge over HTTP, as a client takes them."""

import re
from typing import Any

from models.accounts import Account
from models.outbox import OutboxMessage
from services.messages import outbox
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session

MERGE = """id state addresses { addressId masked } attemptsLeft needsSecondFactor secondFactorMethods supportUrl
    startedAt expiresAt mergedAt profile { id name }"""
PREVIEW = """hash warnings fields { field title keptFrom kept lost } tables { title kept moved combined lost }
    compensations { reason category points activity { code } } accounts { email status isOfOtherProfile creditBalance }
    ownFigures { ...F } otherFigures { ...F } mergedFigures { ...F } credentials { kind name hint accountEmail isOfOtherProfile }"""
FIGURES = """fragment F on MergeFigures { score { points level { number } categories { category points } } badgeCount challengeCount
    certifications academy { units learningPaths } }"""


def call(name: str, given: str = "$input", fields: str = f"merge {{ {MERGE} }}") -> str:
    """One mutation of a merge."""
    return f"{name}(input: {given}) {{ {fields} errors {{ code message path }} }}"


class Merger:
    """An account that merges, in an elevated session."""

    def __init__(self, client: GraphQLClient, account: Account, headers: Headers) -> None:
        self.client, self.account, self.headers = client, account, headers
        self.merge: Any = None

    @property
    def merge_id(self) -> str:
        return str(self.merge["id"])

    async def ask(self, document: str, **variables: Any) -> Any:
        """The whole body."""
        return await self.client.ask(document, headers=self.headers, **variables)

    async def do(self, name: str, **given: Any) -> list[str]:
        """Take a step; the codes of its errors. Without errors the merge is kept."""
        kind = f"{name[0].upper()}{name[1:]}Input!"
        body = await self.ask(f"mutation Step($input: {kind}) {{ {call(name)} }}", input=given)
        assert "errors" not in body, body
        payload = body["data"][name]
        self.merge = payload["merge"] or self.merge
        assert bool(payload["errors"]) is (payload["merge"] is None)
        return [each["code"] for each in payload["errors"]]

    async def start(self, email: str, **more: Any) -> list[str]:
        return await self.do("startMerge", email=email, **more)

    async def send(self, place: int = 0) -> list[str]:
        return await self.do(
            "sendMergeCode", mergeId=self.merge_id, addressId=self.merge["addresses"][place]["addressId"]
        )

    async def verify(self, code: str) -> list[str]:
        return await self.do("verifyMergeCode", mergeId=self.merge_id, code=code)

    async def prove(self, code: str) -> list[str]:
        return await self.do("verifyMergeSecondFactor", mergeId=self.merge_id, code=code)

    async def finish(self, preview_hash: str | None = None) -> list[str]:
        given = preview_hash if preview_hash is not None else (await self.preview())["hash"]
        return await self.do("mergeProfiles", mergeId=self.merge_id, previewHash=given)

    async def preview(self) -> Any:
        body = await self.ask(
            f"query Look($id: ID!) {{ node(id: $id) {{ ... on ProfileMerge {{ preview {{ {PREVIEW} }} }} }} }} {FIGURES}",
            id=self.merge_id,
        )
        return body["data"]["node"]["preview"]

    async def seen(self) -> Any:
        """The merge as it is now."""
        body = await self.ask(
            f"query See($id: ID!) {{ node(id: $id) {{ ... on ProfileMerge {{ {MERGE} }} }} }}", id=self.merge_id
        )
        return body["data"]["node"]

    async def verified(self, email: str, place: int = 0) -> "Merger":
        """Go up to the verified code."""
        assert await self.start(email) == [] and await self.send(place) == []
        assert await self.verify(await merge_code()) == [] and self.merge["state"] == "VERIFIED"
        return self


async def merger(client: GraphQLClient, account: Account) -> Merger:
    return Merger(client, account, await in_session(account, elevated=True))


async def merge_mails(kind: str = "merge-code") -> list[outbox.Message]:
    """The mails of merges that reach somebody, in order."""
    written = [outbox.opened(row) for row in await OutboxMessage.filter(kind=kind).order_by("id")]
    return [each for each in written if each.to]


async def merge_code() -> str:
    """The code in the last mail of a merge."""
    [code] = re.findall(r"^\d{6}$", (await merge_mails())[-1].text, re.MULTILINE)
    return str(code)


async def cancel_link() -> str:
    """The link in the last mail of a merge."""
    [link] = re.findall(r"^https?://\S+/merges/cancel\?\S+$", (await merge_mails())[-1].text, re.MULTILINE)
    return str(link)
