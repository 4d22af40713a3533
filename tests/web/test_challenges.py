"""Challenges over HTTP: docs/rules/challenges.md."""

from asyncio import gather
from datetime import UTC, datetime, timedelta

import orjson

from models.accounts import Account
from models.challenges import ChallengeClaim, ChallengeCompletion
from models.database import Database
from resolvers.base.context import Context
from server import EXECUTOR
from services.core import clock
from services.credits.credit_ledger import balance_of
from tests.conftest import CountStatements
from tests.helpers.factories import give, make_person, make_service, make_token
from tests.helpers.graphql_client import Body, GraphQLClient
from tests.helpers.people import Headers, in_session, with_key

FIELDS = "code title description credits state startsAt endsAt secondsLeft steps { title criterion }"
CATALOGUE = f"{{ challenges {{ {FIELDS} }} featuredChallenge {{ {FIELDS} }} }}"
OWN = """{ viewer { challenges { challenge { code credits } progressPercent steps { title isDone progressPercent }
  completedAt claimedAt canClaim } } }"""
CLAIM = """
mutation Claim($input: ClaimChallengeInput!) { claimChallenge(input: $input) {
  claim { challenge { code } credits claimedAt } wasAlreadyClaimed creditBalance progress { claimedAt canClaim progressPercent challenge { code } } errors { code path } } }
"""


async def student(email: str = "ada@people.example") -> tuple[Account, Headers]:
    """Somebody who has done all of STUDENT, in 2026, and some of FIRST_STEPS."""
    account = await make_person(email)
    for activity, times in (("LEARNING_PATH_COMPLETED", 2), ("WEBINAR_ATTENDED", 1), ("RAPID_CERTIFIED", 1)):
        await give(account.own_profile_id, activity, times)
    await give(account.own_profile_id, "ACADEMY_UNIT_COMPLETED", 3)
    return account, await in_session(account)


async def own(client: GraphQLClient, headers: Headers) -> dict[str, Body]:
    found = (await client.ask(OWN, headers=headers))["data"]["viewer"]["challenges"]
    return {each["challenge"]["code"]: each for each in found}


async def claim(client: GraphQLClient, headers: Headers, code: str = "STUDENT", **more: str) -> Body:
    body = await client.ask(CLAIM, headers=headers, input={"challengeCode": code, **more})
    return body["data"]["claimChallenge"]


async def at(moment: datetime, client: GraphQLClient, database: Database) -> Body:
    """The catalogue as it is answered at a moment: a request's own task would have the clock of now."""
    with clock.frozen(moment):
        answer = await client.http.app[EXECUTOR].run(CATALOGUE, {}, None, Context(database))
    data: Body = orjson.loads(orjson.dumps(answer.body))["data"]
    return data


async def test_everybody_sees_the_challenges_with_the_servers_clock(
    checked_client: GraphQLClient, database: Database
) -> None:
    # given
    noon = datetime(2026, 12, 31, 12, tzinfo=UTC)
    # when
    data = await at(noon, checked_client, database)
    # then
    by_code = {each["code"]: each for each in data["challenges"]}
    ending, always, coming = (by_code[code] for code in ("YEAR_END_2026", "FIRST_STEPS", "NEW_YEAR_2027"))
    assert data["featuredChallenge"] == ending
    assert (ending["state"], ending["secondsLeft"]) == ("OPEN", 43_200)
    assert (always["state"], always["secondsLeft"], always["endsAt"], always["startsAt"]) == ("OPEN", None, None, None)
    assert (coming["state"], coming["secondsLeft"]) == ("UPCOMING", None)
    assert always["steps"][2] == {
        "title": "Complete five Academy units",
        "criterion": "Complete a unit in the Mendix Academy: 5 times.",
    }
    assert all(each["description"] and each["credits"] > 0 for each in by_code.values())


async def test_the_last_second_is_shown_until_it_is_over(checked_client: GraphQLClient, database: Database) -> None:
    end = datetime(2027, 1, 1, tzinfo=UTC)
    for before, state, left in ((timedelta(microseconds=1), "OPEN", 1), (timedelta(), "ENDED", 0)):
        data = await at(end - before, checked_client, database)
        [found] = [each for each in data["challenges"] if each["code"] == "YEAR_END_2026"]
        assert (found["state"], found["secondsLeft"]) == (state, left)
    assert data["featuredChallenge"]["code"] == "NEW_YEAR_2027"


async def test_the_viewer_sees_how_far_they_are(checked_client: GraphQLClient) -> None:
    # given
    _, ada = await student()
    # when
    found = await own(checked_client, ada)
    # then
    done, begun = found["STUDENT"], found["FIRST_STEPS"]
    assert (done["progressPercent"], done["canClaim"], done["claimedAt"]) == (100, True, None) and done["completedAt"]
    assert all(step["isDone"] and step["progressPercent"] == 100 for step in done["steps"])
    assert (begun["progressPercent"], begun["canClaim"], begun["completedAt"]) == (20, False, None)
    assert [(step["progressPercent"], step["isDone"]) for step in begun["steps"]] == [
        (0, False),
        (0, False),
        (60, False),
    ]


