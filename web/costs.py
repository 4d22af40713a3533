"""
What a request costs: told to whoever asks with the header `GraphQL-Cost`, and counted by the request limit.

Not told to everybody: it would be bytes in every answer, which most clients never read.
"""

from typing import Any

from aiohttp import web

from execution.results import Answer

HEADER = "GraphQL-Cost"
SHARE = 500
"""Objects that one request of the request limit is worth; a dearer operation counts as several."""
CHARACTERS = 4_000
"""Of a document: reading so many takes as long as a few hundred objects. A longer one counts as several requests."""
FELL_BACK = 10
"""Times that an answer counts which a plan began and graphql-core had to finish."""


def requests_of(answer: Answer, characters: int = 0) -> int:
    """
    How many requests an answer to a document of so many characters counts as. One that was not run, whatever it asked
    for, counts as it was read.
    """
    read = max(1, -(-characters // CHARACTERS))
    if answer.request_error or (answer.cost <= SHARE and not answer.fell_back):
        return read
    return max(read, max(1, -(-answer.cost // SHARE)) * (FELL_BACK if answer.fell_back else 1))


def body_of(request: web.Request, answer: Answer) -> dict[str, Any]:
    """The answer's body, with `extensions.cost` where the request asks for it and the operation was understood."""
    if HEADER not in request.headers or not answer.max_cost:
        return answer.body
    return {**answer.body, "extensions": {"cost": {"requested": answer.cost, "limit": answer.max_cost}}}
