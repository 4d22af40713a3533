"""A person's points: sums, level, history."""

from collections.abc import Sequence
from functools import lru_cache

from catalogue.points import ACTIVITIES, LEVELS, standing_of
from models.statements import Statement
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.progress.scores import COLUMNS

SUMS = "profile_id, overall, forum, app_store, platform, community, learning"
OF_PROFILES = Statement.of(f"SELECT {SUMS} FROM score WHERE profile_id = ANY($1)")


@columns("profile_id", "overall", "forum", "app_store", "platform", "community", "learning", positional=True)
async def of_profiles(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Sums of each profile as they add up; what is shown is floored at 0. SQL of its own: every card reads it."""
    database = context.database
    rows = await database.fetch(OF_PROFILES, database.keys(profile_ids))
    return in_order(profile_ids, rows, by="profile_id")


def shown_total(row: Row) -> int:
    """The overall sum as shown: never below 0."""
    return max(0, row["overall"])


def level(row: Row) -> Row:
    """Where the overall sum stands between the levels."""
    return _standing(row["overall"])


@lru_cache(maxsize=4_096)
def _standing(points: int) -> Row:
    return vars(standing_of(points))


def categories(row: Row) -> list[Row]:
    """Each category's sum as shown, in the order of the tables."""
    return [{"category": category, "points": max(0, row[column])} for category, column in COLUMNS.items()]


async def activities(context: Context) -> list[Row]:
    """The point tables, in their order."""
    return [vars(activity) for activity in ACTIVITIES.values()]


async def levels(context: Context) -> list[Row]:
    """The levels, lowest first."""
    return [vars(each) for each in LEVELS]
