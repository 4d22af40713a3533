"""
The cost of a request: counted by the rate limit, and reported to clients that send the header `GraphQL-Cost`.

It is not reported to others: most clients never read it, and it would add bytes to every response.
"""

from typing import Any

from aiohttp import web

from execution.results import Answer

HEADER = "GraphQL-Cost"
COST_PER_REQUEST_UNIT = 500
"""Objects that count as one request of the rate limit; a more expensive operation counts as several."""
CHARACTERS_PER_REQUEST_UNIT = 4_000
"""Characters of a document that count as one request: parsing them takes as long as a few hundred objects."""
VALUES_PER_REQUEST_UNIT = 1_000
"""Values in the variables that count as one request: each is checked and converted."""
SECONDS_PER_REQUEST_UNIT = 0.02
"""Processor time that counts as one request, for parsing and preparing an operation: it blocks everything else."""
FALLBACK_FACTOR = 10
"""Factor of the cost when graphql-core answers in place of a plan."""


def requests_of(answer: Answer, characters: int = 0, values: int = 0) -> int:
    """
    How many requests an answer counts as, given the document's characters and the variables' values.

    An operation that was refused is charged for parsing only.
    """
    parsing = max(
        1,
        -(-characters // CHARACTERS_PER_REQUEST_UNIT),
        -(-values // VALUES_PER_REQUEST_UNIT),
        int(answer.seconds / SECONDS_PER_REQUEST_UNIT),
    )
    if answer.request_error:
        return parsing
    return max(parsing, -(-answer.cost * (FALLBACK_FACTOR if answer.fell_back else 1) // COST_PER_REQUEST_UNIT))


def body_of(request: web.Request, answer: Answer) -> dict[str, Any]:
    """The response body, with `extensions.cost` if the request asks for it and the operation was valid."""
    if HEADER not in request.headers or not answer.max_cost:
        return answer.body
    return {**answer.body, "extensions": {"cost": {"requested": answer.cost, "limit": answer.max_cost}}}
