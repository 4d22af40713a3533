"""The whole schema."""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.accounts import AccountsQuery, PersonAccount, ServiceAccount
from schema.avatars import AvatarsMutation
from schema.badges import BadgesQuery
from schema.challenges import ChallengesMutation, ChallengesQuery
from schema.checklist import ChecklistError
from schema.companies import CompaniesMutation, Company
from schema.connections import ConnectionRequest, ConnectionsMutation
from schema.credits import InsufficientCreditsError
from schema.errors import PlainError, ProofRequiredError, RateLimitError
from schema.events import (
    BadgeEvent,
    ChallengeEvent,
    CollaboratorTaggedEvent,
    ConnectionAcceptedEvent,
    ConnectionRequestEvent,
    EventsSubscription,
    InviteAcceptedEvent,
    LevelEvent,
    PlainEvent,
    PointsEvent,
)
from schema.featured_badges import FeaturedBadgesMutation
from schema.fields import types_by_row
from schema.handles import HandlesMutation
from schema.ingestion import IngestionMutation
from schema.invites import Invite, InvitesMutation
from schema.leaderboards import LeaderboardsQuery
from schema.members import MembersMutation
from schema.nodes import NodesQuery
from schema.open_badges import OpenBadgesQuery
from schema.passwords import PasswordsMutation
from schema.people import PeopleQuery
from schema.points import PointEntry, PointsQuery
from schema.portfolio import PortfolioQuery, Project, ProjectFieldError
from schema.preferences import PreferencesMutation
from schema.profile_editing import ProfileEditingMutation, VersionConflictError
from schema.profiles import Profile, ProfilesQuery
from schema.project_editing import ProjectEditingMutation
from schema.publishing import PublishingMutation
from schema.recovery_email import RecoveryEmailMutation
from schema.referrals import ReferralsMutation
from schema.registration import SigningUpMutation
from schema.scalars import SCALARS
from schema.second_factors import SecondFactorsMutation
from schema.sessions import SessionsMutation
from schema.shop import ShopMutation, ShopQuery
from schema.suggestions import SuggestionsMutation
from schema.terms import TermsQuery
from schema.tokens import TokensMutation, TokensQuery
from schema.viewer import ViewerQuery


@strawberry.type(description="Entry points for reading data.")
class Query(
    ViewerQuery,
    AccountsQuery,
    ProfilesQuery,
    PeopleQuery,
    LeaderboardsQuery,
    PointsQuery,
    TokensQuery,
    NodesQuery,
    OpenBadgesQuery,
    BadgesQuery,
    ChallengesQuery,
    ShopQuery,
    PortfolioQuery,
    TermsQuery,
):
    pass


@strawberry.type(description="Operations that change data. Expected failures are in the payload's `errors`.")
class Mutation(
    SessionsMutation,
    PasswordsMutation,
    SigningUpMutation,
    IngestionMutation,
    PreferencesMutation,
    ProfileEditingMutation,
    HandlesMutation,
    PublishingMutation,
    AvatarsMutation,
    RecoveryEmailMutation,
    SecondFactorsMutation,
    TokensMutation,
    CompaniesMutation,
    MembersMutation,
    ConnectionsMutation,
    SuggestionsMutation,
    InvitesMutation,
    ReferralsMutation,
    FeaturedBadgesMutation,
    ChallengesMutation,
    ShopMutation,
    ProjectEditingMutation,
):
    pass


@strawberry.type(description="Live events over a WebSocket with the graphql-transport-ws protocol.")
class Subscription(EventsSubscription):
    pass


@cache
def build() -> strawberry.Schema:
    """Return the schema. It is built once per process, which takes about 100 ms, and does not change afterwards."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=(
            BadgeEvent,
            ChallengeEvent,
            ChecklistError,
            CollaboratorTaggedEvent,
            Company,
            ConnectionAcceptedEvent,
            ConnectionRequest,
            ConnectionRequestEvent,
            InsufficientCreditsError,
            Invite,
            InviteAcceptedEvent,
            LevelEvent,
            PersonAccount,
            PlainError,
            PlainEvent,
            PointEntry,
            PointsEvent,
            Profile,
            Project,
            ProjectFieldError,
            ProofRequiredError,
            RateLimitError,
            ServiceAccount,
            VersionConflictError,
        ),
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    types_by_row(schema)
    return schema


def sdl() -> str:
    """Return the schema as SDL, the content of schema.graphql."""
    return build().as_str() + "\n"
