"""Accounts by email address, for commands."""

from catalogue.languages import Text
from models.accounts import Account
from services.core.email_addresses import address_of
from services.errors import ErrorCode, refused


async def account_by_email(email: str) -> Account:
    """The account with this address. Raises Refused: BAD_INPUT, NOT_FOUND."""
    found = await Account.get_or_none(email_key=address_of(email).key)
    if found is None:
        raise refused(ErrorCode.NOT_FOUND, Text("There is no account {email!r}.", email=email.strip()), path=("email",))
    return found
