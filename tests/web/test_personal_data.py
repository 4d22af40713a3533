"""Personal data over HTTP: docs/rules/accounts.md#personal-data."""

from typing import Any

from models import tables
from models.audit import Origin
from models.profile_changes import ChangedField
from resolvers.personal_data import NEVER_BY_TOKEN
from services.core.audit import Actor, Change
from services.personal_data.sections import SECTIONS
from services.profiles import profile_changes
from tests.helpers.factories import make_person, make_token
from tests.helpers.full_profiles import make_full_person
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session
from tests.helpers.transactions import committed

SECTION = "code title description records(first: $first, after: $after) { totalCount nodes { values { name label value } } edges { cursor } pageInfo { hasNextPage endCursor } }"
ALL = f"query All($first: Int, $after: String) {{ viewer {{ personalData {{ trackedSince sections {{ {SECTION} }} }} }} }}"
ONE = f"""query One($code: String!, $first: Int, $after: String) {{
  viewer {{ personalData {{ section(code: $code) {{ {SECTION} }} }} }} }}"""
CHANGES = """query Changes($first: Int, $after: String, $last: Int, $before: String) {
  viewer { personalData { changes(first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { occurredAt field old new origin ipAddress actor { id email } account { id email } }
    edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""


def data_of(answer: Any) -> Any:
    return answer["viewer"]["personalData"]


async def test_a_person_reads_everything_section_by_section_and_page_by_page(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_full_person(canary="c4n4ry")
    headers = await in_session(ada.account)

    async def read(code: str, **asked: Any) -> Any:
        return data_of(await checked_client.data(ONE, headers=headers, code=code, **asked))["section"]

    # when everything
    found = data_of(await checked_client.data(ALL, headers=headers))
    # then
    assert [each["code"] for each in found["sections"]] == list(SECTIONS)
    profile = {each["name"]: each for each in found["sections"][0]["records"]["nodes"][0]["values"]}
    # the person has chosen Dutch
    assert (profile["country"]["label"], profile["country"]["value"]) == ("Land", "Nederland")
    assert (profile["avatar"]["value"], profile["lookingForJob"]["value"]) == ("Een afbeelding", "Ja")
    assert found["trackedSince"] >= "2026"
    # and one section page by page
    first = (await read("point-entry", first=1))["records"]
    end = first["pageInfo"]["endCursor"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    second = (await read("point-entry", first=1, after=end))["records"]
    assert second["nodes"] != first["nodes"] and not second["pageInfo"]["hasNextPage"]
    assert (await read("point-entry", first=100))["records"]["nodes"] == first["nodes"] + second["nodes"]
    assert await read("password") is None
    for asked, code in (
        ({"code": "project", "after": end}, "BAD_CURSOR"),
        ({"code": "project", "first": 101}, "BAD_PAGE"),
    ):
        body = await checked_client.ask(ONE, headers=headers, **asked)
        assert body["errors"][0]["extensions"]["code"] == code


async def test_the_history_says_who_when_from_where_and_what(checked_client: GraphQLClient) -> None:
    # given changes by this account, by another one of the person, and by an operator
    ada, eve = await make_person(), await make_person()
    second = await make_person()
    await tables.Account.filter(id=second.id).update(profile_id=ada.profile_id)
    number = ada.own_profile_id
    for actor, field, change in (
        (Actor(ada.id, Origin.SESSION, "192.0.2.1"), ChangedField.COUNTRY, Change("NL", None)),
        (Actor(second.id, Origin.TOKEN, "192.0.2.2"), ChangedField.SKILLS, Change("css", "css, python")),
        (Actor(None, Origin.OPERATOR), ChangedField.VISIBILITY, Change("PRIVATE", "PUBLIC")),
    ):
        await committed(profile_changes.record(number, {field: change}, actor=actor))
    headers = await in_session(ada)

    async def page(**asked: Any) -> Any:
        return data_of(await checked_client.data(CHANGES, headers=headers, **asked))["changes"]

    # when
    first = await page(first=2)
    rest = await page(first=10, after=first["pageInfo"]["endCursor"])
    # then
    by_operator, by_second = first["nodes"]
    assert (by_operator["origin"], by_operator["actor"], by_operator["old"], by_operator["new"]) == (
        "OPERATOR", None, "Private", "Public",
    )  # fmt: skip
    assert (by_second["actor"]["email"], by_second["ipAddress"]) == (second.email, None)  # of that account alone
    assert (by_second["field"], by_second["old"], by_second["new"]) == ("SKILLS", "CSS", "CSS, Python")
    own, created = rest["nodes"]
    assert (own["ipAddress"], own["old"], own["new"], own["account"]) == ("192.0.2.1", "Netherlands", None, None)
    assert (created["field"], created["new"], created["account"]["email"]) == ("ACCOUNT", ada.email, ada.email)
    assert first["totalCount"] == 4 and not rest["pageInfo"]["hasNextPage"]
    back = await page(last=2, before=rest["pageInfo"]["startCursor"])
    assert back["nodes"] == first["nodes"]
    others = data_of(await checked_client.data(CHANGES, headers=await in_session(eve)))["changes"]
    assert [each["new"] for each in others["nodes"]] == [eve.email]


async def test_a_token_reads_it_under_its_own_scope_without_what_is_about_security(
    checked_client: GraphQLClient,
) -> None:
    ada = await make_full_person(canary="c4n4ry")
    reader = {"Authorization": f"mxtoken {await make_token(ada.account, 'mx:personal-data:read')}"}
    other = {"Authorization": f"mxtoken {await make_token(ada.account, 'mx:user:profile:v1:read')}"}
    found = data_of(await checked_client.data(ALL, headers=reader, first=1))["sections"]
    assert [each["code"] for each in found] == [code for code in SECTIONS if code not in NEVER_BY_TOKEN]
    assert SECTIONS.keys() > NEVER_BY_TOKEN
    for code in NEVER_BY_TOKEN:
        assert data_of(await checked_client.data(ONE, headers=reader, code=code))["section"] is None
    assert data_of(await checked_client.data(CHANGES, headers=reader))["changes"]["totalCount"] == 1
    body = await checked_client.ask(ALL, headers=other)
    assert body["errors"][0]["extensions"]["code"] == "INSUFFICIENT_SCOPE"


async def test_nobody_else_has_personal_data(checked_client: GraphQLClient) -> None:
    body = await checked_client.ask(ALL, first=1)
    assert body["data"] == {"viewer": None}
