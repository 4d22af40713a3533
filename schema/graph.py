"""The whole schema."""

from functools import cache

import strawberry
from graphql import GraphQLInputObjectType
from graphql.utilities.print_schema import print_schema_definition
from strawberry.schema.config import StrawberryConfig

from schema.account_creation import AccountCreationMutation
from schema.accounts import AccountsQuery, PersonAccount, ServiceAccount
from schema.avatars import AvatarsMutation
from schema.badges import BadgesQuery
from schema.challenges import ChallengesMutation, ChallengesQuery
from schema.checklist import ChecklistError
from schema.companies import CompaniesMutation, Company
from schema.connections import ConnectionRequest, ConnectionsMutation
from schema.credits import InsufficientCreditsError
from schema.deletion import DeletionMutation
from schema.errors import PlainError, ProofRequiredError, RateLimitError
from schema.events import (
    BadgeEvent,
    ChallengeEvent,
    CollaboratorTaggedEvent,
    ConnectionAcceptedEvent,
    ConnectionRequestEvent,
    EventsMissedEvent,
    EventsSubscription,
    InviteAcceptedEvent,
    LevelEvent,
    PointsEvent,
    ProfilesMergedEvent,
)
from schema.featured_badges import FeaturedBadgesMutation
from schema.fields import types_by_row
from schema.handles import HandlesMutation
from schema.ingestion import IngestionMutation
from schema.invites import Invite, InvitesMutation
from schema.leaderboards import LeaderboardsQuery
from schema.members import MembersMutation
from schema.merging import MergingMutation
from schema.nodes import NodesQuery
from schema.open_badges import OpenBadgesQuery
from schema.passwords import PasswordsMutation
from schema.people import PeopleQuery
from schema.personal_data import PersonalDataMutation
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

DESCRIPTION = """\
A developer community as one graph: profiles, connections, portfolios, points, badges and leaderboards.

- **Start** at `viewer` (yourself), `profile` (one person), `profiles` (search) or `leaderboard`, and walk from there.
- **Ids** are opaque texts that never change. `node` and `nodes` read objects by id. A `code` names an entry of a catalogue.
- **Pages**: ask a list for `first: 20`, then pass `pageInfo.endCursor` as `after` while `hasNextPage` is true.
- **Null** means that there is no value, or that you may not see it. A private profile does not exist for others.
- **Errors**: a refused mutation changes nothing. Its payload's `errors` say why: a `code`, a `message`, a `path` to the input.
- **Rights**: a field that you may not use is null, with an error. A token without the scope of any one field gets no data.
- **Cost**: an operation costs the objects that it may read. The request header `GraphQL-Cost: 1` shows how many.
- **Sign-in**: `signIn` sets a cookie, which browsers send by themselves. Programs send `Authorization: mxtoken <token>`.
- **Live**: subscriptions run over a WebSocket at the same URL, with the graphql-transport-ws protocol.
"""


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


@strawberry.type(
    description=(
        "Operations that change data. Why one was refused is in its payload's `errors`; its description lists their codes. A "
        "mutation that the caller may not use is null with a top-level error, as everywhere: UNAUTHENTICATED, FORBIDDEN, "
        "ELEVATION_REQUIRED or PASSWORD_EXPIRED. Missing scopes (INSUFFICIENT_SCOPE), limits of the whole request and bugs are "
        "top-level errors too."
    )
)
class Mutation(
    SessionsMutation,
    PasswordsMutation,
    SigningUpMutation,
    AccountCreationMutation,
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
    DeletionMutation,
    SuggestionsMutation,
    InvitesMutation,
    ReferralsMutation,
    FeaturedBadgesMutation,
    ChallengesMutation,
    ShopMutation,
    ProjectEditingMutation,
    MergingMutation,
    PersonalDataMutation,
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
            EventsMissedEvent,
            PointEntry,
            PointsEvent,
            Profile,
            ProfilesMergedEvent,
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
    _mark_one_of(schema)
    schema._schema.description = DESCRIPTION.strip()  # Strawberry has no parameter for it
    return schema


def _mark_one_of(schema: strawberry.Schema) -> None:
    """Tell graphql-core which inputs are @oneOf: Strawberry only prints that. Its messages then name the place."""
    for named in schema._schema.type_map.values():
        definition = named.extensions.get("strawberry-definition")
        if isinstance(named, GraphQLInputObjectType) and definition is not None:
            named.is_one_of = definition.is_one_of


def sdl() -> str:
    """Return the schema as SDL, the content of schema.graphql."""
    schema = build()
    # Strawberry prints no schema definition, which carries the description.
    return f"{print_schema_definition(schema._schema)}\n\n{schema.as_str()}\n"
