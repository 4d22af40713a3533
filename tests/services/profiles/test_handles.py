"""Handles: made from names, changed by their owners, and who gets which when several want one."""

from asyncio import gather

import pytest

from catalogue.handles import RESERVED
from models.accounts import Account
from models.profiles import Profile, ProfileHandle
from services.accounts.accounts import attach_account, create_account
from services.errors import ErrorCode, Refused
from services.media.text_rules import NotFit
from services.profiles import handle_changes, handles
from tests.helpers.factories import make_person, make_profile
from tests.helpers.profile_editing import actor, id_of
from tests.helpers.runtimes import forget_limits

pytestmark = pytest.mark.usefixtures("database")


async def handle_of(profile_id: int) -> str:
    return (await Profile.get(id=profile_id)).handle


async def changes(account: Account, handle: str) -> ErrorCode | None:
    forget_limits()
    try:
        await handle_changes.change(id_of(account), handle, actor=actor(account))
    except Refused as why:
        return why.problems[0].code
    return None


@pytest.mark.parametrize("name", ["Ada Okafor", "李小龍", "🙂", "secret.login@people.example", "--", "Admin", "me"])
async def test_a_handle_never_holds_the_login(name: str) -> None:
    # given: three of one name, so that suffixes are needed
    made = [await create_account(f"secretlogin{n}@people.example", name=name) for n in range(3)]
    made += [await create_account(f"secret.login{n}@people.example", name=name) for n in range(3)]
    # then
    found = [await handle_of(id_of(each)) for each in made]
    assert len(set(found)) == len(found)
    assert not any("login" in each or "secret" in each or each in RESERVED for each in found), found
    assert all(handles.checked(each) == each for each in found)


@pytest.mark.parametrize(("handle", "key"), [("ada@people.example", "7"), ("", "ada@people.example")])
async def test_an_import_that_knows_people_by_address_shows_none(handle: str, key: str) -> None:
    for _ in range(2):
        assert (await handle_of(await make_profile("Zoe Quist", handle=handle, key=key))).startswith("zoe-quist")


async def test_an_earlier_handle_leads_on_and_stays_its_owners() -> None:
    # given
    ada, ben = await make_person(name="Ada Okafor"), await make_person(name="Ben Adeyemi")
    # when
    assert await changes(ada, " Ada-Codes ") is None
    assert await changes(ada, "ada") is None
    # then
    assert await handle_of(id_of(ada)) == "ada"
    for each in ("ada-okafor", "ADA-CODES", "Ada"):
        found = await handles.profile_of(each)
        assert found is not None and found.id == id_of(ada)
    # then: nobody else gets one of them, neither by a change nor by their name
    for each in ("ada-okafor", "ada-codes", "ADA", "ben-adeyemi-"):
        assert await changes(ben, each) is not None
    assert (await handle_of(await make_profile("Ada Okafor"))).startswith("ada-okafor-")
    # when: it is taken back
    assert await changes(ada, "ada-okafor") is None
    assert await handle_of(id_of(ada)) == "ada-okafor"
    assert await changes(ben, "ada-codes") is ErrorCode.ALREADY_EXISTS
    assert await ProfileHandle.all().count() == 3


@pytest.mark.parametrize("typed", ["", " ", "a" * 65, "-ada", "ada-", "a--b", "a b", "a_b", "á", "аda", "ada\u200b", "a.b", "a/b", "@ada", "１"])  # fmt: skip
async def test_what_is_no_handle_is_refused(typed: str) -> None:
    with pytest.raises(NotFit):
        handles.checked(typed)
    ada = await make_person()
    before = await Profile.get(id=id_of(ada)).values()
    assert await changes(ada, typed) is ErrorCode.BAD_INPUT
    assert await Profile.get(id=id_of(ada)).values() == before


async def test_reserved_words_are_taken_and_the_own_handle_changes_nothing() -> None:
    ada = await make_person(name="Ada Okafor")
    for each in ("admin", "Me", "api"):
        assert await changes(ada, each) is ErrorCode.ALREADY_EXISTS
    assert await changes(ada, "ADA-okafor") is None
    assert (await Profile.get(id=id_of(ada))).version == 1 and not await ProfileHandle.exists()


async def test_nobody_changes_theirs_all_day() -> None:
    ada = await make_person()
    for n in range(5):
        await handle_changes.change(id_of(ada), f"ada-{n}", actor=actor(ada))
    with pytest.raises(Refused) as why:
        await handle_changes.change(id_of(ada), "ada-5", actor=actor(ada))
    assert why.value.problems[0].code is ErrorCode.RATE_LIMITED


async def test_one_of_many_gets_a_handle_that_all_want_at_once() -> None:
    people = [await make_person() for _ in range(6)]
    answers = await gather(*(changes(each, "wanted") for each in people))
    assert sorted(answers, key=str) == [ErrorCode.ALREADY_EXISTS] * 5 + [None]
    assert await Profile.filter(handle="wanted").count() == 1


async def test_namesakes_who_come_at_once_all_get_an_account() -> None:
    made = await gather(*(create_account(f"ada{n}@people.example", name="Ada Okafor") for n in range(3)))
    assert len({await handle_of(id_of(each)) for each in made}) == 3


async def test_a_handle_that_is_given_up_in_the_same_moment_stays_its_owners() -> None:
    for n in range(5):
        # given
        owner, other = await make_person(name=f"Owner {n}"), await make_person()
        # when
        await gather(changes(owner, f"new-{n}"), changes(other, f"owner-{n}"), make_profile(f"Owner {n}"))
        # then
        found = await handles.profile_of(f"owner-{n}")
        assert found is not None and found.id == id_of(owner)
        assert await handle_of(id_of(other)) != f"owner-{n}"


async def test_an_operator_names_people_by_an_earlier_handle_too() -> None:
    # given: unclaimed once more, with an earlier handle
    ada = await make_person(name="Ada Okafor")
    await changes(ada, "ada")
    await Account.filter(id=ada.id).delete()
    # when
    account = await attach_account("Ada-Okafor", "new@people.example")
    # then
    assert id_of(account) == id_of(ada)
