"""Files, as clients send them: the GraphQL multipart request."""

from io import BytesIO
from typing import Any

import orjson
from aiohttp import ClientResponse, FormData
from PIL import Image

from tests.helpers.graphql_client import Body, GraphQLClient

UPLOAD = """
mutation Upload($input: UploadAvatarInput!) {
  uploadAvatar(input: $input) {
    profile { avatarUrl avatarUrlSmall: avatarUrl(size: 64) avatarUrlLarge: avatarUrl(size: 512) }
    viewer { profileVersion }
    errors { __typename code message path ... on RateLimitError { retryAfter } }
  }
}
"""
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}


def picture(kind: str = "PNG", size: tuple[int, int] = (80, 60), colour: str = "teal", **more: Any) -> bytes:
    """A picture's file."""
    into = BytesIO()
    Image.new("RGB", size, colour).save(into, kind, **more)
    return into.getvalue()


def form(
    content: bytes, document: str = UPLOAD, *, place: str = "variables.input.image", more: Body | None = None
) -> FormData:
    """A file as `image` of an input, and `more` of it."""
    data = FormData(default_to_multipart=True)
    variables = {"input": {**(more or {}), "image": None}}
    data.add_field("operations", orjson.dumps({"query": document, "variables": variables}).decode())
    data.add_field("map", orjson.dumps({"0": [place]}).decode())
    data.add_field("0", content, filename="me.png", content_type="image/png")
    return data


async def send(
    client: GraphQLClient,
    content: bytes,
    document: str = UPLOAD,
    *,
    headers: dict[str, str] | None = None,
    more: Body | None = None,
) -> ClientResponse:
    data = form(content, document, more=more)
    return await client.http.post("/graphql", data=data, headers={**PREFLIGHT, **(headers or {})})


async def uploaded(client: GraphQLClient, content: bytes, *, headers: dict[str, str] | None = None) -> Body:
    """Upload, and answer the payload."""
    response = await send(client, content, headers=headers)
    text = await response.read()
    assert response.status == 200, (response.status, text)
    body = orjson.loads(text)
    assert "errors" not in body, body
    return body["data"]["uploadAvatar"]
