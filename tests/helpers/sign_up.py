"""Signing up over HTTP."""

from typing import Any

from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.sign_in import ADA, GOOD

SIGN_UP = "mutation S($input: SignUpInput!) { signUp(input: $input) { signUpToken errors { code path } } }"


VERIFY = """
mutation V($input: VerifyEmailInput!) {
  verifyEmail(input: $input) { viewer { account { email company { name } } } errors { code path } }
}
"""


async def sign_up(client: GraphQLClient, email: str = ADA, **more: Any) -> dict[str, Any]:
    given = {"email": email, "password": GOOD, "name": "Ada Okafor", "allowsMarketing": False, **more}
    return (await client.data(SIGN_UP, input=given))["signUp"]


async def verify(client: GraphQLClient, secret: str, code: str) -> dict[str, Any]:
    return (await client.data(VERIFY, input={"signUpToken": secret, "code": code}))["verifyEmail"]
