"""People who sent a request before: their cookies, keys and tokens."""

from typing import Any

from models.accounts import Account
from models.companies import Company, CompanyDomain
from services.auth import api_keys, sessions
from services.auth.principals import Client
from services.core.audit import OPERATOR
from services.profiles.profiles import refresh_visibility
from tests.helpers.factories import make_company, make_person
from tests.helpers.transactions import committed

Headers = dict[str, str]


async def in_session(account: Account, *, elevated: bool = False) -> Headers:
    """The headers of a browser in which this account is signed in."""
    secret = await sessions.begin(account.id, Client("192.0.2.7", "A browser"))
    if elevated:
        facts = await sessions.authenticate(secret)
        assert facts and facts.session_id
        secret = await sessions.elevate(facts.session_id)
    return {"Cookie": f"session={secret}"}


async def with_key(account: Account) -> Headers:
    """The headers of a script with a new API key of this account."""
    made = await api_keys.create(account.id, name="A script", actor=OPERATOR)
    return {"Mendix-Username": account.email, "Mendix-ApiKey": made.secret}


async def make_member(company: Company, email: str, *, admin: bool = False, **more: Any) -> Account:
    """A person in a company."""
    account = await make_person(email, **more)
    account.company_id, account.company_admin = company.id, admin
    await account.save()
    await committed(refresh_visibility([account.own_profile_id]))
    return account


async def make_company_with_admin(
    name: str = "Harbor Works", domain: str = "harbor.example"
) -> tuple[Company, Account]:
    company = await make_company(name)
    await CompanyDomain.create(company=company, domain=domain)
    return company, await make_member(company, f"admin@{domain}", admin=True)
