"""Points, levels and the ledger."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from catalogue.languages import translate
from catalogue.points import ACTIVITIES, LEVELS, Category
from models.points import EntryKind, Outcome
from resolvers import ledger_history, level_profiles
from resolvers import points as point_resolvers
from schema.enums import enum_of
from schema.fields import Work, answered_by, column, loaded_by
from schema.nodes import PAGE_ARGUMENTS, Node, PageInfo, id_of, nodes_by
from schema.scalars import DateTime

if TYPE_CHECKING:
    from schema.profiles import Profile

LazyProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]

enum_of(
    Category,
    "Category of points.",
    {
        "FORUM": "Questions, answers and votes on the forum.",
        "APP_STORE": "Apps, reviews and downloads of the App Store.",
        "PLATFORM": "Building apps, inviting people, giving feedback.",
        "COMMUNITY": "Events, referrals and the own profile.",
        "LEARNING": "Exams, courses, talks and documentation.",
    },
    name="PointCategory",
)
enum_of(
    EntryKind,
    "Kind of a ledger entry.",
    {
        "ACTIVITY": "An activity of the person.",
        "OPENING": "An opening balance from an import. It counts in all-time leaderboards only.",
        "REVERSAL": "A reversal: it takes back exactly the points that an earlier entry gave.",
        "PENALTY": "A penalty: an operator took points away.",
    },
    name="PointEntryKind",
)
enum_of(
    Outcome,
    "Outcome of an event.",
    {
        "AWARDED": "It gave all of its points.",
        "PARTLY_AWARDED": "It gave the points that were left under the daily cap.",
        "CAPPED": "It gave no points: the daily cap was reached.",
        "SELF": "It gave no points: the other participant was the same person.",
        "INELIGIBLE": "It gave no points: the person was not active, had not joined yet, or does not meet a requirement.",
        "DUPLICATE": "It gave no points: the activity gives points only once per person, and already had.",
    },
    name="PointOutcome",
)


@strawberry.type(description="An activity that gives points.")
class Activity:
    code: str = column("Code that never changes.")
    title: str = column(
        "Title of the activity, in the language of the answer.", read=lambda row: translate(row["title"])
    )
    category: Category = column("Category in which its points count.")
    points: int = column("Points for each time; negative if they are taken away.")
    daily_cap: int | None = column(
        "Maximum points from it per UTC day; null if there is no cap.", read=lambda row: row["cap"]
    )
    is_once_per_person: bool = column("True if it gives points only once per person.", read=lambda row: row["once"])
    is_reportable: bool = column(
        "True if services may report it; false if only this server can record it.",
        read=lambda row: not row["system"],
    )


@strawberry.type(description="A person on a page of the people at a level.")
class LevelProfileEdge:
    cursor: str = column("Cursor of this person, for `after` and `before`.", read=level_profiles.cursor_of)
    node: LazyProfile = column("The person.", read=lambda row: row["person"])


@strawberry.type(description="A page of the people at a level, most points first.")
class LevelProfileConnection:
    edges: list[LevelProfileEdge] = column("The people on this page, with their cursors.")
    nodes: list[LazyProfile] = nodes_by("The people on this page.", lambda edge: edge["person"])
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(level_profiles.totals, "Number of people at the level.", key="number")


@strawberry.type(description="A level and the points that it requires.")
class Level:
    number: int = column("Level number, 1 to 10.")
    points: int = column("Points required to reach it.")
    profiles: LevelProfileConnection = loaded_by(
        level_profiles.of_levels,
        "People who stand at this level now, most points first: neither those below nor those above. Only public, active "
        "profiles.",
        key="number",
        arguments=PAGE_ARGUMENTS,
        work=Work(50),
    )


@strawberry.type(description="A person's level and the progress to the next one.")
class LevelStanding:
    number: int = column("Highest level reached; 0 before the first.")
    points_to_next: int | None = column("Points missing to the next level; null at the highest level.")
    progress_percent: int = column(
        "Progress from this level to the next in percent, 0 to 99; 100 at the highest level."
    )


@strawberry.type(description="A person's points in one category.")
class CategoryPoints:
    category: Category = column("The category.")
    points: int = column("Points in the category; at least 0.")


@strawberry.type(description="A person's points and level.")
class Score:
    points: int = column("Points of all categories together; at least 0.", read=point_resolvers.displayed_total)
    level: LevelStanding = column("Level for these points.", read=point_resolvers.level)
    categories: list[CategoryPoints] = column(
        "Points per category, in the catalogue's order.", read=point_resolvers.categories
    )


@strawberry.type(description="One event and the points that it gave or took away.")
class PointEntry(Node):
    id: strawberry.ID = column("Opaque id of the entry, like `pnt_5k2v9x0qcm`.", read=id_of("PointEntry"))
    kind: EntryKind = column("Kind of the entry.")
    category: Category = column("Category in which the points count.")
    activity: Activity | None = column(
        "The activity; null for opening balances and penalties.", read=ledger_history.activity
    )
    points_awarded: int = column(
        "Points that were given, after the daily cap; negative if they were taken away.",
        read=lambda row: row["awarded"],
    )
    outcome: Outcome = column("Outcome of the event. Entries that gave no points are visible to the person only.")
    occurred_at: DateTime | None = column(
        "When the event happened; null for an opening balance.", read=ledger_history.happened
    )
    reason: str | None = column("Reason for a penalty, if the person may see it; null otherwise.")


@strawberry.type(description="An entry on a page of the point history.")
class PointEntryEdge:
    cursor: str = column("Cursor of this entry, for `after` and `before`.", read=ledger_history.cursor_of)
    node: PointEntry = column("The entry.", itself=True)


@strawberry.type(description="A page of a person's point history, newest first.")
class PointEntryConnection:
    edges: list[PointEntryEdge] = column("The entries on this page, with their cursors.")
    nodes: list[PointEntry] = nodes_by("The entries on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(
        ledger_history.totals, "Number of events in the history that you may see.", key="profile_id"
    )


@strawberry.type
class PointsQuery:
    activities: list[Activity] = answered_by(
        point_resolvers.activities, "All activities that give points.", work=Work(rows=len(ACTIVITIES))
    )
    level: Level | None = answered_by(
        point_resolvers.level_by_number,
        "One level by its number; null if there is no such level.",
        arguments={"number": "Level number, 1 to 10."},
    )
    levels: list[Level] = answered_by(
        point_resolvers.levels,
        "All levels with the points that they require, lowest first.",
        work=Work(rows=len(LEVELS)),
    )
