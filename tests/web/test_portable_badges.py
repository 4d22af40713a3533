"""Badges that are taken elsewhere: what foreign code makes of every form, over HTTP, with nothing but what is published."""

import asyncio
import json
import shutil
import subprocess
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from defusedxml import ElementTree
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier
from openbadgeslib.ob3.ldp import OB3LdpVerifier
from PIL import Image

from catalogue.badges import BADGES
from models.profiles import Profile
from server import make_app
from services.achievements import badges
from services.core import audit
from services.open_badges import issuer_keys
from services.open_badges.badge_images import SIZES
from services.profiles import handle_changes
from settings import HERE
from tests.helpers.badge_awards import make_award, make_imported_badge
from tests.helpers.badge_credentials import BROWSER, at, get, get_as_written, someones
from tests.helpers.factories import make_profile
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session
from web.open_badges import portability_problems

CHECK = HERE / "clients" / "check"
JSON = "application/json"
no_npm = not (shutil.which("node") and shutil.which("npm"))
no_tools = not (CHECK / "node_modules" / "@digitalbazaar" / "vc").is_dir()


def path_of(address: str) -> str:
    return address.removeprefix("http://graph.example")


def pem() -> bytes:
    return issuer_keys.published()[0].key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


async def document(client: GraphQLClient, path: str) -> dict[str, Any]:
    response = await get(client, path, JSON)
    assert response.status == 200, path
    return dict(await response.json(content_type=None))


@pytest.mark.skipif(no_npm, reason="there is no npm here")
@pytest.mark.skipif(no_tools, reason="its tools are not installed: make schema-check")
async def test_digital_bazaars_suite_takes_the_proofs_and_refuses_changed_ones(checked_client: GraphQLClient) -> None:
    # given
    _, award = await someones(badge="PROBLEM_SOLVER", level=3)
    credential = await document(checked_client, at(award))
    status_list = await document(checked_client, path_of(credential["credentialStatus"]["statusListCredential"]))
    issuer = await document(checked_client, "/issuer")
    baked = await get(checked_client, f"{at(award)}/badge.png")
    inside = json.loads(OB3Verifier.extract_token_from_png(await baked.read()))
    subject = {**credential["credentialSubject"], "id": "http://graph.example/profiles/eve"}
    sent = {
        "credentials": [
            credential,
            status_list,
            inside,
            {**credential, "credentialSubject": subject},
            {**credential, "validFrom": "2020-01-01T00:00:00Z"},
            {**credential, "issuer": {**credential["issuer"], "id": "http://evil.example/issuer"}},
        ],
        "documents": {credential["issuer"]["id"]: issuer},
    }
    # when
    done = await asyncio.to_thread(
        subprocess.run,
        ["node", "credentials.js"],
        input=json.dumps(sent),
        cwd=CHECK,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    # then
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["verified"] for each in results] == [True, True, True, False, False, False], results
    assert "Invalid signature" in results[3]["error"]


async def test_openbadgeslib_takes_every_form_and_the_status_list(checked_client: GraphQLClient) -> None:
    # given
    account, award = await someones(badge="PROBLEM_SOLVER", level=3)
    compact = await (await get(checked_client, at(award))).text()
    verifier = OB3Verifier(pubkey_pem=pem())
    # when
    credential = verifier.verify(compact, expected_recipient=f"http://graph.example/profiles/{await handle(account)}")
    [entry] = credential.credential_status
    listed = await (await get(checked_client, path_of(entry["statusListCredential"]))).read()
    # then
    verifier.check_status(credential, verify_list=True, download=lambda _: listed)
    assert credential.achievement.name == "Problem Solver, level 3"
    linked = OB3LdpVerifier(pubkey_pem=pem())
    text = await (await get(checked_client, at(award), JSON)).text()
    for shown in (text, *[await taken_out(checked_client, award, kind) for kind in ("png", "svg")]):
        assert json.loads(shown) == json.loads(text)
        assert linked.verify(shown).id == credential.id
    # and once revoked
    await badges.revoke(account.own_profile_id, "PROBLEM_SOLVER", level=3, reason="No")
    listed = await (await get(checked_client, path_of(entry["statusListCredential"]))).read()
    with pytest.raises(OB3VerificationError, match="revocation"):
        verifier.check_status(credential, verify_list=True, download=lambda _: listed)


