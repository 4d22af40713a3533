"""Certifications and progress in the Academy, as a profile shows them."""

from datetime import timedelta

from models.database import Database
from resolvers import learning
from resolvers.base.context import Context
from services.points.corrections import reverse
from services.points.ledger import record_many
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, event, give, make_person, make_profile, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session

LEARNED = """
query L($id: ID!) { profile(by: {id: $id}) {
  certifications { level name certifiedAt activity { code } } academy { units learningPaths } } }
"""


async def test_a_profile_shows_what_was_passed_and_completed(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    first, again = (event(ada, "RAPID_CERTIFIED", occurred_at=NOON + timedelta(days=n)) for n in (0, 1))
    expert = event(ada, "EXPERT_CERTIFIED", occurred_at=NOON + timedelta(days=2))
    advanced = event(ada, "ADVANCED_CERTIFIED", occurred_at=NOON + timedelta(days=3))
    await record_many([first, again, expert, advanced])
    await reverse(advanced.source, advanced.external_id)
    await give(ada, "ACADEMY_UNIT_COMPLETED", times=3)
    await give(ada, "LEARNING_PATH_COMPLETED")
    unit = event(ada, "ACADEMY_UNIT_COMPLETED")
    await record_many([unit])
    await reverse(unit.source, unit.external_id)
    # when
    found = (await checked_client.data(LEARNED, id=graph_id("prf", ada)))["profile"]
    # then
    assert found["certifications"] == [
        {
            "level": "EXPERT",
            "name": "Expert Developer",
            "certifiedAt": "2026-03-12T12:00:00Z",
            "activity": {"code": "EXPERT_CERTIFIED"},
        },
        {
            "level": "RAPID",
            "name": "Rapid Developer",
            "certifiedAt": "2026-03-10T12:00:00Z",
            "activity": {"code": "RAPID_CERTIFIED"},
        },
    ]
    assert found["academy"] == {"units": 3, "learningPaths": 1}


async def test_who_has_learned_nothing_here_has_an_empty_list(checked_client: GraphQLClient) -> None:
    ada = await make_profile()
    await record_many([event(ada, "RAPID_CERTIFIED", counterpart_id=ada)])  # gives nothing to oneself
    found = (await checked_client.data(LEARNED, id=graph_id("prf", ada)))["profile"]
    assert found == {"certifications": [], "academy": {"units": 0, "learningPaths": 0}}


async def test_they_are_as_visible_as_the_profile_and_need_its_scope(checked_client: GraphQLClient) -> None:
    # given
    shy = await make_person(public=False)
    await give(shy.own_profile_id, "EXPERT_CERTIFIED")
    asked = {"id": graph_id("prf", shy.profile_id)}
    # then
    assert await checked_client.data(LEARNED, **asked) == {"profile": None}
    assert (await checked_client.data(LEARNED, headers=await in_session(shy), **asked))["profile"]["certifications"]
    token = await make_token(shy, "mx:user:profile:v1:read")
    assert (await checked_client.data(LEARNED, token=token, **asked))["profile"]["certifications"]
    assert (
        await checked_client.code(LEARNED, token=await make_token(shy, "mx:leaderboard:read"), **asked)
        == "INSUFFICIENT_SCOPE"
    )


async def test_many_people_take_as_many_statements_as_one(
    database: Database, count_statements: CountStatements
) -> None:
    people = [await make_profile() for _ in range(5)]
    for who in people:
        await give(who, "RAPID_CERTIFIED")
    for asked in (people[:1], people):
        with count_statements() as seen:
            assert all(await learning.of_profiles(asked, Context(database)))
            await learning.academy(asked, Context(database))
        assert seen.total == 2, seen.texts
