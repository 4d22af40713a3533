"""Points, levels and the ledger behind them."""

import strawberry

from catalogue.languages import translate
from catalogue.points import Category
from models.points import EntryKind, Outcome
from resolvers import ledger_history, points
from schema.enums import enum_of
from schema.fields import answered_by, column
from schema.nodes import Node, PageInfo, id_of
from schema.scalars import DateTime

enum_of(
    Category,
    "Where points come from.",
    {
        "FORUM": "Questions, answers and votes on the forum.",
        "APP_STORE": "Apps, reviews and downloads of the App Store.",
        "PLATFORM": "Building apps, inviting people, giving feedback.",
        "COMMUNITY": "Events, referrals and one's own profile.",
        "LEARNING": "Exams, courses, talks and documentation.",
    },
    name="PointCategory",
)
enum_of(
    EntryKind,
    "What an entry of the ledger stands for.",
    {
        "ACTIVITY": "Something the person did.",
        "OPENING": "A balance that came with an import; it counts in all-time boards only.",
        "REVERSAL": "Takes back exactly what an earlier entry gave.",
        "PENALTY": "Taken away by an operator.",
        "MERGE_COMPENSATION": "Takes back what two merged profiles had been given twice, or had given each other.",
    },
    name="PointEntryKind",
)
enum_of(
    Outcome,
    "What became of an event.",
    {
        "AWARDED": "It gave its points.",
        "PARTLY_AWARDED": "It gave what was left under the day's cap.",
        "CAPPED": "It gave nothing: the day's cap was reached.",
        "SELF": "It gave nothing: nobody earns points with themselves.",
        "INELIGIBLE": "It gave nothing: the person was not active, had not joined yet, or lacks what it takes.",
        "DUPLICATE": "It gave nothing: this is given once in a life, and had been.",
    },
    name="PointOutcome",
)


@strawberry.type(description="Something that gives points: a row of the point tables.")
class Activity:
    code: str = column("Its fixed code.")
    title: str = column("What one does.", read=lambda row: translate(row["title"]))
    category: Category = column("Where its points count.")
    points: int = column("Points for doing it once; negative ones are taken away.")
    daily_cap: int | None = column("Most points from it on one UTC day; null: no cap.", read=lambda row: row["cap"])
    once: bool = column("True when it gives points only once in a person's life.")
    reportable: bool = column(
        "Whether services may report it; false for what only this system can know.", read=lambda row: not row["system"]
    )


@strawberry.type(description="A level, and the points it needs.")
class Level:
    number: int = column("1 to 10.")
    points: int = column("Points needed to reach it.")


@strawberry.type(description="Where a person stands between the levels.")
class LevelStanding:
    number: int = column("The highest level reached; 0 before the first.")
    points_to_next: int | None = column("Points missing to the next level; null at the highest.")
    progress: int = column("Percent of the way from this level to the next, 0 to 99; 100 at the highest level.")


@strawberry.type(description="A person's points in one category.")
class CategoryPoints:
    category: Category = column("The category.")
    points: int = column("Points in it, never shown below 0.")


@strawberry.type(description="A person's points, by their sums.")
class Points:
    total: int = column("Points over all categories, never shown below 0.", read=points.shown_total)
    level: LevelStanding = column("The level that the total gives.", read=points.level)
    categories: list[CategoryPoints] = column(
        "Points per category, in the order of the point tables.", read=points.categories
    )


@strawberry.type(description="One event, and the points it gave or took.")
class PointEntry(Node):
    id: strawberry.ID = column("Opaque id of the entry.", read=id_of("PointEntry"))
    kind: EntryKind = column("What the entry stands for.")
    category: Category = column("Where the points count.")
    activity: Activity | None = column(
        "What was done; null for opening balances and penalties.", read=ledger_history.activity
    )
    points_awarded: int = column(
        "Points given, after caps; negative ones were taken away.", read=lambda row: row["awarded"]
    )
    outcome: Outcome = column("What became of the event; only the person sees those that gave nothing.")
    occurred_at: DateTime | None = column(
        "When it happened; null for an opening balance.", read=ledger_history.happened
    )
    reason: str | None = column("Why, for a penalty that the person may see.")


@strawberry.type(description="An entry in a page of the history.")
class PointEntryEdge:
    cursor: str = column("Where the entry stands in the history.", read=ledger_history.cursor_of)
    node: PointEntry = column("The entry.", itself=True)


@strawberry.type(description="A page of a person's history of points, newest first.")
class PointEntryConnection:
    edges: list[PointEntryEdge] = column("The entries of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type
class PointsQuery:
    activities: list[Activity] = answered_by(points.activities, "The point tables: everything that gives points.")
    levels: list[Level] = answered_by(points.levels, "The levels and the points they need, lowest first.")
