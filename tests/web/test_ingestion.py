"""What services report, over HTTP: docs/rules/points.md#reported-by-services."""

import json
from datetime import timedelta
from typing import Any

import pytest

from catalogue.points import ACTIVITIES
from models.accounts import Account
from models.points import OnceAward, PointEntry
from services.core import clock
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, make_person, make_profile, make_service, make_token, total
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient

INGEST = "mx:points:ingest"
ONE = """
mutation One($input: RecordActivityInput!) {
  recordActivity(input: $input) {
    recorded { outcome pointsAwarded isRepeated } errors { __typename code message path }
  }
}
"""
MANY = """
mutation Many($input: RecordActivitiesInput!) {
  recordActivities(input: $input) {
    results { externalId recorded { outcome pointsAwarded isRepeated } errors { code path } } errors { code path }
  }
}
"""


def report(who: int | None = None, **more: Any) -> dict[str, Any]:
    person = {} if who is None else {"person": {"profileId": graph_id("prf", who)}}
    return {
        "activityCode": "UPVOTE_RECEIVED",
        "occurredAt": "2026-03-10T12:00:00Z",
        "externalId": "1",
        **person,
        **more,
    }


@pytest.fixture
async def token(database: object) -> str:
    return await make_token(await make_service(), INGEST)


async def test_a_service_reports_an_activity_once(checked_client: GraphQLClient, token: str) -> None:
    # given
    ada = await make_profile()
    # when
    first, again = [await checked_client.data(ONE, token=token, input=report(ada)) for _ in range(2)]
    # then
    assert first["recordActivity"] == {
        "recorded": {"outcome": "AWARDED", "pointsAwarded": 10, "isRepeated": False},
        "errors": [],
    }
    assert again["recordActivity"]["recorded"] == {"outcome": "AWARDED", "pointsAwarded": 10, "isRepeated": True}
    assert await total(ada) == 10


async def test_a_batch_has_an_outcome_for_each(checked_client: GraphQLClient, token: str) -> None:
    # given
    account, ben = await make_person("ada@people.example"), await make_profile()
    ada = account.own_profile_id
    reports = [
        *(report(ada, externalId=f"up{n}") for n in range(6)),
        report(person={"email": "ADA@people.example"}, activityCode="ANSWER_ACCEPTED", externalId="by mail"),
        report(ben, counterpart={"profileId": graph_id("prf", ben)}, externalId="self"),
        report(ben, counterpart={"email": "ada@people.example"}, externalId="from ada"),
        report(ada, activityCode="FLIGHT", externalId="unknown activity"),
        report(999, externalId="nobody"),
        report(person={"email": "nobody@people.example"}, externalId="no address"),
        report(person={"email": ""}, externalId="an empty address"),
        report(person={"profileId": graph_id("cmp", 1)}, externalId="a company"),
        report(person={"profileId": "nonsense"}, externalId="no id"),
        report(ada, occurredAt=(clock.now() + timedelta(hours=1)).isoformat(), externalId="future"),
        report(ada, activityCode="ANSWER_ACCEPTED", externalId="up0"),
    ]
    # when
    answer = (await checked_client.data(MANY, token=token, input={"activities": reports}))["recordActivities"]
    # then
    assert answer["errors"] == []
    assert [each["externalId"] for each in answer["results"]] == [each["externalId"] for each in reports]
    got = {
        each["externalId"]: (each["recorded"] or {}).get("outcome") or each["errors"][0]["code"]
        for each in answer["results"]
    }
    assert got == {
        "up0": "EVENT_CONFLICT", "up1": "AWARDED", "up2": "AWARDED", "up3": "AWARDED", "up4": "AWARDED", "up5": "CAPPED",
        "by mail": "AWARDED", "self": "SELF", "from ada": "AWARDED", "unknown activity": "UNKNOWN_ACTIVITY",
        "nobody": "NOT_FOUND", "no address": "NOT_FOUND", "an empty address": "NOT_FOUND", "a company": "NOT_FOUND", "no id": "BAD_ID", "future": "IN_THE_FUTURE",
    }  # fmt: skip
    assert (await total(ada), await total(ben)) == (65, 10)


PERSONS = {
    "{}": {},
    "{profileId: null}": {"profileId": None},
    '{profileId: "prf_x", email: "ada@people.example"}': {"profileId": "prf_x", "email": "ada@people.example"},
    '{profileId: "prf_x", email: null}': {"profileId": "prf_x", "email": None},
    "null": None,
}
"""What is not one person: as literals and as variables."""


