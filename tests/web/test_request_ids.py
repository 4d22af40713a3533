"""Each answer names its request, in a header that is in the log too."""

import dataclasses
import re

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from models.database import Database
from server import make_app
from settings import Settings
from tests.helpers.graphql_client import GraphQLClient
from web.graphql import GraphQLEndpoint
from web.request_ids import HEADER

APP = "https://app.example"


@pytest.mark.sqlite_only
async def test_an_id_is_made_for_each_request(checked_client: GraphQLClient) -> None:
    made = set()
    for path in ("/graphql?query={__typename}", "/nowhere", "/healthz", "/"):
        response = await checked_client.http.get(path, allow_redirects=False)
        assert re.fullmatch(r"[0-9a-f]{32}", response.headers[HEADER]), path
        made.add(response.headers[HEADER])
    refused = await checked_client.post("{ __typename }", token="nonsense")
    assert refused.status == 403 and refused.headers[HEADER]
    assert len(made) == 4


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479", True),
        ("Root=1-67891233-abcdef012345678912345678", True),
        ("12345678", True),
        ("a" * 128, True),
        ("1234567", False),
        ("a" * 129, False),
        ("", False),
        ("two words here", False),
        ('{"key": "value"}', False),
        ("mxp_0123456789abcdef", False),
        ("ééééééééé", False),
    ],
)
async def test_an_id_that_is_safe_to_log_is_kept(checked_client: GraphQLClient, sent: str, is_kept: bool) -> None:
    response = await checked_client.post("{ __typename }", headers={HEADER: sent})
    assert (response.headers[HEADER] == sent) is is_kept
    assert response.headers[HEADER].isascii() and response.headers.getall(HEADER) == [response.headers[HEADER]]


@pytest.mark.sqlite_only
async def test_a_socket_has_one_too(checked_client: GraphQLClient) -> None:
    async with checked_client.http.ws_connect(
        "/graphql", protocols=("graphql-transport-ws",), headers={HEADER: "socket-number-1"}
    ) as ws:
        assert ws._response.headers[HEADER] == "socket-number-1"


@pytest.mark.sqlite_only
async def test_what_is_logged_about_a_request_has_its_id(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    async def fails(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(GraphQLEndpoint, "_run", fails)
    # when
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        answers = [await checked_client.post("{ __typename }", headers={HEADER: f"request-{n}"}) for n in (1, 2)]
    # then
    assert [each.status for each in answers] == [500, 500]
    failed = [each for each in logged if each["event"] == "request.failed"]
    assert [each["request_id"] for each in failed] == ["request-1", "request-2"]
    bodies = [(await each.json())["errors"][0]["extensions"] for each in answers]
    assert [each["reference"] for each in bodies] == [each["reference"] for each in failed]
    assert "request_id" not in structlog.contextvars.get_contextvars()


@pytest.mark.sqlite_only
async def test_a_page_of_an_allowed_origin_can_send_and_read_it(settings: Settings, database: Database) -> None:
    app = await make_app(dataclasses.replace(settings, origins=APP), database)
    async with TestClient(TestServer(app)) as http:
        asked = {"Origin": APP, "Access-Control-Request-Method": "POST"}
        preflight = await http.options("/graphql", headers=asked)
        answer = await http.post("/graphql", json={"query": "{ __typename }"}, headers={"Origin": APP})
    assert "x-request-id" in preflight.headers["Access-Control-Allow-Headers"].split(", ")
    assert HEADER in answer.headers["Access-Control-Expose-Headers"].split(", ")
