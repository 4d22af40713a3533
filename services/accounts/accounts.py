"""Accounts: creation, and their profile and company."""

from datetime import datetime

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.accounts import Account, AccountKind
from models.profiles import Profile
from models.transactions import require_transaction
from services.accounts.companies import company_of_domain
from services.core import clock
from services.core.audit import OPERATOR
from services.core.email_addresses import Address, address_of
from services.errors import ErrorCode, Refused, refused
from services.media.text_rules import MAX_CHARACTERS, name_problems
from services.profiles import handles, profile_changes
from services.profiles.profiles import NewPerson, create_people, refresh_visibility

MAX_PERSON_NAME = MAX_CHARACTERS["name"]
MAX_ACCOUNTS = 20
"""Accounts that a person can add to one profile. Merging may leave more."""
MAX_ATTEMPTS = 3
"""Retry when a concurrent writer took the same handle."""


async def create_account(email: str, *, name: str, service: bool = False) -> Account:
    """
    Create an account on behalf of an operator; its address counts as verified.

    A person gets a private profile of that name, and joins the company that owns the domain of the address. A service
    gets neither. Raises Refused: BAD_INPUT, ALREADY_EXISTS (the address has an account).
    """
    address = address_of(email)
    if problems := name_problems(name, Text("A name"), MAX_PERSON_NAME):
        raise Refused(*problems)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            async with in_transaction():
                if service:
                    return await _account(address, name=name.strip(), kind=AccountKind.SERVICE)
                account = await open_account(address, name=name.strip())
                await profile_changes.record_account(account, actor=OPERATOR)
                return account
        except IntegrityError:
            if await Account.exists(email_key=address.key):
                raise _taken() from None
            if attempt == MAX_ATTEMPTS:
                raise
    raise AssertionError("not reached")


async def open_account(address: Address, *, name: str, marketing: bool = False) -> Account:
    """
    Create a person's account with a private profile, for an address that was just verified. It joins the company that
    owns the domain of the address.

    Raises IntegrityError if the address has an account, or a concurrent writer took the handle.
    Requires a transaction.
    """
    require_transaction()
    person = NewPerson(name=name, joined_on=clock.today())
    [profile_id] = await create_people([person])
    return await _join(address, name, profile_id, marketing=marketing)


async def add_account(address: Address, profile_id: int, *, marketing: bool = False) -> Account:
    """
    Create another account of a person, for an address that was just verified. It joins the company that owns the domain of
    the address, and is named like the person.

    Raises Refused: TOO_MANY_ITEMS (the profile has 20 accounts); IntegrityError if the address has an account.
    Requires a transaction, with the profile's score row locked.
    """
    require_transaction()
    require_room(await Account.filter(profile_id=profile_id).count())
    profile = await Profile.get(id=profile_id)
    return await _join(address, profile.name, profile_id, marketing=marketing)


def require_room(accounts: int) -> None:
    """Raise Refused, TOO_MANY_ITEMS, if a profile that has this many accounts can have no other one."""
    if accounts >= MAX_ACCOUNTS:
        text = Text("A profile can have at most {most} accounts.", most=MAX_ACCOUNTS)
        raise refused(ErrorCode.TOO_MANY_ITEMS, text, path=("email",))


async def attach_account(handle: str, email: str) -> Account:
    """
    Create the first account of an unclaimed profile, on behalf of an operator, who has checked that the address belongs to
    the person.

    Raises Refused: BAD_INPUT, NOT_FOUND (no such profile), ALREADY_EXISTS (the address has an account, or the profile is
    claimed).
    """
    address = address_of(email)
    try:
        async with in_transaction():
            found = await handles.profile_of(handle)
            profile = found and await Profile.select_for_update(no_key=True).get_or_none(id=found.id)
            if profile is None:
                raise refused(
                    ErrorCode.NOT_FOUND, Text("There is no profile {handle!r}.", handle=handle), path=("handle",)
                )
            if await Account.exists(profile_id=profile.id):
                raise refused(
                    ErrorCode.ALREADY_EXISTS, Text("{handle!r} is already claimed.", handle=handle), path=("handle",)
                )
            account = await _join(address, profile.name, profile.id)
            await profile_changes.record_account(account, actor=OPERATOR)
            return account
    except IntegrityError:
        raise _taken() from None


async def _join(address: Address, name: str, profile_id: int, *, marketing: bool = False) -> Account:
    company_id = await company_of_domain(address.domain)
    account = await _account(
        address,
        name=name,
        kind=AccountKind.PERSON,
        profile_id=profile_id,
        company_id=company_id,
        marketing=marketing,
    )
    await refresh_visibility([profile_id])
    return account


async def _account(
    address: Address,
    *,
    name: str,
    kind: AccountKind,
    profile_id: int | None = None,
    company_id: int | None = None,
    marketing: bool = False,
) -> Account:
    now: datetime = clock.now()
    return await Account.create(
        kind=kind,
        email=address.email,
        email_key=address.key,
        name=name,
        profile_id=profile_id,
        company_id=company_id,
        marketing=marketing,
        verified_at=now,
        created_at=now,
    )


def _taken() -> Refused:
    return refused(ErrorCode.ALREADY_EXISTS, "That address already has an account.", path=("email",))
