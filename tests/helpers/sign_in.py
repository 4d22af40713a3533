"""What tests of getting in need: somebody with a password, and the mails that were written."""

import re
from urllib.parse import parse_qs, urlsplit

import pyotp

from models.accounts import Account
from models.audit import Origin
from models.companies import Company, CompanyDomain
from models.outbox import OutboxMessage
from models.second_factors import SecondFactor, SecondFactorMethod
from services.auth import passwords, sessions
from services.auth.principals import Client
from services.core import clock, crypto, phone_numbers
from services.core.audit import Actor
from services.errors import ErrorCode, Refused
from services.messages import outbox
from services.sign_in import authentication
from tests.helpers.factories import make_person

GOOD = "Correct horse 7 staple!"
OTHER = "Another long Secret, 12"
ADA = "ada@people.example"
BROWSER = Client("192.0.2.7", "A browser")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PHONE = "+31201234567"
HERE = Actor(1, Origin.SESSION, "192.0.2.7")


async def make_login(email: str = ADA, password: str = GOOD) -> Account:
    account = await make_person(email)
    await passwords.set_password(account.id, password)
    return account


async def make_domain(domain: str, *, sso: bool = False, name: str = "Harbor Works") -> Company:
    company = await Company.create(name=name, created_at=clock.now(), sso=sso)
    await CompanyDomain.create(company=company, domain=domain)
    return company


async def mails() -> list[outbox.Message]:
    """All messages that were written to somebody, in order."""
    written = [outbox.opened(row) for row in await OutboxMessage.all().order_by("id")]
    return [each for each in written if each.to]


async def kinds() -> list[str]:
    return [mail.kind for mail in await mails()]


async def mailed_code(to: str = ADA) -> str:
    """The code in the last mail with one to this address."""
    found = [
        code for mail in await mails() if mail.to == to for code in re.findall(r"^\d{6}$", mail.text, re.MULTILINE)
    ]
    return found[-1]


async def mailed_token(to: str = ADA) -> str:
    """The token of the link in the last mail with one to this address."""
    links = [
        link for mail in await mails() if mail.to == to for link in re.findall(r"https?://\S+token=\S+", mail.text)
    ]
    return parse_qs(urlsplit(links[-1]).query)["token"][0]


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def codes_of(refusal: Refused) -> list[ErrorCode]:
    return [problem.code for problem in refusal.problems]


async def signed_in(email: str = ADA, password: str = GOOD, client: Client = BROWSER) -> authentication.SignedIn:
    done = await authentication.sign_in(email, password, client)
    assert isinstance(done, authentication.SignedIn)
    return done


async def session_id(secret: str) -> int:
    facts = await sessions.authenticate(secret)
    assert facts and facts.session_id
    return facts.session_id


async def switch_on(account: Account, method: SecondFactorMethod = SecondFactorMethod.TOTP) -> None:
    sealed = crypto.seal(crypto.TOTP_SECRET, SECRET)
    if method is SecondFactorMethod.SMS:
        sealed = phone_numbers.sealed(PHONE)
    await SecondFactor.create(
        account_id=account.id,
        method=method,
        sealed=sealed,
        confirmed_at=clock.now(),
        created_at=clock.now(),
    )


def totp() -> str:
    return pyotp.TOTP(SECRET).at(clock.now())


async def completes(token: str, code: str | None = None) -> bool:
    try:
        await authentication.complete(token, code or totp(), BROWSER)
    except Refused as why:
        if codes_of(why) == [ErrorCode.BAD_CODE]:
            return False
        raise
    return True
