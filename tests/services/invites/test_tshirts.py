"""The T-shirt for five: docs/rules/invites.md#t-shirt."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from models.accounts import Account
from models.audit import AuditEntry
from models.database import Database
from models.referrals import Referral, ShirtClaim, ShirtSize, ShirtState
from services.errors import ErrorCode, Refused
from services.invites import tshirts
from services.invites.tshirts import Destination
from settings import Settings
from tests.helpers.invites import profile_of
from tests.helpers.runtimes import using_settings
from tests.helpers.sign_in import codes_of
from tests.helpers.tshirts import HOME, claim, referrer

pytestmark = pytest.mark.usefixtures("database")


async def refusal(call: Any) -> list[tuple[ErrorCode, str]]:
    with pytest.raises(Refused) as why:
        await call
    return [(each.code, "".join(each.path)) for each in why.value.problems]


async def test_five_make_a_shirt_and_four_do_not() -> None:
    ada, ben = await referrer(5), await referrer(4)
    await claim(ada)
    assert await refusal(claim(ben)) == [(ErrorCode.TOO_FEW_REFERRALS, "")]
    row = await ShirtClaim.get()
    assert (row.profile_id, row.size, row.state, row.shipped_at) == (
        profile_of(ada), ShirtSize.L, ShirtState.CLAIMED, None,
    )  # fmt: skip
    [seen] = (await tshirts.claims([profile_of(ada), profile_of(ben)])).values()
    assert set(seen) == {"profile_id", "size", "state", "claimed_at", "shipped_at"}


async def test_those_who_left_again_go_on_counting() -> None:
    ada = await referrer()
    await Account.filter(id__in=await Referral.all().values_list("account_id", flat=True)).delete()
    await claim(ada)
    assert await ShirtClaim.all().count() == 1


async def test_there_is_one_for_good() -> None:
    ada = await referrer(10)
    await claim(ada)
    assert await refusal(claim(ada)) == [(ErrorCode.ALREADY_EXISTS, "")]
    await tshirts.ship((await ShirtClaim.get()).id)
    assert await refusal(claim(ada)) == [(ErrorCode.ALREADY_EXISTS, "")]


@pytest.mark.postgres_only
async def test_many_claims_at_once_make_one(database: Database) -> None:
    ada = await referrer()
    answers = await asyncio.gather(*(claim(ada) for _ in range(6)), return_exceptions=True)
    assert sorted(codes_of(each)[0].value for each in answers if isinstance(each, Refused)) == ["ALREADY_EXISTS"] * 5
    assert await ShirtClaim.all().count() == 1 == await AuditEntry.filter(action="shirt.claimed").count()


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"street": "Kade 12\nBcc: x"}, "street"),
        ({"street": "Kade\x1b[31m"}, "street"),
        ({"town": "Rotter\u202edam"}, "town"),
        ({"town": "\ud800"}, "town"),
        ({"postal_code": "1" * 21}, "postalCode"),
        ({"country": "Netherlands"}, "countryCode"),
        ({"country": "XX"}, "countryCode"),
        ({"country": "ß"}, "countryCode"),  # "SS" in upper case
        ({"country": ""}, "countryCode"),
    ],
)
async def test_an_address_that_cannot_be_written_to(wrong: dict[str, str], where: str) -> None:
    ada = await referrer()
    assert await refusal(claim(ada, replace(HOME, **wrong))) == [(ErrorCode.BAD_INPUT, where)]
    assert await ShirtClaim.all().count() == 0


async def test_all_that_is_wrong_is_told_at_once_and_a_country_may_have_no_codes() -> None:
    ada = await referrer()
    found = await refusal(claim(ada, Destination("", "", "", "", "")))
    assert [where for _, where in found] == ["name", "street", "town", "countryCode"]
    await claim(ada, Destination("Ada", "Rue 1", "Dakar", "", " sn "))
    [parcel] = await tshirts.parcels()
    assert parcel.to == Destination("Ada", "Rue 1", "Dakar", "", "SN")


async def test_the_address_is_encrypted_and_only_operators_read_it(database: Database, settings: Settings) -> None:
    # given
    ada = await referrer()
    await claim(ada)
    # then
    [stored] = await database.fetch("SELECT * FROM shirt_claim")
    kept = " ".join(str(stored[name]) for name in stored.keys())  # noqa: SIM118 - a row is no mapping
    for secret in ("Kade", "Rotterdam", "3011", "Okafor", b"Kade".hex()):
        assert secret not in kept
    [parcel] = await tshirts.parcels(ShirtState.CLAIMED)
    assert parcel.to == replace(HOME, country="NL") and parcel.row.profile.name == "Ada Okafor"
    assert "Kade" not in repr(parcel)
    facts = str([entry.facts for entry in await AuditEntry.all()])
    assert "Kade" not in facts and "Rotterdam" not in facts
    # and: with another key it is lost, and said so
    with using_settings(replace(settings, secret_key="5b" * 32)):
        [lost] = await tshirts.parcels()
        assert lost.to is None


async def test_an_operator_ships_it_once_and_the_trail_says_so() -> None:
    # given
    ada = await referrer()
    await claim(ada)
    number = (await ShirtClaim.get()).id
    # when
    shipped = await tshirts.ship(number)
    # then
    assert shipped.state is ShirtState.SHIPPED and shipped.shipped_at is not None
    assert await refusal(tshirts.ship(number)) == [(ErrorCode.ORDER_NOT_OPEN, "id")]
    assert await refusal(tshirts.ship(999_999)) == [(ErrorCode.NOT_FOUND, "id")]
    assert await tshirts.parcels(ShirtState.CLAIMED) == []
    assert [entry.action for entry in await AuditEntry.all().order_by("id")] == [
        "shirt.claimed", "shirt.shipped", "shirt.listed",
    ]  # fmt: skip
