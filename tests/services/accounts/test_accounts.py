"""Accounts, companies, and what follows for profiles."""

from asyncio import gather

import pytest

from models.accounts import Account, AccountStatus
from models.points import Score
from models.profiles import Profile, Visibility
from services.accounts.accounts import attach_account, create_account
from services.accounts.companies import create_company
from services.core.email_addresses import address_of
from services.errors import ErrorCode, Refused
from services.profiles.handles import from_name
from services.profiles.profiles import refresh_visibility
from tests.helpers.factories import make_company, make_person, make_profile
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("database")


def code(why: pytest.ExceptionInfo[Refused]) -> ErrorCode:
    return why.value.problems[0].code


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("  Ada@Example.COM ", "ada@example.com"),
        ("ADA+forum@example.com", "ada+forum@example.com"),
        ("a.d.a@example.com", "a.d.a@example.com"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--BCHER-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@stra\u00dfe.example", "ada@xn--strae-oqa.example"),
        ("Stra\u00dfe@example.com", "stra\u00dfe@example.com"),
        ("E\u0301VA@example.com", "\u00e9va@example.com"),
        ("\u039c\u039f\u03a3@example.com", "\u03bc\u03bf\u03c3@example.com"),
    ],
)
def test_addresses_compare_in_lower_case_and_by_their_domain_in_ascii(typed: str, key: str) -> None:
    assert address_of(typed).key == key


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "ada@", "@example.com", "a b@example.com", "ada@example.com\nbcc: x@y.example", "ada@exam ple.com"],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as why:
        address_of(typed)
    assert code(why) is ErrorCode.BAD_INPUT


async def test_a_person_gets_a_private_profile_and_a_service_gets_none() -> None:
    # when
    person = await create_account("Ada@People.example", name="Ada Okafor")
    service = await create_account("bot@services.example", name="Bot", service=True)
    # then
    profile = await Profile.get(id=person.profile_id)
    assert (profile.name, profile.visibility, profile.listed, profile.handle) == (
        "Ada Okafor",
        Visibility.PRIVATE,
        False,
        "ada-okafor",
    )
    assert await Score.exists(profile_id=profile.id)
    assert service.profile_id is None


async def test_one_address_has_one_account_also_at_once() -> None:
    answers = await gather(
        *(create_account(email, name="Ada") for email in ("ada@people.example", "ADA@people.example") * 3),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Account) for each in answers) == 1
    assert all(isinstance(each, Account | Refused) for each in answers)
    assert await Profile.all().count() == 1


async def test_an_unclaimed_profile_is_attached_once_also_at_once() -> None:
    # given
    ada = await Profile.get(id=await make_profile())
    # when
    answers = await gather(
        *(attach_account(ada.handle, f"ada{n}@people.example") for n in range(4)), return_exceptions=True
    )
    # then
    assert sum(isinstance(each, Account) for each in answers) == 1
    assert await Account.filter(profile_id=ada.id).count() == 1
    with pytest.raises(Refused) as why:
        await attach_account("nobody", "ada@people.example")
    assert code(why) is ErrorCode.NOT_FOUND


async def test_a_company_takes_its_admin_and_the_verified_accounts_of_its_domain() -> None:
    # given
    admin, colleague = await make_person("boss@elsewhere.example"), await make_person("ada@harbor.example")
    unverified = await make_person("eve@harbor.example")
    await Account.filter(id=unverified.id).update(verified_at=None)
    lookalike = await make_person("ben@notharbor.example")
    # when
    company = await create_company("Harbor Works", domain="Harbor.example", admin_email="BOSS@elsewhere.example")
    later = await create_account("new@harbor.example", name="New")
    # then
    members = {account.email: account.company_admin for account in await Account.filter(company_id=company.id)}
    assert members == {"boss@elsewhere.example": True, "ada@harbor.example": False, "new@harbor.example": False}
    assert later.company_id == company.id
    assert (await Profile.get(id=colleague.profile_id)).company_id == company.id
    assert (await Account.get(id=lookalike.id)).company_id is None
    assert admin.email == "boss@elsewhere.example"


@pytest.mark.parametrize(
    ("domain", "admin", "expected"),
    [
        ("gmail.com", "boss@elsewhere.example", ErrorCode.BAD_INPUT),
        ("co.uk", "boss@elsewhere.example", ErrorCode.BAD_INPUT),
        ("no domain", "boss@elsewhere.example", ErrorCode.BAD_INPUT),
        ("harbor.example", "nobody@elsewhere.example", ErrorCode.NOT_FOUND),
        ("harbor.example", "boss@elsewhere.example", ErrorCode.ALREADY_EXISTS),
    ],
)
async def test_a_company_that_cannot_be_is_refused(domain: str, admin: str, expected: ErrorCode) -> None:
    await make_person("boss@elsewhere.example")
    if expected is ErrorCode.ALREADY_EXISTS:
        await make_person("first@elsewhere.example")
        await create_company("First", domain="harbor.example", admin_email="first@elsewhere.example")
    with pytest.raises(Refused) as why:
        await create_company("Harbor Works", domain=domain, admin_email=admin)
    assert code(why) is expected


async def test_a_profile_follows_its_oldest_active_account() -> None:
    # given
    first, second = await make_company("First"), await make_company("Second")
    account = await make_person("old@people.example")
    ada = account.own_profile_id
    newer = await Account.create(
        kind=account.kind,
        email="new@people.example",
        email_key="new@people.example",
        name="Ada",
        profile_id=ada,
        company_id=second.id,
        created_at=account.created_at.replace(year=2099),
    )
    await Account.filter(id=account.id).update(company_id=first.id)

    async def seen() -> tuple[bool, bool, int | None, bool]:
        await committed(refresh_visibility([ada]))
        profile = await Profile.get(id=ada)
        return profile.active, profile.listed, profile.company_id, (await Score.get(profile_id=ada)).listed

    # when, then
    assert await seen() == (True, True, first.id, True)
    await Account.filter(id=account.id).update(status=AccountStatus.DEACTIVATED)
    assert await seen() == (True, True, second.id, True)
    await Account.filter(id=newer.id).update(status=AccountStatus.DEACTIVATED)
    assert await seen() == (False, False, first.id, False)


async def test_namesakes_get_handles_of_their_own() -> None:
    made = [await Profile.get(id=await make_profile("Zoë Müller")) for _ in range(3)]
    handles = [profile.handle for profile in made]
    assert len(set(handles)) == 3
    assert handles[0] == "zoe-muller" and all(handle.startswith("zoe-muller-") for handle in handles[1:])


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Ada Okafor", "ada-okafor"),
        ("  --  ", ""),
        ("\U0001f642", ""),
        ("ada@people.example", ""),
        ("李小龍", "lixiaolong"),
        ("Анна Щербакова", "anna-shcherbakova"),
        ("Ελένη", "eleni"),
        ("محمد علي", "mhmd-ly"),
        ("देवी", "devi"),
        ("Łukasz Weiß", "lukasz-weiss"),
        ("O'Brien, Søren", "o-brien-soren"),
        ("x" * 99, "x" * 48),
    ],
)
def test_handles_are_readable(name: str, handle: str) -> None:
    assert from_name(name) == handle
