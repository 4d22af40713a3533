"""
Profiles in the input of mutations: the id of a profile that was merged means the profile that it was merged into.

Queries look merged profiles up only when they find no profile with the id (resolvers/profiles.py), so that it costs nothing otherwise.
Rule: docs/rules/accounts.md#merging-who-wins.
"""

from collections.abc import Sequence

from resolvers.base import ids
from resolvers.base.context import Context
from services.core import merged_profiles
from services.errors import ErrorCode, refused


async def current(profile_ids: Sequence[int], context: Context) -> list[int]:
    """
    Return the profile that each of these ids leads to: itself, unless it was merged. The context keeps them, so that a mutation is
    run again if one is merged while it runs. One statement.
    """
    merged = await merged_profiles.current_ids(profile_ids)
    found = [merged.get(number, number) for number in profile_ids]
    context.named_profiles.update(zip(profile_ids, found, strict=True))
    return found


async def current_of(text: str, context: Context, *path: str) -> int:
    """Return the profile that an id in an input leads to. Raises Refused: BAD_ID, NOT_FOUND (an id of another type)."""
    number = ids.number_of("Profile", text, *path)
    if number is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such profile.", path=path)
    return (await current([number], context))[0]
