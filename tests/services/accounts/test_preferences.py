"""What somebody prefers."""

import pytest

from models.accounts import Account
from models.audit import AuditEntry, Origin
from models.database import Database
from models.profiles import Profile
from services.accounts import preferences
from services.core.audit import Actor
from services.errors import ErrorCode, Refused
from tests.helpers.factories import make_person


async def test_every_change_of_consent_is_in_the_trail(database: Database) -> None:
    # given
    ada, ben = await make_person(), await make_person()
    actor = Actor(ada.id, Origin.SESSION)
    # when
    for marketing in (False, True, True, False):
        await preferences.set_marketing(ada.id, marketing=marketing, actor=actor)
        # then
        assert (await Account.get(id=ada.id)).marketing is marketing
    lines = await AuditEntry.filter(action="marketing.changed", account_id=ada.id).order_by("id")
    assert [line.facts for line in lines] == [
        {"marketing": {"old": False, "new": True}},
        {"marketing": {"old": True, "new": False}},
    ]
    assert not (await Account.get(id=ben.id)).marketing


async def language_of(account: Account) -> str | None:
    return (await Profile.get(id=account.profile_id)).language


@pytest.mark.parametrize(("typed", "kept"), [("nl", "nl"), (" NL ", "nl"), ("en", "en")])
async def test_a_language_with_texts_is_kept(database: Database, typed: str, kept: str) -> None:
    ada, ben = await make_person(), await make_person()
    await preferences.set_language(ada.own_profile_id, typed, actor=Actor(ada.id, Origin.SESSION))
    assert (await language_of(ada), await language_of(ben)) == (kept, None)


@pytest.mark.parametrize("typed", ["", "xx", "de", "english", "eng", "e", "en-GB", "é", "nl\n\x00"])
async def test_anything_else_is_refused(database: Database, typed: str) -> None:
    ada = await make_person()
    with pytest.raises(Refused) as refused:
        await preferences.set_language(ada.own_profile_id, typed, actor=Actor(ada.id, Origin.SESSION))
    assert [(each.code, each.path) for each in refused.value.problems] == [(ErrorCode.UNKNOWN_TERM, ("language",))]
    assert await language_of(ada) is None