@pytest.mark.parametrize("field", ["person", "counterpart"])
@pytest.mark.parametrize("literal", PERSONS)
async def test_a_person_is_named_in_exactly_one_way(
    checked_client: GraphQLClient, token: str, literal: str, field: str
) -> None:
    """GraphQL checks the form of an input before anything runs, so the whole call is refused, whichever way it came."""
    # given
    who = {"email": "ada@people.example"}
    account = await make_person(who["email"])
    wrong = {**report(person=who, externalId="2"), field: PERSONS[literal]}
    fields = {**report(person=who, externalId="3"), "person": '{email: "ada@people.example"}'}
    text = ", ".join(
        f"{name}: {literal if name == field else value if name == 'person' else json.dumps(value)}"
        for name, value in {**fields, field: None if field == "counterpart" else fields["person"]}.items()
    )
    allowed = (field, literal) == ("counterpart", "null")  # no counterpart
    # when
    one = await checked_client.ask(ONE, token=token, input=wrong)
    many = await checked_client.ask(MANY, token=token, input={"activities": [report(person=who), wrong]})
    response = await checked_client.post(
        f"mutation {{ recordActivity(input: {{{text}}}) {{ recorded {{ outcome }} errors {{ code }} }} }}", token=token
    )
    inline = await response.json()
    # then
    bodies = {"one": one, "many": many, "inline": inline}
    if allowed:
        assert not [name for name, body in bodies.items() if "errors" in body]
        return
    assert {name: body["errors"][0]["extensions"]["code"] for name, body in bodies.items()} == {
        "one": "BAD_INPUT", "many": "BAD_INPUT", "inline": "BAD_QUERY",
    }  # fmt: skip
    assert f"activities[1].{field}" in many["errors"][0]["message"]
    assert not await PointEntry.filter(profile_id=account.own_profile_id).exists()


async def test_a_refused_activity_changes_nothing_and_says_where(checked_client: GraphQLClient, token: str) -> None:
    ada = await make_profile()
    answer = await checked_client.data(ONE, token=token, input=report(ada, externalId="x" * 201))
    assert answer["recordActivity"]["recorded"] is None
    assert [(each["__typename"], each["code"], each["path"]) for each in answer["recordActivity"]["errors"]] == [
        ("PlainError", "BAD_INPUT", ["externalId"])
    ]
    assert await PointEntry.all().count() == 0


async def test_an_unverified_address_links_nothing(checked_client: GraphQLClient, token: str) -> None:
    account = await make_person("eve@people.example")
    await Account.filter(id=account.id).update(verified_at=None)
    answer = await checked_client.data(ONE, token=token, input=report(person={"email": "eve@people.example"}))
    assert answer["recordActivity"]["errors"][0]["code"] == "NOT_FOUND"


async def test_one_service_cannot_speak_with_the_ids_of_another(checked_client: GraphQLClient, token: str) -> None:
    # given
    ada = await make_profile()
    other = await make_token(await make_service(), INGEST)
    # when
    answers = [await checked_client.data(ONE, token=each, input=report(ada)) for each in (token, other)]
    # then
    assert [each["recordActivity"]["recorded"]["isRepeated"] for each in answers] == [False, False]
    assert len({entry.source for entry in await PointEntry.all()}) == 2


