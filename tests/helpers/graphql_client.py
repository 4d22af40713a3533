"""A client of the whole server, over HTTP, in the same process."""

from typing import Any

import orjson
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

Body = dict[str, Any]


class GraphQLClient:
    """Sends documents; keeps what came back."""

    def __init__(self, http: "TestClient[Any, Any]") -> None:
        self.http = http

    async def post(
        self, document: str, *, token: str | None = None, headers: dict[str, str] | None = None, **variables: Any
    ) -> ClientResponse:
        sent = {"Authorization": f"mxtoken {token}"} if token else {}
        return await self.http.post(
            "/graphql", json={"query": document, "variables": variables}, headers={**sent, **(headers or {})}
        )

    async def ask(
        self, document: str, *, token: str | None = None, headers: dict[str, str] | None = None, **variables: Any
    ) -> Body:
        """Send a document and answer the whole body; the status must be 200."""
        response = await self.post(document, token=token, headers=headers, **variables)
        text = await response.read()
        assert response.status == 200, (response.status, text)
        return orjson.loads(text)

    async def data(self, document: str, *, token: str | None = None, **variables: Any) -> Body:
        """Send a document that must be answered without an error."""
        body = await self.ask(document, token=token, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def code(self, document: str, *, token: str | None = None, **variables: Any) -> str:
        """Send a document that must fail with one error; answer its code."""
        body = await self.ask(document, token=token, **variables)
        assert len(body["errors"]) == 1, body
        return body["errors"][0]["extensions"]["code"]