async def handle(account: Any) -> str:
    return (await Profile.get(id=account.profile_id)).handle


async def taken_out(client: GraphQLClient, award: Any, kind: str) -> str:
    response = await get(client, f"{at(award)}/badge.{kind}")
    media = {"png": "image/png", "svg": "image/svg+xml"}[kind]
    assert (response.status, response.headers["Content-Type"]) == (200, media)
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    content = await response.read()
    taken = OB3Verifier.extract_token_from_png if kind == "png" else OB3Verifier.extract_token_from_svg
    return str(taken(content))


async def test_the_issuers_document_has_the_keys_that_proofs_name(checked_client: GraphQLClient) -> None:
    _, award = await someones()
    proof = (await document(checked_client, at(award)))["proof"]
    issuer = await document(checked_client, "/issuer")
    [key] = [each for each in issuer["verificationMethod"] if each["id"] == proof["verificationMethod"]]
    assert key["controller"] == issuer["id"] and proof["verificationMethod"] in issuer["assertionMethod"]
    assert proof["verificationMethod"] == f"{issuer['id']}#{key['publicKeyMultibase']}"


async def test_who_may_have_the_credential_may_have_it_baked_and_nobody_else(checked_client: GraphQLClient) -> None:
    account, award = await someones(public=False)
    for kind in ("png", "svg"):
        path = f"{at(award)}/badge.{kind}"
        hidden = await get(checked_client, path)
        unknown = await get(checked_client, f"/credentials/{'e' * 32}/badge.{kind}")
        assert (hidden.status, await hidden.read()) == (unknown.status, await unknown.read()) == (404, b"")
        own = await checked_client.http.get(path, headers={**await in_session(account), "Sec-Fetch-Site": "none"})
        assert own.status == 200 and own.headers["Cache-Control"] == "private, no-store"


async def test_every_badge_has_a_picture_of_its_own_at_every_level(checked_client: GraphQLClient) -> None:
    seen = set()
    for badge in BADGES.values():
        for level in range(1, len(badge.levels) + 1):
            response = await get(checked_client, f"/achievements/{badge.code}/{level}/image.svg")
            content = await response.read()
            assert response.status == 200 and ElementTree.fromstring(content).tag.endswith("svg")
            seen.add(content)
    assert len(seen) == sum(len(badge.levels) for badge in BADGES.values())


