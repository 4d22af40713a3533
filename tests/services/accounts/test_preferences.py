"""Preferences of an account and its person."""

import pytest

from models.accounts import Account
from models.audit import AuditEntry, Origin
from models.database import Database
from models.profiles import Profile
from services.accounts import preferences
from services.accounts.preferences import Preferences
from services.core.audit import Actor
from services.errors import ErrorCode, Refused
from tests.helpers.factories import make_person


async def update(account: Account, changes: Preferences) -> None:
    await preferences.update(account.id, account.own_profile_id, changes, actor=Actor(account.id, Origin.SESSION))


async def preferences_of(account: Account) -> tuple[bool, str | None]:
    profile = await Profile.get(id=account.profile_id)
    return (await Account.get(id=account.id)).marketing, profile.language


async def test_every_change_is_in_the_audit_trail(database: Database) -> None:
    # given
    ada, ben = await make_person(), await make_person()
    # when
    for allowed in (False, True, True, False):
        await update(ada, {"allows_marketing": allowed})
        # then
        assert await preferences_of(ada) == (allowed, None)
    await update(ada, {"language": "nl"})
    await update(ada, {"language": None})
    entries = await AuditEntry.filter(account_id=ada.id, action__in=["marketing.changed", "language.changed"])
    assert [(each.action, each.facts) for each in sorted(entries, key=lambda each: each.id)] == [
        ("marketing.changed", {"marketing": {"old": False, "new": True}}),
        ("marketing.changed", {"marketing": {"old": True, "new": False}}),
        ("language.changed", {"language": {"old": None, "new": "nl"}}),
        ("language.changed", {"language": {"old": "nl", "new": None}}),
    ]
    assert await preferences_of(ben) == (False, None)


@pytest.mark.parametrize(("typed", "kept"), [("nl", "nl"), (" NL ", "nl"), ("en", "en")])
async def test_a_language_with_texts_is_kept(database: Database, typed: str, kept: str) -> None:
    ada, ben = await make_person(), await make_person()
    await update(ada, {"language": typed})
    assert (await preferences_of(ada), await preferences_of(ben)) == ((False, kept), (False, None))


async def test_what_is_absent_does_not_change(database: Database) -> None:
    # given
    ada = await make_person()
    await update(ada, {"allows_marketing": True, "language": "nl"})
    for changes in (Preferences(), Preferences(allows_marketing=True), Preferences(language="nl")):
        # when
        await update(ada, changes)
        # then
        assert await preferences_of(ada) == (True, "nl")


@pytest.mark.parametrize("typed", ["", "xx", "de", "english", "eng", "e", "en-GB", "é", "nl\n\x00"])
async def test_another_language_is_refused_and_changes_nothing(database: Database, typed: str) -> None:
    ada = await make_person()
    with pytest.raises(Refused) as refused:
        await update(ada, {"allows_marketing": True, "language": typed})
    assert [(each.code, each.path) for each in refused.value.problems] == [(ErrorCode.UNKNOWN_TERM, ("languageCode",))]
    assert await preferences_of(ada) == (False, None)
