"""One DataLoader per reader and arguments, for as long as one request lasts."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from aiodataloader import DataLoader

BatchReader = Callable[..., Coroutine[Any, Any, Sequence[Any]]]


class Loaders:
    """The loaders of one request. A context holds one and hands its `load` to the fields."""

    def __init__(self) -> None:
        self._loaders: dict[Any, DataLoader[Any, Any]] = {}

    async def load(self, reader: BatchReader, key: Any, arguments: dict[str, Any], context: Any) -> Any:
        """
        What `reader` answers for `key`; keys asked for in the same turn of the loop are read together.

        None for a key that is None. Raises what the reader raised, or the Exception that it answered for this key.
        """
        if key is None:
            return None
        which = (reader, _frozen(arguments))
        loader = self._loaders.get(which)
        if loader is None:
            loader = self._loaders[which] = DataLoader(_batch(reader, arguments, context))
        future = loader.load(key)
        future.add_done_callback(_looked_at)
        # When one field fails graphql-core cancels its siblings. Without the shield that would cancel the future
        # which other fields wait for too, and their CancelledError would end the whole request.
        return await asyncio.shield(future)

    def clear(self) -> None:
        """Forget everything read so far: something was written. Reads under way still answer those who wait."""
        self._loaders.clear()


def _batch(
    reader: BatchReader, arguments: dict[str, Any], context: Any
) -> Callable[[list[Any]], Coroutine[Any, Any, list[Any]]]:
    async def read(keys: list[Any]) -> list[Any]:
        try:
            return list(await reader(keys, context, **arguments))
        except asyncio.CancelledError as error:
            # The loader settles its futures on an Exception only: a cancelled reader would leave them pending.
            raise RuntimeError("A reader was cancelled.") from error

    return read


def _looked_at(future: "asyncio.Future[Any]") -> None:
    """Keep the loop from complaining about a failure that only cancelled fields waited for."""
    if not future.cancelled():
        future.exception()


def _frozen(value: Any) -> Any:
    """Make a hashable stand-in, equal exactly when the values are: lists, dicts and input objects included."""
    if isinstance(value, dict):
        return dict, frozenset((name, _frozen(held)) for name, held in value.items())
    if isinstance(value, list | tuple):
        return list, tuple(_frozen(held) for held in value)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value), tuple(_frozen(getattr(value, each.name)) for each in fields(value))
    # True == 1 == 1.0, yet they are different arguments of a JSON scalar.
    return type(value), value
