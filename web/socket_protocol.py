"""Messages and close codes of the `graphql-transport-ws` protocol."""

from typing import Any, Final

import orjson
from aiohttp import WSMessage, WSMsgType

from services.errors import ErrorCode

PROTOCOL: Final = "graphql-transport-ws"
BAD_MESSAGE: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
NOT_ACCEPTABLE: Final = 4406
INIT_TIMEOUT: Final = 4408
ALREADY_SUBSCRIBED: Final = 4409
TOO_MANY: Final = 4429


class Closed(Exception):
    """The socket must be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def parse_message(received: WSMessage) -> dict[str, Any]:
    """A client's message as an object. Raises Closed."""
    if received.type is not WSMsgType.TEXT:
        raise Closed(BAD_MESSAGE, "Only text messages")
    try:
        message = orjson.loads(received.data)
    except orjson.JSONDecodeError:
        raise Closed(BAD_MESSAGE, "Invalid message") from None
    if not isinstance(message, dict):
        raise Closed(BAD_MESSAGE, "Invalid message")
    return message


def error(message: str, code: ErrorCode, **facts: object) -> dict[str, Any]:
    """One error in the payload of an `error` message."""
    return {"message": message, "extensions": {**facts, "code": code.value}}
