"""What tests of invites and referrals share: people who invite, and people who come."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from models.accounts import Account
from models.audit import Origin
from models.points import PointEntry
from services.core.audit import Actor
from services.invites import invites
from services.invites.invites import Invited, Sender
from services.sign_in import registration
from tests.helpers.sign_in import BROWSER, GOOD, mailed_code, mails

BY_TESTS = Actor(None, Origin.SESSION, "192.0.2.7")


def profile_of(account: Account) -> int:
    profile_id: int = account.own_profile_id
    return profile_id


def sender_of(account: Account) -> Sender:
    return Sender(account.id, profile_of(account), account.company_id)


async def invite(account: Account, *emails: str, note: str = "", key: str | None = None) -> list[Invited]:
    return await invites.send(sender_of(account), emails, note, key)


async def join(email: str, code: str = "") -> Account:
    """Sign up, and verify by the mailed code."""
    secret = await registration.begin(email, GOOD, "New Here", BROWSER, marketing=False, referral_code=code)
    return await Account.get(id=(await registration.verify(secret, await mailed_code(email), BROWSER)).account_id)


async def invite_mails(to: str) -> list[str]:
    """Texts of the invites that were mailed to an address."""
    return [mail.text for mail in await mails() if mail.to == to and mail.kind.startswith("invite")]


async def invite_code(to: str) -> str:
    """The code in the link of the last invite to an address."""
    [link] = re.findall(r"https?://\S+/join\S+", (await invite_mails(to))[-1])
    return parse_qs(urlsplit(link).query)["code"][0]


async def stop_path(to: str) -> str:
    """The path of the page that ends invites to an address."""
    [link] = re.findall(r"https?://\S+/invites/stop/\S+", (await invite_mails(to))[-1])
    return urlsplit(link).path


async def earned(account: Account) -> Sequence[tuple[str, int]]:
    """What gave points, and how many, in order."""
    entries = await PointEntry.filter(profile_id=profile_of(account)).order_by("id")
    return [(entry.activity or "", entry.awarded) for entry in entries]
