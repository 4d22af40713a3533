"""Badge credentials, fetched over HTTP and read by a library that is not the server's."""

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
