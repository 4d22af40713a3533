"""One batch per reader and arguments, and no read is cancelled because another one failed."""

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest

from resolvers.base.loaders import Loaders


@dataclass
class Filter:
    tags: list[str]


class Colour(Enum):
    RED = "red"


class Library:
    """A reader that records its calls."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[int], dict[str, Any]]] = []

    async def read(self, keys: Sequence[int], _context: object, **arguments: Any) -> list[Any]:
        self.batches.append((list(keys), arguments))
        await asyncio.sleep(0)
        return [LookupError("gone") if key == 13 else key * 10 for key in keys]


async def test_keys_of_one_turn_are_read_together() -> None:
    # given
    library, loaders = Library(), Loaders()
    # when
    values = await asyncio.gather(*(loaders.load(library.read, key, {}, None) for key in (1, 2, 1, None)))
    # then
    assert values == [10, 20, 10, None]
    assert library.batches == [([1, 2], {})]


@pytest.mark.parametrize(
    "arguments",
    [
        {"ids": ["a", "b"]},
        {"where": Filter(["x"])},
        {"json": {"deep": [{"er": None}]}},
        {"colour": Colour.RED, "many": [Filter(["x"]), Filter(["y"])]},
    ],
)
async def test_unhashable_arguments_share_a_loader_when_they_are_equal(arguments: dict[str, Any]) -> None:
    # given
    library, loaders = Library(), Loaders()
    # when
    await asyncio.gather(
        loaders.load(library.read, 1, arguments, None), loaders.load(library.read, 2, {**arguments}, None)
    )
    # then
    assert library.batches == [([1, 2], arguments)]


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), (1, 1.0), ([1], [True]), ({"a": 1}, {"a": True})])
async def test_arguments_that_only_look_equal_have_loaders_of_their_own(one: Any, other: Any) -> None:
    # given
    library, loaders = Library(), Loaders()
    # when
    await asyncio.gather(
        loaders.load(library.read, 1, {"value": one}, None), loaders.load(library.read, 1, {"value": other}, None)
    )
    # then
    assert len(library.batches) == 2


async def test_an_exception_for_one_key_fails_that_key_alone() -> None:
    # given
    library, loaders = Library(), Loaders()
    # when
    loads = [loaders.load(library.read, key, {}, None) for key in (1, 13)]
    results = await asyncio.gather(*loads, return_exceptions=True)
    # then
    assert results[0] == 10
    assert isinstance(results[1], LookupError)


async def test_a_cancelled_field_leaves_the_value_to_the_others() -> None:
    # given
    library, loaders = Library(), Loaders()
    cancelled = asyncio.ensure_future(loaders.load(library.read, 1, {}, None))
    other = asyncio.ensure_future(loaders.load(library.read, 1, {}, None))
    await asyncio.sleep(0)
    # when
    cancelled.cancel()
    # then
    assert await other == 10
    assert cancelled.cancelled()


async def test_a_failure_that_no_caller_waits_for_is_not_reported() -> None:
    # given
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    field = asyncio.ensure_future(Loaders().load(Library().read, 13, {}, None))
    await asyncio.sleep(0)
    # when
    field.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    del field  # its traceback holds the loader
    gc.collect()
    # then
    assert complaints == []


async def test_a_cancelled_reader_is_a_failure_and_no_endless_wait() -> None:
    # given
    async def cancelled(keys: Sequence[int], context: object) -> list[Any]:
        raise asyncio.CancelledError

    # when
    load = Loaders().load(cancelled, 1, {}, None)
    # then
    with pytest.raises(RuntimeError, match="cancelled"):
        await asyncio.wait_for(load, timeout=1)


async def test_after_clear_values_are_read_again() -> None:
    # given
    library, loaders = Library(), Loaders()
    await loaders.load(library.read, 1, {}, None)
    # when
    loaders.clear()
    await loaders.load(library.read, 1, {}, None)
    # then
    assert len(library.batches) == 2
