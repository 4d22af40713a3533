"""Signing in and elevation over HTTP."""

from typing import Any

from yarl import URL

from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.sign_in import ADA, GOOD

SIGN_IN = """
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    viewer { account { email } } isPasswordExpired secondFactor { token method } errors { code message path }
  }
}
"""


ELEVATE = (
    "mutation E($input: ElevateSessionInput!) { elevateSession(input: $input) { elevatedUntil errors { code path } } }"
)


ME = "{ viewer { account { email } } }"


ADA_HERSELF = {"viewer": {"account": {"email": ADA}}}


async def sign_in(client: GraphQLClient, email: str = ADA, password: str = GOOD) -> dict[str, Any]:
    return (await client.data(SIGN_IN, input={"email": email, "password": password}))["signIn"]


def cookie(client: GraphQLClient) -> str | None:
    kept = client.http.session.cookie_jar.filter_cookies(URL(client.http.make_url("/"))).get("session")
    return kept.value if kept else None


async def viewer_with(client: GraphQLClient, headers: dict[str, str]) -> Any:
    """The viewer of a request with these headers instead of the client's own cookie."""
    jar, own = client.http.session.cookie_jar, cookie(client)
    jar.clear()
    found = await (await client.post(ME, headers=headers)).json()
    jar.clear()
    if own is not None:
        jar.update_cookies({"session": own}, URL(client.http.make_url("/")))
    return found["data"]


def with_cookie(secret: str | None) -> dict[str, str]:
    return {"Cookie": f"session={secret}"}


async def error_codes(client: GraphQLClient, document: str, name: str, **given: Any) -> list[str]:
    return [error["code"] for error in (await client.data(document, input=given))[name]["errors"]]
