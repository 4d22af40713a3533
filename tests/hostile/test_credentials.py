"""Credentials made by an attacker: none gets through, none costs more than a moment, nothing is fetched."""

import asyncio
import json
import struct
import time
import zlib
from base64 import b64encode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.open_badges import (
    badge_baking,
    badge_credentials,
    badge_images,
    credential_forms,
    data_integrity,
    issuer_keys,
    json_ld,
)
from services.open_badges.badge_images import ImageKind, Picture
from services.open_badges.credential_verification import (
    MAX_CREDENTIAL_CHARACTERS,
    MAX_PICTURE_CHARACTERS,
    PNG_DATA_URL,
    Fault,
    verify,
)
from tests.helpers.badge_awards import make_award
from tests.helpers.factories import make_profile

pytestmark = pytest.mark.usefixtures("database")
SECONDS = 1.0
"""What one verification may take of a processor, however busy the machine is."""


async def ours(**more: Any) -> dict[str, Any]:
    award = await badge_credentials.award_of((await make_award(await make_profile(), **more)).credential)
    assert award is not None
    return await badge_credentials.secured(award)


async def fault_of(shown: Any) -> Fault | None:
    begun = time.process_time()
    found = await verify(shown if isinstance(shown, str) else json.dumps(shown))
    assert time.process_time() - begun < SECONDS
    if found.fault not in {None, Fault.REVOKED, Fault.NOT_YET_VALID}:
        assert found.claims is None  # what somebody else wrote is not repeated
    return found.fault


def as_png(text: bytes, *, compressed: bool = False) -> str:
    data = b"openbadgecredential\0" + bytes((compressed, 0)) + b"\0\0" + (zlib.compress(text) if compressed else text)
    chunk = struct.pack(">I", len(data)) + b"iTXt" + data + b"\0" * 4
    return PNG_DATA_URL + b64encode(badge_baking.SIGNATURE + chunk).decode()


async def test_every_form_of_one_of_ours_holds() -> None:
    # given
    credential = await ours(badge="PROBLEM_SOLVER", level=2)
    award = await badge_credentials.award_of(credential["id"].rpartition("/")[2])
    assert award is not None
    picture = await badge_credentials.baked(award, ImageKind.PNG)
    forms = [
        await badge_credentials.signed(award),
        json.dumps(credential),
        json.dumps(credential, indent=4, ensure_ascii=True),
        json.dumps(dict(reversed(credential.items()))),
        (await badge_credentials.baked(award, ImageKind.SVG)).decode(),
        PNG_DATA_URL + b64encode(picture).decode(),
        as_png(json.dumps(credential).encode(), compressed=True),
        as_png((await badge_credentials.signed(award)).encode()),
    ]
    for form in forms:
        # when
        found = await verify(f"\n {form}\n")
        # then
        assert found.fault is None and found.claims is not None
        assert found.claims.badge == "Problem Solver, level 2" and found.claims.address == credential["id"]
        assert len(form) < MAX_PICTURE_CHARACTERS


