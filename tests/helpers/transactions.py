"""Transactions around what a test does itself."""

from collections.abc import Awaitable
from typing import TypeVar

from tortoise.transactions import in_transaction

Result = TypeVar("Result")


async def committed(work: Awaitable[Result]) -> Result:
    """Await `work` in a transaction of its own; returns its result."""
    async with in_transaction():
        return await work
