"""
Invites by mail: those of the two become those of one sender.

Of two invites to one address the accepted one stays, else the one that was mailed later. An invite of one of the two to an address of
the other is removed, unless it was accepted; its points are taken back in either case. Links in mails that were sent before work as
before: an invite keeps the digest of its code. Rules: docs/rules/accounts.md#merging-people, docs/rules/invites.md.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.accounts import Account
from models.invites import Invite, InviteState
from models.merged_profiles import MergedProfile
from models.points import PointEntry
from models.profiles import Profile
from models.statements import Statement, execute, execute_rows
from models.transactions import require_transaction
from services.core import clock
from services.invites import invites
from services.merging.compensations import planned, take_back
from services.merging.plan import CompensationReason, Pair, StepPlan, TablePlan
from services.points.ledger import SYSTEM_SOURCE


@dataclass
class _Decision:
    """`deleted`: ids of invites. `first_sent`: ids and `created_at` of invites that replace an earlier valid one. The rest are counts."""

    deleted: list[int] = field(default_factory=list)
    first_sent: list[tuple[int, datetime]] = field(default_factory=list)
    kept: int = 0
    moved: int = 0
    combined: int = 0
    lost: int = 0


async def plan(pair: Pair) -> StepPlan:
    """Count the invites, and the points of those between the two."""
    rows, addresses = await _read(pair)
    found = _decide(pair, rows, addresses, clock.now())
    compensations = await planned(pair, await taken_back(pair), CompensationReason.SELF)
    return StepPlan(
        [
            TablePlan("invite", kept=found.kept, moved=found.moved, combined=found.combined, lost=found.lost),
            TablePlan("point_entry", added=sum(each.entries for each in compensations)),
        ],
        compensations=compensations,
    )


async def apply(pair: Pair, now: datetime) -> None:
    """Write the invites and take points back. Requires a transaction, with the score rows of both locked."""
    require_transaction()
    await take_back(await taken_back(pair), CompensationReason.SELF, now)
    rows, addresses = await _read(pair)
    found = _decide(pair, rows, addresses, now)
    if found.deleted:
        await execute(_DELETE, found.deleted)
    await execute_rows(_DATE, found.first_sent)
    await Invite.filter(sender_id=pair.source).update(sender_id=pair.survivor)


def _decide(pair: Pair, rows: Sequence[Invite], addresses: Collection[str], now: datetime) -> _Decision:
    found = _Decision()
    by_address: defaultdict[str, list[Invite]] = defaultdict(list)
    for row in rows:
        if row.email_key in addresses and row.state is not InviteState.ACCEPTED:
            found.deleted.append(row.id)
            found.lost += 1
        else:
            by_address[row.email_key].append(row)
    for own in by_address.values():
        stays = max(
            own, key=lambda row: (row.state is InviteState.ACCEPTED, row.sent_at, row.sender_id == pair.survivor)
        )
        found.deleted += [row.id for row in own if row is not stays]
        found.combined += len(own) - 1
        if any(row.sender_id == pair.survivor for row in own):
            found.kept += 1
        else:
            found.moved += 1
        # The first valid invite decides who invited an address first: services/invites/referrals.py.
        valid = [row.created_at for row in own if row.state is InviteState.PENDING and row.expires_at > now]
        if stays.created_at in valid and min(valid) < stays.created_at:
            found.first_sent.append((stays.id, min(valid)))
    return found


async def taken_back(pair: Pair) -> list[int]:
    """
    Return the ledger entries of invites between the two, also of those whose invite no longer exists: the id of an event follows
    from sender and address. Reads only. Unique (source, external_id).
    """
    rows, addresses = await _read(pair)
    accounts: Any = Account.filter(profile_id__in=pair).values_list("id", flat=True)
    own_accounts = set(await accounts)
    accepted = {row.email_key for row in rows if row.accepted_by_id in own_accounts}
    former: Any = MergedProfile.filter(profile_id__in=pair).values_list("former_id", flat=True)
    senders = [*pair, *await former]  # the ids of events have the sender's id of that time
    keys = [invites.event_id(sender, address) for sender in senders for address in sorted(accepted | addresses)]
    found: Any = PointEntry.filter(source=SYSTEM_SOURCE, external_id__in=keys).values_list("id", flat=True)
    return list(await found) if keys else []


async def _read(pair: Pair) -> tuple[Sequence[Invite], set[str]]:
    """All invites of the two, and all addresses of the two. Indexes: unique (sender_id, email_key); account (profile_id)."""
    accounts: Any = Account.filter(profile_id__in=pair).values_list("email_key", flat=True)
    recovery: Any = Profile.filter(id__in=pair).values_list("recovery_email_key", flat=True)
    addresses = {*await accounts, *await recovery} - {None}
    return await Invite.filter(sender_id__in=pair).order_by("id"), addresses


_DELETE = Statement.of("DELETE FROM invite WHERE id = ANY($1)")
_DATE = Statement.over_rows(
    "UPDATE invite SET created_at = n.created_at FROM {rows} n WHERE n.id = invite.id",
    id="bigint",
    created_at="timestamptz",
)