def altered(credential: dict[str, Any]) -> list[dict[str, Any]]:
    """Ways to say something else under our proof."""
    subject, proof = credential["credentialSubject"], credential["proof"]
    achievement = subject["achievement"]

    def about(**changes: Any) -> dict[str, Any]:
        return {**credential, "credentialSubject": {**subject, **changes}}

    def proved(**changes: Any) -> dict[str, Any]:
        return {**credential, "proof": {**proof, **changes}}

    return [
        about(id="http://graph.example/profiles/eve"),
        about(achievement={**achievement, "name": "Problem Solver, level 5"}),
        about(achievement=[achievement, achievement]),
        about(identifier=[]),
        about(identifier=[{"type": "IdentityObject", "identityType": "emailAddress", "hashed": True, "identityHash": "x", "salt": "y"}]),
        about(note="unsigned"),
        {**credential, "credentialSubject": [subject]},
        {**credential, "name": ["Problem Solver"]},
        {**credential, "validFrom": "1999-01-01T00:00:00Z"},
        {**credential, "validUntil": "2999-01-01T00:00:00Z"},
        {**credential, "termsOfUse": {"type": "x"}},
        {**credential, "@context": [*credential["@context"], {"name": "https://schema.org/alternateName"}]},
        {**credential, "@context": [*credential["@context"], "http://127.0.0.1:1/context.json"]},
        {**credential, "@context": "https://evil.example/context.json"},
        {**credential, "@context": list(reversed(credential["@context"]))},
        {**credential, "@id": "x"},
        {**credential, "@graph": [credential]},
        {**credential, "type": [*credential["type"], "Other"]},
        {**credential, "id": "http://graph.example/credentials/" + "f" * 32},
        {**credential, "issuer": "http://graph.example/issuer"},
        {**credential, "issuer": {**credential["issuer"], "name": "Somebody else"}},
        {**credential, "credentialStatus": {**credential["credentialStatus"], "statusListIndex": "9"}},
        {name: value for name, value in credential.items() if name != "credentialStatus"},
        {**credential, "proof": [proof, proof]},
        {**credential, "proof": None},
        {name: value for name, value in credential.items() if name != "proof"},
        proved(created="1999-01-01T00:00:00Z"),
        proved(cryptosuite="eddsa-jcs-2022"),
        proved(cryptosuite="ecdsa-rdfc-2019"),
        proved(proofPurpose="authentication"),
        proved(type="Ed25519Signature2020"),
        proved(expires="2999-01-01T00:00:00Z"),
        proved(proofValue=proof["proofValue"][:-1] + ("2" if proof["proofValue"][-1] != "2" else "3")),
        proved(proofValue="z"),
        proved(proofValue="u" + proof["proofValue"]),
        proved(proofValue="z" + "2" * 5_000),
        proved(proofValue=7),
        proved(verificationMethod="http://evil.example/issuer#" + proof["verificationMethod"].partition("#")[2]),
        proved(verificationMethod="did:key:" + proof["verificationMethod"].partition("#")[2]),
        proved(verificationMethod={"id": proof["verificationMethod"]}),
    ]  # fmt: skip


async def test_nothing_can_be_said_under_another_ones_proof() -> None:
    credential = await ours()
    assert await fault_of(credential) is None
    for number, each in enumerate(altered(credential)):
        fault = await fault_of(each)
        assert fault in {Fault.NOT_A_CREDENTIAL, Fault.BAD_SIGNATURE, Fault.UNKNOWN_KEY}, (number, fault)


async def test_a_credential_that_we_signed_for_something_else_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    # given: our key, another issuer and another kind of document
    credential = await ours()
    bare = {name: value for name, value in credential.items() if name != "proof"}
    other = {**bare, "issuer": {**bare["issuer"], "id": "http://other.example/issuer"}}
    signed = await data_integrity.secured(other, created="2026-03-10T12:00:00Z")
    # then
    assert await fault_of(signed) is Fault.OTHER_ISSUER
    later = await data_integrity.secured({**bare, "validFrom": "2999-01-01T00:00:00Z"}, created="2026-03-10T12:00:00Z")
    assert await fault_of(later) is Fault.NOT_YET_VALID


async def test_what_would_take_for_ever_to_make_canonical_is_never_made_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # given: the calls to the part that is costly
    made: list[Any] = []
    monkeypatch.setattr(json_ld, "canonical", made.append)
    credential = await ours_without_canonical()
    circle: list[dict[str, Any]] = [
        {"type": "Achievement", "related": f"_:b{(n + 1) % 40}", "id": f"_:b{n}"} for n in range(40)
    ]
    deep: Any = "x"
    for _ in range(500):
        deep = {"achievement": deep}
    subject = credential["credentialSubject"]
    for hostile in (
        {**credential, "credentialSubject": {**subject, "identifier": circle}},
        {**credential, "credentialSubject": {**subject, "identifier": [{}] * 2_000}},
        {**credential, "credentialSubject": deep},
        {**credential, "credentialSubject": {**subject, "achievement": deep}},
        {**credential, "@graph": circle},
    ):
        # when, then
        assert await fault_of(hostile) is Fault.NOT_A_CREDENTIAL
    assert made == []


