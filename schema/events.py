"""Subscriptions: what is told as it happens, over a WebSocket."""

import strawberry

from catalogue.points import Category
from resolvers import badges, events, invites, portfolio, profiles
from resolvers.base.permissions import Anyone, SignedIn
from resolvers.connections import connection_requests
from schema.badges import Badge
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
    "What happened to somebody.",
    {
        "POINTS": "They were given points, or points were taken away.",
        "LEVEL": "They reached a higher level.",
        "BADGE": "They earned a level of a badge.",
        "CHALLENGE": "They completed a challenge.",
        "CONNECTION_REQUEST": "Somebody asks to connect with them.",
        "CONNECTION_ACCEPTED": "Somebody accepted their request to connect.",
        "INVITE_ACCEPTED": "Somebody they invited has joined.",
        "COLLABORATOR_TAGGED": "Somebody named them as a collaborator of a project.",
        "MERGE": "Another profile was merged with theirs.",
    },
    name="ViewerEventKind",
)


@strawberry.type(description="A board has changed: somebody came, left, or has other points on it.")
class LeaderboardChange:
    board: Board = column("The board that changed.")
    as_of: DateTime = column("When the change was noticed.")
    leaderboard: Leaderboard = loaded_by(
        events.boards_now, "The board as it stands now, with the viewer's own place.", key="board"
    )


@strawberry.interface(description="Something that happened to the viewer.")
class ViewerEvent:
    kind: PersonKind = column("What happened.")
    at: DateTime = column("When it was written down.")


@strawberry.type(description="The viewer was given points, or points were taken away.")
class PointsEvent(ViewerEvent):
    points: int = column("How many; below 0 when they were taken away.")
    category: Category = column("Where they count.")
    activity: Activity | None = column(
        "What gave them; null for a penalty that the viewer may see.", read=events.activity
    )


@strawberry.type(description="The viewer reached a higher level.")
class LevelEvent(ViewerEvent):
    level: Level = column("The level.", read=events.level)


@strawberry.type(description="The viewer earned a level of a badge.")
class BadgeEvent(ViewerEvent):
    code: str = column("The badge's fixed code.", read=lambda row: row["badge"])
    badge_level: int = column("The badge's level that was reached; 1 is the lowest.", read=lambda row: row["level"])
    badge: Badge | None = loaded_by(
        badges.by_code, "The badge; null when there is none of this code any more.", key="badge"
    )


@strawberry.type(description="The viewer completed a challenge: its credits can be claimed.")
class ChallengeEvent(ViewerEvent):
    code: str = column("The challenge's fixed code.", read=lambda row: row["challenge"])
    title: str | None = loaded_by(
        events.challenges,
        "What the challenge is called; null when there is none of this code any more.",
        key="challenge",
        read="title",
    )
    credits: int | None = loaded_by(
        events.challenges,
        "Credits that can be claimed; null when there is no such challenge any more.",
        key="challenge",
        read="credits",
    )


@strawberry.type(description="Somebody asks to connect with the viewer.")
class ConnectionRequestEvent(ViewerEvent):
    profile: Profile | None = loaded_by(profiles.by_id, "Who asks; null when they hid this very moment.", key="profile")
    request: ConnectionRequest | None = loaded_by(
        connection_requests.with_viewer,
        "The request, to be answered; null when it was taken back this very moment.",
        key="profile",
    )


@strawberry.type(description="Somebody accepted the viewer's request to connect.")
class ConnectionAcceptedEvent(ViewerEvent):
    profile: Profile | None = loaded_by(
        profiles.by_id, "Whom the viewer is connected with now; null when they hid this very moment.", key="profile"
    )


@strawberry.type(description="Somebody signed up by an invite of the viewer's.")
class InviteAcceptedEvent(ViewerEvent):
    invite: Invite | None = loaded_by(
        invites.by_id, "The invite, with who came; null when it is no more.", key="invite"
    )


@strawberry.type(description="Somebody named the viewer as a collaborator of a published project.")
class CollaboratorTaggedEvent(ViewerEvent):
    project: Project | None = loaded_by(
        portfolio.by_id,
        "The project, to be looked at or untagged from; null when it can be seen no more.",
        key="project",
    )


@strawberry.type(description="Something happened to the viewer that `kind` says enough about.")
class PlainEvent(ViewerEvent):
    pass


@strawberry.type
class EventsSubscription:
    leaderboard_changed: LeaderboardChange = subscribed_by(
        events.leaderboard_changed,
        "Delivers an all-time board among everyone: at once as it stands, then after each change, at most every half second. "
        "A slow client receives the latest state only.",
        allowed=[Anyone()],
        arguments={"board": "Which board."},
    )
    viewer_events: ViewerEvent = subscribed_by(
        events.viewer_events,
        "Tells the viewer what happens to them, and to nobody else. Up to 100 events wait for whoever reads slowly; the oldest "
        "of more are dropped.",
        allowed=[SignedIn()],
        still=events.is_own,
    )