async def test_pictures_are_drawn_in_four_sizes(checked_client: GraphQLClient) -> None:
    import io

    for size in SIZES:
        response = await get(checked_client, f"/achievements/FIRST_LIGHT/1/image-{size}.png")
        image = Image.open(io.BytesIO(await response.read()))
        assert (image.format, image.size) == ("PNG", (size, size))
        corner, middle = (image.convert("RGBA").getpixel((at, size // 2 if at else 0)) for at in (0, size // 10))
        assert isinstance(corner, tuple) and isinstance(middle, tuple)
        assert corner[3] == 0 and middle[3] == 255
        assert response.headers["X-Content-Type-Options"] == "nosniff"


GRAPH = """
    query ($handle: String!) {
        badge(code: "PROBLEM_SOLVER") { second: imageUrl(levelNumber: 2) png: imageUrl(format: PNG, size: 64) none: imageUrl(levelNumber: 6) }
        profile(by: {handle: $handle}) { topBadges(limit: 1) {
            imageUrl(format: PNG) credentialImageUrl svg: credentialImageUrl(format: SVG) badge { imageUrl }
        } }
    }
"""


async def test_the_graph_says_where_the_pictures_are(checked_client: GraphQLClient) -> None:
    # given
    await make_imported_badge("old/hand")
    profile_id = await make_profile()
    award = await make_award(profile_id, "old/hand")
    # when
    found = await checked_client.data(GRAPH, handle=(await Profile.get(id=profile_id)).handle)
    # then
    here, hand = "http://graph.example/achievements", "old%2Fhand"
    assert found["badge"] == {
        "second": f"{here}/PROBLEM_SOLVER/2/image.svg",
        "png": f"{here}/PROBLEM_SOLVER/1/image-64.png",
        "none": None,
    }
    [earned] = found["profile"]["topBadges"]
    assert earned == {
        "imageUrl": f"{here}/{hand}/1/image-256.png",
        "credentialImageUrl": f"http://graph.example{at(award)}/badge.png",
        "svg": f"http://graph.example{at(award)}/badge.svg",
        "badge": {"imageUrl": f"{here}/{hand}/1/image.svg"},
    }
    for address in (found["badge"]["second"], found["badge"]["png"], earned["imageUrl"], earned["badge"]["imageUrl"]):
        assert (await get_as_written(checked_client, path_of(address))).status == 200
    wrong = '{ badge(code: "FIRST_LIGHT") { imageUrl(format: PNG, size: 65) } }'
    assert await checked_client.code(wrong) == "BAD_INPUT"


async def test_the_recipients_page_is_there_while_the_person_is_public(checked_client: GraphQLClient) -> None:
    # given
    evil = "</title><script>alert(1)</script>\"'&$name"
    account, award = await someones()
    await Profile.filter(id=account.profile_id).update(name=evil, job_title=evil)
    subject = (await document(checked_client, at(award)))["credentialSubject"]["id"]
    # when
    page = await get(checked_client, path_of(subject), BROWSER)
    text = await page.text()
    # then
    assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<script" not in text and "&lt;script&gt;" in text and f"http://graph.example{at(award)}" in text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    profile = await document(checked_client, path_of(subject))
    assert (profile["id"], profile["type"], profile["name"]) == (subject, ["Profile"], evil)
    assert (await get(checked_client, path_of(subject).upper().replace("/PROFILES", "/profiles"), JSON)).status == 200
    # and hidden, as if there were nobody
    await Profile.filter(id=account.profile_id).update(listed=False)
    for form in (BROWSER, JSON):
        hidden, unknown = (
            await get(checked_client, path_of(subject), form),
            await get(checked_client, "/profiles/no-such-person", form),
        )
        assert (hidden.status, await hidden.read()) == (unknown.status, await unknown.read()) == (404, b"")


async def test_the_address_in_an_old_credential_leads_on_after_a_change_of_handle(
    checked_client: GraphQLClient,
) -> None:
    # given
    account, award = await someones()
    before = (await document(checked_client, at(award)))["credentialSubject"]["id"]
    await handle_changes.change(account.own_profile_id, "ada-of-the-harbor", actor=audit.OPERATOR)
    # when
    response = await get(checked_client, path_of(before), BROWSER)
    # then
    assert (response.status, response.headers["Location"]) == (302, "http://graph.example/profiles/ada-of-the-harbor")
    await Profile.filter(id=account.profile_id).update(listed=False)
    assert (await get(checked_client, path_of(before), BROWSER)).status == 404


async def test_the_graph_verifies_every_form(checked_client: GraphQLClient) -> None:
    _, award = await someones()
    picture = await (await get(checked_client, f"{at(award)}/badge.png")).read()
    forms = [
        await (await get(checked_client, at(award))).text(),
        await (await get(checked_client, at(award), JSON)).text(),
        await (await get(checked_client, f"{at(award)}/badge.svg")).text(),
        f"data:image/png;base64,{b64encode(picture).decode()}",
    ]
    ask = (
        "query ($credential: String!) { verifyBadgeCredential(credential: $credential) { isValid problem badgeName } }"
    )
    for form in forms:
        found = (await checked_client.data(ask, credential=form))["verifyBadgeCredential"]
        assert found == {"isValid": True, "problem": None, "badgeName": "First Light"}


@pytest.mark.parametrize(
    ("address", "issuer", "reasons"),
    [
        ("https://graph.example", "", 0),
        ("http://graph.example", "", 1),
        ("https://192.0.2.7", "Harbor", 1),
        ("http://127.0.0.1:8000", "", 3),
        ("http://localhost", "Harbor", 2),
    ],
)
async def test_a_server_says_at_its_start_why_badges_would_not_be_taken_elsewhere(
    settings, database, address: str, issuer: str, reasons: int
) -> None:
    from structlog.testing import capture_logs

    told = replace(settings, public_url=address, credential_issuer=issuer)
    assert len(portability_problems(told)) == reasons
    with capture_logs() as logs:
        await make_app(told, database)
    warned = [each for each in logs if each["event"] == "badge_credentials.not_portable"]
    assert [len(each["reasons"]) for each in warned] == ([reasons] if reasons else [])
