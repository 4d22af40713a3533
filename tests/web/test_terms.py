"""Lists to choose from, over HTTP: docs/rules/profiles.md#lists-to-choose-from."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import pytest

from catalogue.terms import COUNTRY_CODES, INDUSTRIES, SKILLS, countries
from models.database import Database
from tests.conftest import CountStatements
from tests.helpers.factories import make_person, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.sessions import sign_in

READ, WRITE = "mx:user:profile:v1:read", "mx:profile:write"
NL, EN = {"Accept-Language": "nl"}, {"Accept-Language": "en"}
LISTS = "{ skills { code name isRetired } industries { code name isRetired } countries { code name } languages { code name } }"


async def listed(client: GraphQLClient, headers: dict[str, str] | None = None, token: str | None = None) -> Any:
    body = await client.ask(LISTS, headers=headers, token=token)
    assert "errors" not in body, body
    return body["data"]


def batched(every: list[str], size: int) -> Iterator[list[str]]:
    return (every[start : start + size] for start in range(0, len(every), size))


def names(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [each["name"] for each in rows]


async def test_anonymous_callers_read_them_in_their_language(checked_client: GraphQLClient) -> None:
    english, dutch = await listed(checked_client, EN), await listed(checked_client, NL)
    # then
    assert [each for each in english["skills"] if each["code"] == "azure"] == [
        {"code": "azure", "name": "Azure", "isRetired": False}
    ]
    assert {each["code"]: each["name"] for each in dutch["industries"]}["banking"] == "Bankwezen"
    assert {"code": "DE", "name": "Germany"} in english["countries"]
    assert {"code": "DE", "name": "Duitsland"} in dutch["countries"]
    assert english["languages"] == dutch["languages"]
    for name in ("skills", "industries", "countries"):
        assert {each["code"] for each in english[name]} == {each["code"] for each in dutch[name]}


async def test_they_are_sorted_by_name_without_case_and_accents(checked_client: GraphQLClient) -> None:
    english, dutch = await listed(checked_client, EN), await listed(checked_client, NL)
    # then
    assert names(english["countries"])[:4] == ["Afghanistan", "Åland Islands", "Albania", "Algeria"]
    assert names(dutch["countries"])[:4] == ["Afghanistan", "Åland", "Albanië", "Algerije"]
    assert names(english["skills"])[:4] == ["Accessibility", "Agile", "AI", "Analytics"]
    assert names(dutch["industries"]) == sorted(names(dutch["industries"]), key=str.casefold)


async def test_what_is_retired_is_left_out(checked_client: GraphQLClient) -> None:
    found = await listed(checked_client)
    # then
    assert SKILLS["flash"].retired and "flash" not in {each["code"] for each in found["skills"]}
    for name, terms in (("skills", SKILLS), ("industries", INDUSTRIES)):
        assert {each["code"] for each in found[name]} == {each.code for each in terms.values() if not each.retired}
    assert len(found["countries"]) == len(countries("en")) > 240


async def test_a_profile_takes_each_of_them(checked_client: GraphQLClient) -> None:
    # given
    found = await listed(checked_client)
    codes = {name: [each["code"] for each in rows] for name, rows in found.items()}
    update = "mutation M($input: UpdateProfileInput!) { updateProfile(input: $input) { errors { code message } } }"
    inputs = [
        *({"skillCodes": some} for some in batched(codes["skills"], 50)),
        *({"industryCodes": some} for some in batched(codes["industries"], 20)),
    ]
    # when
    await sign_in(checked_client, await make_person(), elevated=False)
    for each in inputs:
        assert (await checked_client.data(update, input=each))["updateProfile"] == {"errors": []}, each
    for code in codes["languages"]:
        document = "mutation M($code: String!) { updatePreferences(input: {languageCode: $code}) { errors { code } } }"
        assert (await checked_client.data(document, code=code))["updatePreferences"] == {"errors": []}, code
    for some in batched(codes["countries"], 90):  # one account may edit 100 times
        await sign_in(checked_client, await make_person(), elevated=False)
        edits = " ".join(
            f'{each}: updateProfile(input: {{countryCode: "{each}"}}) {{ errors {{ code }} }}' for each in some
        )
        data = await checked_client.data(f"mutation {{ {edits} }}")
        assert data == {each: {"errors": []} for each in some}


async def test_a_search_takes_each_of_them(checked_client: GraphQLClient) -> None:
    found = await listed(checked_client)
    wanted = [
        *(f'countryCode: "{each["code"]}"' for each in found["countries"]),
        *(f'skillCodes: ["{each["code"]}"]' for each in found["skills"]),
        *(f'industryCodes: ["{each["code"]}"]' for each in found["industries"]),
    ]
    for some in batched(wanted, 40):
        searches = " ".join(f"a{number}: profiles({each}) {{ totalCount }}" for number, each in enumerate(some))
        assert set(map(orjson.dumps, (await checked_client.data(f"{{ {searches} }}")).values())) == {
            b'{"totalCount":0}'
        }


async def test_they_need_no_statement(checked_client: GraphQLClient, count_statements: CountStatements) -> None:
    with count_statements() as seen:
        for headers in (EN, NL):
            await listed(checked_client, headers)
    assert seen.total == 0


async def test_tokens_read_them_with_a_scope_that_reads_or_writes_profiles(checked_client: GraphQLClient) -> None:
    ada = await make_person()
    everything = await listed(checked_client)
    # then
    assert await listed(checked_client, token=await make_token(ada, READ)) == everything
    form = "{ skills { code name isRetired } industries { code name isRetired } countries { code name } }"
    written = await checked_client.data(form, token=await make_token(ada, WRITE))
    assert written == {name: everything[name] for name in ("skills", "industries", "countries")}
    for each in ("skills", "industries", "countries"):
        document = f"{{ {each} {{ code }} }}"
        assert await checked_client.code(document, token=await make_token(ada, "mx:app:create")) == "INSUFFICIENT_SCOPE"


async def test_they_cost_as_much_as_they_have_rows(checked_client: GraphQLClient) -> None:
    for name, rows in (("skills", len(SKILLS)), ("industries", len(INDUSTRIES)), ("countries", len(COUNTRY_CODES))):
        body = await checked_client.ask(f"{{ {name} {{ code name }} }}", headers={"GraphQL-Cost": "1"})
        assert body["extensions"]["cost"] == {"requested": rows, "limit": 5_000}


async def test_they_are_small_and_do_not_change(checked_client: GraphQLClient) -> None:
    first = await checked_client.post(LISTS)
    assert len(await first.read()) < 20_000
    again = await checked_client.post(LISTS, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize("headers", [EN, NL])
async def test_the_lists_of_the_other_forms_have_the_codes_of_their_inputs(
    checked_client: GraphQLClient, database: Database, headers: dict[str, str]
) -> None:
    """Scopes of a token that a person may have, and activities that a service may report."""
    # given
    document = "{ tokenScopes { name isServiceOnly } activities { code isReportable } }"
    data = (await checked_client.ask(document, headers=headers))["data"]
    scopes = [each["name"] for each in data["tokenScopes"] if not each["isServiceOnly"]]
    service = await make_token(await make_service(), "mx:points:ingest")
    ada = await make_person()
    # when
    reported = await checked_client.data(
        """mutation M($activities: [RecordActivityInput!]!) {
            recordActivities(input: {activities: $activities}) { results { recorded { outcome } errors { code } } errors { code } } }""",
        token=service,
        activities=[
            {
                "activityCode": each["code"],
                "externalId": each["code"],
                "person": {"profileId": graph_id("prf", ada.profile_id)},
                "occurredAt": "2026-05-01T10:00:00Z",
            }
            for each in data["activities"]
        ],
    )
    await sign_in(checked_client, ada, elevated=True)
    created = await checked_client.data(
        """mutation M($scopes: [TokenScopeName!]!) {
            createPersonalAccessToken(input: {name: "All", scopes: $scopes}) { token { scopes } errors { code } } }""",
        scopes=scopes,
    )
    # then
    results = reported["recordActivities"]["results"]
    assert {each["code"]: not result["errors"] for each, result in zip(data["activities"], results, strict=True)} == {
        each["code"]: each["isReportable"] for each in data["activities"]
    }
    assert sorted(created["createPersonalAccessToken"]["token"]["scopes"]) == sorted(scopes)
