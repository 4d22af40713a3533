"""Who gets a badge credential over HTTP, and who does not."""

from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from models.accounts import Account, AccountStatus
from server import make_app
from services.achievements import badges
from services.core import rate_limits
from services.profiles.profiles import refresh_visibility
from tests.helpers.badge_awards import make_award
from tests.helpers.badge_credentials import BROWSER, FORMS, JWT, at, checked_by_others, get, set_bits, someones
from tests.helpers.factories import make_person, make_profile, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, with_key
from tests.helpers.transactions import committed

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # joserfc: RFC 9864 would have it say Ed25519

CHANGING = {"date", "x-request-id"}
"""Headers that differ in every answer."""


async def test_a_hidden_credential_is_as_if_it_never_was_in_every_form(checked_client: GraphQLClient) -> None:
    # given
    account, hidden = await someones(public=False)
    gone, left = await someones("eve@people.example")
    await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
    await committed(refresh_visibility([gone.own_profile_id]))
    # when, then
    for form in FORMS:
        answers = []
        for path in (at(hidden), at(left), "/credentials/" + "e" * 32):
            response = await get(checked_client, path, form)
            headers = {name: value for name, value in response.headers.items() if name.lower() not in CHANGING}
            answers.append((response.status, headers, await response.read()))
        assert answers[0] == answers[1] == answers[2] and answers[0][0] == 404, form
    # and a revoked one too
    await badges.revoke(account.own_profile_id, "FIRST_LIGHT", reason="x")
    assert (await get(checked_client, at(hidden))).status == 404


async def test_owners_fetch_their_own_although_nobody_else_does(checked_client: GraphQLClient) -> None:
    # given
    account, award = await someones(public=False)
    stranger = await make_person("eve@people.example")
    session, others = await in_session(account), await in_session(stranger)
    near = {"Sec-Fetch-Site": "none"}
    # when, then
    response = await checked_client.http.get(at(award), headers={**session, **near, "Accept": JWT})
    assert response.status == 200
    await checked_by_others(checked_client, await response.text())
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "Access-Control-Allow-Origin" not in response.headers
    page = await checked_client.http.get(at(award), headers={**session, **near, "Accept": BROWSER})
    assert page.status == 200
    assert (await checked_client.http.get(at(award), headers=await with_key(account))).status == 200
    for wrong in (
        {**others, **near},
        {**session, "Sec-Fetch-Site": "cross-site"},
        {**session, "Origin": "https://evil.example"},
        {"Cookie": "session=x"},
        await with_key(stranger),
    ):
        assert (await checked_client.http.get(at(award), headers=wrong)).status == 404, wrong


async def test_a_token_fetches_what_its_scopes_open(checked_client: GraphQLClient) -> None:
    # given
    account, award = await someones(public=False)
    _, public = await someones("eve@people.example")
    reads = {"Authorization": f"mxtoken {await make_token(account, 'mx:user:profile:v1:read')}"}
    less = {"Authorization": f"mxtoken {await make_token(account, 'mx:leaderboard:read')}"}
    wrong = {"Authorization": "mxtoken mxp_x"}
    # when, then
    for path in (at(award), at(public)):
        assert (await checked_client.http.get(path, headers=reads)).status == 200
        for headers in (less, wrong):
            response = await checked_client.http.get(path, headers=headers)
            assert (response.status, await response.text()) == (403, '{"error": ""}')


async def test_a_revoked_credential_is_gone_listed_and_comes_back(checked_client: GraphQLClient) -> None:
    # given
    profile_id = await make_profile()
    award = await make_award(profile_id)
    before = await (await get(checked_client, at(award))).text()
    # when
    await badges.revoke(profile_id, "FIRST_LIGHT", reason="<b>Cheated</b> with eve@people.example")
    # then: no form of it is signed any more, and nobody reads why
    for form in FORMS:
        response = await get(checked_client, at(award), form)
        text = await response.text()
        assert response.status == 410 and "ETag" not in response.headers
        assert "eyJ" not in text and "Cheated" not in text and "revoked" in text.lower()
    for kind in ("png", "svg"):
        assert (await get(checked_client, f"{at(award)}/badge.{kind}")).status == 410
    listed = await checked_by_others(checked_client, await (await get(checked_client, "/credentials/status/0")).text())
    old = await checked_by_others(checked_client, before)
    assert set_bits(listed) == {int(old["credentialStatus"]["statusListIndex"])}
    assert "Cheated" not in str(listed)
    # and given again it is there again, under the same id and with a newer date
    await badges.grant(profile_id, "FIRST_LIGHT", reason="No")
    after = await checked_by_others(checked_client, await (await get(checked_client, at(award))).text())
    assert after["id"] == old["id"] and after["nbf"] > old["nbf"]
    assert (
        set_bits(
            await checked_by_others(checked_client, await (await get(checked_client, "/credentials/status/0")).text())
        )
        == set()
    )


async def test_where_nobody_may_read_credentials_are_for_those_signed_in(settings, database) -> None:
    async with TestClient(TestServer(await make_app(replace(settings, anonymous="none"), database))) as http:
        client = GraphQLClient(http)
        _, award = await someones()
        assert (await get(client, at(award))).status == 404
        eve = await make_person("eve@people.example")
        response = await http.get(at(award), headers=await with_key(eve))
        assert response.status == 200 and response.headers["Cache-Control"] == "private, no-store"
        for path in ("/issuer", "/.well-known/jwks.json", "/credentials/status/0", "/achievements/FIRST_LIGHT"):
            assert (await get(client, path)).status == 200  # without these nothing could be verified


async def test_too_many_requests_are_told_when_to_come_back(checked_client: GraphQLClient) -> None:
    _, award = await someones()
    assert (await get(checked_client, at(award))).status == (await get(checked_client, "/issuer")).status == 200
    for path in (at(award), "/issuer"):
        await rate_limits.charge("request-anonymous", by=["address:127.0.0.1"], cost=300)
        response = await get(checked_client, path)
        assert response.status == 429 and int(response.headers["Retry-After"]) > 0
