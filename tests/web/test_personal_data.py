"""Personal data over HTTP: docs/rules/accounts.md#personal-data."""

from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

from models import tables
from models.audit import Origin
from models.profile_changes import ChangedField
from resolvers.personal_data import NEVER_BY_TOKEN
from services.core import clock
from services.core.audit import Actor, Change
from services.personal_data import downloads
from services.personal_data.sections import SECTIONS
from services.profiles import profile_changes
from tests.helpers.factories import make_person, make_token
from tests.helpers.full_profiles import make_full_person
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, with_key
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


REQUEST = """mutation Request($input: RequestPersonalDataDownloadInput!) {
  requestPersonalDataDownload(input: $input) {
    download { id state requestedAt readyAt expiresAt sizeInKilobytes url } errors { code message } } }"""
DOWNLOADS = "{ viewer { personalData { downloads { id state sizeInKilobytes expiresAt url } } } }"


async def test_a_download_is_requested_made_listed_and_fetched(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_full_person(canary="c4n4ry", accounts=2)
    await tables.PersonalDataExport.all().delete()
    open_session, elevated = await in_session(ada.account), await in_session(ada.account, elevated=True)
    http = checked_client.http

    async def listed(headers: Any = elevated) -> Any:
        return data_of(await checked_client.data(DOWNLOADS, headers=headers))["downloads"]

    # when
    refused = await checked_client.ask(REQUEST, headers=open_session, input={})
    asked = (await checked_client.data(REQUEST, headers=elevated, input={"idempotencyKey": "k"}))[
        "requestPersonalDataDownload"
    ]
    # then
    assert refused["errors"][0]["extensions"]["code"] == "ELEVATION_REQUIRED"
    assert asked["errors"] == [] and asked["download"]["state"] == "PENDING" and asked["download"]["url"] is None
    assert await downloads.make_due() == 1
    [ready] = await listed()
    assert (ready["id"], ready["state"]) == (asked["download"]["id"], "READY") and ready["sizeInKilobytes"] > 0
    path = urlsplit(ready["url"]).path
    response = await http.get(path, headers=elevated)
    content = await response.read()
    assert response.status == 200 and ZipFile(BytesIO(content)).testzip() is None
    assert response.headers["Content-Disposition"].startswith('attachment; filename="personal-data-20')
    assert (response.headers["Cache-Control"], response.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert response.headers["Content-Length"] == str(len(content))
    # also by a link on a page elsewhere, but not embedded there
    for mode, status in (("navigate", 200), ("no-cors", 302)):
        site = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
        assert (await http.get(path, headers=elevated | site, allow_redirects=False)).status == status
    # and by its id
    node = "query N($id: ID!) { node(id: $id) { id ... on PersonalDataDownload { state } } }"
    assert (await checked_client.data(node, headers=elevated, id=ready["id"]))["node"]["state"] == "READY"

    # nobody else fetches it: the answers are those of one that never existed
    unknown = f"/personal-data/{'a' * 32}"
    second = await in_session(ada.accounts[1], elevated=True)
    key = await with_key(ada.account)
    token = {"Authorization": f"mxtoken {await make_token(ada.account, 'mx:personal-data:read')}"}

    async def answer(address: str, headers: Any) -> tuple[int, bytes, str | None]:
        got = await http.get(address, headers=headers, allow_redirects=False)
        return got.status, await got.read(), got.headers.get("Location")

    for headers, expected in (
        ({}, (302, "/personal-data")),
        (open_session, (302, "/personal-data")),
        (second, (404, None)),
        (key, (403, None)),
        (token, (403, None)),
    ):
        found = await answer(path, headers)
        assert found == await answer(unknown, headers) == await answer("/personal-data/..%2f..%2fetc", headers)
        assert (found[0], found[2]) == expected
    assert await listed(second) == [] and await listed(key) == [ready]
    assert (await checked_client.data(node, headers=second, id=ready["id"]))["node"] is None
    assert (await checked_client.ask(DOWNLOADS, headers=token))["errors"][0]["extensions"][
        "code"
    ] == "INSUFFICIENT_SCOPE"
    only_id = "query N($id: ID!) { node(id: $id) { id } }"
    other = {"Authorization": f"mxtoken {await make_token(ada.account, 'mx:user:profile:v1:read')}"}
    assert (await checked_client.data(only_id, headers=other, id=ready["id"]))["node"] is None
    # and no one after a week, or without its account
    with clock.frozen(clock.now() + downloads.DOWNLOAD_LIFETIME):
        assert await downloads.of_account(ada.account.id) == []
    await tables.PersonalDataExport.all().update(expires_at=clock.now())
    assert (await answer(path, elevated))[0] == 404
