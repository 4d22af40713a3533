"""The DataLoaders of a request: one for each reader and its arguments."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from aiodataloader import DataLoader

BatchReader = Callable[..., Coroutine[Any, Any, Sequence[Any]]]


class Loaders:
    """The loaders of one request. Its context has one instance; fields call `Context.load`."""

    def __init__(self) -> None:
        self._loaders: dict[Any, DataLoader[Any, Any]] = {}

    async def load(self, reader: BatchReader, key: Any, arguments: dict[str, Any], context: Any) -> Any:
        """
        Return the reader's result for `key`; all keys requested in one turn of the loop are read together.

        None for a key that is None. Raises what the reader raised, or the Exception that is its result for this key.
        """
        if key is None:
            return None
        loader_key = (reader, _frozen(arguments))
        loader = self._loaders.get(loader_key)
        if loader is None:
            loader = self._loaders[loader_key] = DataLoader(_batch_load(reader, arguments, context))
        future = loader.load(key)
        future.add_done_callback(_retrieve_exception)
        # When one field fails graphql-core cancels its siblings. Without the shield that would cancel the future
        # that other fields await too, and their CancelledError would end the whole request.
        return await asyncio.shield(future)

    def clear(self) -> None:
        """Forget all rows, because something was written. Reads in progress still return to their callers."""
        self._loaders.clear()


def _batch_load(
    reader: BatchReader, arguments: dict[str, Any], context: Any
) -> Callable[[list[Any]], Coroutine[Any, Any, list[Any]]]:
    async def read(keys: list[Any]) -> list[Any]:
        try:
            return list(await reader(keys, context, **arguments))
        except asyncio.CancelledError as error:
            # The loader settles its futures on an Exception only: a cancelled reader would leave them pending.
            raise RuntimeError("A reader was cancelled.") from error

    return read


def _retrieve_exception(future: "asyncio.Future[Any]") -> None:
    """Keep the loop from logging a failure that only cancelled fields awaited."""
    if not future.cancelled():
        future.exception()


def _frozen(value: Any) -> Any:
    """Return a hashable value that is equal exactly if the arguments are; lists, dicts and input objects included."""
    if isinstance(value, dict):
        return dict, frozenset((name, _frozen(each)) for name, each in value.items())
    if isinstance(value, list | tuple):
        return list, tuple(_frozen(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value), tuple(_frozen(getattr(value, each.name)) for each in fields(value))
    # True == 1 == 1.0, yet they are different arguments of a JSON scalar.
    return type(value), value
