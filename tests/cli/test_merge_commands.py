"""Merging by operators: a preview, and a merge that needs `--yes`."""

from typing import Any

import pytest

from models.accounts import Account
from models.audit import AuditEntry, Origin
from models.merged_profiles import MergedProfile
from models.outbox import OutboxMessage
from models.profiles import Profile
from services.points.ledger_consistency import differences
from tests.cli.conftest import Cli
from tests.helpers.factories import give, make_person, make_profile, total


async def two() -> tuple[Account, Account]:
    """Two profiles of one person, each with an account and points."""
    old, new = await make_person("old@people.example"), await make_person("new@people.example")
    await Profile.filter(id=old.profile_id).update(handle="ada-old", linkedin="ada-okafor-example")
    await Profile.filter(id=new.profile_id).update(handle="ada-new", linkedin="")
    await give(old.own_profile_id, times=2)
    await give(new.own_profile_id, times=1)
    return old, new


async def wrong_sums() -> list[Any]:
    return [each async for each in differences()]


def test_a_merge_is_shown_first_and_done_with_yes(cli: Cli, inside: Any) -> None:
    old, new = inside(two)
    # when
    shown = cli("merge", "preview", "ada-old", "ada-new")
    tried = cli("merge", "run", "ada-old", "ada-new", "--reason", "Case 7")
    # then
    assert (shown.exit_code, tried.exit_code) == (0, 0), shown.stderr + tried.stderr
    for each in (shown, tried):
        assert "ada-okafor-example" in each.stdout and "new@people.example" in each.stdout
    assert "Nothing was changed" in tried.stdout
    assert not inside(MergedProfile.exists) and inside(lambda: total(new.own_profile_id)) == 15
    # when
    done = cli("merge", "run", "ada-old", "ada-new", "--reason", "Case 7", "--yes")
    # then
    assert done.exit_code == 0, done.stderr
    assert inside(lambda: total(new.own_profile_id)) == 45
    assert inside(lambda: Account.get(id=old.id)).profile_id == new.profile_id
    assert inside(wrong_sums) == []
    entries = inside(lambda: AuditEntry.filter(action="merge.done").order_by("account_id"))
    assert {each.account_id for each in entries} == {old.id, new.id}
    assert all(each.origin is Origin.OPERATOR and each.facts["reason"] == "Case 7" for each in entries)
    assert inside(lambda: OutboxMessage.filter(kind="merge-done-by-support").count()) == 2
    # and it cannot be repeated
    again = cli("merge", "run", "ada-old", "ada-new", "--reason", "Case 7", "--yes")
    assert again.exit_code == 1 and "one profile already" in again.stderr


async def an_imported_one() -> None:
    await make_person("ada@people.example")
    person = await Account.get(email="ada@people.example")
    await Profile.filter(id=person.profile_id).update(handle="ada")
    imported = await make_profile()
    await Profile.filter(id=imported).update(handle="ada-of-the-forum")
    await give(imported, times=1)


def test_an_imported_profile_without_an_account_can_be_merged(cli: Cli, inside: Any) -> None:
    inside(an_imported_one)
    done = cli("merge", "run", "ada-of-the-forum", "ada", "--reason", "Case 8", "--yes")
    assert done.exit_code == 0, done.stderr
    assert inside(lambda: Profile.all().count()) == 1
    assert inside(points_of_ada) == 15


async def points_of_ada() -> int:
    return await total((await Profile.get(handle="ada")).id)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("preview", "nobody-here", "ada"), "no profile"),
        (("preview", "ada", "nobody-here"), "no profile"),
        (("run", "ada", "ada", "--reason", "x"), "one profile already"),
        (("run", "ada-of-the-forum", "ada", "--reason", " ", "--yes"), "reason"),
    ],
)
def test_what_cannot_be_merged_is_refused(cli: Cli, inside: Any, words: tuple[str, ...], message: str) -> None:
    inside(an_imported_one)
    refused = cli("merge", *words)
    assert refused.exit_code == 1 and message in refused.stderr
    assert inside(lambda: Profile.all().count()) == 2
