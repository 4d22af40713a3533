"""Badge credentials over HTTP: every form, and what an independent library makes of them."""

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from models.profiles import Profile
from services.open_badges import issuer_keys
from tests.helpers.badge_awards import make_award, make_imported_badge
from tests.helpers.badge_credentials import (
    BROWSER,
    JWT,
    at,
    check_required_members,
    checked_by_others,
    get,
    get_as_written,
    someones,
)
from tests.helpers.factories import NOON, make_profile
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.runtimes import using_settings

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # joserfc: RFC 9864 would have it say Ed25519


async def test_a_credential_is_verified_by_another_library_with_the_published_keys(
    checked_client: GraphQLClient,
) -> None:
    # given
    _, award = await someones(badge="PROBLEM_SOLVER", level=3)
    # when
    response = await get(checked_client, at(award), JWT)
    claims = await checked_by_others(checked_client, await response.text())
    # then
    assert response.status == 200 and response.headers["Content-Type"] == JWT
    check_required_members(claims)
    assert (claims["iss"], claims["sub"], claims["jti"], claims["nbf"]) == (
        claims["issuer"]["id"],
        claims["credentialSubject"]["id"],
        claims["id"],
        int(NOON.timestamp()),
    )


async def test_every_address_in_a_credential_leads_to_what_it_says(checked_client: GraphQLClient) -> None:
    # given
    _, award = await someones(badge="PROBLEM_SOLVER", level=3)
    claims = await checked_by_others(checked_client, await (await get(checked_client, at(award))).text())
    achievement = claims["credentialSubject"]["achievement"]
    for said in (claims["issuer"], achievement):
        # when
        response = await get(checked_client, said["id"].removeprefix("http://graph.example"))
        document = await response.json(content_type=None)
        # then
        assert response.status == 200 and document["id"] == said["id"]
        assert {name: document[name] for name in said} == said
        assert response.headers["Content-Type"] == "application/ld+json"
    status = claims["credentialStatus"]["statusListCredential"]
    for address in (status, claims["credentialSubject"]["id"], achievement["image"]["id"]):
        assert (await get(checked_client, address.removeprefix("http://graph.example"))).status == 200


WISHES = [
    (None, "text/plain; charset=utf-8"),
    ("*/*", "text/plain; charset=utf-8"),
    ("text/plain", "text/plain; charset=utf-8"),
    (JWT, JWT),
    ("application/jwt", "application/jwt"),
    ("application/json", "application/json"),
    ("application/vc+ld+json", "application/vc+ld+json"),
    ("application/vc", "application/vc"),
    (BROWSER, "text/html; charset=utf-8"),
    ("text/html;q=0.2, application/json;q=0.7", "application/json"),
    ("image/png", None),
    ("*/*;q=0", None),
    ("text/html\t; q=2, nonsense", None),
]


async def test_the_form_is_the_one_that_is_wished_for(checked_client: GraphQLClient) -> None:
    _, award = await someones()
    for accept, media in WISHES:
        response = await get(checked_client, at(award), accept)
        if media is None:
            assert (response.status, await response.text()) == (406, ""), accept
            continue
        assert (response.status, response.headers["Content-Type"]) == (200, media), accept
        if "json" in media or media == "application/vc":
            body = await response.json(content_type=None)
            check_required_members(body)
            assert body["proof"]["cryptosuite"] == "eddsa-rdfc-2022"
        elif "html" not in media:
            await checked_by_others(checked_client, await response.text())


async def test_what_is_public_may_be_read_by_any_page_and_kept(checked_client: GraphQLClient) -> None:
    _, award = await someones()
    key = issuer_keys.published()[0].thumbprint
    paths = ("/issuer", "/.well-known/jwks.json", "/credentials/status/0", "/achievements/FIRST_LIGHT", at(award))
    for path in (*paths, f"/credentials/keys/{key}"):
        # when
        response = await get(checked_client, path, Origin="https://wallet.example")
        # then
        assert response.status == 200, path
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers and "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"].startswith("public, ")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        # and again
        again = await get(checked_client, path, If_None_Match=response.headers["ETag"])
        assert (again.status, await again.read()) == (304, b"") and again.headers["ETag"] == response.headers["ETag"]
        assert (await get(checked_client, path, If_None_Match='"other"')).status == 200
        for method in ("POST", "PUT", "DELETE"):
            assert (await checked_client.http.request(method, path)).status == 405


async def test_forms_have_tags_of_their_own(checked_client: GraphQLClient) -> None:
    _, award = await someones()
    responses = [
        await get(checked_client, at(award), form) for form in ("text/plain", JWT, "application/json", "text/html")
    ]
    assert len({response.headers["ETag"] for response in responses}) == 4
    assert all("Accept" in response.headers["Vary"] and "Cookie" in response.headers["Vary"] for response in responses)


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


