"""Support by operators: the first admin of a company, penalties, reversals of events of any source."""

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

FIRST_PASSWORD_LINK_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class NewAdmin:
    """The admin of a new company. `link` is a secret: it sets the account's password, once, within 24 hours."""

    account: Account
    company: Company
    link: str

    def __repr__(self) -> str:
        return f"NewAdmin(account={self.account!r}, company={self.company!r}, link=…)"


async def create_admin(email: str, *, name: str, company: str, domain: str) -> NewAdmin:
    """
    Create an account and the company that it administers, in one transaction.

    Raises Refused: BAD_INPUT, ALREADY_EXISTS (the address has an account, or another company owns the domain).
    """
    async with in_transaction():
        account = await create_account(email, name=name)
        created = await create_company(company, domain=domain, admin_email=email)
        secret = await verification_codes.issue_link(
            Purpose.RESET_PASSWORD, account.id, account.email_key, FIRST_PASSWORD_LINK_LIFETIME
        )
        return NewAdmin(account, created, outbox.client_link("/reset-password", token=secret))


async def penalize(
    handle: str, category: Category, points: int, *, reason: str, silent: bool, external_id: str = ""
) -> PointEntry:
    """
    Take `points` (above 0) from a profile in one category. `silent`: the sums change, but the person does not see the
    entry.

    Repeating an `external_id` takes nothing further. The audit entry names the profile and no account, because a silent
    penalty must not be in the person's own audit trail. Raises Refused: NOT_FOUND, BAD_INPUT, EVENT_CONFLICT.
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
            profile=entry.profile_id,
            category=category.value,
            points=points,
            reason=reason,
            silent=silent,
            event=entry.external_id,
        )
        return entry


async def reverse(source: str, external_id: str) -> corrections.Reversal:
    """Reverse an event of any source, or a penalty. Raises Refused: NOT_FOUND."""
    async with in_transaction():
        reversal = await corrections.reverse(source, external_id)
        if not reversal.repeated:
            await audit.record(
                "points.reverse",
                actor=audit.OPERATOR,
                profile=reversal.entry.profile_id,
                source=source,
                event=external_id,
                points=reversal.entry.awarded,
            )
        return reversal
