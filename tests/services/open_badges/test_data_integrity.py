"""Data Integrity proofs, as another library reads them, and the texts that bytes are written in."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from openbadgeslib.ob3 import OB3VerificationError
from openbadgeslib.ob3.ldp import verify_data_integrity_proof

from services.open_badges import data_integrity, issuer_keys, json_ld, multibase
from services.open_badges.json_ld import BADGES_CONTEXT, CREDENTIALS_CONTEXT, NotCanonical
from settings import HERE, Settings
from tests.helpers.runtimes import using_settings

DOCUMENT = {
    "@context": [CREDENTIALS_CONTEXT, BADGES_CONTEXT],
    "id": "https://graph.example/credentials/1",
    "type": ["VerifiableCredential"],
    "issuer": "https://graph.example/issuer",
    "credentialSubject": {"id": "https://graph.example/profiles/ada"},
}
CREATED = "2026-03-10T12:00:00Z"


def pem(key: issuer_keys.PublicKey) -> bytes:
    return key.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def keys(settings: Settings) -> Any:
    with using_settings(replace(settings, credential_key="07" * 32)):
        yield issuer_keys.published()


async def test_another_library_takes_the_proof_and_refuses_every_change(keys: Any) -> None:
    # given
    signed = await data_integrity.secured(DOCUMENT, created=CREATED)
    # then
    verify_data_integrity_proof(signed, pem(keys[0]))
    assert await data_integrity.is_by(signed, keys[0])
    assert signed["proof"]["verificationMethod"] == keys[0].method
    changes: list[dict[str, Any]] = [
        {"issuer": "https://other.example/issuer"},
        {"credentialSubject": {"id": "https://graph.example/profiles/eve"}},
        {"name": "More"},
        {"proof": {**signed["proof"], "created": "2026-03-10T12:00:01Z"}},
        {"proof": {**signed["proof"], "proofValue": multibase.base58(b"\1" * 64)}},
        {"proof": {**signed["proof"], "proofValue": multibase.base58(b"\1" * 20)}},
    ]
    for change in changes:
        altered = {**signed, **change}
        assert not await data_integrity.is_by(altered, keys[0]), change
        with pytest.raises(OB3VerificationError):
            verify_data_integrity_proof(altered, pem(keys[0]))


async def test_the_same_is_signed_the_same_and_the_order_of_members_is_nothing(keys: Any) -> None:
    signed = await data_integrity.secured(DOCUMENT, created=CREATED)
    assert await data_integrity.secured(dict(reversed(DOCUMENT.items())), created=CREATED) == signed
    many = await asyncio.gather(
        *(data_integrity.secured({**DOCUMENT, "name": str(n)}, created=CREATED) for n in range(8))
    )
    for each in many:
        assert await data_integrity.is_by(each, keys[0])


async def test_a_member_that_no_context_knows_is_refused_and_not_left_unsigned(keys: Any) -> None:
    for odd in (
        {"@context": ["https://evil.example/context"]},
        {"@context": {"name": "https://x.example/#"}, "name": []},
    ):
        with pytest.raises(NotCanonical):
            await data_integrity.secured({**DOCUMENT, **odd}, created=CREATED)
    with pytest.raises(NotCanonical):
        await data_integrity.secured({**DOCUMENT, "surprise": "unsigned"}, created=CREATED)


async def test_contexts_are_never_fetched(keys: Any) -> None:
    for address in (
        "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
        "file:///etc/hostname",
        "http://127.0.0.1/",
    ):
        with pytest.raises(NotCanonical):
            json_ld.canonical({**DOCUMENT, "@context": [CREDENTIALS_CONTEXT, address]})


def test_the_contexts_say_where_they_are_from() -> None:
    folder = HERE / "catalogue" / "json_ld"
    readme = (folder / "README.md").read_text("utf-8")
    for file in folder.glob("*.json"):
        assert f"`{file.name}`" in readme and json.loads(file.read_text("utf-8"))["@context"]
    assert f"`{CREDENTIALS_CONTEXT}`" in readme and f"`{BADGES_CONTEXT}`" in readme


def test_keys_are_written_as_the_standard_has_it(keys: Any) -> None:
    key = keys[0]
    multikey = key.multikey()
    assert multikey["publicKeyMultibase"].startswith("z6Mk")
    assert multikey["id"] == f"http://graph.example/issuer#{multikey['publicKeyMultibase']}"
    raw = multibase.from_base58(multikey["publicKeyMultibase"])
    assert raw == b"\xed\x01" + key.key.public_bytes_raw()
    assert issuer_keys.by_method(key.method) == key
    assert issuer_keys.by_method(key.method + "x") is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "z"),
        (b"\0", "z1"),
        (b"\0\0\x28\x7f\xb4\xcd", "z11233QC4"),
        (b"Hello World!", "z2NEpo7TZRRrLZSi2U"),
        (
            b"The quick brown fox jumps over the lazy dog.",
            "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
        ),
    ],
)
def test_base58_is_the_one_that_everybody_uses(content: bytes, text: str) -> None:
    assert multibase.base58(content) == text
    assert multibase.from_base58(text) == content


@given(st.binary(max_size=100))
def test_base58_comes_back(content: bytes) -> None:
    assert multibase.from_base58(multibase.base58(content)) == content


@pytest.mark.parametrize("text", ["", "abc", "z0", "zO", "zI", "zl", "z ", "zä", "z" + "2" * 1_000])
def test_what_is_no_base58_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base58"):
        multibase.from_base58(text)
