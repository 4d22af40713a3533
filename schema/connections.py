"""Connections, requests and blocks."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import profiles
from resolvers.base.permissions import Person
from resolvers.connections import blocks, connection_requests
from resolvers.connections import connections as connection_resolvers
from resolvers.connections.connection_requests import Direction
from resolvers.connections.connections import ConnectionStatus
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import Work, column, loaded_by, mutation_by
from schema.nodes import PAGE_ARGUMENTS, Node, PageInfo, id_of, nodes_by
from schema.scalars import DateTime
from services.errors import ErrorCode

if TYPE_CHECKING:
    from schema.profiles import Profile

LazyProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]

enum_of(
    ConnectionStatus,
    "Relationship of a person to you.",
    {
        "NONE": (
            "No relationship that you can see. You also see this if the person has blocked you, unless you see your "
            "own request."
        ),
        "SELF": "The person is you.",
        "CONNECTED": "You are connected.",
        "REQUEST_SENT": "You sent a request that is not answered.",
        "REQUEST_RECEIVED": "The person sent you a request that waits for your answer.",
        "BLOCKED": "You have blocked the person.",
    },
)
enum_of(
    Direction,
    "Direction of a request, as you see it.",
    {"SENT": "You sent it.", "RECEIVED": "You received it."},
    name="ConnectionRequestDirection",
)


@strawberry.type(description="A connection on a page of connections.")
class ConnectedProfileEdge:
    cursor: str = column("Cursor of this person, for `after` and `before`.", read=connection_resolvers.cursor_of)
    connected_at: DateTime = column("When the two people connected.")
    node: LazyProfile = column("The connected person.", itself=True)


@strawberry.type(description="A page of a person's connections, newest first.")
class ConnectedProfileConnection:
    edges: list[ConnectedProfileEdge] = column("The connections on this page, with their dates and cursors.")
    nodes: list[LazyProfile] = nodes_by("The connected people on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(connection_resolvers.totals, "Number of people in the whole list.", key="listing")


@strawberry.type(description="People who are connected with both a person and you.")
class MutualConnections:
    total_count: int = loaded_by(connection_resolvers.mutual_totals, "Number of mutual connections.", key="profile_id")
    profiles: list[LazyProfile] = loaded_by(
        connection_resolvers.mutual_profiles,
        "Some of the mutual connections, by the date they connected with the person, newest first.",
        key="profile_id",
        arguments={"limit": "Maximum number of people, 1 to 100; 3 by default."},
    )


@strawberry.type(description="A request to connect. Only its sender and its recipient can see it.")
class ConnectionRequest(Node):
    id: strawberry.ID = column("Opaque id of the request, like `crq_5k2v9x0qcm`.", read=id_of("ConnectionRequest"))
    direction: Direction = column("Whether you sent or received it.")
    sent_at: DateTime = column("When it was sent.")
    profile: LazyProfile = column("The other person.")


@strawberry.type(description="A request on a page of requests.")
class ConnectionRequestEdge:
    cursor: str = column("Cursor of this request, for `after` and `before`.", read=connection_requests.cursor_of)
    node: ConnectionRequest = column("The request.", itself=True)


@strawberry.type(description="A page of requests to connect, newest first.")
class ConnectionRequestConnection:
    edges: list[ConnectionRequestEdge] = column("The requests on this page, with their cursors.")
    nodes: list[ConnectionRequest] = nodes_by("The requests on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(connection_requests.totals, "Number of requests in the whole list.", key="direction")


@strawberry.type(description="A person on a page of blocked people.")
class BlockedProfileEdge:
    cursor: str = column("Cursor of this person, for `after` and `before`.", read=blocks.cursor_of)
    blocked_at: DateTime = column("When you blocked the person.")
    node: LazyProfile = column("The blocked person.", itself=True)


@strawberry.type(description="A page of the people that you have blocked, newest first.")
class BlockedProfileConnection:
    edges: list[BlockedProfileEdge] = column("The people on this page, with the dates and their cursors.")
    nodes: list[LazyProfile] = nodes_by("The people on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(blocks.totals, "Number of people in the whole list.", key="profile_id")


@strawberry.type
class ConnectionsOfProfile:
    connections: ConnectedProfileConnection = loaded_by(
        connection_resolvers.of_profiles,
        "Connections of the person, newest first. The list leaves out hidden profiles, people you have blocked and "
        "people who have blocked you. It is empty if one of you has blocked the other.",
        arguments={
            "search": (
                "Words of the name or handle. Each word must be the beginning of one of them; case and accents are "
                "ignored. Up to 10 words and 200 characters; a blank text is ignored."
            ),
            **PAGE_ARGUMENTS,
        },
        work=Work(100, given="search"),
    )
    connection_status: ConnectionStatus | None = loaded_by(
        connection_resolvers.statuses,
        "Relationship of the person to you; null if you are anonymous or a service account.",
    )
    connection_request: ConnectionRequest | None = loaded_by(
        connection_requests.with_viewer, "The open request between you and the person; null if there is none."
    )
    mutual_connections: MutualConnections | None = loaded_by(
        connection_resolvers.mutual,
        "People who are connected with both of you; null if you are anonymous or a service account, and for your own "
        "profile.",
    )


@strawberry.type
class ConnectionsOfViewer:
    connection_requests_received: ConnectionRequestConnection = loaded_by(
        connection_requests.received,
        "Requests that you received and did not ignore, newest first.",
        key="profile_id",
        arguments=PAGE_ARGUMENTS,
    )
    connection_requests_sent: ConnectionRequestConnection = loaded_by(
        connection_requests.sent,
        "Your requests that are not answered, newest first.",
        key="profile_id",
        arguments=PAGE_ARGUMENTS,
    )
    blocked_profiles: BlockedProfileConnection = loaded_by(
        blocks.of_profiles,
        "People that you have blocked, newest first.",
        key="profile_id",
        arguments=PAGE_ARGUMENTS,
    )


@strawberry.input(description="The person to send a request to.")
class SendConnectionRequestInput:
    profile_id: strawberry.ID = strawberry.field(description="Id of a profile, like `prf_5k2v9x0qcm`.")


@strawberry.type(description="Payload of `sendConnectionRequest`.")
class SendConnectionRequestPayload:
    profile: LazyProfile | None = loaded_by(
        profiles.by_id, "The person, with the new `connectionStatus`; null if refused.", key="profile_id"
    )
    request: ConnectionRequest | None = column(
        "The open request. Null if refused, or if you are connected now because the person had sent you a request."
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The request to accept.")
class AcceptConnectionRequestInput:
    request_id: strawberry.ID = strawberry.field(
        description="Id of a request that you received, like `crq_5k2v9x0qcm`."
    )


@strawberry.type(description="Payload of `acceptConnectionRequest`.")
class AcceptConnectionRequestPayload:
    profile: LazyProfile | None = loaded_by(
        profiles.by_id, "The person that you are connected with now; null if refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The request to ignore.")
class IgnoreConnectionRequestInput:
    request_id: strawberry.ID = strawberry.field(
        description="Id of a request that you received, like `crq_5k2v9x0qcm`."
    )


@strawberry.type(description="Payload of `ignoreConnectionRequest`.")
class IgnoreConnectionRequestPayload:
    profile: LazyProfile | None = loaded_by(
        profiles.by_id, "The sender of the request; null if refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The request to withdraw.")
class WithdrawConnectionRequestInput:
    request_id: strawberry.ID = strawberry.field(description="Id of a request that you sent, like `crq_5k2v9x0qcm`.")


@strawberry.type(description="Payload of `withdrawConnectionRequest`.")
class WithdrawConnectionRequestPayload:
    profile: LazyProfile | None = loaded_by(
        profiles.by_id, "The recipient of the request; null if refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The connection to remove.")
class RemoveConnectionInput:
    profile_id: strawberry.ID = strawberry.field(
        description="Id of the connected person's profile, like `prf_5k2v9x0qcm`."
    )


@strawberry.type(description="Payload of `removeConnection`.")
class RemoveConnectionPayload:
    profile: LazyProfile | None = loaded_by(
        profiles.by_id,
        "The person that you were connected with; null if refused or if their profile is hidden.",
        key="profile_id",
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The person to block.")
class BlockProfileInput:
    profile_id: strawberry.ID = strawberry.field(description="Id of a profile, like `prf_5k2v9x0qcm`.")


@strawberry.type(description="Payload of `blockProfile`.")
class BlockProfilePayload:
    profile: LazyProfile | None = loaded_by(profiles.by_id, "The blocked person; null if refused.", key="profile_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The person to unblock.")
class UnblockProfileInput:
    profile_id: strawberry.ID = strawberry.field(description="Id of a profile, like `prf_5k2v9x0qcm`.")


@strawberry.type(description="Payload of `unblockProfile`.")
class UnblockProfilePayload:
    profile: LazyProfile | None = loaded_by(
        profiles.by_id,
        "The unblocked person; null if refused or if their profile is hidden.",
        key="profile_id",
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class ConnectionsMutation:
    send_connection_request: SendConnectionRequestPayload | None = mutation_by(
        connection_resolvers.send,
        "Send a request to connect. Your own profile must be public. A repeated call changes nothing, but after 30 "
        "days it sends the request again. If the person has sent you a request, this accepts it.",
        allowed=[Person()],
        codes=[
            ErrorCode.BAD_ID,
            ErrorCode.BAD_INPUT,
            ErrorCode.BLOCKED,
            ErrorCode.NOT_FOUND,
            ErrorCode.NOT_PUBLIC,
            ErrorCode.NOT_YOURSELF,
            ErrorCode.RATE_LIMITED,
            ErrorCode.UNCLAIMED,
        ],
        input=SendConnectionRequestInput,
    )
    accept_connection_request: AcceptConnectionRequestPayload | None = mutation_by(
        connection_resolvers.accept,
        "Accept a request to connect. Its sender is notified.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=AcceptConnectionRequestInput,
    )
    ignore_connection_request: IgnoreConnectionRequestPayload | None = mutation_by(
        connection_resolvers.ignore,
        "Ignore a request to connect. Its sender is not notified and still sees it as open.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=IgnoreConnectionRequestInput,
    )
    withdraw_connection_request: WithdrawConnectionRequestPayload | None = mutation_by(
        connection_resolvers.withdraw,
        "Withdraw a request that you sent.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=WithdrawConnectionRequestInput,
    )
    remove_connection: RemoveConnectionPayload | None = mutation_by(
        connection_resolvers.remove,
        "Remove a connection. The other person is not notified. Badges that it gave are kept.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=RemoveConnectionInput,
    )
    block_profile: BlockProfilePayload | None = mutation_by(
        blocks.block,
        "Block a person. This removes your connection and all requests between you. Neither of you appears in the "
        "other's requests, lists, suggestions, invites and tags. Lists of projects leave out theirs for you. The person "
        "is not notified. Public pages, search for people and leaderboards do not change.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND, ErrorCode.NOT_YOURSELF],
        input=BlockProfileInput,
    )
    unblock_profile: UnblockProfilePayload | None = mutation_by(
        blocks.unblock,
        "Unblock a person. Connections and requests that the block removed do not come back.",
        allowed=[Person()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=UnblockProfileInput,
    )
