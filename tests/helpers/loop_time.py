"""How long the event loop is held by one step, in time of the processor: other programs of the machine do not count."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import thread_time
from typing import Any

import pytest

TRIES = 4


@dataclass
class Longest:
    """The longest step so far, in seconds."""

    seconds: float = 0.0


@contextmanager
def steps_timed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Longest]:
    """Time each step of the loop inside the block. Garbage is collected as by a server that has run for long."""
    longest, run = Longest(), asyncio.events.Handle._run

    def timed(handle: Any) -> None:
        begun = thread_time()
        run(handle)
        longest.seconds = max(longest.seconds, thread_time() - begun)

    gc.collect()
    gc.freeze()
    try:
        with monkeypatch.context() as patched:
            patched.setattr(asyncio.events.Handle, "_run", timed)
            yield longest
    finally:
        gc.unfreeze()


async def shortest_stall(
    monkeypatch: pytest.MonkeyPatch, attack: Callable[[int], Awaitable[Any]], *, below: float
) -> float:
    """
    The longest step of an attack, in seconds; of several tries the best, since a busy machine makes the processor slower.
    `attack` takes the number of the try, to be new in each.
    """
    found = []
    for number in range(TRIES):
        with steps_timed(monkeypatch) as longest:
            await attack(number)
        found.append(longest.seconds)
        if longest.seconds < below:
            break
    return min(found)
