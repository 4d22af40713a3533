"""
Names that are not what they look like: with characters that are not seen, that turn the text around them, or that control
the terminal of their readers. Every entrance refuses them, or, where a file brings them, leaves them out.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.accounts import Account
from models.companies import Company
from models.database import Database
from models.portfolio import Project
from models.profiles import Profile
from models.tokens import AccessToken, ApiKey
from models.verification_codes import SignUp
from services.accounts import support
from services.accounts.accounts import create_account
from services.accounts.companies import create_company
from services.auth import access_tokens, api_keys
from services.core import rate_limits
from services.errors import ErrorCode, Refused
from services.imports import csv_archive, forum
from services.media import text_rules
from services.portfolio import projects
from services.profiles import handle_changes, profile_editing
from services.sign_in import registration
from tests.helpers.factories import make_person
from tests.helpers.profile_editing import actor, id_of
from tests.helpers.sign_in import BROWSER, GOOD

HIDDEN = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2061",
    *"\u2064\u2066\u2069\u206a\u2800\u3164\ufe00\ufe0f\ufeff\uffa0\ufff9\U000e0001\U000e0041\U000e0100\U0001d173",
    *"\x00\x07\x1b\x7f\x85\n\r\t",
    "\x1b[31m",
    "\U000e0067\U000e0062",
]
FINE = [
    "Ada Okafor",
    "O’Brien",
    "Zoë",
    "Jean-Luc",
    "李小龍",
    "محمد",
    "علی‌رضا",
    "නිමල් ශ්‍රී",
    "देवी",
    "Ada ❤️",
    "Ada 👩‍💻",
    "X Æ A-12",
]


async def sign_up(account: Account, name: str) -> None:
    await registration.begin("new@people.example", GOOD, name, BROWSER, marketing=False)


async def account_create(account: Account, name: str) -> None:
    await create_account("new@people.example", name=name)


async def service_create(account: Account, name: str) -> None:
    await create_account("bot@people.example", name=name, service=True)


async def company_create(account: Account, name: str) -> None:
    await create_company(name, domain="harbor.example", admin_email=account.email)


async def admin_create(account: Account, name: str) -> None:
    await support.create_admin("boss@harbor.example", name=name, company="Harbor", domain="harbor.example")


async def admins_company_create(account: Account, name: str) -> None:
    await support.create_admin("boss@harbor.example", name="Boss", company=name, domain="harbor.example")


async def token_create(account: Account, name: str) -> None:
    await access_tokens.create(account.id, name=name, scopes=["mx:points:read"])


async def key_create(account: Account, name: str) -> None:
    await api_keys.create(account.id, name=name, actor=actor(account))


def profile_edit(field: str) -> Callable[[Account, str], Awaitable[None]]:
    async def edit(account: Account, name: str) -> None:
        await profile_editing.update(id_of(account), {field: name}, actor=actor(account))

    return edit


async def project_create(account: Account, name: str) -> None:
    await projects.create(id_of(account), {"title": name}, actor=actor(account))


async def handle_change(account: Account, name: str) -> None:
    await handle_changes.change(id_of(account), name, actor=actor(account))


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of names are tried."""

    async def free(*_: Any, **__: Any) -> None:
        pass

    monkeypatch.setattr(rate_limits, "spend", free)


ENTRANCES = {
    "signUp": sign_up,
    "cli account create": account_create,
    "cli account create --service": service_create,
    "cli company create": company_create,
    "cli create-admin --name": admin_create,
    "cli create-admin --company": admins_company_create,
    "createPersonalAccessToken": token_create,
    "createApiKey": key_create,
    "updateProfile name": profile_edit("name"),
    "updateProfile jobTitle": profile_edit("job_title"),
    "updateProfile department": profile_edit("department"),
    "updateProfile location": profile_edit("location"),
    "createProject": project_create,
    "changeHandle": handle_change,
}


async def everything() -> list[int]:
    return [await each.all().count() for each in (Account, Profile, Company, SignUp, AccessToken, ApiKey, Project)]


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.sqlite_only
async def test_no_entrance_takes_what_is_not_seen(database: Database, unlimited: None, entrance: str) -> None:
    # given
    account = await make_person(name="Ada Okafor")
    before = await everything(), await Profile.all().values()
    # when
    for hidden in HIDDEN:
        around = () if hidden.isspace() else (f"{hidden}Ada", f"Ada{hidden}", hidden)  # white space there is taken off
        for name in (f"Ada{hidden}Okafor", *around):
            with pytest.raises(Refused) as why:
                await ENTRANCES[entrance](account, name)
            assert why.value.problems[0].code is ErrorCode.BAD_INPUT, ascii(name)
    # then
    assert (await everything(), await Profile.all().values()) == before


@pytest.mark.parametrize("name", FINE)
def test_names_of_the_world_are_fine_and_stay_as_typed(name: str) -> None:
    assert text_rules.checked_name(f" {name} ", "A name", 120) == name
    assert text_rules.cleaned_name(name, 120) == name


@pytest.mark.parametrize("hidden", HIDDEN)
def test_imports_leave_out_what_is_not_seen(hidden: str) -> None:
    # given
    user = {"Id": "7", "DisplayName": f"Ada{hidden}Okafor", "Location": f"{hidden}Quay", "CreationDate": "2020-01-01"}
    row = ["7", "", f"Ada{hidden}Okafor", f"Pilot{hidden}", "NL", f"Harbor{hidden}Works", "", "true", "2020-01-01"]
    # when
    theirs, ours = forum.person_of(user, Counter()), csv_archive.person_of(row)
    assert theirs is not None
    # then
    texts = [theirs.name, theirs.details["location"], ours.person.name, ours.person.details["job_title"], ours.company]
    for each in texts:
        assert text_rules.checked_name(each, "A name", 200) == each
    assert re.fullmatch(r"Ada ?(\[31m)?Okafor", theirs.name) and theirs.name == ours.person.name


@pytest.mark.parametrize("nothing", ["\u200b", "\u2800\u3164", "\u202e", "\x1b\u200d"])
def test_a_name_of_nothing_costs_no_person(nothing: str) -> None:
    found: Counter[str] = Counter()
    theirs = forum.person_of({"Id": "7", "DisplayName": nothing, "CreationDate": "2020-01-01"}, found)
    assert theirs is not None and theirs.name == "user7" and found
    ours = csv_archive.person_of(["7", "", nothing, "", "", "", "", "true", "2020-01-01"])
    assert ours.person.name == "Member"


def test_cleaning_ends_with_what_can_be_kept() -> None:
    for hidden in HIDDEN:
        for text in (f"{hidden}Ada\u200d{hidden}\u200c" * 30, f"❤{hidden}\ufe0f\u200d{hidden}❤", "ක්\u200d" * 60):
            clean = text_rules.cleaned_name(text, 120)
            assert text_rules.checked_name(clean, "A name", 120) == clean
    assert text_rules.cleaned_name("x" * 500, 120) == "x" * 120
