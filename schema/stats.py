"""Statistics of a person's points, for charts."""

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
    "Length of an interval of a time series.",
    {"DAY": "A UTC day.", "WEEK": "A week from Monday to Sunday (ISO 8601).", "MONTH": "A calendar month."},
    name="StatsBucket",
)


@strawberry.type(description="Points of one activity for a person.")
class ActivityStats:
    activity: Activity = column("The activity.")
    times: int = column(
        "How often it happened, without reversed ones. Includes the times when a daily cap left no points."
    )
    points: int = column("Points that it gave; negative if they were taken away.")


@strawberry.type(description="A person's points in one category, and where they come from.")
class CategoryStats:
    category: Category = column("The category.")
    points: int = column("Points in the category: activities, opening balance and corrections together; at least 0.")
    activities: list[ActivityStats] = column("Activities that happened at least once, in the catalogue's order.")
    opening_points: int = column("Opening balance from an import.", read=lambda row: row["opening"])
    correction_points: int = column(
        "Points given or taken by corrections, such as penalties. Mostly 0 or negative.",
        read=lambda row: row["corrections"],
    )


@strawberry.type(description="Points of one interval.")
class StatsInterval:
    starts_on: Day = column("First UTC day of the interval.")
    points: int = column("Points of the events in it; at least 0.")
    categories: list[CategoryPoints] = column("Points per category; each at least 0.")


@strawberry.type(description="Statistics of a person's points, for a chart and its legend.")
class Stats:
    categories: list[CategoryStats] = column("Points per category, in the catalogue's order.")
    series: list[StatsInterval] = loaded_by(
        stats.series,
        "Points over time by the moment of the events, oldest interval first, intervals without points included. "
        "Opening balances have no date and are left out.",
        arguments={
            "bucket": "Length of an interval.",
            "since": (
                "Any day of the first interval, which counts in full. Defaults to 30 days, 52 weeks or 12 months; at "
                "most 400 intervals."
            ),
            "until": "Any day of the last interval, which counts in full; today by default.",
            "category": "Only points of this category; all categories by default.",
        },
    )


@strawberry.type(description="A person's points of today from an activity with a daily cap.")
class PointsToday:
    activity: Activity = column("The activity.")
    earned: int = column("Points from it today (UTC).")
    cap: int = column("Maximum points from it per UTC day.")
    remaining: int = column("Points that it can still give today.")
    resets_at: DateTime = column("When the next UTC day starts.")


@strawberry.type
class PointsOfViewer:
    points_today: list[PointsToday] = loaded_by(
        stats.points_today,
        "Your points of today from every activity with a daily cap, and what is left.",
        key="profile_id",
    )
