"""Subscriptions: live events over a WebSocket."""

import strawberry

from catalogue.points import Category
from resolvers import badges, events, invites, portfolio, profiles
from resolvers.base.permissions import Anyone, SignedIn
from resolvers.connections import connection_requests
from schema.badges import Badge, BadgeLevel
from schema.challenges import Challenge
from schema.connections import ConnectionRequest
from schema.enums import enum_of
from schema.fields import column, loaded_by, subscribed_by
from schema.invites import Invite
from schema.leaderboards import Leaderboard
from schema.points import Activity, Level
from schema.portfolio import Project
from schema.profiles import Profile
from schema.scalars import DateTime
from services.core.change_feed import PersonKind
from services.leaderboards.keys import Board

enum_of(
    PersonKind,
    "Kind of an event for a person.",
    {
        "POINTS": "They received points, or points were taken away.",
        "LEVEL": "They reached a higher level.",
        "BADGE": "They earned a level of a badge.",
        "CHALLENGE": "They completed a challenge.",
        "CONNECTION_REQUEST": "Someone sent them a request to connect.",
        "CONNECTION_ACCEPTED": "Someone accepted their request to connect.",
        "INVITE_ACCEPTED": "A person they invited has signed up.",
        "COLLABORATOR_TAGGED": "Someone tagged them as a collaborator of a project.",
        "MERGED": "Their profile was merged with another one of theirs.",
        "MISSED": "Events may have been missed: see `EventsMissedEvent`.",
    },
    name="ViewerEventKind",
)


@strawberry.type(
    description="A leaderboard as it was at the start, or after a change: a person appeared, disappeared or has other points."
)
class LeaderboardChange:
    board: Board = column("Points by which the leaderboard ranks people.")
    as_of: DateTime = column("When the server noticed the change; at the start, when the answer was made.")
    leaderboard: Leaderboard = loaded_by(
        events.boards_now, "The leaderboard as it is now, with your own place.", key="board"
    )


@strawberry.interface(description="Something that happened to you.")
class ViewerEvent:
    cursor: str = column(
        "Cursor of the event. Pass the last one that you received as `viewerEvents(after:)` to go on where you stopped. "
        "An event that is delivered again can have another cursor."
    )
    kind: PersonKind = column("Kind of the event.")
    recorded_at: DateTime = column("When the event was recorded.", read=lambda row: row["at"])


@strawberry.type(description="You received points, or points were taken away.")
class PointsEvent(ViewerEvent):
    points: int = column("Number of points; negative if they were taken away.")
    category: Category = column("Category in which the points count.")
    activity: Activity | None = column(
        "Activity that gave the points, or whose points were taken back; null for a penalty.", read=events.activity
    )


@strawberry.type(description="You reached a higher level.")
class LevelEvent(ViewerEvent):
    level: Level = column("The level that you reached.", read=events.level)


@strawberry.type(description="You earned a level of a badge.")
class BadgeEvent(ViewerEvent):
    level: BadgeLevel = column("Level that you reached.", read=badges.level_of_award)
    badge: Badge | None = loaded_by(badges.by_code, "The badge; null if it no longer exists.", key="badge")


@strawberry.type(description="You completed a challenge; its credits can be claimed.")
class ChallengeEvent(ViewerEvent):
    challenge: Challenge | None = column(
        "The challenge; null if it is no longer in the catalogue.", read=events.challenge
    )


@strawberry.type(description="Someone sent you a request to connect.")
class ConnectionRequestEvent(ViewerEvent):
    profile: Profile | None = loaded_by(
        profiles.by_id, "The sender; null if their profile was hidden in the meantime.", key="profile"
    )
    request: ConnectionRequest | None = loaded_by(
        connection_requests.with_viewer,
        "The request; null if it is not open any more.",
        key="profile",
    )


@strawberry.type(description="Someone accepted your request to connect.")
class ConnectionAcceptedEvent(ViewerEvent):
    profile: Profile | None = loaded_by(
        profiles.by_id,
        "The person you are connected with now; null if their profile was hidden in the meantime.",
        key="profile",
    )


@strawberry.type(description="Someone signed up with an invite from you.")
class InviteAcceptedEvent(ViewerEvent):
    invite: Invite | None = loaded_by(
        invites.by_id, "The invite, with the person who signed up; null if it no longer exists.", key="invite"
    )


@strawberry.type(description="Someone tagged you as a collaborator of a published project.")
class CollaboratorTaggedEvent(ViewerEvent):
    project: Project | None = loaded_by(
        portfolio.by_id,
        "The project; null if you can no longer see it.",
        key="project",
    )


@strawberry.type(
    description=(
        "Another profile of yours was merged into your profile, which has everything of both now. Read it again: it may have changed "
        "everywhere."
    )
)
class ProfilesMergedEvent(ViewerEvent):
    profile: Profile | None = loaded_by(profiles.by_id, "Your profile; null if it no longer exists.", key="profile_id")


@strawberry.type(
    description=(
        "You may have missed events, because they are no longer stored. The events that are still stored follow. Read with "
        "queries what may have changed in the meantime."
    )
)
class EventsMissedEvent(ViewerEvent):
    missed_after: str = column("Cursor of the event after which events may have been missed.")


@strawberry.type
class EventsSubscription:
    leaderboard_changed: LeaderboardChange = subscribed_by(
        events.leaderboard_changed,
        "Sends an all-time leaderboard among everyone: once at the start, then after each change, at most every half "
        "second. A slow client receives only the latest state.",
        allowed=[Anyone()],
        arguments={"board": "Points by which the leaderboard ranks people."},
    )
    viewer_events: ViewerEvent = subscribed_by(
        events.viewer_events,
        "Sends your own events, and no one else's, each once and in order. Events are stored for 6 hours: with `after`, "
        "the ones that you missed are sent first. If some of them are no longer stored, an `EventsMissedEvent` comes first.",
        allowed=[SignedIn()],
        arguments={"after": "Cursor of the last event that you received; without it only new events are sent."},
        still_visible=events.is_own,
    )
