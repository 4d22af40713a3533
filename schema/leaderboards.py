"""Leaderboards."""

import strawberry

from resolvers import leaderboards, profiles
from resolvers.leaderboards import Board, Period, Scope
from schema.enums import enum_of
from schema.fields import answered_by, column, loaded_by
from schema.nodes import PAGE, PageInfo
from schema.profiles import Profile
from schema.scalars import DateTime

enum_of(
    Board,
    "What people are compared by.",
    {
        "OVERALL": "Top Overall: points of all categories.",
        "FORUM": "Top Forum: answers and votes.",
        "APP_STORE": "Top App Store: apps, versions, reviews, downloads.",
        "PLATFORM": "Top Platform: building, inviting, feedback.",
        "COMMUNITY": "Top Community: events, referrals, one's profile.",
        "LEARNING": "Top Learning: exams, courses, learning paths.",
    },
    name="LeaderboardBoard",
)
enum_of(
    Period,
    "Since when points count.",
    {"ALL_TIME": "Everything ever earned, opening balances included."},
    name="LeaderboardPeriod",
)
enum_of(Scope, "Among whom.", {"EVERYONE": "All public profiles."}, name="LeaderboardScope")


@strawberry.type(description="A person's place on a board.")
class LeaderboardEntry:
    rank: int = column(
        "1 for the most points. People with as many points share a rank, and the next rank skips: 1, 2, 2, 4."
    )
    points: int = column("Points that count on this board.")
    profile: Profile = loaded_by(profiles.by_id, "The person.", key="profile_id")


@strawberry.type(description="A place in a page of a board.")
class LeaderboardEntryEdge:
    cursor: str = column("Where the place is on this board, and on no other.", read=leaderboards.cursor_of)
    node: LeaderboardEntry = column("The place.", itself=True)


@strawberry.type(description="A page of a board.")
class LeaderboardEntryConnection:
    edges: list[LeaderboardEntryEdge] = column("The places of this page, best first.")
    page_info: PageInfo = column("Where the page lies.")
    total_count: int = loaded_by(leaderboards.totals, "How many people stand on the board.", key="key")


@strawberry.type(
    description="Public profiles with points above zero, ordered by points; in a tie by who reached them first."
)
class Leaderboard:
    board: Board = column("What is compared.")
    period: Period = column("Since when points count.")
    scope: Scope = column("Among whom.")
    as_of: DateTime = column("When this was read.")
    entries: LeaderboardEntryConnection = loaded_by(
        leaderboards.entries,
        "The places, best first; 20 unless asked, at most 100.",
        key=leaderboards.key_of,
        arguments=PAGE,
    )


@strawberry.type
class LeaderboardsQuery:
    leaderboard: Leaderboard = answered_by(
        leaderboards.leaderboard,
        "One of the six boards.",
        arguments={
            "board": "What to compare.",
            "period": "Since when points count.",
            "scope": "Among whom.",
        },
    )
