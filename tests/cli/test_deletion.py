"""Deleting accounts and profiles for people who cannot do it themselves."""

from typing import Any

from models.accounts import Account
from models.audit import AuditEntry
from models.profiles import Profile
from tests.cli.conftest import Cli
from tests.helpers.full_profiles import make_full_person


def test_an_account_and_then_the_whole_profile(cli: Cli, inside: Any) -> None:
    async def make() -> tuple[str, str]:
        ada = await make_full_person("Ada", accounts=3)
        return ada.accounts[2].email, (await Profile.get(id=ada.profile_id)).handle

    async def left() -> tuple[int, int]:
        return await Account.filter(email__contains=email).count(), await Profile.filter(handle=handle).count()

    email, handle = inside(make)
    # a dry run by default
    for command in (("account", "delete", email), ("erase", handle)):
        tried = cli(*command)
        assert (tried.exit_code, "Nothing was deleted" in tried.stderr) == (0, True)
    assert inside(left) == (1, 1)
    assert f"account\t{email}" in cli("account", "delete", email).stdout
    assert "profile\terased" in tried.stdout and "Points\t" in tried.stdout
    # only the account
    assert cli("account", "delete", email, "--yes").exit_code == 0
    assert inside(left) == (0, 1)
    # everything
    assert cli("erase", handle, "--yes").exit_code == 0
    assert inside(left) == (0, 0)

    async def trail() -> list[tuple[str, Any]]:
        rows = AuditEntry.filter(action__in=["account.deleted", "profile.erased"]).order_by("id")
        return [(each.action, each.facts) for each in await rows]

    entries = inside(trail)
    assert [action for action, _ in entries] == ["account.deleted"] * 3 + ["profile.erased"]
    assert all(set(facts) <= {"profile"} for _, facts in entries)
    assert cli("account", "delete", email, "--yes").exit_code == cli("erase", handle).exit_code == 1
