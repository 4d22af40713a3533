"""Companies and their mail domains."""

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from catalogue.mail import PUBLIC_DOMAINS
from models.accounts import Account, AccountKind
from models.companies import Company, CompanyDomain
from services import clock
from services.addresses import address_of, domain_of
from services.errors import ErrorCode, refused
from services.profiles import relist

MAX_NAME = 200


async def create_company(name: str, *, domain: str, admin_email: str) -> Company:
    """
    Make a company that owns a mail domain. The admin's account joins it, and so do verified accounts on the
    domain that belong to no company yet.

    Raises Refused: BAD_INPUT (name, domain, a public mail domain), NOT_FOUND (no account with the admin's
    address), ALREADY_EXISTS (another company owns the domain, or the admin belongs to another company).
    """
    own = domain_of(domain)
    if not 0 < len(name.strip()) <= MAX_NAME:
        raise refused(ErrorCode.BAD_INPUT, f"A company's name has 1 to {MAX_NAME} characters.", path=("name",))
    if own in PUBLIC_DOMAINS:
        raise refused(ErrorCode.BAD_INPUT, f"{own} is a public mail service: no company can own it.", path=("domain",))
    try:
        async with in_transaction():
            return await _create(name.strip(), own, address_of(admin_email).key)
    except IntegrityError:
        raise refused(ErrorCode.ALREADY_EXISTS, f"Another company owns {own}.", path=("domain",)) from None


async def _create(name: str, domain: str, admin_key: str) -> Company:
    admin = await Account.select_for_update().get_or_none(email_key=admin_key, kind=AccountKind.PERSON)
    if admin is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no person's account with the admin's address.", path=("admin",))
    if admin.company_id is not None:  # type: ignore[attr-defined]
        raise refused(ErrorCode.ALREADY_EXISTS, "The admin belongs to a company already.", path=("admin",))
    company = await Company.create(name=name, created_at=clock.now())
    await CompanyDomain.create(company=company, domain=domain)
    admin.company_admin = True
    joining = await Account.select_for_update().filter(
        email_key__endswith=f"@{domain}", company_id=None, kind=AccountKind.PERSON, verified_at__not_isnull=True
    )
    for account in {each.id: each for each in [*joining, admin]}.values():
        account.company_id = company.id
        account.company_admin = account.id == admin.id
        await account.save(update_fields=["company_id", "company_admin"])
    await relist(each.profile_id for each in [*joining, admin])  # type: ignore[attr-defined]
    return company


async def company_of_domain(domain: str) -> int | None:
    """The company that a new account on this mail domain joins; None: nobody owns it."""
    found = await CompanyDomain.get_or_none(domain=domain)
    return None if found is None else found.company_id  # type: ignore[attr-defined]
