"""
When tokens and API keys were last used.

A request only records it in memory; a job of the server writes it, so that no request waits for a write. A crash loses
the last half minute.
"""

from datetime import datetime
from typing import Final

from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from models.tokens import AccessToken, ApiKey
from services.core import clock, runtime

WRITE_INTERVAL_SECONDS: Final = 30.0
"""Time between two writes: `last_used_at` is at most a minute old."""
MAX_UNWRITTEN: Final = 50_000
"""Unwritten credentials, about 10 MB, if the database is unavailable."""


class _LastUses(dict[tuple[type[AccessToken | ApiKey], int], datetime]):
    """Unwritten last uses of credentials."""


def record_use(model: type[AccessToken | ApiKey], number: int) -> None:
    """Record that a credential was used now. Further credentials are dropped beyond MAX_UNWRITTEN."""
    uses = _unwritten()
    if len(uses) < MAX_UNWRITTEN or (model, number) in uses:
        uses[model, number] = clock.now()


async def write_uses() -> int:
    """Write the recorded uses in one transaction; returns the number of rows. They stay recorded if it fails."""
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
