"""
How many requests one may send. Whoever is signed in has the account's budget, however many tokens it has; nobody has
the address's, which is tighter. The figures are in catalogue/limits.toml.
"""

import orjson
from aiohttp import hdrs, web

from execution.results import Answer
from resolvers.viewers import Client, Viewer
from services import limits
from services.errors import ErrorCode, Refused
from settings import Settings

FELL_BACK = 10
"""What an answer costs that a plan began and graphql-core had to finish; any other costs 1."""


class TooMany(Exception):
    """Over the limit."""

    def __init__(self, refusal: Refused) -> None:
        [problem] = refusal.problems
        super().__init__(problem.message)
        self.retry_after = problem.facts["retry_after"]


class RequestLimit:
    """Counts requests where the settings say so."""

    def __init__(self, settings: Settings) -> None:
        self._on = settings.request_limit == "on"

    async def admit(self, viewer: Viewer, client: Client) -> None:
        """Count a request before anything is done for it. Raises TooMany."""
        if self._on:
            operation, by = _whose(viewer, client)
            try:
                await limits.spend(operation, by=by)
            except Refused as refusal:
                raise TooMany(refusal) from None

    async def settle(self, viewer: Viewer, client: Client, answer: Answer) -> None:
        """Count what the answer cost beyond one request."""
        if self._on and answer.fell_back:
            operation, by = _whose(viewer, client)
            await limits.charge(operation, by=by, cost=FELL_BACK - 1)


def too_many(error: TooMany) -> web.Response:
    """The answer to a request over the limit: 429."""
    extensions = {"code": ErrorCode.RATE_LIMITED.value, "retryAfter": error.retry_after}
    return web.Response(
        status=429,
        body=orjson.dumps({"errors": [{"message": str(error), "extensions": extensions}]}),
        headers={hdrs.RETRY_AFTER: str(error.retry_after)},
        content_type="application/json",
    )


def _whose(viewer: Viewer, client: Client) -> tuple[str, tuple[str]]:
    if viewer.signed_in:
        return "request", (f"account:{viewer.account_id}",)
    return "request-of-nobody", (f"address:{client.address}",)
