"""Verifying a credential that somebody shows, and everything that is tried to get a wrong one through."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models.badges import BadgeAward
from models.profiles import Profile
from services.achievements import badges
from services.core import clock
from services.errors import ErrorCode, Refused
from services.open_badges import badge_credentials, issuer_keys
from services.open_badges.credential_verification import MAX_CREDENTIAL_CHARACTERS, Fault, Verification, verify
from settings import Settings
from tests.helpers.badge_awards import make_award
from tests.helpers.factories import NOON, make_person, make_profile
from tests.helpers.runtimes import using_settings

pytestmark = pytest.mark.usefixtures("database")


async def make_credential(email: str = "ada@people.example", **more: Any) -> str:
    account = await make_person(email)
    return await signed(await make_award(account.own_profile_id, **more))


async def signed(made: BadgeAward) -> str:
    award = await badge_credentials.award_of(made.credential)
    assert award is not None
    return await badge_credentials.signed(award)


def part(of: str, number: int) -> dict[str, Any]:
    text = of.split(".")[number]
    return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def packed(content: Any) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


async def test_one_of_ours_holds_and_says_what_it_is_about() -> None:
    # given
    credential = await make_credential(badge="PROBLEM_SOLVER", level=2)
    # when
    found = await verify(f"\n {credential} \n")
    # then
    assert found.fault is None and found.claims is not None
    assert found.claims.badge == "Problem Solver, level 2"
    assert found.claims.issued_at == NOON
    assert found.claims.issuer == "http://graph.example/issuer"


async def test_the_claims_repeat_the_document() -> None:
    claims = part(await make_credential(), 1)
    assert claims["iss"] == claims["issuer"]["id"]
    assert claims["sub"] == claims["credentialSubject"]["id"]
    assert claims["jti"] == claims["id"]
    assert claims["nbf"] == int(NOON.timestamp()) and claims["validFrom"] == "2026-03-10T12:00:00Z"
    assert not {"vc", "exp", "proof"} & claims.keys()


def with_header(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[str], str]:
    def altered(credential: str) -> str:
        _, payload, signature = credential.split(".")
        return f"{packed(change(part(credential, 0)))}.{payload}.{signature}"

    return altered


def with_payload(**changes: Any) -> Callable[[str], str]:
    def altered(credential: str) -> str:
        header, _, signature = credential.split(".")
        return f"{header}.{packed({**part(credential, 1), **changes})}.{signature}"

    return altered


def by_public_key(form: Callable[[issuer_keys.PublicKey], bytes]) -> Callable[[str], str]:
    """HMAC with the public key, in one of its forms, as the secret; HS512, whose signatures are as long as ours."""

    def altered(credential: str) -> str:
        _, payload, _ = credential.split(".")
        begin = f"{packed({**part(credential, 0), 'alg': 'HS512'})}.{payload}"
        return f"{begin}.{packed(hmac.new(form(issuer_keys.published()[0]), begin.encode(), 'sha512').digest())}"

    return altered


def by_somebody(kid: str | None = None) -> Callable[[str], str]:
    def altered(credential: str) -> str:
        header = {"kid": kid or part(credential, 0)["kid"]}
        return jwt.encode(part(credential, 1), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers=header)

    return altered


def by_us(**changes: Any) -> Callable[[str], str]:
    """What our key would sign if it were made to."""
    return lambda credential: issuer_keys.sign({**part(credential, 1), **changes})


def without(name: str) -> Callable[[str], str]:
    return lambda credential: issuer_keys.sign({k: v for k, v in part(credential, 1).items() if k != name})


ATTACKS: dict[str, tuple[Callable[[str], str], Fault]] = {
    "nothing": (lambda _: "", Fault.NOT_A_CREDENTIAL),
    "two parts": (lambda credential: credential.rpartition(".")[0], Fault.NOT_A_CREDENTIAL),
    "four parts": (lambda credential: f"{credential}.x", Fault.NOT_A_CREDENTIAL),
    "no signature": (lambda credential: credential.rpartition(".")[0] + ".", Fault.NOT_A_CREDENTIAL),
    "too long": (lambda credential: credential.replace(".", "." + "A" * MAX_CREDENTIAL_CHARACTERS, 1), Fault.NOT_A_CREDENTIAL),
    "letters of another script": (lambda credential: credential.replace("e", "е", 1), Fault.NOT_A_CREDENTIAL),
    "padding": (lambda credential: f"{credential}==", Fault.NOT_A_CREDENTIAL),
    "a space inside": (lambda credential: credential.replace(".", ". ", 1), Fault.NOT_A_CREDENTIAL),
    "the document": (lambda credential: json.dumps(part(credential, 1)), Fault.NOT_A_CREDENTIAL),
    "alg none": (with_header(lambda header: {**header, "alg": "none"}), Fault.NOT_A_CREDENTIAL),
    "alg None": (with_header(lambda header: {**header, "alg": "None"}), Fault.NOT_A_CREDENTIAL),
    "alg missing": (with_header(lambda header: {"kid": header["kid"]}), Fault.NOT_A_CREDENTIAL),
    "alg RS256": (with_header(lambda header: {**header, "alg": "RS256"}), Fault.NOT_A_CREDENTIAL),
    "HS512 with the public key": (by_public_key(lambda key: key.key.public_bytes_raw()), Fault.NOT_A_CREDENTIAL),
    "HS512 with its text": (by_public_key(lambda key: key.jwk()["x"].encode()), Fault.NOT_A_CREDENTIAL),
    "HS512 with its document": (by_public_key(lambda key: json.dumps(key.jwk()).encode()), Fault.NOT_A_CREDENTIAL),
    "HS256 as long as ours": (with_header(lambda header: {**header, "alg": "HS256"}), Fault.NOT_A_CREDENTIAL),
    "a key in the header": (with_header(lambda header: {**header, "jwk": {"kty": "OKP"}}), Fault.NOT_A_CREDENTIAL),
    "a key's address in the header": (with_header(lambda h: {**h, "jku": "https://evil.example"}), Fault.NOT_A_CREDENTIAL),
    "crit": (with_header(lambda header: {**header, "crit": ["exp"]}), Fault.NOT_A_CREDENTIAL),
    "b64 false": (with_header(lambda header: {**header, "b64": False}), Fault.NOT_A_CREDENTIAL),
    "another typ": (with_header(lambda header: {**header, "typ": "at+jwt"}), Fault.NOT_A_CREDENTIAL),
    "a header that is a list": (with_header(lambda _: []), Fault.NOT_A_CREDENTIAL),  # type: ignore[arg-type,return-value]
    "a header without end": (with_header(lambda _: b"[" * 5_000), Fault.NOT_A_CREDENTIAL),  # type: ignore[arg-type,return-value]
    "a kid that is no text": (with_header(lambda header: {**header, "kid": 1}), Fault.NOT_A_CREDENTIAL),
    "no kid": (with_header(lambda header: {"alg": header["alg"]}), Fault.UNKNOWN_KEY),
    "a kid elsewhere": (with_header(lambda h: {**h, "kid": "https://evil.example/key"}), Fault.UNKNOWN_KEY),
    "a bare thumbprint": (with_header(lambda h: {**h, "kid": h["kid"].rpartition("/")[2]}), Fault.UNKNOWN_KEY),
    "somebody else's key": (by_somebody("https://evil.example/key"), Fault.UNKNOWN_KEY),
    "somebody else's key as ours": (by_somebody(), Fault.BAD_SIGNATURE),
    "a header written otherwise": (with_header(lambda header: dict(reversed(header.items()))), Fault.BAD_SIGNATURE),
    "another day": (with_payload(validFrom="2020-01-01T00:00:00Z"), Fault.BAD_SIGNATURE),
    "another recipient": (with_payload(sub="http://graph.example/profiles/eve"), Fault.BAD_SIGNATURE),
    "another id": (with_payload(id="http://graph.example/credentials/" + "0" * 32), Fault.BAD_SIGNATURE),
    "a broken signature": (lambda c: c[:-86] + ("A" if c[-86] != "A" else "B") + c[-85:], Fault.BAD_SIGNATURE),
    "signed, another issuer": (by_us(iss="https://x.example/issuer", issuer={"id": "https://x.example/issuer"}), Fault.OTHER_ISSUER),
    "signed, another id": (by_us(id="https://x.example/credentials/1", jti="https://x.example/credentials/1"), Fault.OTHER_ISSUER),
    "signed, iss is not the issuer": (by_us(iss="https://x.example/issuer"), Fault.NOT_A_CREDENTIAL),
    "signed, jti is not the id": (by_us(jti="http://graph.example/credentials/1"), Fault.NOT_A_CREDENTIAL),
    "signed, sub is not the subject": (by_us(sub="http://graph.example/profiles/eve"), Fault.NOT_A_CREDENTIAL),
    "signed, nbf is another time": (by_us(nbf=0), Fault.NOT_A_CREDENTIAL),
    "signed, another type": (by_us(type=["VerifiableCredential"]), Fault.NOT_A_CREDENTIAL),
    "signed, no time": (by_us(validFrom="soon"), Fault.NOT_A_CREDENTIAL),
    "signed, subject is a text": (by_us(credentialSubject="Ada"), Fault.NOT_A_CREDENTIAL),
    **{f"signed, without {name}": (without(name), Fault.NOT_A_CREDENTIAL) for name in ("iss", "sub", "jti", "nbf", "issuer", "credentialSubject", "validFrom", "id", "type")},
}  # fmt: skip


async def test_nothing_gets_through() -> None:
    # given
    credential = await make_credential()
    for name, (attack, fault) in ATTACKS.items():
        # when
        found = await verify(attack(credential))
        # then: nothing that somebody else may have written is repeated
        assert found == Verification(fault), name
    assert (await verify(credential)).fault is None


@pytest.mark.parametrize("length", [0, 1, MAX_CREDENTIAL_CHARACTERS, MAX_CREDENTIAL_CHARACTERS + 1, 1_000_000])
async def test_rubbish_of_any_length_is_no_credential(length: int) -> None:
    assert await verify("." * length) == Verification(Fault.NOT_A_CREDENTIAL)


async def test_a_revoked_one_says_so_and_counts_again_when_given_again() -> None:
    # given
    profile_id = await make_profile()
    credential = await signed(await make_award(profile_id))
    await badges.revoke(profile_id, "FIRST_LIGHT", reason="A mistake")
    # when, then
    found = await verify(credential)
    assert found.fault is Fault.REVOKED and found.claims is not None
    await badges.grant(profile_id, "FIRST_LIGHT", reason="No mistake")
    assert (await verify(credential)).fault is None


async def test_it_counts_from_its_moment_on() -> None:
    credential = await make_credential(awarded_at=NOON + timedelta(minutes=3))
    with clock.frozen(NOON):
        assert (await verify(credential)).fault is Fault.NOT_YET_VALID
    with clock.frozen(NOON + timedelta(minutes=3)):
        assert (await verify(credential)).fault is None


async def test_what_was_handed_out_holds_whether_the_person_hides_or_leaves() -> None:
    # given
    profile_id = await make_profile()
    credential = await signed(await make_award(profile_id))
    before = await verify(credential)
    # when, then
    await Profile.filter(id=profile_id).update(listed=False)
    assert await verify(credential) == before
    await BadgeAward.filter(profile_id=profile_id).delete()
    assert await verify(credential) == before


async def test_an_old_key_holds_as_long_as_it_is_published(settings: Settings) -> None:
    # given
    credential = await make_credential()
    public = issuer_keys.published()[0].jwk()["x"]
    # when the key is changed, then
    with using_settings(replace(settings, credential_key="07" * 32, credential_old_keys=public)):
        assert (await verify(credential)).fault is None
    with using_settings(replace(settings, credential_key="07" * 32)):
        assert await verify(credential) == Verification(Fault.UNKNOWN_KEY)
    # and the old key by the new one's name does not
    with using_settings(replace(settings, credential_key="07" * 32, credential_old_keys=public)):
        new = issuer_keys.published()[0].address
        assert (
            await verify(with_header(lambda header: {**header, "kid": new})(credential))
        ).fault is Fault.BAD_SIGNATURE


async def test_a_credential_of_another_place_with_the_same_key_is_not_ours(settings: Settings) -> None:
    credential = await make_credential()
    with using_settings(replace(settings, public_url="https://other.example")):
        assert await verify(credential) == Verification(Fault.UNKNOWN_KEY)


async def test_a_recipient_is_found_by_the_address_and_by_no_other() -> None:
    # given
    found = await verify(await make_credential("Ada@people.example"))
    assert found.claims is not None
    # when, then
    for email in ("Ada@people.example", "ada@people.example", " ADA@PEOPLE.EXAMPLE"):
        assert found.claims.is_about(email)
    assert not found.claims.is_about("eve@people.example")
    with pytest.raises(Refused) as why:
        found.claims.is_about("ada")
    assert why.value.problems[0].code is ErrorCode.BAD_INPUT


async def test_verifying_takes_one_statement_and_rubbish_none(count_statements) -> None:
    credential = await make_credential()
    with count_statements() as seen:
        await verify(credential)
    assert seen.total == 1
    with count_statements() as seen:
        await verify(by_somebody()(credential))
    assert seen.total == 0