async def test_the_page_escapes_what_people_wrote_and_allows_nothing(checked_client: GraphQLClient) -> None:
    # given a badge and a person whose names are markup
    evil = "</title><script>alert(1)</script>\"'&$status${x}"
    await make_imported_badge('x"><img src=x onerror=alert(1)>', name=evil, description=f"<!-- {evil}")
    profile_id = await make_profile("Eve")
    await Profile.filter(id=profile_id).update(name=evil)
    award = await make_award(profile_id, 'x"><img src=x onerror=alert(1)>')
    # when
    response = await get(checked_client, at(award), BROWSER)
    page = Page(await response.text())
    # then
    assert response.status == 200
    assert not {"script", "iframe", "link", "form", "base"} & set(page.tags)
    assert page.tags.count("img") == 1
    assert "".join(page.texts).count(evil) >= 3
    assert all(link.startswith("http://graph.example/") for link in page.links)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
    assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_the_policy_allows_the_pages_own_style(checked_client: GraphQLClient) -> None:
    _, award = await someones()
    response = await get(checked_client, at(award), BROWSER)
    [style] = re.findall(r"<style>(.*?)</style>", await response.text(), re.DOTALL)
    assert b64encode(hashlib.sha256(style.encode()).digest()).decode() in response.headers["Content-Security-Policy"]


NOWHERE = [
    "/credentials/",
    "/credentials/" + "0" * 31,
    "/credentials/" + "0" * 33,
    "/credentials/" + "A" * 32,
    "/credentials/..%2f..%2fsettings.py",
    "/credentials/%2e%2e/%2e%2e/settings.py",
    "/credentials/" + "0" * 32 + "%0d%0aX-Evil:%20yes",
    "/credentials/" + "0" * 32 + "%00",
    "/credentials/keys/..%2f..%2fjwks.json",
    "/credentials/keys/x%0d%0aX-Evil:%20yes",
    "/achievements/..%2f..%2fsettings.py",
    "/achievements/FIRST_LIGHT%0d%0aX-Evil:%20yes",
    "/achievements/%00",
    "/achievements/FIRST_LIGHT/1",
    "/achievements/FIRST_LIGHT/2/image.svg",
    "/achievements/FIRST_LIGHT/1/image-65.png",
    "/achievements/FIRST_LIGHT/1/image-9999.png",
    "/achievements/FIRST_LIGHT/0/image.svg",
    "/achievements/NO_SUCH/1/image.svg",
    "/credentials/status/1",
    "/credentials/status/999999999",
    "/credentials/status/-1",
    "/credentials/" + "0" * 32 + "/badge.gif",
    "/credentials/" + "0" * 32 + "/badge.png",
    "/profiles/no-such-person",
    "/profiles/%00",
    "/profiles/" + "x" * 2_000,
    "/achievements/FIRST_LIGHT/2",
    "/achievements/PROBLEM_SOLVER/6",
    "/achievements/PROBLEM_SOLVER/22",
    "/achievements/" + "x" * 2_000,
    "/achievements/%ed%a0%80",
    "/achievements/%ff",
]


async def test_an_address_that_is_none_leads_nowhere(checked_client: GraphQLClient) -> None:
    for path in NOWHERE:
        response = await get_as_written(checked_client, path)
        assert response.status == 404, path
        assert "X-Evil" not in response.headers and b"import" not in await response.read()


async def test_an_imported_badge_is_found_by_its_own_address(checked_client: GraphQLClient) -> None:
    # given
    await make_imported_badge("old/hand é")
    award = await make_award(await make_profile(), "old/hand é")
    claims = await checked_by_others(checked_client, await (await get(checked_client, at(award))).text())
    # when
    address = claims["credentialSubject"]["achievement"]["id"].removeprefix("http://graph.example")
    response = await get_as_written(checked_client, address)
    # then
    assert response.status == 200 and (await response.json(content_type=None))["name"] == "Old Hand"


async def test_a_changed_key_leaves_what_was_handed_out_valid(checked_client: GraphQLClient, settings) -> None:
    # given
    _, award = await someones()
    before = await (await get(checked_client, at(award))).text()
    public = issuer_keys.published()[0].jwk()["x"]
    # when
    with using_settings(replace(settings, credential_key="07" * 32, credential_old_keys=public)):
        after = await (await get(checked_client, at(award))).text()
        # then
        claims = await checked_by_others(checked_client, before)
        assert after != before and await checked_by_others(checked_client, after) == claims
    with using_settings(replace(settings, credential_key="07" * 32)):
        with pytest.raises(Exception, match=r"(?i)key"):
            await checked_by_others(checked_client, before)
        assert (await get(checked_client, f"/credentials/keys/{'x' * 43}")).status == 404
