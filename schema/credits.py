"""Credits of an account."""

import strawberry

from models.credits import CreditKind
from resolvers import credits as credit_resolvers
from resolvers import shop
from schema.challenges import Challenge
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import column, loaded_by
from schema.nodes import PAGE_ARGUMENTS, Node, PageInfo, id_of, nodes_by
from schema.scalars import DateTime
from schema.shop import ShopOrder

enum_of(
    CreditKind,
    "Reason for a change of credits.",
    {
        "CLAIM": "The credits of a completed challenge were claimed.",
        "ORDER": "An item was ordered in the shop.",
        "REFUND": "An order was refunded.",
        "CORRECTION": "An operator corrected the balance; `reason` says why.",
    },
    name="CreditEntryKind",
)


@strawberry.type(description="One change of an account's credits. Entries never change.")
class CreditEntry(Node):
    id: strawberry.ID = column("Opaque id of the entry, like `crd_5k2v9x0qcm`.", read=id_of("CreditEntry"))
    kind: CreditKind = column("Reason for the change.")
    amount: int = column("Credits that were added; negative if they were spent or taken away.")
    balance_after: int = column("Credits of the account after the change.")
    occurred_at: DateTime = column("When it happened.", read=lambda row: row["at"])
    reason: str | None = column(
        "Explanation of a correction; null for the other kinds.", read=lambda row: row["reason"] or None
    )
    challenge: Challenge | None = column(
        "The challenge that was claimed; null for the other kinds, and if it is no longer in the catalogue.",
        read=credit_resolvers.challenge_of,
    )
    order: ShopOrder | None = loaded_by(
        shop.by_id, "The order that was placed or refunded; null for the other kinds.", key=credit_resolvers.order_of
    )


@strawberry.type(description="An entry on a page of credit changes.")
class CreditEntryEdge:
    cursor: str = column("Cursor of this entry, for `after` and `before`.", read=credit_resolvers.cursor_of)
    node: CreditEntry = column("The entry.", itself=True)


@strawberry.type(description="A page of the changes of an account's credits, newest first.")
class CreditEntryConnection:
    edges: list[CreditEntryEdge] = column("The entries on this page, with their cursors.")
    nodes: list[CreditEntry] = nodes_by("The entries on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(
        credit_resolvers.history_totals, "Number of changes of the account's credits.", key="account_id"
    )


@strawberry.type(description="The account does not have enough credits.")
class InsufficientCreditsError(UserError):
    needed: int = column("Credits that are needed.")
    available: int = column("Credits that the account has.")


@strawberry.type
class CreditsOfViewer:
    credit_balance: int = loaded_by(
        credit_resolvers.of_accounts,
        "Credits that the account that is signed in can spend; `creditTotal` includes your other accounts.",
        key="account_id",
    )
    credit_total: int = loaded_by(
        credit_resolvers.of_profiles, "Credits of all of your accounts together.", key="profile_id"
    )
    credit_history: CreditEntryConnection = loaded_by(
        credit_resolvers.history,
        "Changes of the credits of the account that is signed in, newest first.",
        key="account_id",
        arguments=PAGE_ARGUMENTS,
    )
