"""What an operator does with T-shirts."""

import pytest

from models.audit import AuditEntry, Origin
from models.referrals import ShirtClaim
from settings import Settings
from tests.cli.conftest import Cli, Inside
from tests.helpers.tshirts import claim, referrer


@pytest.mark.sqlite_only
def test_shirts_are_listed_with_their_addresses_and_shipped(cli: Cli, inside: Inside) -> None:
    # given
    async def given() -> None:
        await claim(await referrer())

    inside(given)
    # when
    listed = cli("tshirts", "list", "--state", "CLAIMED")
    number = listed.stdout.split("\t")[0]
    shipped, again = cli("tshirts", "ship", number), cli("tshirts", "ship", number)
    # then
    [line] = listed.stdout.splitlines()
    assert line.split("\t")[2:4] == ["CLAIMED", "L"]
    assert line.split("\t")[5:] == ["Ada Okafor", "Kade 12", "Rotterdam", "3011 AA", "NL"]
    assert (shipped.exit_code, shipped.stdout) == (0, f"Claim {number}: size L is shipped.\n")
    assert number.startswith("tee_")
    assert again.exit_code == 1 and "already shipped" in again.stderr
    assert cli("tshirts", "list", "--state", "CLAIMED").stdout == ""
    assert "SHIPPED" in cli("tshirts", "list").stdout
    lines = inside(lambda: AuditEntry.filter(origin=Origin.OPERATOR).order_by("id"))
    assert [each.action for each in lines] == ["shirt.listed", "shirt.shipped", "shirt.listed", "shirt.listed"]


@pytest.mark.sqlite_only
def test_with_another_key_an_address_is_lost_and_the_rest_is_shown(
    cli: Cli,
    inside: Inside,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def given() -> None:
        await claim(await referrer())

    inside(given)
    assert settings.secret_key != "5b" * 32
    monkeypatch.setenv("SECRET_KEY", "5b" * 32)
    assert cli("tshirts", "list").exit_code == 2
    assert cli("accept-secret-key").exit_code == 0
    listed = cli("tshirts", "list")
    assert listed.exit_code == 0 and "another SECRET_KEY" in listed.stdout and "Kade" not in listed.stdout
    assert inside(lambda: ShirtClaim.all().count()) == 1
