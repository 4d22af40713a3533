"""
What a merge would do, as the person sees it before: from the plan of the engine, with the accounts and their credentials.

Its hash covers all of it: if anything of it changes, the person must look again. Rule: docs/rules/accounts.md#merging-preview.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any, Final

import orjson

from catalogue.languages import Text
from models.accounts import Account, AccountStatus
from models.credits import CreditBalance
from models.profiles import Profile
from models.second_factors import SecondFactor
from models.tokens import AccessToken, ApiKey
from services.merging import engine
from services.merging.engine import MergePlan
from services.merging.figures import MergeFigures, figures
from services.merging.operations import full_name
from services.merging.plan import Pair, TablePlan


class CredentialKind(Enum):
    """A credential that acts for the profile."""

    TOKEN = "TOKEN"  # noqa: S105 - a word, no password
    API_KEY = "API_KEY"


class MergeWarning(Enum):
    """Something that the person may not expect."""

    NO_LONGER_VISIBLE = "NO_LONGER_VISIBLE"
    RECOVERY_EMAIL_LOST = "RECOVERY_EMAIL_LOST"


@dataclass(frozen=True)
class AccountPart:
    """An account that the merged profile will have. Its credits stay on it."""

    id: int
    email: str
    status: AccountStatus
    of_source: bool
    credit_balance: int
    second_factor: str | None


@dataclass(frozen=True)
class CredentialPart:
    """A token or API key that will see the merged profile."""

    kind: CredentialKind
    name: str
    hint: str
    email: str
    of_source: bool


@dataclass(frozen=True)
class MergePreview:
    """The plan, and what it does not have."""

    pair: Pair
    names: tuple[str, str]
    plan: MergePlan
    figures: MergeFigures
    accounts: Sequence[AccountPart]
    credentials: Sequence[CredentialPart]
    warnings: Sequence[MergeWarning]

    @property
    def tables(self) -> Sequence[TablePlan]:
        """What happens to the tables that have a title, in the titles' order."""
        found = {each.table: each for each in self.plan.tables}
        return [found[name] for name in TABLE_TITLES if name in found]

    @property
    def hash(self) -> str:
        """
        A digest of everything that the person sees, and of the state of second factors. Not of other tables: rows that come and go by
        themselves, such as sessions, would outdate every preview.
        """
        seen = {**asdict(replace(self, plan=replace(self.plan, tables=self.tables))), "pair": list(self.pair)}
        text = orjson.dumps(seen, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
        return hashlib.sha256(text).hexdigest()[:32]


TABLE_TITLES: Final = {
    "badge_award": Text("Badges"),
    "block": Text("Blocked people"),
    "challenge_claim": Text("Claimed challenges"),
    "challenge_completion": Text("Completed challenges"),
    "connection": Text("Connections"),
    "connection_request": Text("Connection requests"),
    "dismissed_suggestion": Text("Dismissed suggestions"),
    "featured_badge": Text("Featured badges"),
    "invite": Text("Invites"),
    "point_entry": Text("Entries of points"),
    "profile_handle": Text("Former handles"),
    "profile_industry": Text("Industries"),
    "profile_skill": Text("Skills"),
    "project": Text("Projects"),
    "project_collaborator": Text("Projects of others that name you"),
    "referral": Text("Referrals"),
    "referral_code": Text("Referral links"),
    "shirt_claim": Text("T-shirts"),
}
"""Titles of tables for people. Other tables follow from these, or are not of interest."""


async def of(pair: Pair) -> MergePreview | None:
    """
    Return what merging would do now; None if one of the profiles does not exist. Reads only. Run it in a transaction, so that it
    is one state.
    """
    profiles = {each.id: each for each in await Profile.filter(id__in=pair)}
    if len(profiles) != len(pair):
        return None
    source, survivor = profiles[pair.source], profiles[pair.survivor]
    accounts, plan = await _accounts(pair), await engine.plan(pair)
    return MergePreview(
        pair=pair,
        names=(full_name(source), full_name(survivor)),
        plan=plan,
        figures=await figures(pair, plan),
        accounts=accounts,
        credentials=await _credentials(accounts),
        warnings=_warnings(source, survivor),
    )


async def _accounts(pair: Pair) -> list[AccountPart]:
    found = await Account.filter(profile_id__in=pair).order_by("id")
    numbers = [each.id for each in found]
    balances = {each.account_id: each.balance for each in await CreditBalance.filter(account_id__in=numbers)}
    factors: Any = SecondFactor.filter(account_id__in=numbers, confirmed_at__not_isnull=True)
    since = {each.account_id: each.confirmed_at.isoformat() for each in await factors}
    return [
        AccountPart(
            id=each.id,
            email=each.email,
            status=each.status,
            of_source=each.profile_id == pair.source,
            credit_balance=balances.get(each.id, 0),
            second_factor=since.get(each.id),
        )
        for each in sorted(found, key=lambda each: (each.profile_id == pair.source, each.id))
    ]


async def _credentials(accounts: Sequence[AccountPart]) -> list[CredentialPart]:
    owners = {each.id: each for each in accounts}
    parts = []
    models: list[tuple[CredentialKind, Any]] = [(CredentialKind.TOKEN, AccessToken), (CredentialKind.API_KEY, ApiKey)]
    for kind, model in models:
        for row in await model.filter(account_id__in=list(owners)).order_by("id"):
            owner = owners[row.account_id]
            parts.append(CredentialPart(kind, row.name, row.hint, owner.email, owner.of_source))
    return parts


def _warnings(source: Profile, survivor: Profile) -> list[MergeWarning]:
    found = []
    if source.listed and not survivor.listed:
        found.append(MergeWarning.NO_LONGER_VISIBLE)
    if source.recovery_email and source.recovery_email_key != survivor.recovery_email_key:
        found.append(MergeWarning.RECOVERY_EMAIL_LOST)
    return found
