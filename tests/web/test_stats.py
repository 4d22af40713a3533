"""Numbers of the stats chart, what is left of today's caps, and corrections: who sees which figure."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.functions import Sum

from catalogue.points import ACTIVITIES, Category
from models.accounts import Account
from models.database import Database
from models.points import EntryKind, PointEntry
from resolvers import stats
from resolvers.base.context import Context
from resolvers.stats import Bucket
from services.auth.principals import Principal
from services.core import clock
from services.points.corrections import penalize, reverse
from services.points.ledger import record, record_many
from services.points.ledger_consistency import differences
from services.points.opening_balances import OpeningBalance, record_opening_balances
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, event, give, make_person, make_profile, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient

STATS = """
query S($id: ID!, $bucket: StatsBucket, $since: Date, $until: Date, $category: PointCategory) { profile(by: {id: $id}) { stats {
  categories { category points openingPoints correctionPoints activities { activity { code } times points } }
  series(bucket: $bucket, since: $since, until: $until, category: $category) {
    startsOn points categories { category points } } } } }
"""
TODAY = "{ viewer { pointsToday { activity { code } earned cap remaining resetsAt } } }"


async def lines(client: GraphQLClient, profile_id: int, **asked: Any) -> dict[str, Any]:
    data = await client.data(STATS, id=graph_id("prf", profile_id), **asked)
    return data["profile"]["stats"]


async def test_lines_add_up_to_the_sum_that_is_shown(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    await give(ada, "UPVOTE_RECEIVED", times=7)  # two are capped
    [accepted] = [event(ada, "ANSWER_ACCEPTED")]
    await record(accepted)
    await record(event(ada, "DOWNVOTE_RECEIVED"))
    await reverse(accepted.source, accepted.external_id)
    await record_opening_balances([OpeningBalance(ada, Category.FORUM, 1_000, "archive", "1")])
    await penalize(ada, Category.FORUM, 30, reason="Spam", shown=True, external_id="1")
    await penalize(ada, Category.FORUM, 5, reason="Between us", shown=False, external_id="2")
    # when
    shown = await lines(checked_client, ada)
    # then
    forum, *others = shown["categories"]
    forum["activities"].sort(key=lambda line: -line["points"])
    assert forum == {
        "category": "FORUM",
        "points": 1_000 + 50 - 2 - 35,
        "openingPoints": 1_000,
        "correctionPoints": -30,
        "activities": [
            {"activity": {"code": "UPVOTE_RECEIVED"}, "times": 7, "points": 45},
            {"activity": {"code": "DOWNVOTE_RECEIVED"}, "times": 1, "points": -2},
        ],
    }
    assert [each["category"] for each in others] == ["APP_STORE", "PLATFORM", "COMMUNITY", "LEARNING"]
    assert not any(each["points"] or each["activities"] or each["correctionPoints"] for each in others)
    assert "Between us" not in str(shown) and "Spam" not in str(shown)


async def figures(client: GraphQLClient, account: Account) -> dict[str, Any]:
    """All that somebody can read of their own points, but the sums themselves."""
    text = """
    query F($id: ID!) { profile(by: {id: $id}) {
      stats { categories { category points openingPoints correctionPoints activities { activity { code } times points } }
        series(bucket: DAY, since: "2026-03-01", until: "2026-03-20") { startsOn points categories { category points } } }
      pointHistory(first: 50) { edges { node { id kind pointsAwarded reason } } }
      badges { nodes { badge { code } awardedAt } } } }
    """
    token = await make_token(account, "mx:points:read", "mx:user:profile:v1:read")
    return (await client.data(text, id=graph_id("prf", account.profile_id), token=token))["profile"]


@pytest.mark.parametrize(("taken", "left"), [(5, 1_085), (60, 1_030), (400, 690), (2_000, 0)])
async def test_only_the_sums_fall_by_a_silent_penalty(checked_client: GraphQLClient, taken: int, left: int) -> None:
    # given
    account = await make_person()
    ada = account.own_profile_id
    await give(ada, "UPVOTE_RECEIVED", times=7)
    await give(ada, "ANSWER_ACCEPTED", times=2)
    await give(ada, "ANSWER_MARKED_ACCEPTED", times=5)
    await record_opening_balances([OpeningBalance(ada, Category.FORUM, 1_000, "archive", "1")])
    before = await figures(checked_client, account)
    assert sum(each["points"] for each in before["stats"]["categories"]) == 1_090
    # when
    with clock.frozen(NOON + timedelta(days=3)):
        await penalize(ada, Category.FORUM, taken, reason="Between us", shown=False, external_id="1")
    after = await figures(checked_client, account)
    # then
    for name in ("pointHistory", "badges"):
        assert after[name] == before[name]
    assert after["stats"]["series"] == before["stats"]["series"]
    forum, *others = after["stats"]["categories"]
    assert others == before["stats"]["categories"][1:]
    assert (forum["points"], forum["correctionPoints"]) == (left, 0)
    assert forum["points"] == forum["openingPoints"] + sum(line["points"] for line in forum["activities"])
    assert [(line["activity"], line["times"]) for line in forum["activities"]] == [
        (line["activity"], line["times"]) for line in before["stats"]["categories"][0]["activities"]
    ]
    assert [each async for each in differences()] == []
    # and when it is taken back
    await reverse("operator:penalties", "1")
    again = await figures(checked_client, account)
    assert {name: again[name] for name in ("stats", "pointHistory")} == {
        name: before[name] for name in ("stats", "pointHistory")
    }


async def test_others_do_not_read_that_a_penalty_was_taken_back(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person()
    ada = account.own_profile_id
    await penalize(ada, Category.FORUM, 5, reason="Spam", shown=True, external_id="1")
    await reverse("operator:penalties", "1")
    text = "query H($id: ID!) { profile(by: {id: $id}) { pointHistory(first: 9) { edges { node { kind } } } } }"
    # then
    own = await checked_client.data(text, id=graph_id("prf", ada), token=await make_token(account, "mx:points:read"))
    assert [each["node"]["kind"] for each in own["profile"]["pointHistory"]["edges"]] == ["REVERSAL", "PENALTY"]
    assert (await checked_client.data(text, id=graph_id("prf", ada)))["profile"]["pointHistory"]["edges"] == []


async def test_no_shown_sum_is_below_zero(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    await record(event(ada, occurred_at=NOON))
    await penalize(ada, Category.FORUM, 100, reason="Spam", shown=False, external_id="1")
    # when
    shown = await lines(checked_client, ada, since="2026-03-01")
    # then
    assert shown["categories"][0]["points"] == 0
    assert min(piece["points"] for piece in shown["series"]) == 0
    assert sum(piece["points"] for piece in shown["series"]) == 10


async def test_pieces_follow_the_calendar_and_empty_ones_are_there(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    for moment in (
        datetime(2025, 12, 28, 23, 59, 59, tzinfo=UTC),  # a Sunday
        datetime(2025, 12, 29, tzinfo=UTC),  # a Monday: the first week of 2026 by ISO 8601
        datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
    ):
        await record(event(ada, occurred_at=moment))
    await record_opening_balances([OpeningBalance(ada, Category.FORUM, 1_000, "archive", "1")])

    async def series(bucket: str, since: str, until: str, **more: Any) -> list[tuple[str, int]]:
        pieces = (await lines(checked_client, ada, bucket=bucket, since=since, until=until, **more))["series"]
        return [(piece["startsOn"], piece["points"]) for piece in pieces]

    # then
    assert await series("WEEK", "2025-12-25", "2026-01-06") == [
        ("2025-12-22", 10), ("2025-12-29", 10), ("2026-01-05", 0),
    ]  # fmt: skip
    assert await series("MONTH", "2025-11-30", "2026-02-01") == [
        ("2025-11-01", 0), ("2025-12-01", 20), ("2026-01-01", 10), ("2026-02-01", 10),
    ]  # fmt: skip
    assert await series("DAY", "2025-12-28", "2025-12-30") == [
        ("2025-12-28", 10), ("2025-12-29", 10), ("2025-12-30", 0),
    ]  # fmt: skip
    assert await series("DAY", "1970-01-01", "1970-01-01") == [("1970-01-01", 0)]
    assert await series("MONTH", "2025-12-01", "2025-12-01", category="LEARNING") == [("2025-12-01", 0)]


async def test_without_dates_there_are_the_usual_pieces_up_to_today(database: Database) -> None:
    ada = await make_profile()
    with clock.frozen(NOON):
        for bucket, number, last in (
            (Bucket.DAY, 30, date(2026, 3, 10)),
            (Bucket.WEEK, 52, date(2026, 3, 9)),
            (Bucket.MONTH, 12, date(2026, 3, 1)),
        ):
            [pieces] = await stats.series([ada], Context(database), bucket=bucket)
            assert (len(pieces), pieces[-1]["starts_on"]) == (number, last)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"since": "2026-03-10", "until": "2026-03-01"}, "BAD_INPUT"),
        *(
            (
                {"bucket": bucket, "since": "2026-03-11", "until": "2026-03-10"},
                "BAD_INPUT",
            )  # of one week, and of one month
            for bucket in ("DAY", "WEEK", "MONTH")
        ),
        *(
            ({"bucket": bucket, "since": (clock.today() + timedelta(days=days)).isoformat()}, "BAD_INPUT")
            for bucket in ("DAY", "WEEK", "MONTH")
            for days in (1, 500)
        ),
        ({"bucket": "DAY", "since": "2024-01-01", "until": "2026-01-01"}, "TOO_MANY_ITEMS"),
        ({"since": "1969-01-01"}, "BAD_INPUT"),
        ({"bucket": "MONTH", "since": "1970-01-01", "until": "2003-05-01"}, "TOO_MANY_ITEMS"),
        ({"bucket": "DAY", "since": "2000-01-01", "until": "9999-12-31"}, "BAD_INPUT"),
        ({"bucket": "DAY", "since": "2000-01-01", "until": "9998-12-31"}, "TOO_MANY_ITEMS"),
        ({"since": "0001-01-01", "until": "0001-01-02"}, "BAD_INPUT"),
        ({"bucket": "DAY", "until": "0001-01-01"}, "BAD_INPUT"),
        ({"bucket": "MONTH", "until": "0001-01-01"}, "BAD_INPUT"),
        ({"until": "1969-12-28"}, "BAD_INPUT"),
    ],
)
async def test_a_series_that_makes_no_sense_is_refused(
    checked_client: GraphQLClient, asked: dict[str, Any], code: str
) -> None:
    ada = await make_profile()
    assert await checked_client.code(STATS, id=graph_id("prf", ada), **asked) == code


async def test_four_hundred_pieces_are_the_most(checked_client: GraphQLClient) -> None:
    ada = await make_profile()
    begin = date(2024, 1, 1)
    asked = {"bucket": "DAY", "since": begin.isoformat(), "until": (begin + timedelta(days=399)).isoformat()}
    assert len((await lines(checked_client, ada, **asked))["series"]) == 400
    asked["until"] = (begin + timedelta(days=400)).isoformat()
    assert await checked_client.code(STATS, id=graph_id("prf", ada), **asked) == "TOO_MANY_ITEMS"


@given(day=st.dates(date(1971, 1, 1), date(9990, 1, 1)), bucket=st.sampled_from(Bucket), days=st.integers(0, 398))
def test_buckets_join_without_gap_and_hold_their_days(day: date, bucket: Bucket, days: int) -> None:
    last = min(day + timedelta(days=days), date(9998, 1, 1))
    span = stats._span(bucket, day, last)
    assert span.starts[0] <= day and span.starts[-1] <= last < span.end
    for one, after in pairwise([*span.starts, span.end]):
        assert stats._next(bucket, one) == after and stats._start(bucket, after - timedelta(days=1)) == one
    if bucket is Bucket.WEEK:
        assert all(start.isoweekday() == 1 for start in span.starts)


async def test_series_and_ledger_say_the_same(database: Database) -> None:
    # given: everything that can stand in a ledger, over some weeks
    chance = random.Random(3)
    people = [await make_profile(), await make_profile()]
    positive = [each.code for each in ACTIVITIES.values() if not each.once and each.code != "PULL_REQUEST_MERGED"]
    events = [
        event(
            chance.choice(people),
            chance.choice(positive),
            occurred_at=NOON - timedelta(hours=chance.randrange(24 * 90)),
        )
        for _ in range(150)
    ]
    await record_many(events)
    for each in chance.sample(events, 10):
        await reverse(each.source, each.external_id)
    await penalize(people[0], Category.FORUM, 17, reason="Spam", shown=False, external_id="1")
    await record_opening_balances([OpeningBalance(people[0], Category.LEARNING, 77, "archive", "1")])
    context = Context(database)
    for bucket in Bucket:
        # when
        found = await stats.series(people, context, bucket=bucket, since=date(2025, 12, 1), until=clock.today())
        # then
        for profile_id, pieces in zip(people, found, strict=True):
            for number, piece in enumerate(pieces):
                end = pieces[number + 1]["starts_on"] if number + 1 < len(pieces) else date.max
                rows: Any = (
                    PointEntry.filter(profile_id=profile_id, day__gte=piece["starts_on"], day__lt=end, shown=True)
                    .exclude(kind=EntryKind.OPENING)
                    .annotate(points=Sum("awarded"))
                    .group_by("category")
                    .values_list("category", "points")
                )
                ledger = dict(await rows)
                assert piece["points"] == max(0, sum(ledger.values()))
                for each in piece["categories"]:
                    assert each["points"] == max(0, ledger.get(each["category"], 0))
    # ... and the lines of each category add up to its sum
    for profile_id, row in zip(people, await stats.of_profiles(people, context), strict=True):
        rows = PointEntry.filter(profile_id=profile_id).annotate(points=Sum("awarded")).group_by("category")
        sums = dict(await rows.values_list("category", "points"))
        for each in row["categories"]:
            whole = each["opening"] + each["corrections"] + sum(line["points"] for line in each["activities"])
            assert whole == sums.get(each["category"], 0)
            assert each["corrections"] == 0


async def test_many_people_take_as_many_statements_as_one(
    database: Database, count_statements: CountStatements
) -> None:
    people = [await make_profile() for _ in range(5)]
    for asked in (people[:1], people):
        with count_statements() as seen:
            await stats.of_profiles(asked, Context(database))
            await stats.series(asked, Context(database))
        assert seen.total == 2, seen.texts


@pytest.mark.parametrize("when", [NOON, datetime(2026, 3, 10, 23, 59, 30, tzinfo=UTC)])
async def test_what_remains_is_what_the_next_events_give(database: Database, when: datetime) -> None:
    # given: some of everything that is capped, some of it reversed on its day, some of it on another
    ada = await make_profile()

    async def today() -> list[dict[str, Any]]:
        [rows] = await stats.points_today([ada], Context(database, Principal(1, ada)))
        return rows or []

    with clock.frozen(when - timedelta(days=1)):
        await record(event(ada, occurred_at=clock.now()))
    with clock.frozen(when):
        for number, activity in enumerate(each for each in ACTIVITIES.values() if each.cap is not None):
            if activity.code == "PULL_REQUEST_MERGED":
                continue
            sent = [event(ada, activity.code, occurred_at=when - timedelta(seconds=n)) for n in range(number % 4)]
            await record_many(sent)
            if sent and number % 2:
                await reverse(sent[0].source, sent[0].external_id)
        for row in await today():
            if row["activity"]["code"] == "PULL_REQUEST_MERGED":
                continue
            assert row["earned"] + row["remaining"] == row["cap"]
            assert row["resets_at"] == datetime(2026, 3, 11, tzinfo=UTC)
            remaining = row["remaining"]
            # when
            while True:
                given = await record(event(ada, row["activity"]["code"], occurred_at=when))
                # then
                assert given.awarded == min(row["activity"]["points"], remaining)
                remaining -= given.awarded
                if not given.awarded:
                    break
        assert {row["remaining"] for row in await today() if row["activity"]["code"] != "PULL_REQUEST_MERGED"} == {0}
    with clock.frozen(when + timedelta(days=1)):
        assert all(row["earned"] == 0 for row in await today())


async def test_only_the_person_sees_what_they_earned_today(checked_client: GraphQLClient, database: Database) -> None:
    # given
    ada, ben = await make_person(), await make_person()
    await record(event(ada.own_profile_id, occurred_at=clock.now()))
    # then
    for account, earned in ((ada, 10), (ben, 0)):
        for scope in ("mx:points:read", "mx:user:profile:v1:read"):
            data = await checked_client.data(TODAY, token=await make_token(account, scope))
            rows = {row["activity"]["code"]: row for row in data["viewer"]["pointsToday"]}
            assert (rows["UPVOTE_RECEIVED"]["earned"], rows["UPVOTE_RECEIVED"]["remaining"]) == (earned, 50 - earned)
            assert len(rows) == len([each for each in ACTIVITIES.values() if each.cap is not None])
        assert (
            await checked_client.code(TODAY, token=await make_token(account, "mx:leaderboard:read"))
            == "INSUFFICIENT_SCOPE"
        )
    assert await checked_client.data(TODAY) == {"viewer": None}
    data = await checked_client.data(TODAY, token=await make_token(await make_service(), "mx:points:read"))
    assert data == {"viewer": None}
    [other] = await stats.points_today([ben.own_profile_id], Context(database, Principal(1, ada.own_profile_id)))
    assert other is None


async def test_stats_are_as_visible_as_the_profile(checked_client: GraphQLClient) -> None:
    shy = await make_person(public=False)
    document, asked = STATS, {"id": graph_id("prf", shy.profile_id)}
    assert await checked_client.data(document, **asked) == {"profile": None}
    for scope in ("mx:points:read", "mx:user:profile:v1:read"):
        data = await checked_client.data(document, token=await make_token(shy, scope), **asked)
        assert len(data["profile"]["stats"]["categories"]) == 5
    assert (
        await checked_client.code(document, token=await make_token(shy, "mx:leaderboard:read"), **asked)
        == "INSUFFICIENT_SCOPE"
    )
