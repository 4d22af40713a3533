"""The keys of badge credentials: where they come from, how they are published, how they are changed."""

from base64 import urlsafe_b64decode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.core import crypto
from services.open_badges import issuer_keys
from settings import BadSetting, Settings
from tests.helpers.runtimes import using_settings

HERE = "https://graph.example"
# RFC 8037, appendix A: the key, its public half, and its thumbprint.
PRIVATE = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def settings(**more: str) -> Settings:
    return Settings(**{"secret_key": "5e" * 32, "public_url": HERE, **more})  # type: ignore[arg-type]


def test_a_given_key_is_published_as_the_standards_say() -> None:
    with using_settings(settings(credential_key=PRIVATE)):
        [key] = issuer_keys.published()
        assert key.thumbprint == THUMBPRINT
        assert key.address == f"{HERE}/credentials/keys/{THUMBPRINT}"
        assert key.jwk() == {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": PUBLIC,
            "kid": key.address,
            "alg": "EdDSA",
            "use": "sig",
        }


def test_without_one_the_key_follows_from_the_secret_key_and_from_nothing_else() -> None:
    def public(**more: str) -> str:
        with using_settings(settings(**more)):
            return issuer_keys.published()[0].jwk()["x"]

    assert public() == public() == public(public_url="https://other.example")
    assert public() != public(secret_key="5f" * 32)
    with using_settings(settings()):
        seed = crypto.derived_key(issuer_keys.LABEL)
        assert len(seed) == 32 and seed != bytes.fromhex("5e" * 32)
        assert crypto.derived_key("badge credentials, Ed25519, version 2") != seed
        assert Ed25519PrivateKey.from_private_bytes(seed).public_key() == issuer_keys.published()[0].key


def test_a_made_key_stays_the_same_from_release_to_release() -> None:
    with using_settings(settings()):
        assert issuer_keys.published()[0].thumbprint == "XRJqPmlHdmoIfe-lSGbG8zQUcYviGF_6CWYC_UtSL1I"


def test_what_is_published_holds_no_private_half() -> None:
    with using_settings(settings(credential_key=PRIVATE)):
        assert "d" not in issuer_keys.published()[0].jwk()
        assert PRIVATE not in repr(issuer_keys.published())


def test_the_header_has_algorithm_type_and_key_alone() -> None:
    with using_settings(settings(credential_key=PRIVATE)):
        signed = issuer_keys.sign({"a": 1})
        assert jwt.get_unverified_header(signed) == {
            "alg": "EdDSA",
            "typ": "JWT",
            "kid": f"{HERE}/credentials/keys/{THUMBPRINT}",
        }
        assert issuer_keys.sign({"a": 1}) == signed


def test_old_keys_stay_published_behind_the_one_that_signs() -> None:
    with using_settings(settings(credential_old_keys=f" {PUBLIC}, ")):
        new, old = issuer_keys.published()
        assert (old.thumbprint, old.jwk()["x"]) == (THUMBPRINT, PUBLIC)
        assert issuer_keys.by_thumbprint(THUMBPRINT) == old
        assert issuer_keys.by_address(old.address) == old
        assert jwt.get_unverified_header(issuer_keys.sign({}))["kid"] == new.address
        assert issuer_keys.by_thumbprint("x") is issuer_keys.by_address(THUMBPRINT) is None


def test_the_key_that_signs_is_not_listed_twice() -> None:
    with using_settings(settings(credential_key=PRIVATE, credential_old_keys=f"{PUBLIC},{PUBLIC}")):
        assert len(issuer_keys.published()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"CREDENTIAL_KEY": "5e" * 31},
        {"CREDENTIAL_KEY": "zz" * 32},
        {"CREDENTIAL_OLD_KEYS": PUBLIC[:-1]},
        {"CREDENTIAL_OLD_KEYS": f"{PUBLIC};{PUBLIC}"},
        {"CREDENTIAL_OLD_KEYS": f"{PUBLIC[:-1]}p"},
        {"CREDENTIAL_OLD_KEYS": PRIVATE},
    ],
)
def test_keys_that_are_none_are_refused_at_start_without_being_shown(wrong: dict[str, str]) -> None:
    [(name, value)] = wrong.items()
    with pytest.raises(BadSetting, match=name) as why:
        Settings.from_environment(wrong)
    assert value not in str(why.value)


def test_every_text_that_is_taken_for_a_key_is_one() -> None:
    for last in "AEIMQUYcgkosw048":
        assert len(urlsafe_b64decode(f"{PUBLIC[:-1]}{last}=")) == 32
