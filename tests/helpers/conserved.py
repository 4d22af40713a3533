"""What a profile has, row by row: what merging must neither lose nor double."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.expressions import F, Q

from catalogue.points import Category
from models import tables as t
from models.ownership import OWNERSHIP
from models.ownership.rules import Moved, Rebuilt
from models.points import EntryKind
from models.portfolio import ProjectState

Level = tuple[str, int]


@dataclass
class Figures:
    """The rows of one profile and its accounts. `points`: sums of the ledger."""

    points: Counter[Category]
    entries: set[int]
    awards: set[Level]
    valid: set[Level]
    featured: list[str]
    connections: dict[int, datetime]
    requests: set[tuple[int, int]]
    """Sender and receiver of those that were not withdrawn."""
    blocks: set[tuple[int, int]]
    dismissed: set[int]
    projects: list[int]
    """In the order of the portfolio."""
    published: int
    collaborations: dict[int, int]
    """Owner by project."""
    accounts: dict[int, tuple[Any, ...]]
    credits: dict[int, tuple[int, int]]
    """Balance and number of entries of each account."""
    orders: set[int]
    tokens: set[int]
    skills: set[str]
    industries: set[str]
    challenges: set[str]
    claims: set[str]
    invites: dict[str, str]
    """State by address."""
    referred: set[int]
    codes: set[str]
    shirts: int
    handles: set[str]
    former_ids: set[int]
    imported: set[tuple[str, str]]


async def figures_of(profile_id: int) -> Figures:
    """Read them, plainly."""
    entries = await t.PointEntry.filter(profile_id=profile_id)
    points: Counter[Category] = Counter()
    for each in entries:
        points[each.category] += each.awarded
    awards = await t.BadgeAward.filter(profile_id=profile_id)
    projects = await t.Project.filter(owner_id=profile_id).order_by("place", "-id")
    accounts = await t.Account.filter(profile_id=profile_id)
    ids = [each.id for each in accounts]
    sent = await t.ConnectionRequest.filter(sender_id=profile_id, withdrawn_at=None)
    received = await t.ConnectionRequest.filter(receiver_id=profile_id, withdrawn_at=None)
    blocks = [*await t.Block.filter(blocker_id=profile_id), *await t.Block.filter(blocked_id=profile_id)]
    balances = {each.account_id: each.balance for each in await t.CreditBalance.filter(account_id__in=ids)}
    credit_entries = Counter([each.account_id for each in await t.CreditEntry.filter(account_id__in=ids)])
    profile = await t.Profile.get(id=profile_id)
    collaborations: Any = t.ProjectCollaborator.filter(profile_id=profile_id).values_list(
        "project_id", "project__owner_id"
    )
    return Figures(
        points=points,
        entries={each.id for each in entries},
        awards={(each.badge, each.level) for each in awards},
        valid={(each.badge, each.level) for each in awards if each.revoked_at is None},
        featured=[each.badge for each in await t.FeaturedBadge.filter(profile_id=profile_id).order_by("place")],
        connections={each.other_id: each.connected_at for each in await t.Connection.filter(profile_id=profile_id)},
        requests={(each.sender_id, each.receiver_id) for each in (*sent, *received)},
        blocks={(each.blocker_id, each.blocked_id) for each in blocks},
        dismissed={each.other_id for each in await t.DismissedSuggestion.filter(profile_id=profile_id)},
        projects=[each.id for each in projects],
        published=sum(each.state is ProjectState.PUBLISHED for each in projects),
        collaborations=dict(await collaborations),
        accounts={each.id: (each.email_key, each.status, each.company_id, each.company_admin) for each in accounts},
        credits={each: (balances.get(each, 0), credit_entries[each]) for each in ids},
        orders={each.id for each in await t.ShopOrder.filter(account_id__in=ids)},
        tokens={each.id for each in await t.AccessToken.filter(account_id__in=ids)},
        skills={each.skill for each in await t.ProfileSkill.filter(profile_id=profile_id)},
        industries={each.industry for each in await t.ProfileIndustry.filter(profile_id=profile_id)},
        challenges={each.challenge for each in await t.ChallengeCompletion.filter(profile_id=profile_id)},
        claims={each.challenge for each in await t.ChallengeClaim.filter(profile_id=profile_id)},
        invites={each.email_key: each.state.value for each in await t.Invite.filter(sender_id=profile_id)},
        referred={each.account_id for each in await t.Referral.filter(referrer_id=profile_id) if each.account_id},
        codes={each.code for each in await t.ReferralCode.filter(profile_id=profile_id)},
        shirts=await t.ShirtClaim.filter(profile_id=profile_id).count(),
        handles={profile.handle, *(each.handle for each in await t.ProfileHandle.filter(profile_id=profile_id))},
        former_ids={each.former_id for each in await t.MergedProfile.filter(profile_id=profile_id)},
        imported={(each.source, each.key) for each in await t.ImportedPerson.filter(profile_id=profile_id)},
    )


async def rows_by_table(*profile_ids: int) -> Counter[str]:
    """
    Number of rows that name one of these profiles, in each table that merging changes: in the columns that models/ownership declares.
    A connection is counted once for each of the two that has it, and once if it is between them. Of blocks, dismissals,
    requests, tags and penalties those count that the two know of.
    """
    found = Counter(
        profile=await t.Profile.filter(id__in=profile_ids).count(),
        session=await t.Session.filter(account__profile_id__in=profile_ids).count(),
    )
    for each in OWNERSHIP:
        table: Any = each.model
        columns = {column for rule in each.merge for column in _columns(rule)} - {"account_id"}
        if table is t.Connection:
            columns = {"profile_id"}
            found[each.table] -= await t.Connection.filter(
                profile_id__in=profile_ids, other_id__in=profile_ids, other_id__gt=F("profile_id")
            ).count()
        if table is t.DismissedSuggestion:
            columns = {"profile_id"}
        if table is t.Block:
            columns = {"blocker_id"}
        if table is t.ProjectCollaborator:
            found[each.table] += await known_tags(*profile_ids)
            continue
        if table is t.PointEntry:
            found[each.table] += await t.PointEntry.filter(profile_id__in=profile_ids, shown=True).count()
            continue
        if table is t.ConnectionRequest:
            found[each.table] += await _known_requests(profile_ids)
            continue
        if columns:
            conditions: list[dict[str, Any]] = [{f"{column}__in": profile_ids} for column in columns]
            found[each.table] += await table.filter(Q(*(Q(**one) for one in conditions), join_type="OR")).count()
    return found


async def known_tags(*profile_ids: int) -> int:
    """Number of tags that they may know of: on published projects, without those that a block kept from them; and between them."""
    own = t.ProjectCollaborator.filter(profile_id__in=profile_ids)
    shown = own.filter(Q(untagged_at=None) | Q(untagged_at__gt=F("tagged_at")), project__state=ProjectState.PUBLISHED)
    between = own.filter(project__owner_id__in=profile_ids)
    ids: Any = [each.values_list("id", flat=True) for each in (shown, between)]
    return len({*await ids[0], *await ids[1]})


async def _known_requests(profile_ids: tuple[int, ...]) -> int:
    stands = t.ConnectionRequest.filter(withdrawn_at=None)
    received = stands.filter(receiver_id__in=profile_ids, ignored_at=None).exclude(sender_id__in=profile_ids)
    return await stands.filter(sender_id__in=profile_ids).count() + await received.count()


def _columns(rule: Any) -> tuple[str, ...]:
    return (rule.column,) if isinstance(rule, Moved | Rebuilt) else getattr(rule, "columns", ())


async def new_entries(before: set[int], profile_id: int) -> list[t.PointEntry]:
    """Entries of the ledger that a merge added."""
    return [
        each
        for each in await t.PointEntry.filter(profile_id=profile_id).order_by("id")
        if each.id not in before and each.kind is EntryKind.REVERSAL
    ]
