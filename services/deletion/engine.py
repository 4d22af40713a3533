"""
Delete an account, and with the last one everything of its profile; or erase a profile at once.

models/ownership declares what happens to each table; a rule with `by` names the module here that does the special part. Everything happens in
one transaction; pictures are deleted after its commit. Rule: docs/rules/accounts.md#deleting-an-account.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Final

import orjson
import structlog
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models import tables
from models.accounts import Account, AccountStatus
from models.ownership import OWNERSHIP
from models.ownership.rules import Exported
from models.profiles import Profile
from models.transactions import forbid_transaction, require_transaction
from services.auth import sessions
from services.core import audit as audit_trail
from services.core import change_feed, clock, runtime
from services.core.audit import Actor
from services.deletion import (
    addresses,
    audit,
    badges,
    changes,
    connections,
    farewell_mails,
    invites,
    locks,
    messages,
    owned_rows,
    points,
    projects,
    shop,
)
from services.deletion.plan import Going, Leftovers, Step, TablePlan
from services.errors import ErrorCode, Refused, Unavailable, refused
from services.personal_data import downloads, export_store
from services.profiles.profiles import refresh_visibility

STEPS: Final[Mapping[str, Step]] = MappingProxyType(
    {
        "shop": shop,
        "connections": connections,
        "badges": badges,
        "projects": projects,
        "points": points,
        "invites": invites,
        "addresses": addresses,
        "messages": messages,
        "audit": audit,
        "changes": changes,
    }
)
"""By the names of models/ownership, in this order. The general rules come after them."""
_HASHED: Final = frozenset(
    each.table
    for each in OWNERSHIP
    if isinstance(each.export, Exported) and each.model not in {tables.AuditEntry, tables.Session}
)
MAX_LOCK_SECONDS: Final = 15.0
LOCK_RETRY_SECONDS: Final = 0.02

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class DeletionPlan:
    """What a deletion does: the accounts that go, whether the profile goes too, and the rows of each table."""

    going: Going
    tables: Sequence[TablePlan]

    @property
    def whole_profile(self) -> bool:
        """True if everything of the profile goes, False if only an account goes."""
        return bool(self.going.profile_id)

    @property
    def hash(self) -> str:
        """
        A digest of what goes, as far as the person knows of it: another one means that the deletion would do something else. It leaves out
        rows that change by reading and signing in alone.
        """
        known = [replace(each, deleted=each.deleted - each.hidden, hidden=0) for each in self.tables]
        shown = [asdict(each) for each in known if each.table in _HASHED]
        return hashlib.sha256(orjson.dumps([asdict(self.going), shown])).hexdigest()[:32]


async def plan_account(account_id: int) -> DeletionPlan:
    """Return what deleting this account would do now. Reads only. Raises Refused: NOT_FOUND."""
    return await plan(await _existing(locks.of_account(account_id), "account"))


async def plan_profile(profile_id: int) -> DeletionPlan:
    """Return what erasing this profile would do now. Reads only. Raises Refused: NOT_FOUND."""
    return await plan(await _existing(locks.of_profile(profile_id), "profile"))


async def plan(going: Going) -> DeletionPlan:
    """Count the rows. Reads only."""
    found = await owned_rows.plan(going)
    for step in STEPS.values():
        found += await step.plan(going)
    sums: dict[str, TablePlan] = {}
    for each in found:
        before = sums.get(each.table, TablePlan(each.table))
        sums[each.table] = TablePlan(
            each.table,
            before.deleted + each.deleted,
            before.cleared + each.cleared,
            before.anonymised + each.anonymised,
            before.hidden + each.hidden,
        )
    return DeletionPlan(going, [sums[name] for name in sorted(sums)])


Check = Callable[[Going], Awaitable[None]]
"""Looks at what goes, with everything locked. What it raises ends the deletion, and nothing was changed."""


async def delete_account(account_id: int, *, actor: Actor, check: Check | None = None) -> Going:
    """
    Delete an account. If its profile has no other one, everything of the profile goes too, else its points and the rest stay.
    Returns what went. A mail to its former address confirms it, and one to the other accounts of the profile tells of it.

    Raises Refused: NOT_FOUND (no such account), and what `check` raises. Raises Unavailable if it is in use for too long.
    Must not run in a transaction.
    """
    forbid_transaction()
    return await _delete(lambda: _existing(locks.of_account(account_id), "account"), actor, check)


async def erase(profile_id: int, *, actor: Actor) -> Going:
    """
    Delete everything of a profile, with all its accounts. Returns what went. Raises Refused: NOT_FOUND (no such profile), Unavailable.
    Must not run in a transaction.
    """
    forbid_transaction()
    return await _delete(lambda: _existing(locks.of_profile(profile_id), "profile"), actor, None)


async def delete_own_account(account_id: int, *, actor: Actor, session_id: int, preview_hash: str) -> Going:
    """
    Delete the account of a session, as its owner, who has read the preview with this hash. See `delete_account`.

    Raises Refused: PREVIEW_OUTDATED, LAST_ADMIN, NOT_FOUND. Raises NotAllowed: UNAUTHENTICATED (the session has ended), ELEVATION_REQUIRED.
    Must not run in a transaction.
    """
    forbid_transaction()

    async def check(going: Going) -> None:
        await sessions.require_elevated(session_id)
        if await leaves_company_alone(going):
            text = Text("You are the last admin of your company: make another member an admin first.")
            raise refused(ErrorCode.LAST_ADMIN, text)
        if (await plan(going)).hash != preview_hash:
            text = Text("Something changed after the preview was read. Read it again.")
            raise refused(ErrorCode.PREVIEW_OUTDATED, text, path=("previewHash",))

    return await delete_account(account_id, actor=actor, check=check)


async def leaves_company_alone(going: Going) -> bool:
    """Return True if a company would have other active members and no admin."""
    for admin in await Account.filter(id__in=going.account_ids, company_admin=True, status=AccountStatus.ACTIVE):
        others = Account.filter(company_id=admin.company_id, status=AccountStatus.ACTIVE).exclude(
            id__in=going.account_ids
        )
        if await others.exists() and not await others.filter(company_admin=True).exists():
            return True
    return False


async def _delete(find: Callable[[], Awaitable[Going]], actor: Actor, check: Check | None) -> Going:
    try:
        async with asyncio.timeout(MAX_LOCK_SECONDS) as limit:
            while True:
                going = await find()
                with suppress(locks.Changed):
                    async with in_transaction():
                        await _lock(going, find)
                        limit.reschedule(None)  # it waits for nothing any more
                        if check is not None:
                            await check(going)
                        leftovers = await _apply(going, actor)
                    break
                await asyncio.sleep(LOCK_RETRY_SECONDS)
    except TimeoutError:
        raise Unavailable("deletion: what goes is in use") from None
    await projects.delete_pictures(leftovers)
    await export_store.discard(leftovers.downloads)
    database = runtime.current().database
    if not await database.truncate_log():
        log.info("deletion.log_not_truncated")
    return going


async def _lock(going: Going, find: Callable[[], Awaitable[Going]]) -> None:
    """Lock what goes, and look whether it is still the same. Raises Changed. Requires a transaction."""
    require_transaction()
    await locks.lock(going)
    if await find() != going:
        raise locks.Changed


async def _apply(going: Going, actor: Actor) -> Leftovers:
    """Do everything, with everything locked. Requires a transaction."""
    require_transaction()
    now = clock.now()
    pictures = await projects.pictures(going)
    leftovers = replace(pictures, downloads=await downloads.keys_of(going.account_ids))
    listed = await Profile.exists(id=going.profile_id, listed=True)
    accounts = await Account.filter(id__in=going.account_ids).order_by("id")
    for step in STEPS.values():
        await step.apply(going, now)
    await farewell_mails.write(accounts, going)
    await owned_rows.apply(going)
    if going.stays_id:
        await refresh_visibility([going.stays_id])
    if listed:
        number = going.profile_id
        await change_feed.publish_all(change_feed.scores_changed([number], {number: False}))
    await _record(accounts, going, actor)
    return leftovers


async def _record(accounts: Sequence[Account], going: Going, actor: Actor) -> None:
    """Write the audit entries: ids only, and no IP address."""
    acting = Actor(actor.account_id, actor.origin)
    for each in accounts:
        await audit_trail.record("account.deleted", actor=acting, account_id=each.id, company_id=each.company_id)
    if going.profile_id:
        await audit_trail.record("profile.erased", actor=acting, profile=going.profile_id)


async def _existing(found: Awaitable[Going | None], what: str) -> Going:
    if (going := await found) is None:
        raise _not_found(what)
    return going


def _not_found(what: str) -> Refused:
    text = "There is no such account." if what == "account" else "There is no such profile."
    return refused(ErrorCode.NOT_FOUND, text)
