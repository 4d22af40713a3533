"""Numbers for the chart of a person's points."""

import strawberry

from catalogue.points import Category
from resolvers import stats
from resolvers.stats import Bucket
from schema.enums import enum_of
from schema.fields import column, loaded_by
from schema.points import Activity, CategoryPoints
from schema.scalars import DateTime, Day

enum_of(
    Bucket,
    "How long a piece of a time series is.",
    {"DAY": "A calendar day, UTC.", "WEEK": "A week from Monday on (ISO 8601).", "MONTH": "A calendar month."},
    name="StatsBucket",
)


@strawberry.type(description="What one activity gave a person.")
class ActivityStats:
    activity: Activity = column("What was done.")
    times: int = column("How often it happened, less what was reversed; also when a cap left no points for it.")
    points: int = column("Points it gave; negative ones were taken away.")


@strawberry.type(description="A person's points in one category, and where they come from.")
class CategoryStats:
    category: Category = column("The category.")
    points: int = column("Points in it: activities, opening balance and corrections together, never shown below 0.")
    activities: list[ActivityStats] = column("What happened at least once, in the order of the point tables.")
    opening_points: int = column("The balance that came with an import.", read=lambda row: row["opening"])
    correction_points: int = column(
        "What corrections gave or took: penalties, compensation at a merge. Mostly 0 or below.",
        read=lambda row: row["corrections"],
    )


@strawberry.type(description="Points of one piece of time.")
class StatsPoint:
    starts_on: Day = column("Its first day, UTC.")
    points: int = column("Points of what happened in it, never shown below 0.")
    by_category: list[CategoryPoints] = column("The same per category, each never shown below 0.")


@strawberry.type(description="Numbers for the chart of a person's points and for its legend.")
class Stats:
    categories: list[CategoryStats] = column("Points per category, in the order of the point tables.")
    series: list[StatsPoint] = loaded_by(
        stats.series,
        "Points over time, by when things happened, oldest first; pieces without points are there too. Opening balances "
        "have no time and are left out.",
        arguments={
            "bucket": "How long a piece is.",
            "since": "A day of the first piece, which is counted whole. By default there are 30 days, 52 weeks or 12 "
            "months; at most 400 pieces.",
            "until": "A day of the last piece, which is counted whole; today unless asked.",
            "category": "Only points of this category; of all unless asked.",
        },
    )


@strawberry.type(description="What a person earned today of something that is capped.")
class PointsToday:
    activity: Activity = column("What has a cap.")
    earned: int = column("Points from it today (UTC).")
    cap: int = column("Most points from it on one UTC day.")
    remaining: int = column("Points that it can still give today.")
    resets_at: DateTime = column("When the next day begins (UTC).")


@strawberry.type
class PointsOfViewer:
    points_today: list[PointsToday] | None = loaded_by(
        stats.points_today,
        "What you earned today of everything that has a daily cap, and what is left; null for the account of a service.",
        key="profile_id",
    )
