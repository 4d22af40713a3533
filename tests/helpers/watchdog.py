"""
A watchdog of the event loop: fails a test in which one callback kept the loop for longer than is allowed.

It measures the CPU time that the loop's own thread spent in one callback (`time.thread_time`), not the time that passed. On a
busy machine a thread may have to wait for its turn for seconds in the middle of a callback, or for another thread to release
the interpreter; that is not the callback's fault, and a test that measured it would fail by chance. A callback that
computes, or that goes round without suspending, uses CPU time on any machine. Waiting with a blocking call uses none
and is not found this way.
"""

import asyncio
import ctypes
import gc
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

MAX_HELD_SECONDS = 0.25
"""CPU time that one callback may use in the loop's thread."""
FROZEN_SECONDS = 5.0
"""CPU time in one callback after which it is taken for one that never ends, and is interrupted."""
CHECK_SECONDS = 0.1


class LoopFrozen(BaseException):
    """Raised inside a callback that does not end. No `except Exception` keeps it."""


@dataclass
class Watch:
    """What the watchdog has seen: the longest callback, in seconds of CPU time, and which one it was."""

    longest: float = 0.0
    what: str = ""
    frozen_at: str = ""

    def forget(self) -> None:
        """Begin anew: what a test prepares in the loop itself does not count."""
        self.longest, self.what = 0.0, ""


@contextmanager
def watched(limit: float = MAX_HELD_SECONDS) -> Iterator[Watch]:
    """
    Watch the loop of the calling thread inside the block; fails at its end when one callback used more than `limit`
    seconds. A callback that never ends is interrupted after FROZEN_SECONDS, so that the test fails rather than hangs.
    """
    watch, thread = Watch(), threading.get_ident()
    clock_id = time.pthread_getcpuclockid(thread)
    handles: Any = asyncio.events.Handle
    run = handles._run  # every callback of the loop passes here
    begun: list[float | None] = [None]
    ended = threading.Event()

    def run_and_measure(handle: asyncio.Handle) -> None:
        if threading.get_ident() != thread:
            run(handle)
            return
        begun[0] = before = time.thread_time()
        try:
            run(handle)
        finally:
            begun[0] = None
            took = time.thread_time() - before
            if took > watch.longest:
                watch.longest, watch.what = took, repr(handle)

    def look() -> None:
        while not ended.wait(CHECK_SECONDS):
            before = begun[0]
            if before is None or time.clock_gettime(clock_id) - before < FROZEN_SECONDS:
                continue
            frame = sys._current_frames().get(thread)
            watch.frozen_at = "".join(traceback.format_stack(frame))
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(LoopFrozen))
            ended.wait(FROZEN_SECONDS)

    watcher = threading.Thread(target=look, name="watchdog", daemon=True)
    # What the tests before have left is not collected inside a callback: a server freezes its heap, too, when it starts.
    gc.collect()
    gc.freeze()
    handles._run = run_and_measure
    watcher.start()
    try:
        yield watch
    finally:
        ended.set()
        watcher.join()
        handles._run = run
        gc.unfreeze()
        assert not watch.frozen_at, f"The event loop was frozen:\n{watch.frozen_at}"
        assert watch.longest <= limit, f"One callback kept the event loop for {watch.longest:.3f} s: {watch.what}"
