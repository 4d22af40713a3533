"""A client of the whole server, over HTTP, in the same process."""

from typing import Any

import orjson
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from schema.error_rows import PLACES, Place
from services.errors import ErrorCode

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
        """Send a document and answer the whole body; the status must be 200, and codes of top-level errors must be
        those that are declared to be."""
        response = await self.post(document, token=token, headers=headers, **variables)
        text = await response.read()
        assert response.status == 200, (response.status, text)
        body = orjson.loads(text)
        codes = {ErrorCode(each["extensions"]["code"]) for each in body.get("errors", ())}
        assert all(set(PLACES.get(each, ())) & {Place.REQUEST, Place.TOP_LEVEL} for each in codes), codes
        return body

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