async def ours_without_canonical() -> dict[str, Any]:
    """The form of a credential of ours, under a key of ours, with a proof that is none."""
    award = await badge_credentials.award_of((await make_award(await make_profile())).credential)
    assert award is not None
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-03-10T12:00:00Z",
        "verificationMethod": issuer_keys.published()[0].method,
        "proofPurpose": "assertionMethod",
        "proofValue": "z" + "2" * 80,
    }
    found = {**await badge_credentials.document(award), "proof": proof}
    assert credential_forms.is_ours(found)
    return found


async def test_many_people_with_the_same_hash_cost_nothing() -> None:
    found = await ours_without_canonical()
    same = {"type": "IdentityObject", "identityType": "emailAddress", "hashed": True, "identityHash": "x", "salt": "y"}
    most = credential_forms.MAX_IDENTIFIERS
    found["credentialSubject"]["identifier"] = [same] * most
    assert await fault_of(found) is Fault.BAD_SIGNATURE
    found["credentialSubject"]["identifier"] = [same] * (most + 1)
    assert await fault_of(found) is Fault.NOT_A_CREDENTIAL


ODD = [
    "{",
    "{}",
    "[]",
    "null",
    "{" * 5_000,
    '{"proof":' * 2_000,
    '{"proof": {}}',
    '{"a": 1e999, "proof": {"type": 1e999}}',
    '{"\\ud800": 1}',
    "<",
    "<svg/>",
    "<svg><openbadges:credential verify='x'/></svg>",
    '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><svg>&b;</svg>',
    '<!DOCTYPE svg SYSTEM "file:///etc/hostname"><svg/>',
    "<a>" * 80_000,
    "<a>" * 37_000 + "</a>" * 37_000,
    '<svg xmlns:o="https://purl.imsglobal.org/ob/v3p0"><o:credential verify="x.y.z"/></svg>',
    '<svg xmlns:o="https://purl.imsglobal.org/ob/v3p0"><o:credential> </o:credential></svg>',
    '<svg xmlns:o="https://purl.imsglobal.org/ob/v3p0"><o:credential>&lt;svg/&gt;</o:credential></svg>',
    PNG_DATA_URL,
    PNG_DATA_URL + "!!!!",
    PNG_DATA_URL + b64encode(b"GIF89a").decode(),
    PNG_DATA_URL + b64encode(badge_baking.SIGNATURE + b"\xff" * 40).decode(),
    PNG_DATA_URL + b64encode(badge_baking.SIGNATURE + b"\0\0\0\0IDAT\0\0\0\0" * 5_000).decode(),
    as_png(b"x" * (MAX_CREDENTIAL_CHARACTERS + 1)),
    as_png(b"\0" * 30_000_000, compressed=True),
    as_png(b"\xff\xfe"),
    as_png(b"{"),
    PNG_DATA_URL + b64encode(badge_baking.SIGNATURE + b"\0\0\0\x14iTXtopenbadgecredential\0\0\0\0\0").decode(),
    "<svg>" + "x" * MAX_PICTURE_CHARACTERS,
    "{" + " " * MAX_CREDENTIAL_CHARACTERS,
    "data:image/svg+xml;base64,PHN2Zy8+",
    "http://127.0.0.1:1/credential",
]


@pytest.mark.parametrize("shown", ODD, ids=range(len(ODD)))
async def test_what_is_no_credential_is_told_so_at_once(shown: str) -> None:
    assert await fault_of(shown) is Fault.NOT_A_CREDENTIAL


@pytest.mark.sqlite_only
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_pictures_are_refused_or_read(data: st.DataObject) -> None:
    picture = badge_images.png(Picture("FIRST_LIGHT", next(iter(badge_images.COLOURS)), 1), 64)
    content = bytearray(badge_baking.into_png(picture, "a.b.c"))
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=8)
    ):
        content[place] = value
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(badge_baking.NotBaked):
        assert len(badge_baking.from_png(cut, longest=100)) <= 100


async def test_verifying_leaves_the_loop_free() -> None:
    credential = json.dumps(await ours())
    work = asyncio.gather(*(verify(credential) for _ in range(20)))
    slowest = 0.0
    while not work.done():
        begun = time.thread_time()  # of the loop's thread alone, so that a busy machine does not count
        await asyncio.sleep(0)
        slowest = max(slowest, time.thread_time() - begun)
    assert all(found.fault is None for found in await work)
    assert slowest < 0.25
