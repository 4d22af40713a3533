"""A leaderboard over HTTP, and events that move it."""

from datetime import timedelta
from typing import Any

from tortoise.transactions import in_transaction

from models.accounts import Account
from models.profiles import Profile, Visibility
from resolvers.base import ids
from services.core import clock
from services.points.ledger import record
from services.profiles.profiles import refresh_visibility
from tests.helpers.factories import event
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session

FULL = """
query Board(
  $board: LeaderboardBoard! = FORUM, $period: LeaderboardPeriod, $on: Date, $at: DateTime
  $first: Int, $after: String, $around: ID! = "prf_5k2v9x0qcm", $radius: Int
) {
  leaderboard(board: $board, period: $period, on: $on, asOf: $at) {
    board period company { name } startsOn endsOn asOf
    entries(first: $first, after: $after) {
      totalCount edges { cursor node { ...E } } pageInfo { hasNextPage endCursor }
    }
    viewerEntry { ...E }
    around(profileId: $around, radius: $radius) { ...E }
  }
}
fragment E on LeaderboardEntry { rank points isHidden movement profile { id name } }
"""

OF_COMPANY = (
    FULL.replace("query Board(", "query Board($company: ID!,")
    .replace("  leaderboard(", "  node(id: $company) { ... on Company { leaderboard(", 1)
    .replace("\n}\nfragment", "\n} }\n}\nfragment")
)
"""The same of a company."""


async def board(client: GraphQLClient, who: Account | None = None, **arguments: Any) -> Any:
    headers = await in_session(who) if who else None
    return (await client.data(FULL, headers=headers, **arguments))["leaderboard"]


async def board_of(client: GraphQLClient, company_id: int, who: Account | None = None, **arguments: Any) -> Any:
    headers = await in_session(who) if who else None
    data = await client.data(OF_COMPANY, headers=headers, company=ids.encode("Company", company_id), **arguments)
    return data["node"]["leaderboard"]


def ranked_names(page: Any) -> list[tuple[int, str]]:
    rows = page if isinstance(page, list) else [edge["node"] for edge in page["entries"]["edges"]]
    return [(each["rank"], each["profile"]["name"]) for each in rows]


def profile_id_of(account: Account) -> int:
    return account.own_profile_id


async def record_answers(who: int, *, days_ago: int = 0, times: int = 1) -> None:
    for _ in range(times):
        await record(event(who, "ANSWER_ACCEPTED", occurred_at=clock.now() - timedelta(days=days_ago)))


async def hide(who: int, *, hidden: bool = True) -> None:
    async with in_transaction():
        await Profile.filter(id=who).update(visibility=Visibility.PRIVATE if hidden else Visibility.PUBLIC)
        await refresh_visibility([who])
