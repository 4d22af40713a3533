"""
The rate limit of requests. A signed-in caller uses the account's budget, with whatever credentials; an anonymous caller
uses the address's, which is smaller. The figures are in catalogue/limits.toml.
"""

import asyncio
from typing import cast

import orjson
from aiohttp import hdrs, web

from execution.results import Answer
from services.auth.principals import Client, Principal
from services.core import rate_limits
from services.errors import ErrorCode, Refused
from settings import Settings
from web.costs import requests_of
from web.graphql_request import GraphQLRequest


class TooManyRequests(Exception):
    """The caller is over the limit; `retry_after` is in seconds."""

    def __init__(self, refusal: Refused) -> None:
        [problem] = refusal.problems
        super().__init__(problem.message)
        self.retry_after = cast("int", problem.facts["retry_after"])


class RequestLimit:
    """Counts requests, if the settings say so."""

    def __init__(self, settings: Settings) -> None:
        self._on = settings.request_limit == "on"

    async def admit(self, viewer: Principal, client: Client) -> None:
        """Count a request before any work is done for it. Raises TooManyRequests."""
        if self._on:
            operation, by = _budget_of(viewer, client)
            try:
                await rate_limits.spend(operation, by=by)
            except Refused as refusal:
                raise TooManyRequests(refusal) from None

    async def take_turn(self, viewer: Principal, client: Client) -> bool:
        """Count an event before its delivery; wait while there are too many. True if it had to wait."""
        waited = False
        while self._on:
            operation, by = _budget_of(viewer, client, "delivery")
            try:
                await rate_limits.spend(operation, by=by)
            except Refused as refusal:
                waited = True
                await asyncio.sleep(TooManyRequests(refusal).retry_after)
            else:
                break
        return waited

    async def settle(
        self,
        viewer: Principal,
        client: Client,
        answer: Answer,
        *,
        request: GraphQLRequest | None = None,
        event: bool = False,
    ) -> None:
        """
        Charge the cost of a request and its answer beyond one request, or of an event's answer beyond one delivery. For
        an event `request` is None: the request itself was charged before.
        """
        characters, values = (len(request.query), request.values) if request else (0, 0)
        if self._on and (more := requests_of(answer, characters, values) - 1) > 0:
            operation, by = _budget_of(viewer, client, "delivery" if event else "request")
            await rate_limits.charge(operation, by=by, cost=more)


def too_many_requests(error: TooManyRequests) -> web.Response:
    """The response to a request over the limit: 429."""
    extensions = {"code": ErrorCode.RATE_LIMITED.value, "retryAfter": error.retry_after}
    return web.Response(
        status=429,
        body=orjson.dumps({"errors": [{"message": str(error), "extensions": extensions}]}),
        headers={hdrs.RETRY_AFTER: str(error.retry_after)},
        content_type="application/json",
    )


def _budget_of(viewer: Principal, client: Client, what: str = "request") -> tuple[str, tuple[str]]:
    if viewer.signed_in:
        return what, (f"account:{viewer.account_id}",)
    return f"{what}-anonymous", (f"address:{client.address}",)
