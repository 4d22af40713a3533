"""
How many requests one may send. Whoever is signed in has the account's budget, however many tokens it has; nobody has
the address's, which is tighter. The figures are in catalogue/limits.toml.
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


class TooMany(Exception):
    """Over the limit."""

    def __init__(self, refusal: Refused) -> None:
        [problem] = refusal.problems
        super().__init__(problem.message)
        self.retry_after = cast("int", problem.facts["retry_after"])


class RequestLimit:
    """Counts requests where the settings say so."""

    def __init__(self, settings: Settings) -> None:
        self._on = settings.request_limit == "on"

    async def admit(self, viewer: Principal, client: Client) -> None:
        """Count a request before anything is done for it. Raises TooMany."""
        if self._on:
            operation, by = _whose(viewer, client)
            try:
                await rate_limits.spend(operation, by=by)
            except Refused as refusal:
                raise TooMany(refusal) from None

    async def take_turn(self, viewer: Principal, client: Client) -> bool:
        """Count an event that is about to be delivered, and wait while there are too many; whether that took any time."""
        waited = False
        while self._on:
            operation, by = _whose(viewer, client, "delivery")
            try:
                await rate_limits.spend(operation, by=by)
            except Refused as refusal:
                waited = True
                await asyncio.sleep(TooMany(refusal).retry_after)
            else:
                break
        return waited

    async def settle(
        self,
        viewer: Principal,
        client: Client,
        answer: Answer,
        *,
        asked: GraphQLRequest | None = None,
        event: bool = False,
    ) -> None:
        """
        Count what a request and its answer cost beyond one request, or the answer to an event beyond one delivery: then
        `asked` is None, since the request was counted when it came.
        """
        characters, values = (len(asked.query), asked.values) if asked else (0, 0)
        if self._on and (more := requests_of(answer, characters, values) - 1) > 0:
            operation, by = _whose(viewer, client, "delivery" if event else "request")
            await rate_limits.charge(operation, by=by, cost=more)


def too_many(error: TooMany) -> web.Response:
    """The answer to a request over the limit: 429."""
    extensions = {"code": ErrorCode.RATE_LIMITED.value, "retryAfter": error.retry_after}
    return web.Response(
        status=429,
        body=orjson.dumps({"errors": [{"message": str(error), "extensions": extensions}]}),
        headers={hdrs.RETRY_AFTER: str(error.retry_after)},
        content_type="application/json",
    )


def _whose(viewer: Principal, client: Client, what: str = "request") -> tuple[str, tuple[str]]:
    if viewer.signed_in:
        return what, (f"account:{viewer.account_id}",)
    return f"{what}-anonymous", (f"address:{client.address}",)
