"""Addresses of pictures, and their signatures."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from models.database import Database
from services.core import clock
from services.media.picture_addresses import address_of, seconds_left
from tests.helpers.factories import NOON

PATH = "/avatars/" + "a" * 32 + "/64.webp"


def signature_of(address: str) -> tuple[str, str]:
    query = parse_qs(urlsplit(address).query)
    return query["expires"][0], query["signature"][0]


async def test_an_address_is_absolute_and_signed_on_request(database: Database) -> None:
    assert address_of(PATH) == f"http://graph.example{PATH}"
    with clock.frozen(NOON):
        assert address_of(PATH, signed=True).startswith(f"http://graph.example{PATH}?expires=")


async def test_a_signature_works_for_an_hour_and_repeated_answers_are_equal(database: Database) -> None:
    # given
    with clock.frozen(NOON):
        address = address_of(PATH, signed=True)
        expires, signature = signature_of(address)
        assert 3_600 < seconds_left(PATH, expires, signature) <= 4_500
    # when, then
    with clock.frozen(NOON + timedelta(minutes=14)):
        assert address_of(PATH, signed=True) == address
    with clock.frozen(NOON + timedelta(minutes=15)):
        assert address_of(PATH, signed=True) != address
    end = NOON + timedelta(seconds=int(expires) - NOON.timestamp())
    for moment, left in ((end - timedelta(seconds=1), 1), (end, 0), (end + timedelta(days=1), 0)):
        with clock.frozen(moment):
            assert seconds_left(PATH, expires, signature) == left


@pytest.mark.parametrize("other", [PATH.replace("64", "512"), PATH.replace("a" * 32, "b" * 32), "/pictures" + PATH[8:]])
async def test_a_signature_opens_one_file(database: Database, other: str) -> None:
    with clock.frozen(NOON):
        assert seconds_left(other, *signature_of(address_of(PATH, signed=True))) == 0


async def test_an_edited_signature_opens_nothing(database: Database) -> None:
    with clock.frozen(NOON):
        expires, signature = signature_of(address_of(PATH, signed=True))
        last = "0" if signature[-1] != "0" else "1"
        later = str(int(expires) + 1)
        for edited in (
            (later, signature), (expires, signature[:-1] + last), (expires, signature[:-1]), (expires, signature.upper() + "é"),
            (expires, ""), ("", signature), (f" {expires}", signature), (f"+{expires}", signature), ("9" * 400, signature),
            ("١٧٧٣١٤٧٦٠٠", signature), ("", ""),
        ):  # fmt: skip
            assert seconds_left(PATH, *edited) == 0, edited
        assert seconds_left(PATH, expires, signature) > 0
