"""What an operator does for people, past what they could do themselves: support cases, and the first of a company."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.points import Category
from models.accounts import Account
from models.companies import Company
from models.points import PointEntry
from models.verification_codes import Purpose
from services.accounts.accounts import create_account
from services.accounts.companies import create_company
from services.auth import verification_codes
from services.core import audit
from services.errors import ErrorCode, refused
from services.messages import outbox
from services.points import corrections
from services.profiles import handles
from services.progress.scores import PENALTIES

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
        secret = await verification_codes.issue_link(
            Purpose.RESET_PASSWORD, account.id, account.email_key, FIRST_PASSWORD
        )
        return NewAdmin(account, made, outbox.link("/reset-password", token=secret))


async def penalize(
    handle: str, category: Category, points: int, *, reason: str, silent: bool, external_id: str = ""
) -> PointEntry:
    """
    Take `points` (above 0) from somebody in one category. `silent`: the person does not see it; the sums do.

    The same `external_id` again takes nothing further. The trail says it of the profile and of no account: what is
    silent must not stand in the person's own trail. Raises Refused: NOT_FOUND, BAD_INPUT, EVENT_CONFLICT.
    """
    async with in_transaction():
        profile = await handles.profile_of(handle)
        if profile is None:
            raise refused(
                ErrorCode.NOT_FOUND, Text("There is no profile {handle!r}.", handle=handle), path=("profile",)
            )
        number = external_id or secrets.token_hex(8)
        repeated = await PointEntry.filter(source=PENALTIES, external_id=number).exists()
        entry = await corrections.penalize(
            profile.id, category, points, reason=reason, shown=not silent, external_id=number
        )
        if repeated:
            return entry
        await audit.record(
            "points.penalize",
            actor=audit.OPERATOR,
            profile=profile.id,
            category=category.value,
            points=points,
            reason=reason,
            silent=silent,
            event=entry.external_id,
        )
        return entry


async def reverse(source: str, external_id: str) -> corrections.Reversal:
    """Take back an event of any source, or a penalty. Raises Refused: NOT_FOUND."""
    async with in_transaction():
        taken = await corrections.reverse(source, external_id)
        if not taken.repeated:
            await audit.record(
                "points.reverse",
                actor=audit.OPERATOR,
                profile=taken.entry.profile_id,
                source=source,
                event=external_id,
                points=taken.entry.awarded,
            )
        return taken
