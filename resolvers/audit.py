"""The audit trail: people read the entries of their own accounts, company admins those of their company."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tortoise.queryset import QuerySet

from models.accounts import Account
from models.audit import AuditAction, AuditEntry, AuditOutcome
from resolvers import accounts
from resolvers.base.context import Context
from resolvers.base.keyset import QuerysetList, SortKey
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.permissions import forbidden_to_members, managed_company
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.core.audit import Actor, as_facts

OWN_TRAIL = QuerysetList("audit-trail", order=[SortKey("id")])
COMPANY_TRAIL = QuerysetList("company-audit-trail", order=[SortKey("id")])
ENTRY = ("id", "at", "action", "outcome", "origin", "actor_id", "account_id", "company_id", "address", "facts")
# An admin reads the facts of actions that concern the company. Of a person's other actions an admin reads only that they
# happened, because their facts may be those of a private profile.
COMPANY_FACTS = ("company.", "member.", "token.", "api-key.")


class Trail(NamedTuple):
    """The entries of some accounts, or of a company; only those with one of the actions, if any are given."""

    account_ids: tuple[int, ...] = ()
    company_id: int | None = None
    actions: tuple[AuditAction, ...] | None = None

    @property
    def entries(self) -> QuerySet[AuditEntry]:
        """The entries. Index (account_id, id) or (company_id, id)."""
        found = (
            AuditEntry.filter(account_id__in=self.account_ids)
            if self.company_id is None
            else AuditEntry.filter(company_id=self.company_id)
        )
        return found if self.actions is None else found.filter(action__in=[each.value for each in self.actions])


def actor_of(context: Context) -> Actor:
    """The actor of this request for the audit trail."""
    return Actor(context.viewer.account_id, context.viewer.origin, context.client.address)


@paged
async def own_trail(context: Context, *, page: Page, actions: list[AuditAction] | None = None) -> Row:
    """Entries about the viewer's accounts, newest first. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    own = await _own_accounts(context)
    return await _page(OWN_TRAIL, Trail(tuple(sorted(own)), actions=_actions(actions)), own, page, context)


@columns("edges", "page_info", "trail")
@paged
async def of_companies(
    company_ids: Sequence[int], context: Context, *, page: Page, actions: list[AuditAction] | None = None
) -> list[Row | Exception | None]:
    """
    Entries about a company and its members, newest first, for its admins. NotAllowed, FORBIDDEN, for other members; None
    for a company that is not the viewer's. Raises Refused: BAD_PAGE, BAD_CURSOR.
    """
    found: list[Row | Exception | None] = []
    for company_id in company_ids:
        if company_id != context.viewer.company_id:
            found.append(None)
        elif refusal := forbidden_to_members(company_id, context):
            found.append(refusal)
        else:
            trail = Trail(company_id=company_id, actions=_actions(actions))
            found.append(await _page(COMPANY_TRAIL, trail, await _own_accounts(context), page, context))
    return found


async def totals(trails: Sequence[Trail], context: Context) -> list[int]:
    """How many entries each trail has."""
    return [await each.entries.count() for each in trails]


async def by_id(entry_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Entries of the trails that the viewer may read, as they are there; None for any other. Primary key."""
    own = await _own_accounts(context)
    managed = managed_company(context)
    rows: Any = AuditEntry.filter(id__in=entry_ids).values(*ENTRY)
    visible = [
        row for row in await rows if row["account_id"] in own or (managed is not None and row["company_id"] == managed)
    ]
    return in_order(entry_ids, await _shown(visible, own, context), by="id")


def cursor_of(row: Row) -> str:
    """Return the cursor of an entry in the trail from which it was read."""
    trail: QuerysetList = row["list"]
    return trail.cursor_of(row)


def action(row: Row) -> AuditAction:
    """The action of an entry."""
    return AuditAction(row["action"])


def outcome(row: Row) -> AuditOutcome:
    """The outcome of an entry."""
    return AuditOutcome(row["outcome"])


def facts(row: Row) -> list[dict[str, str | None]]:
    """The facts of an entry by name; numbers of rows are ids of the graph."""
    return as_facts(row["facts"])


def occurred_at(row: Row) -> datetime:
    """When the action was done."""
    at: datetime = row["at"]
    return at


def address(row: Row) -> str | None:
    """The network address; None if it is unknown, or hidden from the viewer."""
    return row["address"] or None


def _actions(actions: list[AuditAction] | None) -> tuple[AuditAction, ...] | None:
    return None if actions is None else tuple(actions)


async def _page(listed: QuerysetList, trail: Trail, own: set[int], page: Page, context: Context) -> Row:
    rows = await listed.page(trail.entries, page, *ENTRY)
    edges = [{**row, "list": listed} for row in await _shown(rows, own, context)]
    return connection(page, edges, cursor_of, trail=trail)


async def _shown(rows: Sequence[Row], own: set[int], context: Context) -> list[Row]:
    """
    The entries as the viewer may read them. The network address is shown to the person if the actor was the person or
    anonymous, and to the admin of the company; facts that may be private, to the person alone.
    """
    named = await _accounts(rows, context, own)
    managed = managed_company(context)
    shown = []
    for row in rows:
        is_own, is_managed = row["account_id"] in own, managed is not None and row["company_id"] == managed
        sees_address = is_managed or (is_own and row["actor_id"] in {None, *own})
        sees_facts = is_own or row["action"].startswith(COMPANY_FACTS)
        shown.append(
            {
                **row,
                "actor": named.get(row["actor_id"]),
                "account": named.get(row["account_id"]),
                "address": row["address"] if sees_address else "",
                "facts": row["facts"] if sees_facts else {},
            }
        )
    return shown


async def _accounts(rows: Sequence[Row], context: Context, own: set[int]) -> dict[int | None, Row]:
    """The accounts in these entries that the viewer may see: own ones, and those of the viewer's company. Primary key."""
    named = {row[key] for row in rows for key in ("actor_id", "account_id")} - {None}
    if not named:
        return {}
    found: Any = Account.filter(id__in=named).values(*accounts.ACCOUNT)
    company_id = context.viewer.company_id
    return {
        row["id"]: accounts.account_row(row, context)
        for row in await found
        if row["id"] in own or (company_id is not None and row["company_id"] == company_id)
    }


async def _own_accounts(context: Context) -> set[int]:
    viewer = context.viewer
    own = set() if viewer.account_id is None else {viewer.account_id}
    if viewer.profile_id is not None:
        found: Any = Account.filter(profile_id=viewer.profile_id).values_list("id", flat=True)
        own |= set(await found)
    return own
