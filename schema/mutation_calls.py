"""Call a mutation, and once more if profiles were merged while it ran. Rule: docs/rules/accounts.md#merging-requests-meanwhile."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from services.errors import NotAllowed, ProfilesMerged, Unavailable

MAX_CALLS: Final = 3
"""Calls of one mutation while its viewer's profile, or one that its input names, is merged."""


async def with_merges(
    coroutine: Callable[..., Awaitable[Any]],
    context: Any,
    *,
    check: Callable[[], None],
    arguments: Callable[[], dict[str, Any]],
) -> Any:
    """
    Return `await coroutine(context, **arguments())`. If it fails because profiles were merged meanwhile, it is called again for the
    profiles that have everything now: a mutation is one transaction, so a call that failed has changed nothing.

    `check` is called before each call, and raises NotAllowed if the viewer may not make it. Raises what the last call raises;
    NotAllowed: UNAUTHENTICATED (the viewer's account was deleted meanwhile).
    """
    for _ in range(MAX_CALLS - 1):
        check()
        try:
            return await coroutine(context, **arguments())
        except ProfilesMerged:
            await context.follow_merges()
        except (NotAllowed, Unavailable):
            raise
        except Exception:
            if not await context.follow_merges():
                raise
    check()
    return await coroutine(context, **arguments())
