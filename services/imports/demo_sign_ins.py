"""
Accounts of the demo. Three people can sign in: a member, an admin of a company, and a person with a second factor. The
member has a second account, with an earlier profile. Most others have an account without a password, so that they can get requests, be suggested and be tagged.
"""

import re
import secrets
import string
from dataclasses import dataclass
from typing import Any

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountKind
from models.companies import Company, CompanyDomain
from models.connections import ConnectionRequest
from models.profiles import Profile
from models.second_factors import SecondFactor, SecondFactorMethod
from services.accounts.accounts import attach_account
from services.auth import passwords, totp
from services.core import clock
from services.core.crypto import TOTP_SECRET, seal
from settings import HERE

FILE = HERE / "var" / "demo-sign-ins"
"""Where `run` writes them, for the person who started it."""
MEMBER = "ada-okafor"
EARLIER = "ada-okafor-northlight"
"""The same person's earlier profile, which is not public."""
COMPANY = "Tidewater Robotics"
UNCLAIMED_EVERY = 8
"""One profile in this many has no account, as after an import."""


@dataclass(frozen=True, repr=False)
class SignIn:
    """Credentials of one person. The secrets are not stored anywhere else."""

    who: str
    email: str
    password: str
    totp_secret: str | None = None

    def __str__(self) -> str:
        """For people to read, and for `read_sign_ins`."""
        lines = [f"  {self.who}: {self.email}", f"    password     {self.password}"]
        if self.totp_secret:
            lines.append(f"    TOTP secret  {self.totp_secret}   (add it to an authenticator app)")
        return "\n".join(lines)


_WRITTEN = re.compile(
    r"^  (?P<who>.+): (?P<email>\S+)\n    password     (?P<password>\S+)(?:\n    TOTP secret  (?P<totp_secret>\S+))?",
    re.MULTILINE,
)


def read_sign_ins(text: str) -> list[SignIn]:
    """Return the sign-ins of a text that has them as `str` writes them; the rest of the text is ignored."""
    return [SignIn(**found.groupdict()) for found in _WRITTEN.finditer(text)]


async def open_sign_ins() -> list[SignIn]:
    """Create the accounts, with random passwords, at addresses of their companies. Call it once after loading the demo."""
    company = await Company.get(name=COMPANY)
    colleagues = Profile.filter(company_id=company.id, listed=True).exclude(handle=MEMBER).order_by("id").limit(2)
    admin, careful = await colleagues
    member = await Profile.get(handle=MEMBER)
    opened = [
        await _open("a member", member),
        await _open("a company's admin", admin),
        await _open("someone with a second factor", careful),
    ]
    if earlier := await Profile.get_or_none(handle=EARLIER):
        opened.append(await _open("the member's earlier profile, to be merged", earlier))
    await Account.filter(profile_id=admin.id).update(company_admin=True)
    opened[2] = await _with_second_factor(opened[2], careful)
    await _claim_others()
    return opened


async def _open(who: str, profile: Profile) -> SignIn:
    found = await CompanyDomain.filter(company_id=profile.company_id).first()
    email = f"{profile.handle}@{found.domain if found else 'people.example'}"
    account = await attach_account(profile.handle, email)
    password = "-".join("".join(secrets.choice(string.ascii_lowercase) for _ in range(5)) for _ in range(3)).title()
    password = f"{password}-{secrets.randbelow(90) + 10}"
    # Not `set_password`: it must not run in a transaction, and the first start opens the sign-ins in one.
    new_hash = await passwords.hash_password(password)
    async with in_transaction():
        await passwords.store(account.id, new_hash)
    return SignIn(who, email, password)


async def _claim_others() -> None:
    """Create accounts for most profiles without one, and for all senders of connection requests."""
    domains: dict[int | None, str] = {each.company_id: each.domain for each in await CompanyDomain.all()}
    sender_ids: Any = ConnectionRequest.all().values_list("sender_id", flat=True)
    claimed_ids: Any = Account.filter(profile_id__isnull=False).values_list("profile_id", flat=True)
    senders, claimed, now = set(await sender_ids), set(await claimed_ids), clock.now()
    await Account.bulk_create(
        Account(
            kind=AccountKind.PERSON,
            email=(email := f"{each.handle}@{domains.get(each.company_id, 'people.example')}"),
            email_key=email,
            name=each.name,
            profile_id=each.id,
            company_id=each.company_id,
            verified_at=now,
            created_at=now,
        )
        for each in await Profile.all().order_by("id")
        if each.id not in claimed and (each.id % UNCLAIMED_EVERY or each.id in senders)
    )


async def _with_second_factor(sign_in: SignIn, profile: Profile) -> SignIn:
    account = await Account.get(profile_id=profile.id)
    secret, now = totp.new_secret(), clock.now()
    await SecondFactor.create(
        account_id=account.id,
        method=SecondFactorMethod.TOTP,
        sealed=seal(TOTP_SECRET, secret),
        confirmed_at=now,
        created_at=now,
    )
    return SignIn(sign_in.who, sign_in.email, sign_in.password, secret)
