"""The audit trail: people read the entries of their own accounts, company admins those of their company."""

from typing import Any

from tortoise.queryset import QuerySet

from models.accounts import Account
from models.audit import AuditAction, AuditEntry
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.keyset import QuerysetList, SortKey
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.rows import Row
from services.core.audit import Actor, as_facts

OWN_TRAIL = QuerysetList("audit-trail", order=[SortKey("id")])
COMPANY_TRAIL = QuerysetList("company-audit-trail", order=[SortKey("id")])
ENTRY = ("id", "at", "action", "outcome", "origin", "actor_id", "account_id", "address", "facts")
# An admin reads the facts of actions that concern the company. Of a person's other actions an admin reads only that they
# happened, because their facts may be those of a private profile.
COMPANY_FACTS = ("company.", "member.", "token.", "api-key.")

ID_FACTS = {
    "key_id": "ApiKey",
    "order": "ShopOrder",
    "profile": "Profile",
    "project": "Project",
    "token_id": "PersonalAccessToken",
}
"""Facts that are numbers of rows, and the types of the ids that the graph shows for them."""


def actor_of(context: Context) -> Actor:
    """The actor of this request for the audit trail."""
    return Actor(context.viewer.account_id, context.viewer.origin, context.client.address)


@paged
async def own_trail(context: Context, *, page: Page, actions: list[AuditAction] | None = None) -> Row:
    """
    Entries about the viewer's accounts, newest first. The network address is included if the actor was the viewer or
    anonymous. Raises Refused: BAD_PAGE, BAD_CURSOR. Index (account_id, id), read backwards.
    """
    viewer = context.viewer
    own = {viewer.account_id or 0}
    if viewer.profile_id is not None:
        own |= set(await _account_ids(profile_id=viewer.profile_id))
    rows = await OWN_TRAIL.page(_filtered(actions, AuditEntry.filter(account_id__in=own)), page, *ENTRY)
    emails = await _emails(rows, context, own)
    edges = [
        {**row, **_names(row, emails), "address": row["address"] if row["actor_id"] in {None, *own} else ""}
        for row in rows
    ]
    return connection(page, edges, own_cursor)


@paged
async def company_trail(context: Context, *, page: Page, actions: list[AuditAction] | None = None) -> Row:
    """
    Entries about the viewer's company and its members, newest first; for its admin.
    Raises Refused: BAD_PAGE, BAD_CURSOR. Index (company_id, id), read backwards.
    """
    found = AuditEntry.filter(company_id=context.viewer.company_id or 0)
    rows = await COMPANY_TRAIL.page(_filtered(actions, found), page, *ENTRY)
    emails = await _emails(rows, context, {context.viewer.account_id or 0})
    edges = [
        {**row, **_names(row, emails), "facts": row["facts"] if row["action"].startswith(COMPANY_FACTS) else {}}
        for row in rows
    ]
    return connection(page, edges, company_cursor)


own_cursor = OWN_TRAIL.cursor_of
company_cursor = COMPANY_TRAIL.cursor_of


def action(row: Row) -> AuditAction:
    """The action of an entry."""
    return AuditAction(row["action"])


def actor_id(row: Row) -> str | None:
    """The id of the account that acted; None if the viewer may not see which it was."""
    return None if row["actor"] is None else ids.encode("Account", row["actor_id"])


def account_id(row: Row) -> str | None:
    """The id of the account that the entry is about; None if the viewer may not see which it is."""
    return None if row["account"] is None else ids.encode("Account", row["account_id"])


def facts(row: Row) -> list[dict[str, str | None]]:
    """The facts of an entry by name; numbers of rows are ids of the graph."""
    return as_facts({name: _as_id(name, value) for name, value in row["facts"].items()})


def _as_id(name: str, value: Any) -> Any:
    if name not in ID_FACTS or not isinstance(value, int):
        return value
    return ids.encode(ID_FACTS[name], value)


def _filtered(actions: list[AuditAction] | None, found: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    return found if actions is None else found.filter(action__in=[each.value for each in actions])


def address(row: Row) -> str | None:
    """The network address; None if it is unknown, or hidden from the viewer."""
    return row["address"] or None


async def _emails(rows: list[Row], context: Context, own: set[int]) -> dict[int, str]:
    """Addresses of the accounts in these rows that the viewer may see: own ones, and those of the viewer's company."""
    named = {row[key] for row in rows for key in ("actor_id", "account_id")} - {None}
    found: Any = Account.filter(id__in=named).values("id", "email", "company_id")
    company_id = context.viewer.company_id
    return {
        row["id"]: row["email"]
        for row in await found
        if row["id"] in own or (company_id is not None and row["company_id"] == company_id)
    }


def _names(row: Row, emails: dict[int, str]) -> dict[str, str | None]:
    return {"actor": emails.get(row["actor_id"]), "account": emails.get(row["account_id"])}


async def _account_ids(**of: int) -> list[int]:
    found: Any = Account.filter(**of).values_list("id", flat=True)
    return list(await found)
