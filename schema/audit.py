"""The audit trail."""

import strawberry

from models.audit import Origin
from resolvers import audit
from schema.enums import enum_of
from schema.fields import answered_by, column
from schema.nodes import PAGE, PageInfo
from schema.scalars import DateTime

enum_of(
    Origin,
    "By what credential somebody acted.",
    {
        "SESSION": "Signed in here.",
        "TOKEN": "A personal access token.",
        "API_KEY": "An API key.",
        "OPERATOR": "A command of whoever runs this system.",
        "SYSTEM": "The system by itself.",
        "NOBODY": "Nobody who was signed in.",
    },
    name="AuditOrigin",
)


@strawberry.type(description="One thing that an entry of the audit trail tells, by name.")
class AuditFact:
    name: str = column("What it is.")
    old: str | None = column("Its value before; null where there was none.")
    new: str | None = column("Its value, or its value after; null where there is none.")


@strawberry.type(description="One entry of the audit trail. Entries are kept 365 days.")
class AuditEntry:
    at: DateTime = column("When it happened.")
    action: str = column("What was done: `token.created`, `member.deactivated` …")
    outcome: str = column("SUCCESS or REFUSED.")
    origin: Origin = column("By what credential.")
    address: str | None = column("IP address it came from, where that is known and for you.", read=audit.address)
    actor: str | None = column(
        "Address of the account that acted; null for nobody, the system, and people outside your company."
    )
    account: str | None = column("Address of the account it was done to; null where it was to none.")
    facts: list[AuditFact] = column("What else there is to tell, by name.", read=audit.facts)


@strawberry.type(description="An entry in a page of the viewer's audit trail.")
class AuditEntryEdge:
    cursor: str = column("Where the entry stands in the trail.", read=audit.own_cursor)
    node: AuditEntry = column("The entry.", itself=True)


@strawberry.type(description="A page of the viewer's audit trail, newest first.")
class AuditEntryConnection:
    edges: list[AuditEntryEdge] = column("The entries of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type(description="An entry in a page of a company's audit trail.")
class CompanyAuditEntryEdge:
    cursor: str = column("Where the entry stands in the trail.", read=audit.company_cursor)
    node: AuditEntry = column("The entry.", itself=True)


@strawberry.type(description="A page of a company's audit trail, newest first.")
class CompanyAuditEntryConnection:
    edges: list[CompanyAuditEntryEdge] = column("The entries of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type
class AuditOfViewer:
    audit_trail: AuditEntryConnection = answered_by(
        audit.own_trail, "What was done to the viewer's accounts, newest first.", arguments=PAGE
    )
