"""Who is connected with whom, who asks, and who would rather not."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import profiles
from resolvers.base.permissions import Person
from resolvers.connections import blocks, connection_requests
from resolvers.connections import connections as reads
from resolvers.connections.connection_requests import Direction
from resolvers.connections.connections import ConnectionStatus
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import Work, column, loaded_by, mutation_by
from schema.nodes import PAGE, Node, PageInfo, id_of
from schema.scalars import DateTime

if TYPE_CHECKING:
    from schema.profiles import Profile

SomeProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]

enum_of(
    ConnectionStatus,
    "What somebody is to the viewer.",
    {
        "NONE": "Nothing that the viewer knows of. Whoever is blocked by them sees this too, or their own request.",
        "SELF": "The viewer.",
        "CONNECTED": "They are connected.",
        "REQUEST_SENT": "The viewer has asked, and was not answered.",
        "REQUEST_RECEIVED": "They have asked, and wait for the viewer's answer.",
        "BLOCKED": "The viewer has blocked them.",
    },
)
enum_of(
    Direction,
    "From whom a request is, as the viewer sees it.",
    {"SENT": "From the viewer.", "RECEIVED": "From the other one."},
    name="ConnectionRequestDirection",
)


@strawberry.type(description="A connection in a page of somebody's connections.")
class ConnectedProfileEdge:
    cursor: str = column("Where the person stands in the list.", read=reads.cursor_of)
    connected_at: DateTime = column("Since when they are connected.")
    node: SomeProfile = column("The person.", itself=True)


@strawberry.type(description="A page of somebody's connections, the newest first.")
class ConnectedProfileConnection:
    edges: list[ConnectedProfileEdge] = column("The connections of this page.")
    page_info: PageInfo = column("Where the page lies.")
    total_count: int = loaded_by(reads.totals, "How many connections there are in the list.", key="listing")


@strawberry.type(description="Whom a person and the viewer both know.")
class MutualConnections:
    total_count: int = loaded_by(reads.mutual_totals, "How many people they both know.", key="profile_id")
    profiles: list[SomeProfile] = loaded_by(
        reads.mutual_profiles,
        "Some of them: whom the person has known for the shortest time first.",
        key="profile_id",
        arguments={"first": "How many at most, 1 to 100; 3 unless asked."},
    )


@strawberry.type(description="Somebody asks somebody to connect. Only the two of them see it.")
class ConnectionRequest(Node):
    id: strawberry.ID = column("Opaque id of the request.", read=id_of("ConnectionRequest"))
    direction: Direction = column("From whom it is, as the viewer sees it.")
    sent_at: DateTime = column("When it was sent.")
    profile: SomeProfile = column("The other one.")


@strawberry.type(description="A request in a page of requests.")
class ConnectionRequestEdge:
    cursor: str = column("Where the request stands in the list.", read=connection_requests.cursor_of)
    node: ConnectionRequest = column("The request.", itself=True)


@strawberry.type(description="A page of requests to connect, the newest first.")
class ConnectionRequestConnection:
    edges: list[ConnectionRequestEdge] = column("The requests of this page.")
    page_info: PageInfo = column("Where the page lies.")
    total_count: int = loaded_by(
        connection_requests.totals, "How many requests there are in the list.", key="direction"
    )


@strawberry.type(description="Somebody in a page of those whom the viewer has blocked.")
class BlockedProfileEdge:
    cursor: str = column("Where the person stands in the list.", read=blocks.cursor_of)
    blocked_at: DateTime = column("Since when they are blocked.")
    node: SomeProfile = column("The person.", itself=True)


@strawberry.type(description="A page of whom the viewer has blocked, the newest first.")
class BlockedProfileConnection:
    edges: list[BlockedProfileEdge] = column("The people of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type
class ConnectionsOfProfile:
    connections: ConnectedProfileConnection = loaded_by(
        reads.of_profiles,
        "Whom the person is connected with, the newest first. Who is hidden is not among them, nor whom you have blocked or "
        "were blocked by; and where that is the person, nobody is.",
        arguments={
            "search": "Words of the name or the handle; each word typed begins one of them. Case and accents make no difference. "
            "Up to 10 words in 200 characters; nothing but spaces is as if not given.",
            **PAGE,
        },
        work=Work(100, given="search"),
    )
    connection_count: int = loaded_by(reads.counts, "How many people `connections` lists for you.")
    connection_status: ConnectionStatus | None = loaded_by(
        reads.statuses, "What the person is to you; null for nobody, and for the account of a service."
    )
    connection_request: ConnectionRequest | None = loaded_by(
        connection_requests.with_viewer, "The request that waits between you and the person; null where there is none."
    )
    mutual_connections: MutualConnections | None = loaded_by(
        reads.mutual,
        "Whom the person and you both know; null for nobody, for the account of a service, and for yourself.",
    )


@strawberry.type
class ConnectionsOfViewer:
    connection_requests_received: ConnectionRequestConnection | None = loaded_by(
        connection_requests.received,
        "Who asks to connect with you, the newest first; those you ignored are not among them. Null for the account of a service.",
        key="profile_id",
        arguments=PAGE,
    )
    connection_requests_sent: ConnectionRequestConnection | None = loaded_by(
        connection_requests.sent,
        "Whom you have asked to connect and who has not answered, the newest first. Null for the account of a service.",
        key="profile_id",
        arguments=PAGE,
    )
    blocked_profiles: BlockedProfileConnection | None = loaded_by(
        blocks.of_profiles,
        "Whom you have blocked, the newest first. Null for the account of a service.",
        key="profile_id",
        arguments=PAGE,
    )


@strawberry.input(description="Whom to ask.")
class SendConnectionRequestInput:
    profile: strawberry.ID = strawberry.field(description="Id of a profile.")


@strawberry.type(description="Answer to `sendConnectionRequest`.")
class SendConnectionRequestPayload:
    profile: SomeProfile | None = loaded_by(
        profiles.by_id, "Whom you asked, with `connectionStatus`; null when refused.", key="profile_id"
    )
    request: ConnectionRequest | None = column(
        "The request that waits now; null when refused, and when it connected you: they had asked you."
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Which request to accept.")
class AcceptConnectionRequestInput:
    request: strawberry.ID = strawberry.field(description="Id of a request that you received.")


@strawberry.type(description="Answer to `acceptConnectionRequest`.")
class AcceptConnectionRequestPayload:
    profile: SomeProfile | None = loaded_by(
        profiles.by_id, "Whom you are connected with now; null when refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Which request to ignore.")
class IgnoreConnectionRequestInput:
    request: strawberry.ID = strawberry.field(description="Id of a request that you received.")


@strawberry.type(description="Answer to `ignoreConnectionRequest`.")
class IgnoreConnectionRequestPayload:
    profile: SomeProfile | None = loaded_by(
        profiles.by_id, "Whose request it was; null when refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Which request to take back.")
class WithdrawConnectionRequestInput:
    request: strawberry.ID = strawberry.field(description="Id of a request that you sent.")


@strawberry.type(description="Answer to `withdrawConnectionRequest`.")
class WithdrawConnectionRequestPayload:
    profile: SomeProfile | None = loaded_by(profiles.by_id, "Whom you had asked; null when refused.", key="profile_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Which connection to end.")
class RemoveConnectionInput:
    profile: strawberry.ID = strawberry.field(description="Id of the profile of somebody you are connected with.")


@strawberry.type(description="Answer to `removeConnection`.")
class RemoveConnectionPayload:
    profile: SomeProfile | None = loaded_by(
        profiles.by_id,
        "Whom you are connected with no more; null when refused, and when their profile is hidden.",
        key="profile_id",
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Whom to block.")
class BlockProfileInput:
    profile: strawberry.ID = strawberry.field(description="Id of a profile.")


@strawberry.type(description="Answer to `blockProfile`.")
class BlockProfilePayload:
    profile: SomeProfile | None = loaded_by(
        profiles.by_id, "Whom you have blocked; null when refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Whom to block no more.")
class UnblockProfileInput:
    profile: strawberry.ID = strawberry.field(description="Id of a profile.")


@strawberry.type(description="Answer to `unblockProfile`.")
class UnblockProfilePayload:
    profile: SomeProfile | None = loaded_by(
        profiles.by_id,
        "Whom you do not block any more; null when refused, and when their profile is hidden.",
        key="profile_id",
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class ConnectionsMutation:
    send_connection_request: SendConnectionRequestPayload = mutation_by(
        reads.send,
        "Ask somebody to connect; for that your own profile is public. Asking again changes nothing, except that "
        "after 30 days it is sent anew; asking somebody who has asked you accepts.",
        allowed=[Person()],
        input=SendConnectionRequestInput,
    )
    accept_connection_request: AcceptConnectionRequestPayload = mutation_by(
        reads.accept,
        "Accept a request to connect; its sender is told.",
        allowed=[Person()],
        input=AcceptConnectionRequestInput,
    )
    ignore_connection_request: IgnoreConnectionRequestPayload = mutation_by(
        reads.ignore,
        "Put a request away. Its sender is not told, and goes on seeing it.",
        allowed=[Person()],
        input=IgnoreConnectionRequestInput,
    )
    withdraw_connection_request: WithdrawConnectionRequestPayload = mutation_by(
        reads.withdraw,
        "Take your own request back.",
        allowed=[Person()],
        input=WithdrawConnectionRequestInput,
    )
    remove_connection: RemoveConnectionPayload = mutation_by(
        reads.remove,
        "End a connection. The other one is not told; badges stay.",
        allowed=[Person()],
        input=RemoveConnectionInput,
    )
    block_profile: BlockProfilePayload = mutation_by(
        blocks.block,
        "Block somebody: ends your connection and every request, and keeps both of you out of each other's requests, lists, "
        "suggestions, invites and tags. They are not told. Public pages, search and boards stay as they are.",
        allowed=[Person()],
        input=BlockProfileInput,
    )
    unblock_profile: UnblockProfilePayload = mutation_by(
        blocks.unblock,
        "Block somebody no more. What the block ended stays ended.",
        allowed=[Person()],
        input=UnblockProfileInput,
    )
