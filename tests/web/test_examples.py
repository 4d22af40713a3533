"""GraphiQL's examples on a demo: each works without a credential, and with the token that `run` prints."""

from typing import Any

import pytest
from graphql import OperationType, parse

from cli.run import SCOPES
from models.profiles import Profile
from tests.helpers.factories import give, make_profile, make_service, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.subscriptions import arrives
from tests.helpers.websocket import open_socket
from web import graphiql

EXAMPLES = {path.stem: path.read_text("utf-8") for path in sorted(graphiql.EXAMPLES.iterdir())}


def examples(kind: OperationType) -> list[str]:
    return [name for name, text in EXAMPLES.items() if parse(text).definitions[0].operation is kind]  # type: ignore[attr-defined]


@pytest.fixture
async def header(request: pytest.FixtureRequest, checked_client: GraphQLClient) -> dict[str, str]:
    """Nothing, or the demo's token; on a server with somebody for each example."""
    ada = await make_profile("Ada Okafor", details={"job_title": "Architect"})
    await Profile.filter(id=ada).update(handle="ada-okafor")
    await give(ada, "ANSWER_ACCEPTED")
    if not request.param:
        return {}
    return {"Authorization": f"mxtoken {await make_token(await make_service(), *SCOPES)}"}


both = pytest.mark.parametrize("header", [False, True], ids=["anonymous", "token"], indirect=True)


@both
@pytest.mark.parametrize("name", examples(OperationType.QUERY))
async def test_a_query_shows_something(name: str, header: dict[str, str], checked_client: GraphQLClient) -> None:
    body: Any = await checked_client.ask(EXAMPLES[name], headers=header)
    assert "errors" not in body, body
    assert "Ada Okafor" in str(body["data"])


@both
@pytest.mark.parametrize("name", examples(OperationType.SUBSCRIPTION))
async def test_a_subscription_shows_something_at_once(
    name: str, header: dict[str, str], checked_client: GraphQLClient
) -> None:
    async with open_socket(checked_client) as ws:
        await ws.init(header)
        await ws.send(id="s", type="subscribe", payload={"query": EXAMPLES[name]})
        assert "ada-okafor" in str(await arrives(ws))


@both
@pytest.mark.parametrize("name", examples(OperationType.MUTATION))
async def test_a_mutation_says_what_it_needs(name: str, header: dict[str, str], checked_client: GraphQLClient) -> None:
    body: Any = await checked_client.ask(EXAMPLES[name], headers=header)
    [error] = body["errors"]
    assert error["extensions"]["code"] == ("INSUFFICIENT_SCOPE" if header else "UNAUTHENTICATED")
