"""Every day and moment that a client can send, at the ends of the calendar: answered or refused with a code, never a bug."""

from typing import Any

import pytest

from tests.helpers.factories import make_person, make_profile, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session

DAYS = ("0001-01-01", "0001-01-07", "9999-12-25", "9999-12-31")
MOMENTS = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59.999999-14:00",
)
PERIODS = ("ALL_TIME", "LAST_30_DAYS", "WEEK", "MONTH", "QUARTER", "YEAR")
BOARD = """
query Board($period: LeaderboardPeriod!, $on: Date, $at: DateTime, $who: ID!) {
  leaderboard(board: FORUM, period: $period, on: $on, asOf: $at) {
    startsOn endsOn asOf viewerEntry { rank movement } around(profileId: $who) { rank movement }
    entries { totalCount edges { node { rank movement } } }
  }
}
"""
REPORT = """
mutation Report($input: RecordActivityInput!) {
  recordActivity(input: $input) { recorded { outcome } errors { code } }
}
"""
TOKEN = """
mutation Token($input: CreatePersonalAccessTokenInput!) {
  createPersonalAccessToken(input: $input) { token { expiresAt } errors { code } }
}
"""
PROJECT = """
mutation Project($input: CreateProjectInput!) {
  createProject(input: $input) { project { startedOn endedOn } errors { code } }
}
"""


def codes(body: Any) -> list[str]:
    """Every code in an answer."""
    found = [error["extensions"]["code"] for error in body.get("errors", ())]
    for payload in (body.get("data") or {}).values():
        found += [error["code"] for error in (payload or {}).get("errors", ())]
    return found


@pytest.mark.parametrize("period", PERIODS)
async def test_a_board_of_any_day_and_moment(checked_client: GraphQLClient, period: str) -> None:
    who = graph_id("prf", await make_profile())
    for day in DAYS:
        body = await checked_client.ask(BOARD, period=period, on=day, who=who)
        wanted = ["BAD_INPUT"] if period == "ALL_TIME" else ["IN_THE_FUTURE"] if day.startswith("9") else []
        assert codes(body) == wanted, (day, body)
    for moment in MOMENTS:
        [code] = codes(await checked_client.ask(BOARD, period=period, at=moment, who=who))
        assert code in {"SNAPSHOT_EXPIRED", "IN_THE_FUTURE", "BAD_INPUT", "BAD_REQUEST", "BAD_VARIABLES"}, (
            moment,
            code,
        )


async def test_an_activity_of_any_moment(checked_client: GraphQLClient) -> None:
    who, token = graph_id("prf", await make_profile()), await make_token(await make_service(), "mx:points:ingest")
    for number, moment in enumerate(MOMENTS):
        report = {
            "activityCode": "UPVOTE_RECEIVED",
            "occurredAt": moment,
            "externalId": f"{number}",
            "person": {"profileId": who},
        }
        assert "INTERNAL" not in codes(await checked_client.ask(REPORT, token=token, input=report)), moment


async def test_what_a_person_dates(checked_client: GraphQLClient) -> None:
    headers = await in_session(await make_person())
    for moment in MOMENTS:
        given = {"name": "Pull", "scopes": ["MX_USER_PROFILE_V1_READ"], "expiresAt": moment}
        assert "INTERNAL" not in codes(await checked_client.ask(TOKEN, headers=headers, input=given)), moment
    for day in DAYS:
        given = {"title": "A project", "startedOn": day, "endedOn": day}
        assert "INTERNAL" not in codes(await checked_client.ask(PROJECT, headers=headers, input=given)), day
