"""Invites by mail."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from models.invites import InviteKind
from resolvers import invites, profiles
from resolvers.base.permissions import Person
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import column, error_row, loaded_by, mutation_by
from schema.nodes import PAGE, Node, PageInfo, id_of
from schema.scalars import DateTime
from services.invites.invites import MAX_INVITES_PER_CALL, MAX_NOTE, InviteStanding

if TYPE_CHECKING:
    from schema.profiles import Profile

SomeProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]
KEY = (
    "1 to 128 characters that are new for each call, like a UUID. The same key and input again within 24 hours answer the "
    "same and mail nothing, so that a call without an answer can be sent again."
)

enum_of(
    InviteKind,
    "Which row of the point tables an invite is.",
    {
        "PLATFORM": "To an address on the mail domain of the sender's company.",
        "FRIEND": "To any other address.",
    },
)
enum_of(
    InviteStanding,
    "What became of an invite.",
    {
        "PENDING": "Nobody has come by it yet.",
        "EXPIRED": "Nobody came by it within 30 days.",
        "WITHDRAWN": "It was taken back.",
        "ACCEPTED": "Somebody signed up by it.",
    },
    name="InviteState",
)


@strawberry.type(
    description="Your invite to one address. It does not tell whether the address has an account, or wants no invites."
)
class Invite(Node):
    id: strawberry.ID = column("Opaque id of the invite.", read=id_of("Invite"))
    email: str = column("The address, as you typed it last.")
    kind: InviteKind = column("Which points it gave.")
    state: InviteStanding = column("What became of it.")
    note: str = column("Your own words in the mail, as you typed them; empty when there are none.")
    sent_at: DateTime = column("When it was sent last.")
    sends: int = column("How many times it was sent.")
    expires_at: DateTime = column("Until when one can come by it: 30 days after it was sent last.")
    accepted_at: DateTime | None = column("When somebody had come by it; null when nobody has.")
    profile: SomeProfile | None = loaded_by(
        profiles.by_id,
        "Who came by it; null when nobody has, or their profile is hidden, or one of you has blocked the other.",
        key="profile_id",
    )


@strawberry.type(description="An invite in a page of invites.")
class InviteEdge:
    cursor: str = column("Where the invite stands in the list.", read=invites.cursor_of)
    node: Invite = column("The invite.", itself=True)


@strawberry.type(description="A page of invites, the newest first.")
class InviteConnection:
    edges: list[InviteEdge] = column("The invites of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type
class InvitesOfViewer:
    invites: InviteConnection | None = loaded_by(
        invites.of_profiles,
        "Your invites by mail, the newest first. Null for the account of a service.",
        key="profile_id",
        arguments={"state": "Only those of this state.", **PAGE},
    )


@strawberry.input(description="Whom to invite.")
class SendInvitesInput:
    emails: list[str] = strawberry.field(description=f"1 to {MAX_INVITES_PER_CALL} mail addresses.")
    note: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Your own words for the mail, up to {MAX_NOTE} characters. The mail shows links in it as mere text.",
    )
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(description="What became of one address.")
class SendInviteResult:
    email: str = column("The address, as it was given.")
    invite: Invite | None = loaded_by(invites.by_id, "The invite; null when refused.", key="invite_id")
    errors: list[UserError] = column(
        "Why it was refused: it is no address (BAD_INPUT), or one of your own (NOT_YOURSELF). Empty when it was not.",
        read=lambda row: [error_row(problem) for problem in row["problems"]],
    )


@strawberry.type(description="Answer to `sendInvites`.")
class SendInvitesPayload:
    results: list[SendInviteResult] | None = column(
        "One for each address, in order; null when the call as a whole was refused."
    )
    errors: list[UserError] = column("Why the call as a whole was refused; empty when it was not.")


@strawberry.input(description="Which invite to send once more.")
class ResendInviteInput:
    id: strawberry.ID = strawberry.field(description="An invite of yours that is PENDING or EXPIRED.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(description="Answer to `resendInvite`.")
class ResendInvitePayload:
    invite: Invite | None = loaded_by(invites.by_id, "The invite; null when refused.", key="invite_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Which invite to take back.")
class WithdrawInviteInput:
    id: strawberry.ID = strawberry.field(description="An invite of yours that is PENDING or EXPIRED.")


@strawberry.type(description="Answer to `withdrawInvite`.")
class WithdrawInvitePayload:
    invite: Invite | None = loaded_by(invites.by_id, "The invite; null when refused.", key="invite_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class InvitesMutation:
    send_invites: SendInvitesPayload = mutation_by(
        invites.send,
        "Invite people by mail; 50 at once, and as many each day. An address that you have invited before gets another mail of "
        "the same invite. The answer is the same whoever reads that address.",
        allowed=[Person()],
        input=SendInvitesInput,
    )
    resend_invite: ResendInvitePayload = mutation_by(
        invites.resend,
        "Send an invite once more, good for another 30 days. It counts like a new one, and gives no points.",
        allowed=[Person()],
        input=ResendInviteInput,
    )
    withdraw_invite: WithdrawInvitePayload = mutation_by(
        invites.withdraw,
        "Take back an invite: its link does nothing any more. The points that it gave stay.",
        allowed=[Person()],
        input=WithdrawInviteInput,
    )
