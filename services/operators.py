"""What an operator does for people, past what they could do themselves: support cases, and the first of a company."""

from dataclasses import dataclass
from datetime import timedelta

from tortoise.transactions import in_transaction

from models.accounts import Account
from models.companies import Company
from models.proofs import Purpose
from services import codes, messages
from services.accounts import create_account
from services.companies import create_company

FIRST_PASSWORD = timedelta(hours=24)


@dataclass(frozen=True)
class NewAdmin:
    """The admin of a new company. Whoever has `link` sets the account's password: once, within 24 hours."""

    account: Account
    company: Company
    link: str

    def __repr__(self) -> str:
        return f"NewAdmin(account={self.account!r}, company={self.company!r}, link=…)"


async def create_admin(email: str, *, name: str, company: str, domain: str) -> NewAdmin:
    """
    Make an account, and the company that it administers: both or neither.

    Raises Refused: BAD_INPUT, ALREADY_EXISTS (the address has an account, or another company owns the domain).
    """
    async with in_transaction():
        account = await create_account(email, name=name)
        made = await create_company(company, domain=domain, admin_email=email)
        secret = await codes.issue_link(Purpose.RESET_PASSWORD, account.id, account.email_key, FIRST_PASSWORD)
        return NewAdmin(account, made, messages.link("/reset-password", token=secret))
