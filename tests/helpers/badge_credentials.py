"""Badge credentials, fetched over HTTP and read by a library that is not the server's."""

import re
from typing import Any

from aiohttp import ClientResponse
from joserfc import jwk
from joserfc import jwt as independent
from openbadgeslib.ob3 import status
from yarl import URL

from models.accounts import Account
from models.badges import BadgeAward
from tests.helpers.badge_awards import make_award
from tests.helpers.factories import make_person
from tests.helpers.graphql_client import GraphQLClient

JWT = "application/vc+jwt"
FORMS = [None, "*/*", "text/plain", JWT, "application/json", "application/vc+ld+json", "text/html"]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def get(client: GraphQLClient, path: str, accept: str | None = None, **headers: str) -> ClientResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if accept is not None:
        sent["Accept"] = accept
    skipped = () if accept is not None else ("Accept",)
    return await client.http.get(path, headers=sent, skip_auto_headers=skipped, allow_redirects=False)


async def get_as_written(client: GraphQLClient, path: str) -> ClientResponse:
    """Nothing in the path is put right on the way."""
    return await client.http.session.get(URL(f"{str(client.http.make_url('/')).rstrip('/')}{path}", encoded=True))


async def someones(
    email: str = "ada@people.example", *, public: bool = True, **more: Any
) -> tuple[Account, BadgeAward]:
    account = await make_person(email, public=public)
    return account, await make_award(account.own_profile_id, **more)


def at(award: BadgeAward) -> str:
    return f"/credentials/{award.credential}"


async def checked_by_others(client: GraphQLClient, compact: str) -> dict[str, Any]:
    """The claims, as another library finds them with the keys that are published."""
    response = await get(client, "/.well-known/jwks.json")
    keys = jwk.KeySet.import_key_set(await response.json())
    found = independent.decode(compact, keys, algorithms=["EdDSA"])
    assert found.header.keys() == {"alg", "typ", "kid"}
    # and with the one that the header names
    path = found.header["kid"].removeprefix("http://graph.example")
    response = await get(client, path)
    key = jwk.import_key(await response.json())
    assert key.thumbprint() == path.rpartition("/")[2] and not key.is_private
    assert independent.decode(compact, key, algorithms=["EdDSA"]).claims == found.claims
    return dict(found.claims)


def set_bits(status_list: dict[str, Any]) -> set[int]:
    """The indexes that a status list says are revoked, as another library reads it."""
    return set(status.set_indices(status.decode_encoded_list(status_list["credentialSubject"]["encodedList"])))


TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def check_required_members(document: dict[str, Any]) -> None:
    """What Open Badges 3.0 requires of an OpenBadgeCredential, member by member: presence, cardinality, type."""
    contexts = document["@context"]
    assert isinstance(contexts, list) and contexts[0] == "https://www.w3.org/ns/credentials/v2"
    assert re.fullmatch(r"https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.\d\.\d)*\.json", contexts[1])
    assert isinstance(document["id"], str) and document["id"].startswith("http")
    assert {"VerifiableCredential", "OpenBadgeCredential"} <= set(document["type"])
    issuer = document["issuer"]
    assert isinstance(issuer["id"], str) and "Profile" in issuer["type"] and isinstance(issuer.get("name", ""), str)
    assert TIME.fullmatch(document["validFrom"])
    subject = document["credentialSubject"]
    assert "AchievementSubject" in subject["type"]
    assert isinstance(subject["id"], str) and ":" in subject["id"]
    for identity in subject.get("identifier", []):
        assert identity["type"] == "IdentityObject" and identity["identityType"] == "emailAddress"
        assert identity["hashed"] is True and isinstance(identity["salt"], str)
        assert re.fullmatch(r"sha256\$[0-9a-f]{64}", identity["identityHash"])
    achievement = subject["achievement"]
    assert isinstance(achievement["id"], str) and ":" in achievement["id"] and "Achievement" in achievement["type"]
    assert achievement["achievementType"] == "Badge"
    assert all(isinstance(achievement[name], str) and achievement[name] for name in ("name", "description"))
    assert isinstance(achievement["criteria"]["narrative"], str) and achievement["criteria"]["narrative"]
    status = document["credentialStatus"]
    assert status["type"] == "BitstringStatusListEntry" and status["statusPurpose"] == "revocation"
    assert status["statusListIndex"].isdecimal() and status["statusListCredential"].startswith("http")
    assert status["id"] == f"{status['statusListCredential']}#{status['statusListIndex']}"
    assert achievement["image"]["type"] == "Image" and achievement["image"]["id"].startswith("http")
