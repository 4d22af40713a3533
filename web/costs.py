"""
What a request costs: told to whoever asks with the header `GraphQL-Cost`, and counted by the request limit.

Not told to everybody: it would be bytes in every answer, which most clients never read.
"""

from typing import Any

from aiohttp import web

from execution.results import Answer

HEADER = "GraphQL-Cost"
COST_PER_REQUEST_UNIT = 500
"""Objects that one request of the request limit is worth; a dearer operation counts as several."""
CHARACTERS = 4_000
"""Of a document: reading so many takes as long as a few hundred objects. A longer one counts as several requests."""
VALUES = 1_000
"""Values in the variables that count as one request: each is checked and converted."""
SECONDS = 0.02
"""Of the processor that count as one request, for reading and preparing an operation: nothing else runs meanwhile."""
FELL_BACK = 10
"""Times that a cost counts where graphql-core had to answer in place of a plan."""


def requests_of(answer: Answer, characters: int = 0, values: int = 0) -> int:
    """
    How many requests an answer to a document of so many characters, with so many values in its variables, counts as.
    One that was not run, whatever it asked for, counts as it was read.
    """
    read = max(1, -(-characters // CHARACTERS), -(-values // VALUES), int(answer.seconds / SECONDS))
    if answer.request_error:
        return read
    return max(read, -(-answer.cost * (FELL_BACK if answer.fell_back else 1) // COST_PER_REQUEST_UNIT))


def body_of(request: web.Request, answer: Answer) -> dict[str, Any]:
    """The answer's body, with `extensions.cost` where the request asks for it and the operation was understood."""
    if HEADER not in request.headers or not answer.max_cost:
        return answer.body
    return {**answer.body, "extensions": {"cost": {"requested": answer.cost, "limit": answer.max_cost}}}
