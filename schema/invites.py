"""Invites by email."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from models.invites import InviteKind
from resolvers import invites, profiles
from resolvers.base.permissions import Person
from schema.enums import enum_of
from schema.error_rows import error_row
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.nodes import PAGE_ARGUMENTS, Node, PageInfo, id_of, nodes_by
from schema.scalars import DateTime
from services.errors import ErrorCode
from services.invites.invites import MAX_INVITES_PER_CALL, MAX_NOTE, InviteStatus

if TYPE_CHECKING:
    from schema.profiles import Profile

LazyProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]
IDEMPOTENCY_KEY = (
    "A value of 1 to 128 characters that is new for each call, like a UUID. The same key and input within 24 hours "
    "return the first result and send no email, so that a call without an answer can be repeated safely."
)

enum_of(
    InviteKind,
    "Kind of an invite, which decides how many points it gives.",
    {
        "PLATFORM": "To an address at a mail domain of your company.",
        "FRIEND": "To any other address.",
    },
)
enum_of(
    InviteStatus,
    "State of an invite.",
    {
        "PENDING": "No one has signed up with it yet.",
        "EXPIRED": "No one signed up with it within 30 days.",
        "WITHDRAWN": "You withdrew it.",
        "ACCEPTED": "Someone signed up with it.",
    },
    name="InviteState",
)


@strawberry.type(
    description=(
        "Your invite to one address. It does not reveal if the address has an account or has opted out of invites."
    )
)
class Invite(Node):
    id: strawberry.ID = column("Opaque id of the invite, like `inv_5k2v9x0qcm`.", read=id_of("Invite"))
    email: str | None = column(
        "The address, as you last typed it; null if the user with this address was deleted.",
        read=lambda row: row["email"] or None,
    )
    kind: InviteKind = column("Kind of the invite, which decides how many points it gives.")
    state: InviteStatus = column("Current state of the invite.")
    note: str | None = column(
        "Your personal note in the email, as you typed it; null if there is none.", read=invites.note_of
    )
    sent_at: DateTime = column("When it was last sent.")
    times_sent: int = column("How many times it was sent.", read=lambda row: row["sends"])
    expires_at: DateTime = column("Until when it can be used: 30 days after it was last sent.")
    accepted_at: DateTime | None = column("When someone signed up with it; null if no one has.")
    accepted_by: LazyProfile | None = loaded_by(
        profiles.by_id,
        "The person who signed up with it. Null if no one has, if the user was deleted, if their profile is hidden, or if "
        "one of you has blocked the other.",
        key="profile_id",
    )


@strawberry.type(description="An invite on a page of invites.")
class InviteEdge:
    cursor: str = column("Cursor of this invite, for `after` and `before`.", read=invites.cursor_of)
    node: Invite = column("The invite.", itself=True)


@strawberry.type(description="A page of invites, newest first.")
class InviteConnection:
    edges: list[InviteEdge] = column("The invites on this page, with their cursors.")
    nodes: list[Invite] = nodes_by("The invites on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(invites.totals, "Number of invites in the whole list.", key=invites.list_of)


@strawberry.type
class InvitesOfViewer:
    invites: InviteConnection = loaded_by(
        invites.of_profiles,
        "Invites that you sent by email, newest first.",
        key="profile_id",
        arguments={"state": "Only invites in this state; all invites by default.", **PAGE_ARGUMENTS},
    )


@strawberry.input(description="The addresses to invite, with an optional note.")
class SendInvitesInput:
    emails: list[str] = strawberry.field(description=f"1 to {MAX_INVITES_PER_CALL} email addresses.")
    note: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Personal note for the email, up to {MAX_NOTE} characters. Links in it are shown as plain text.",
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The result of `sendInvites` for one address.")
class SendInviteResult:
    email: str = column("The address, as you sent it.")
    invite: Invite | None = loaded_by(invites.by_id, "The invite; null if refused.", key="invite_id")
    errors: list[UserError] = column(
        "Why the address was refused: it is not a valid address (BAD_INPUT), or it is one of your own "
        "(NOT_YOURSELF). Empty on success.",
        read=lambda row: [error_row(problem) for problem in row["problems"]],
    )


@strawberry.type(description="Payload of `sendInvites`.")
class SendInvitesPayload:
    results: list[SendInviteResult] | None = column(
        "One result per address, in the same order; null if the whole call was refused."
    )
    errors: list[UserError] = column("Why the whole call was refused; empty on success.")


@strawberry.input(description="The invite to send again.")
class ResendInviteInput:
    invite_id: strawberry.ID = strawberry.field(
        description="Id of your invite, like `inv_5k2v9x0qcm`; it must be PENDING or EXPIRED."
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="Payload of `resendInvite`.")
class ResendInvitePayload:
    invite: Invite | None = loaded_by(invites.by_id, "The invite; null if refused.", key="invite_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The invite to withdraw.")
class WithdrawInviteInput:
    invite_id: strawberry.ID = strawberry.field(
        description="Id of your invite, like `inv_5k2v9x0qcm`; it must be PENDING or EXPIRED."
    )


@strawberry.type(description="Payload of `withdrawInvite`.")
class WithdrawInvitePayload:
    invite: Invite | None = loaded_by(invites.by_id, "The invite; null if refused.", key="invite_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class InvitesMutation:
    send_invites: SendInvitesPayload | None = mutation_by(
        invites.send,
        f"Invite people by email: up to {MAX_INVITES_PER_CALL} addresses per call, 50 per day. An address that you "
        "invited before receives the same invite again. The answer does not reveal if an address has an account.",
        allowed=[Person()],
        codes=[
            ErrorCode.BAD_INPUT,
            ErrorCode.IDEMPOTENCY_MISMATCH,
            ErrorCode.NOT_FOUND,
            ErrorCode.NOT_YOURSELF,
            ErrorCode.RATE_LIMITED,
            ErrorCode.TOO_MANY_ITEMS,
        ],
        input=SendInvitesInput,
    )
    resend_invite: ResendInvitePayload | None = mutation_by(
        invites.resend,
        "Send an invite again; it is then valid for another 30 days. It counts towards the daily limit and gives no "
        "points.",
        allowed=[Person()],
        codes=[
            ErrorCode.BAD_ID,
            ErrorCode.BAD_INPUT,
            ErrorCode.IDEMPOTENCY_MISMATCH,
            ErrorCode.INVITE_NOT_OPEN,
            ErrorCode.NOT_FOUND,
            ErrorCode.RATE_LIMITED,
        ],
        input=ResendInviteInput,
    )
    withdraw_invite: WithdrawInvitePayload | None = mutation_by(
        invites.withdraw,
        "Withdraw an invite; its link stops working. Points that it gave are kept.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.INVITE_NOT_OPEN, ErrorCode.NOT_FOUND],
        input=WithdrawInviteInput,
    )
