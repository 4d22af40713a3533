"""GraphiQL's examples on a demo: each works without a credential, and with the token that `run` prints."""

from typing import Any

import orjson
import pytest
from graphql import OperationType, parse

from cli.run import SCOPES
from models.profiles import Profile
from tests.helpers.factories import give, make_person, make_profile, make_service, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.merge_steps import merge_code, merger
from tests.helpers.subscriptions import arrives
from tests.helpers.websocket import open_socket
from web import graphiql

EXAMPLES = {path.stem: path.read_text("utf-8") for path in sorted(graphiql.EXAMPLES.glob("*.graphql"))}


def examples(kind: OperationType) -> list[str]:
    first = {name: parse(text).definitions for name, text in EXAMPLES.items()}
    return [name for name, found in first.items() if len(found) == 1 and found[0].operation is kind]  # type: ignore[attr-defined]


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


async def test_the_steps_of_the_merge_lead_to_one_profile(checked_client: GraphQLClient) -> None:
    """As the tab says: the operations in turn, with values that are copied from one answer to the variables of the next."""
    [name] = [each for each, text in EXAMPLES.items() if len(parse(text).definitions) > 1]
    variables = orjson.loads((graphiql.EXAMPLES / f"{name}.json").read_text("utf-8"))
    old = await make_person(variables["email"], name="Ada Okafor")
    ada = await merger(checked_client, await make_person("ada@people.example", name="Ada Okafor"))
    await give(old.own_profile_id)

    async def step(operation: str) -> Any:
        response = await checked_client.http.post(
            "/graphql",
            json={"query": EXAMPLES[name], "variables": variables, "operationName": operation},
            headers=ada.headers,
        )
        body = await response.json()
        assert "errors" not in body and not next(iter(body["data"].values())).get("errors"), body
        return next(iter(body["data"].values()))

    merge = (await step("StartMerge"))["merge"]
    variables |= {"mergeId": merge["id"], "addressId": merge["addresses"][0]["addressId"]}
    await step("SendMergeCode")
    variables["code"] = await merge_code()
    assert not (await step("VerifyMergeCode"))["merge"]["needsSecondFactor"]
    preview = (await step("PreviewMerge"))["openMerge"]["preview"]
    assert preview["fields"] and preview["tables"]
    variables["previewHash"] = preview["hash"]
    done = (await step("MergeProfiles"))["merge"]
    assert (done["state"], done["profile"]["score"]["points"]) == ("DONE", 15)
