"""
When tokens and API keys were last used.

A request only remembers it; a task of the server writes it down, so that no answer waits for a writer. After a crash
the last half minute of it is lost.
"""

from datetime import datetime
from typing import Final

from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from models.tokens import AccessToken, ApiKey
from services.core import clock, runtime

WRITE_INTERVAL_SECONDS: Final = 30.0
"""Seconds between two writings: `last_used_at` is at most a minute old."""
MAX_REMEMBERED: Final = 50_000
"""Credentials between two writings: some 10 MB, should the database not take any."""


class _LastUses(dict[tuple[type[AccessToken | ApiKey], int], datetime]):
    """When each credential was last used, as far as it is not written yet."""


def remember(model: type[AccessToken | ApiKey], number: int) -> None:
    """Note that a credential was used now. Beyond MAX_REMEMBERED of them, those that come first are noted."""
    uses = _unwritten()
    if len(uses) < MAX_REMEMBERED or (model, number) in uses:
        uses[model, number] = clock.now()


async def write_down() -> int:
    """Write what is remembered, in one transaction; returns how many rows. What fails is kept for the next time."""
    uses = _unwritten()
    if not uses:
        return 0
    seen = dict(uses)
    written = 0
    async with in_transaction():
        for (model, number), at in sorted(seen.items(), key=lambda item: (item[0][0].__name__, item[0][1])):
            older = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at)
            written += await model.filter(older, id=number).update(last_used_at=at)
    for each, at in seen.items():
        if uses.get(each) == at:
            del uses[each]
    return written


def _unwritten() -> _LastUses:
    return runtime.current().part(_LastUses, _LastUses)
