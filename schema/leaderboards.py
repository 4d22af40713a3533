"""Leaderboards."""

import strawberry

from resolvers import leaderboards
from schema.enums import enum_of
from schema.fields import Work, answered_by, column, loaded_by
from schema.nodes import PAGE, PageInfo
from schema.profiles import Profile
from schema.scalars import DateTime, Day
from services.leaderboards.keys import Board, Period, Scope

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
    "Over which days points count. Days are UTC days.",
    {
        "ALL_TIME": "Everything ever earned, opening balances included.",
        "LAST_30_DAYS": "The last 30 days, today included: what is older falls out at midnight.",
        "WEEK": "A calendar week, Monday to Sunday.",
        "MONTH": "A calendar month.",
        "QUARTER": "A calendar quarter.",
        "YEAR": "A calendar year.",
    },
    name="LeaderboardPeriod",
)
enum_of(
    Scope,
    "Among whom.",
    {"EVERYONE": "All public profiles.", "OWN_COMPANY": "The people of the company that your account belongs to."},
    name="LeaderboardScope",
)


@strawberry.type(description="A person's place on a board.")
class LeaderboardEntry:
    rank: int = column(
        "1 for the most points. People with as many points share a rank, and the next rank skips: 1, 2, 2, 4."
    )
    points: int = column("Points that count on this board.")
    profile: Profile = loaded_by(leaderboards.people, "The person.", key="profile_id")
    movement: int | None = loaded_by(
        leaderboards.movements,
        "Places gained since Monday 00:00 UTC, below zero for lost ones, counted among those who are public today; "
        "on the board of a week since the week before. On a board of a moment (`asOf`) it is counted up to that moment. "
        "Null for who was not on this board then.",
        key=leaderboards.moved,
    )
    hidden: bool = column(
        "Whether this is only where you would stand: your own profile is not public, and nobody else sees this place."
    )


@strawberry.type(description="A place in a page of a board.")
class LeaderboardEntryEdge:
    cursor: str = column(
        "Where the place is on this board, and on no other. With the argument `asOf` only a cursor of a page of that moment "
        "goes on; without it, any.",
        read=leaderboards.cursor_of,
    )
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
    period: Period = column("Over which days points count.")
    scope: Scope = column("Among whom.")
    starts_on: Day | None = column("The first day that counts (UTC); null for all time.")
    ends_on: Day | None = column("The last day that counts (UTC), also where it is still to come; null for all time.")
    as_of: DateTime = loaded_by(
        leaderboards.moments,
        "The moment of this board. Give it as `asOf`, with `after` from this page, to read further pages of exactly this "
        "board while scores move: an operation that asks for it is answered as of this moment, its cursors too. "
        "It stays the same while the board does, for half an hour at most.",
        key="key",
    )
    entries: LeaderboardEntryConnection = loaded_by(
        leaderboards.entries,
        "The places, best first; 20 unless asked, at most 100.",
        key="key",
        arguments=PAGE,
    )
    viewer_entry: LeaderboardEntry | None = loaded_by(
        leaderboards.viewer_entries,
        "Your own place; where your profile is not public, the one it would have. Null without points on this board.",
        key="key",
    )
    around: list[LeaderboardEntry] = loaded_by(
        leaderboards.around,
        "A person and everybody at most `radius` places above or below, best first. "
        "Empty for somebody who is not on this board, as for one that never was.",
        key="key",
        arguments={"profile": "Id of the person.", "radius": "How many places up and down, 1 to 50; 5 unless asked."},
    )


@strawberry.type
class LeaderboardsQuery:
    leaderboard: Leaderboard = answered_by(
        leaderboards.leaderboard,
        "One of the six boards, as it is now.",
        arguments={
            "board": "What to compare.",
            "period": "Over which days points count.",
            "scope": "Among whom.",
            "on": "Any day (UTC) of the period that is meant; today unless asked. The last 30 days end with it. "
            "Not for all time.",
            "as_of": "The board as it was at this moment, at most an hour ago: the same on every page while scores move. "
            "What was not yet stored then is not in it, whenever it happened. Profiles hidden since are left out; the "
            "others keep their ranks.",
        },
        types={"on": Day | None, "as_of": DateTime | None},
        work=Work(50),
    )
