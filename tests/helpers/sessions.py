"""Being signed in, in tests."""

from yarl import URL

from models.accounts import Account
from services.auth import sessions
from services.auth.principals import Client
from tests.helpers.graphql_client import GraphQLClient


async def sign_in(client: GraphQLClient, account: Account, *, elevated: bool = True) -> int:
    """Let the client's cookie jar hold a new session of this account; returns its number."""
    secret = await sessions.begin(account.id, Client("192.0.2.1", "A browser"))
    facts = await sessions.authenticate(secret)
    assert facts and facts.session_id
    if elevated:
        secret = await sessions.elevate(facts.session_id)
    client.http.session.cookie_jar.update_cookies({"session": secret}, URL(client.http.make_url("/")))
    return facts.session_id