async def test_claiming_gives_the_credits_once(checked_client: GraphQLClient) -> None:
    # given
    account, ada = await student()
    # when
    first, again = await claim(checked_client, ada), await claim(checked_client, ada)
    # then
    assert first["errors"] == [] and (first["claim"]["challenge"]["code"], first["claim"]["credits"]) == (
        "STUDENT",
        100,
    )
    assert (first["wasAlreadyClaimed"], again["wasAlreadyClaimed"]) == (False, True) and first["claim"] == again[
        "claim"
    ]
    assert first["creditBalance"] == again["creditBalance"] == await balance_of(account.id) == 100
    assert (
        first["progress"]
        == again["progress"]
        == {
            "claimedAt": first["claim"]["claimedAt"],
            "canClaim": False,
            "progressPercent": 100,
            "challenge": {"code": "STUDENT"},
        }
    )
    shown = (await own(checked_client, ada))["STUDENT"]
    assert shown["claimedAt"] == first["claim"]["claimedAt"] and not shown["canClaim"]
    history = await checked_client.ask(
        "{ viewer { creditHistory { edges { node { kind amount challenge { code } order { id } } } } } }", headers=ada
    )
    [edge] = history["data"]["viewer"]["creditHistory"]["edges"]
    assert edge["node"] == {"kind": "CLAIM", "amount": 100, "challenge": {"code": "STUDENT"}, "order": None}


async def test_two_accounts_of_one_person_at_once_are_given_it_once(checked_client: GraphQLClient) -> None:
    # given
    account, ada = await student()
    second = await make_person("ada@home.example")
    await Account.filter(id=second.id).update(profile_id=account.profile_id)
    other = await in_session(second)
    # when
    answers = await gather(*(claim(checked_client, who) for who in (ada, other, ada, other)))
    # then
    assert sorted(each["wasAlreadyClaimed"] for each in answers) == [False, True, True, True]
    assert await balance_of(account.id) + await balance_of(second.id) == 100
    assert await ChallengeClaim.all().count() == 1


async def test_what_cannot_be_claimed_says_why(checked_client: GraphQLClient) -> None:
    _, ada = await student()
    for code, error in (("FIRST_STEPS", "NOT_COMPLETED"), ("NOTHING", "NOT_FOUND"), ("NEW_YEAR_2027", "NOT_COMPLETED")):
        answer = await claim(checked_client, ada, code)
        assert answer["errors"] == [{"code": error, "path": ["challengeCode"]}]
        assert answer["claim"] is answer["creditBalance"] is answer["wasAlreadyClaimed"] is answer["progress"] is None


async def test_a_claim_under_a_key_is_answered_alike(checked_client: GraphQLClient) -> None:
    _, ada = await student()
    first, again = [await claim(checked_client, ada, idempotencyKey="k") for _ in "12"]
    assert first == again and not again["wasAlreadyClaimed"]
    assert (await claim(checked_client, ada, "NETWORKER", idempotencyKey="k"))["errors"][0][
        "code"
    ] == "IDEMPOTENCY_MISMATCH"


async def test_what_was_done_before_the_challenge_was_there_can_be_claimed_and_looking_writes_nothing(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    _, ada = await student()
    await ChallengeCompletion.all().delete()
    with count_statements() as seen:
        found = (await own(checked_client, ada))["STUDENT"]
    assert found["canClaim"] and found["progressPercent"] == 100 and found["completedAt"] is None
    assert not [text for text in seen.texts if "INSERT" in text.upper() and "challenge" in text]
    assert (await claim(checked_client, ada))["errors"] == []
    assert (await own(checked_client, ada))["STUDENT"]["completedAt"]


async def test_nobody_sees_how_far_another_is(checked_client: GraphQLClient) -> None:
    await student()
    eve = await in_session(await make_person())
    found = await own(checked_client, eve)
    assert {each["progressPercent"] for each in found.values()} == {0}
    assert not any(each["completedAt"] or each["canClaim"] for each in found.values())
    assert (await claim(checked_client, eve))["errors"][0]["code"] == "NOT_COMPLETED"
    assert (await checked_client.ask(OWN))["data"] == {"viewer": None}


async def test_a_token_reads_challenges_under_the_profiles_scope_and_claims_nothing(
    checked_client: GraphQLClient,
) -> None:
    # given
    account, _ = await student()
    reading = await make_token(account, "mx:user:profile:v1:read")
    board = await make_token(account, "mx:leaderboard:read")
    # when, then
    assert (await checked_client.data(OWN, token=reading))["viewer"]["challenges"]
    assert (await checked_client.data(CATALOGUE, token=reading))["challenges"]
    assert await checked_client.code(CATALOGUE, token=board) == "INSUFFICIENT_SCOPE"
    assert await checked_client.code(CLAIM, token=reading, input={"challengeCode": "STUDENT"}) == "INSUFFICIENT_SCOPE"
    assert await ChallengeClaim.all().count() == 0
    assert (await claim(checked_client, await with_key(account)))["errors"] == []


async def test_the_account_of_a_service_has_no_challenges(checked_client: GraphQLClient) -> None:
    token = await make_token(await make_service(), "mx:user:profile:v1:read")
    assert (await checked_client.data(OWN, token=token))["viewer"] is None


async def test_looking_takes_five_statements_and_those_of_the_session(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    _, ada = await student()
    with count_statements() as alone:
        await checked_client.ask("{ viewer { __typename } }", headers=ada)
    with count_statements() as seen:
        await checked_client.ask(OWN, headers=ada)
    assert seen.total - alone.total == 5, seen.texts
