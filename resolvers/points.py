"""A person's points: sums and level; the tables of activities and levels."""

from collections.abc import Sequence
from functools import lru_cache

from catalogue.points import ACTIVITIES, LEVELS, level_standing
from models.statements import Statement
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.progress.scores import COLUMNS

SUMS = "profile_id, overall, forum, app_store, platform, community, learning"
OF_PROFILES = Statement.of(f"SELECT {SUMS} FROM score WHERE profile_id = ANY($1)")


@columns("profile_id", "overall", "forum", "app_store", "platform", "community", "learning", positional=True)
async def of_profiles(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Sums of each profile as they add up; they are displayed as at least 0. SQL of its own: every card reads it."""
    database = context.database
    rows = await database.fetch(OF_PROFILES, profile_ids)
    return in_order(profile_ids, rows, by="profile_id")


def displayed_total(row: Row) -> int:
    """The overall sum as displayed: never below 0."""
    return max(0, row["overall"])


def level(row: Row) -> Row:
    """The level of the overall sum, and the progress to the next one."""
    return _level_row(row["overall"])


@lru_cache(maxsize=4_096)
def _level_row(points: int) -> Row:
    return vars(level_standing(points))


def categories(row: Row) -> list[Row]:
    """Each category's sum as displayed, in the order of the tables."""
    return [{"category": category, "points": max(0, row[column])} for category, column in COLUMNS.items()]


async def activities(context: Context) -> list[Row]:
    """The activities, in the order of the tables."""
    return [vars(activity) for activity in ACTIVITIES.values()]


async def level_by_number(context: Context, *, number: int) -> Row | None:
    """One level; None if there is none with this number."""
    return next((vars(each) for each in LEVELS if each.number == number), None)


async def levels(context: Context) -> list[Row]:
    """The levels, lowest first."""
    return [vars(each) for each in LEVELS]