async def test_nobody_and_people_cannot_report(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person()
    person = await make_token(account, "mx:user:profile:v1:read", "mx:leaderboard:read", "mx:points:read")
    ada = report(account.own_profile_id)
    # when, then
    assert await checked_client.code(ONE, input=ada) == "UNAUTHENTICATED"
    assert await checked_client.code(MANY, input={"activities": [ada]}) == "UNAUTHENTICATED"
    assert await checked_client.code(ONE, token=person, input=ada) == "INSUFFICIENT_SCOPE"
    assert await PointEntry.all().count() == 0


async def test_a_batch_of_over_five_hundred_is_refused_whole(checked_client: GraphQLClient, token: str) -> None:
    ada = await make_profile()
    reports = [report(ada, externalId=str(n)) for n in range(501)]
    answer = await checked_client.data(MANY, token=token, input={"activities": reports})
    assert answer["recordActivities"] == {
        "results": None,
        "errors": [{"code": "TOO_MANY_ITEMS", "path": ["activities"]}],
    }
    assert await PointEntry.all().count() == 0


async def test_a_full_batch_is_taken_in_few_statements(
    checked_client: GraphQLClient, token: str, count_statements: CountStatements
) -> None:
    people = [await make_profile(f"P{n}") for n in range(20)]
    reports = [report(people[n % 20], externalId=str(n)) for n in range(500)]
    with count_statements() as seen:
        answer = await checked_client.data(MANY, token=token, input={"activities": reports})
    assert len(answer["recordActivities"]["results"]) == 500
    assert await total(people[0]) == 50
    # who asks, the ledger, the sums (9); one notice of them; counters, badges, the notice of these, their dates (2)
    assert seen.total <= 15, seen.texts


async def test_several_in_one_document_are_taken_in_one_after_the_other(
    checked_client: GraphQLClient, token: str
) -> None:
    ada = await make_profile()
    document = "mutation M($input: RecordActivityInput!) { a: recordActivity(input: $input) { recorded { isRepeated } } b: recordActivity(input: $input) { recorded { isRepeated } } }"
    data = await checked_client.data(document, token=token, input=report(ada))
    assert [data[name]["recorded"]["isRepeated"] for name in "ab"] == [False, True]


@pytest.mark.parametrize(
    "moment", ["2026-03-10", "2026-03-10T12:00:00", "yesterday", "", 5, None, "2026-13-10T12:00:00Z"]
)
async def test_a_moment_without_an_offset_is_refused(checked_client: GraphQLClient, token: str, moment: object) -> None:
    ada = await make_profile()
    body = await checked_client.ask(ONE, token=token, input=report(ada, occurredAt=moment))
    assert body["errors"][0]["extensions"]["code"] == "BAD_INPUT" and "recordActivity" not in (body.get("data") or {})


async def test_any_offset_is_the_same_moment(checked_client: GraphQLClient, token: str) -> None:
    ada = await make_profile()
    await checked_client.data(ONE, token=token, input=report(ada, occurredAt="2026-03-10T14:00:00+02:00"))
    assert (await PointEntry.get()).occurred_at == NOON


BACK = """
mutation Back($input: ReverseActivityInput!) {
  reverseActivity(input: $input) { reversal { pointsTakenBack isRepeated } errors { code path } }
}
"""


async def test_a_service_takes_back_what_it_reported_once(checked_client: GraphQLClient, token: str) -> None:
    # given
    ada = await make_profile()
    await checked_client.data(ONE, token=token, input=report(ada))
    # when
    first, again = [await checked_client.data(BACK, token=token, input={"externalId": "1"}) for _ in range(2)]
    # then
    assert first["reverseActivity"] == {"reversal": {"pointsTakenBack": 10, "isRepeated": False}, "errors": []}
    assert again["reverseActivity"] == {"reversal": {"pointsTakenBack": 10, "isRepeated": True}, "errors": []}
    assert await total(ada) == 0


@pytest.mark.parametrize("number", ["1", "2", "", "x" * 1_000])
async def test_a_service_cannot_take_back_what_another_reported(
    checked_client: GraphQLClient, token: str, number: str
) -> None:
    # given
    ada = await make_profile()
    await checked_client.data(ONE, token=token, input=report(ada))
    other = await make_token(await make_service(), INGEST)
    # when
    answer = await checked_client.data(BACK, token=other, input={"externalId": number})
    # then
    assert answer["reverseActivity"] == {"reversal": None, "errors": [{"code": "NOT_FOUND", "path": ["externalId"]}]}
    assert await total(ada) == 10


async def test_only_a_service_with_the_scope_takes_back(checked_client: GraphQLClient, token: str) -> None:
    person = await make_token(await make_person(), "mx:points:read")
    assert await checked_client.code(BACK, token=person, input={"externalId": "1"}) == "INSUFFICIENT_SCOPE"
    assert await checked_client.code(BACK, input={"externalId": "1"}) in {"UNAUTHENTICATED", "FORBIDDEN"}


@pytest.mark.parametrize("activity", sorted(each.code for each in ACTIVITIES.values() if each.system))
async def test_what_only_this_system_can_know_is_refused(
    checked_client: GraphQLClient, token: str, activity: str
) -> None:
    # given
    ada = await make_profile()
    reports = [report(ada, activityCode=each, externalId=each) for each in (activity, "APP_REVIEWED")]
    # when
    many = await checked_client.data(MANY, token=token, input={"activities": reports})
    # then the other event of the batch is taken in
    refused, taken = many["recordActivities"]["results"]
    assert (refused["recorded"], refused["errors"][0]["code"]) == (None, "NOT_REPORTABLE")
    assert taken["recorded"]["pointsAwarded"] == 5
    assert await PointEntry.filter(activity=activity).count() == 0
    assert not await OnceAward.filter(activity=activity).exists()
