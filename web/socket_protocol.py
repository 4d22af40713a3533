"""The words of `graphql-transport-ws`: messages, and the codes that a socket is closed with."""

from typing import Any, Final

import orjson
from aiohttp import WSMessage, WSMsgType

from services.errors import ErrorCode

PROTOCOL: Final = "graphql-transport-ws"
INVALID, UNAUTHORIZED, FORBIDDEN, NOT_ACCEPTABLE, TIMEOUT, TAKEN, AGAIN = 4400, 4401, 4403, 4406, 4408, 4409, 4429
"""The protocol's codes for closing."""


class Closed(Exception):
    """The socket is to be closed, for this reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def read(received: WSMessage) -> dict[str, Any]:
    """A message as the protocol has them. Raises Closed."""
    if received.type is not WSMsgType.TEXT:
        raise Closed(INVALID, "Only text messages")
    try:
        message = orjson.loads(received.data)
    except orjson.JSONDecodeError:
        raise Closed(INVALID, "Invalid message") from None
    if not isinstance(message, dict):
        raise Closed(INVALID, "Invalid message")
    return message


def error(message: str, code: ErrorCode, **facts: object) -> dict[str, Any]:
    """An error in the payload of an `error` message."""
    return {"message": message, "extensions": {**facts, "code": code.value}}
