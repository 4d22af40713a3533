"""Companies whose members sign in at their own identity provider. Rule: docs/rules/sign-in.md#single-sign-on."""

from catalogue.languages import Text
from models.accounts import Account
from models.companies import CompanyDomain
from services.errors import ErrorCode, Refused, refused


async def manages(domain: str) -> bool:
    """True if people with addresses on this mail domain sign in at an identity provider. Domains are public."""
    return await CompanyDomain.exists(domain=domain, company__sso=True)


async def manages_account(account_id: int) -> bool:
    """True if the company of this account has an identity provider."""
    return await Account.exists(id=account_id, company__sso=True)


def managed_refusal(path: str = "email") -> Refused:
    """The refusal of an operation that only the company's identity provider can do."""
    text = Text("The company's identity provider manages the sign-in of this account.")
    return refused(ErrorCode.MANAGED_BY_IDP, text, path=(path,))
