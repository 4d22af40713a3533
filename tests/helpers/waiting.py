"""Waiting for something that can be seen, instead of for a time."""

import asyncio


async def until(true, seconds: float = 10) -> None:
    """Return as soon as `true()` holds; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.02)


async def until_it(is_so, seconds: float = 10) -> None:
    """Like `until`, for what can only be seen by asking: `is_so()` is awaited."""
    async with asyncio.timeout(seconds):
        while not await is_so():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
