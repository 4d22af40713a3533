"""Credits: what an account has to spend."""

import strawberry

from models.credits import CreditKind
from resolvers import credits as balances
from resolvers import shop
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import answered_as, column, loaded_by
from schema.nodes import PAGE, PageInfo, id_of
from schema.scalars import DateTime
from schema.shop import ShopOrder
from services.errors import ErrorCode

enum_of(
    CreditKind,
    "Why credits came or went.",
    {
        "CLAIM": "Those of a completed challenge were claimed.",
        "ORDER": "Something was ordered in the shop.",
        "REFUND": "An order was given back.",
        "CORRECTION": "An operator gave or took them; the reason says why.",
    },
    name="CreditEntryKind",
)


@strawberry.type(description="One change of an account's credits. Entries are never changed.")
class CreditEntry:
    id: strawberry.ID = column("Opaque id of the entry.", read=id_of("CreditEntry"))
    kind: CreditKind = column("Why credits came or went.")
    amount: int = column("How many came; below 0: went.")
    balance_after: int = column("What the account had afterwards.")
    at: DateTime = column("When it happened.")
    reason: str | None = column(
        "Why, for a correction; null for the other kinds.", read=lambda row: row["reason"] or None
    )
    challenge: str | None = column(
        "Code of the challenge that was claimed; null for the other kinds.", read=balances.challenge_of
    )
    order: ShopOrder | None = loaded_by(
        shop.by_id, "The order that was placed or given back; null for the other kinds.", key=balances.order_of
    )


@strawberry.type(description="An entry in a page of an account's credits.")
class CreditEntryEdge:
    cursor: str = column("Where the entry stands in the history.", read=balances.cursor_of)
    node: CreditEntry = column("The entry.", itself=True)


@strawberry.type(description="A page of how an account's credits came and went, newest first.")
class CreditEntryConnection:
    edges: list[CreditEntryEdge] = column("The entries of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type(description="The account has fewer credits than that costs.")
class InsufficientCredits(UserError):
    needed: int = column("What it takes.")
    available: int = column("What the account has.")


answered_as(ErrorCode.INSUFFICIENT_CREDITS, "InsufficientCredits")


@strawberry.type
class CreditsOfViewer:
    credit_balance: int = loaded_by(
        balances.of_accounts,
        "What the account that is signed in can spend. `Profile.credits` is the sum over all accounts of the person.",
        key="account_id",
    )
    credit_history: CreditEntryConnection = loaded_by(
        balances.history,
        "How the credits of the account that is signed in came and went, newest first.",
        key="account_id",
        arguments=PAGE,
    )
