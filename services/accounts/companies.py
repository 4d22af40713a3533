"""Companies and their mail domains."""

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.public_mail_domains import is_public
from models.accounts import Account, AccountKind, AccountStatus
from models.companies import Company, CompanyDomain
from models.transactions import require_transaction
from services.core import audit, clock
from services.core.audit import OPERATOR, Actor, Change
from services.core.email_addresses import address_of, domain_of
from services.errors import ErrorCode, NotAllowed, Refused, refused
from services.media.text_rules import name_problems
from services.profiles.profiles import refresh_visibility

MAX_COMPANY_NAME = 200
MAX_PASSWORD_DAYS = 3650


async def create_company(name: str, *, domain: str, admin_email: str, actor: Actor = OPERATOR) -> Company:
    """
    Create a company that owns a mail domain. The admin's account joins it, and so do verified accounts on the domain that
    belong to no company.

    Raises Refused: BAD_INPUT (name, domain, or a public mail domain), NOT_FOUND (no account with the admin's address),
    ALREADY_EXISTS (another company owns the domain, or the admin belongs to another company).
    """
    own = domain_of(domain)
    if problems := name_problems(name, Text("A company's name"), MAX_COMPANY_NAME):
        raise Refused(*problems)
    if is_public(own):
        raise refused(
            ErrorCode.BAD_INPUT,
            Text("{own} is a public mail domain, so no company can own it.", own=own),
            path=("domain",),
        )
    try:
        async with in_transaction():
            company = await _create(name.strip(), own, address_of(admin_email).key)
            await audit.record("company.created", actor=actor, company_id=company.id, name=company.name, domain=own)
            return company
    except IntegrityError:
        raise refused(
            ErrorCode.ALREADY_EXISTS, Text("Another company owns {own}.", own=own), path=("domain",)
        ) from None


async def _create(name: str, domain: str, admin_key: str) -> Company:
    admin = await Account.select_for_update(no_key=True).get_or_none(email_key=admin_key, kind=AccountKind.PERSON)
    if admin is None:
        raise refused(ErrorCode.NOT_FOUND, "No person has an account with the admin's address.", path=("admin",))
    if admin.company_id is not None:
        raise refused(ErrorCode.ALREADY_EXISTS, "The admin already belongs to a company.", path=("admin",))
    company = await Company.create(name=name, created_at=clock.now())
    await CompanyDomain.create(company=company, domain=domain)
    admin.company_admin = True
    joining = await Account.select_for_update(no_key=True).filter(
        email_key__endswith=f"@{domain}", company_id=None, kind=AccountKind.PERSON, verified_at__not_isnull=True
    )
    for account in {each.id: each for each in [*joining, admin]}.values():
        account.company_id = company.id
        account.company_admin = account.id == admin.id
        await account.save(update_fields=["company_id", "company_admin"])
    await refresh_visibility(each.own_profile_id for each in [*joining, admin])
    return company


async def company_of_domain(domain: str) -> int | None:
    """The company that a new account on this mail domain joins; None if no company owns the domain."""
    found = await CompanyDomain.get_or_none(domain=domain)
    return None if found is None else found.company_id


async def set_password_expiry(admin_id: int, days: int | None, *, actor: Actor) -> Company:
    """
    Set the days after which members' passwords expire (None: never), counted from when each password was set. It applies
    at once.

    Raises Refused: BAD_INPUT (outside 1 to 3650), FORBIDDEN (not, or no longer, an admin of a company).
    """
    if days is not None and not 1 <= days <= MAX_PASSWORD_DAYS:
        raise refused(
            ErrorCode.BAD_INPUT,
            Text("Enter 1 to {max_days} days, or null for never.", max_days=MAX_PASSWORD_DAYS),
            path=("passwordDays",),
        )
    async with in_transaction():
        company = await company_of_admin(admin_id)
        before, company.password_days = company.password_days, days
        if before != days:
            await company.save(update_fields=["password_days"])
            await audit.record(
                "company.password-expiry-changed",
                actor=actor,
                company_id=company.id,
                password_days=Change(before, days),
            )
        return company


async def company_of_admin(admin_id: int) -> Company:
    """
    Lock the company of this admin until the caller's transaction ends. The lock serializes what admins do to a company:
    an account that lost its admin rights meanwhile is refused. Rows may refer to the company meanwhile: a transaction that holds a score row may
    have to write one. Raises NotAllowed: FORBIDDEN.
    Requires a transaction.
    """
    require_transaction()
    admin = await Account.get_or_none(id=admin_id).values("company_id")
    company = await Company.select_for_update(no_key=True).get_or_none(id=admin["company_id"] if admin else None)
    active = AccountStatus.ACTIVE
    if company is None or not await Account.exists(
        id=admin_id, company_id=company.id, company_admin=True, status=active
    ):
        raise NotAllowed(ErrorCode.FORBIDDEN, "Only company admins may do this.")
    return company
