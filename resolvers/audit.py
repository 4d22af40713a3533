"""The audit trail, as its readers see it: people what was done to their own accounts, admins what was in their company."""

from typing import Any

from tortoise.queryset import QuerySet

from models.accounts import Account
from models.audit import AuditAction, AuditEntry
from resolvers.base import cursors, ids
from resolvers.base.context import Context
from resolvers.base.pagination import Page, connection, newest, paged
from resolvers.base.rows import Row
from services.core.audit import Actor, as_facts

OWN, COMPANY = "audit-trail", "company-audit-trail"
ENTRY = ("id", "at", "action", "outcome", "origin", "actor_id", "account_id", "address", "facts")
# An admin reads the details of what concerns the company. Of what a person did to themselves an admin reads that it
# happened: the details may be a private profile's.
COMPANY_FACTS = ("company.", "member.", "token.", "api-key.")

ID_FACTS = {
    "key_id": "ApiKey",
    "order": "ShopOrder",
    "profile": "Profile",
    "project": "Project",
    "token_id": "PersonalAccessToken",
}
"""Facts that are numbers of rows, and the types whose ids they are shown as."""


def actor_of(context: Context) -> Actor:
    """Whoever makes this request, as the audit trail names them."""
    return Actor(context.viewer.account_id, context.viewer.origin, context.client.address)


@paged
async def own_trail(context: Context, *, page: Page, actions: list[AuditAction] | None = None) -> Row:
    """
    What was done to the viewer's accounts, newest first. Where it came from is shown when it was the viewer, or
    somebody who was not signed in. Raises Refused: BAD_PAGE, BAD_CURSOR. Index (account_id, id), read backwards.
    """
    who = context.viewer
    own = {who.account_id or 0}
    if who.profile_id is not None:
        own |= set(await _ids(profile_id=who.profile_id))
    rows = await newest(_of(actions, AuditEntry.filter(account_id__in=own)), page, OWN, ENTRY)
    emails = await _emails(rows, context, own)
    shown = [
        {**row, **_names(row, emails), "address": row["address"] if row["actor_id"] in {None, *own} else ""}
        for row in rows
    ]
    return connection(page, shown, own_cursor)


@paged
async def company_trail(context: Context, *, page: Page, actions: list[AuditAction] | None = None) -> Row:
    """
    What was done in the viewer's company and to its members, newest first; for its admin.
    Raises Refused: BAD_PAGE, BAD_CURSOR. Index (company_id, id), read backwards.
    """
    found = AuditEntry.filter(company_id=context.viewer.company_id or 0)
    rows = await newest(_of(actions, found), page, COMPANY, ENTRY)
    emails = await _emails(rows, context, {context.viewer.account_id or 0})
    shown = [
        {**row, **_names(row, emails), "facts": row["facts"] if row["action"].startswith(COMPANY_FACTS) else {}}
        for row in rows
    ]
    return connection(page, shown, company_cursor)


def own_cursor(row: Row) -> str:
    """Where a line stands in a person's trail."""
    return cursors.encode(OWN, row["id"])


def company_cursor(row: Row) -> str:
    """Where a line stands in a company's trail."""
    return cursors.encode(COMPANY, row["id"])


def action(row: Row) -> AuditAction:
    """What was done."""
    return AuditAction(row["action"])


def actor_id(row: Row) -> str | None:
    """The graph's id of the account that acted; None where the reader does not see who it was."""
    return None if row["actor"] is None else ids.encode("Account", row["actor_id"])


def account_id(row: Row) -> str | None:
    """The graph's id of the account it was done to; None where the reader does not see which it was."""
    return None if row["account"] is None else ids.encode("Account", row["account_id"])


def facts(row: Row) -> list[dict[str, str | None]]:
    """The facts of a line, by name; numbers of rows as the graph's ids."""
    return as_facts({name: _as_id(name, value) for name, value in row["facts"].items()})


def _as_id(name: str, value: Any) -> Any:
    if name not in ID_FACTS or not isinstance(value, int):
        return value
    return ids.encode(ID_FACTS[name], value)


def _of(actions: list[AuditAction] | None, found: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    return found if actions is None else found.filter(action__in=[each.value for each in actions])


def address(row: Row) -> str | None:
    """Where it came from; None where that is not known, or not for this reader."""
    return row["address"] or None


async def _emails(rows: list[Row], context: Context, own: set[int]) -> dict[int, str]:
    """Addresses of those who are named: the viewer's own accounts', and those of the viewer's company."""
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


async def _ids(**of: int) -> list[int]:
    found: Any = Account.filter(**of).values_list("id", flat=True)
    return list(await found)
