"""Leaderboards."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import companies, leaderboards
from schema.enums import enum_of
from schema.fields import Work, answered_by, column, loaded_by
from schema.nodes import PAGE_ARGUMENTS, PageInfo, nodes_by
from schema.scalars import DateTime, Day
from services.leaderboards.keys import Board, Period

if TYPE_CHECKING:
    from schema.companies import Company
    from schema.profiles import Profile

LazyCompany = Annotated["Company", strawberry.lazy("schema.companies")]
LazyProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]

enum_of(
    Board,
    "Points by which a leaderboard ranks people.",
    {
        "OVERALL": "Top Overall: points of all categories.",
        "FORUM": "Top Forum: answers and votes.",
        "APP_STORE": "Top App Store: apps, versions, reviews, downloads.",
        "PLATFORM": "Top Platform: building, inviting, feedback.",
        "COMMUNITY": "Top Community: events, referrals, completing a profile.",
        "LEARNING": "Top Learning: exams, courses, learning paths.",
    },
    name="LeaderboardBoard",
)
enum_of(
    Period,
    "Days whose points count. All days are UTC days.",
    {
        "ALL_TIME": "All points ever earned, opening balances included.",
        "LAST_30_DAYS": "The last 30 days including today; older points stop counting at midnight UTC.",
        "WEEK": "A calendar week, Monday to Sunday.",
        "MONTH": "A calendar month.",
        "QUARTER": "A calendar quarter.",
        "YEAR": "A calendar year.",
    },
    name="LeaderboardPeriod",
)


@strawberry.type(description="A person's place on a leaderboard.")
class LeaderboardEntry:
    rank: int = column(
        "1 for the most points. Equal points share a rank, and the ranks after that are skipped: 1, 2, 2, 4."
    )
    points: int = column("Points that count on this leaderboard.")
    profile: LazyProfile = loaded_by(leaderboards.people, "The person at this place.", key="profile_id")
    movement: int | None = loaded_by(
        leaderboards.movements,
        "Places gained since Monday 00:00 UTC, negative if lost, among the profiles that are public today. For a "
        "weekly leaderboard: since the week before. With `asOf`: up to that moment. Null if the person was not on "
        "the leaderboard then.",
        key=leaderboards.movement_of,
    )
    is_hidden: bool = column("True if this is your own place while your profile is not public: no one else sees it.")


@strawberry.type(description=("A place on a page of a leaderboard."))
class LeaderboardEntryEdge:
    cursor: str = column(
        "Cursor of this place; valid on this leaderboard only. With the argument `asOf`, only cursors from pages of "
        "the same moment are valid; without it, cursors of any moment.",
        read=leaderboards.cursor_of,
    )
    node: LeaderboardEntry = column("The place.", itself=True)


@strawberry.type(description="A page of a leaderboard.")
class LeaderboardEntryConnection:
    edges: list[LeaderboardEntryEdge] = column("The places on this page, best first, with their cursors.")
    nodes: list[LeaderboardEntry] = nodes_by("The places on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(leaderboards.totals, "Number of people on the leaderboard.", key="key")


@strawberry.type(
    description=(
        "Public profiles with more than 0 points, ordered by points. With equal points, the person who reached "
        "them first comes first."
    )
)
class Leaderboard:
    board: Board = column("Points that are compared.")
    period: Period = column("Days whose points count.")
    company: LazyCompany | None = loaded_by(
        companies.by_id, "The company whose people are ranked; null for everyone.", key="company_id"
    )
    starts_on: Day | None = column("First UTC day that counts; null for all time.")
    ends_on: Day | None = column("Last UTC day that counts, which can be in the future; null for all time.")
    as_of: DateTime = loaded_by(
        leaderboards.moments,
        "Moment of this leaderboard. To read further pages of exactly this leaderboard while scores change, pass it "
        "as the argument `asOf`, with `after` from this page. Selecting this field answers the whole leaderboard as "
        "of this moment. The value stays the same until the leaderboard changes, for at most half an hour.",
        key="key",
    )
    entries: LeaderboardEntryConnection = loaded_by(
        leaderboards.entries,
        "Places of the leaderboard, best first; 20 by default, at most 100.",
        key="key",
        arguments=PAGE_ARGUMENTS,
    )
    viewer_entry: LeaderboardEntry | None = loaded_by(
        leaderboards.viewer_entries,
        "Your own place. If your profile is not public, the place that it would have. Null if you have no points on "
        "this leaderboard.",
        key="key",
    )
    around: list[LeaderboardEntry] = loaded_by(
        leaderboards.around,
        "A person and the people up to `radius` places above and below, best first. Empty if the person is not on "
        "this leaderboard or does not exist.",
        key="key",
        arguments={
            "profile_id": "Id of the person's profile, like `prf_5k2v9x0qcm`.",
            "radius": "Number of places above and below, 1 to 50; 5 by default.",
        },
    )


ARGUMENTS = {
    "board": "Points to compare.",
    "period": "Days whose points count.",
    "on": (
        "Any UTC day of the requested period; today by default. For LAST_30_DAYS, the last of the 30 days. Not allowed for "
        "ALL_TIME."
    ),
    "as_of": (
        "Return the leaderboard as it was at this moment, at most one hour ago, so that all pages match while scores change. "
        "Points that were stored later are not included, even if they were earned earlier. Profiles hidden since then are "
        "left out; the others keep their ranks."
    ),
}
"""Descriptions of the arguments of a leaderboard."""
TYPES = {"on": Day | None, "as_of": DateTime | None}
WORK = Work(50)


@strawberry.type
class LeaderboardOfCompany:
    leaderboard: Leaderboard | None = loaded_by(
        leaderboards.of_companies,
        "One of the six leaderboards, as it is now, of the people of the company: for its members all with an active "
        "account in it, for everyone else those whose profile shows it.",
        arguments=ARGUMENTS,
        types=TYPES,
        work=WORK,
    )


@strawberry.type
class LeaderboardsQuery:
    leaderboard: Leaderboard | None = answered_by(
        leaderboards.leaderboard,
        "One of the six leaderboards, as it is now, of everyone. `Company.leaderboard` has that of a company.",
        arguments=ARGUMENTS,
        types=TYPES,
        work=WORK,
    )
