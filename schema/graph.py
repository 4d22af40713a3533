"""The whole schema, put together."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.accounts import Account, AccountsQuery
from schema.companies import CompaniesMutation, Company
from schema.errors import PlainError, RateLimited
from schema.fields import types_by_row
from schema.ingestion import IngestionMutation
from schema.leaderboards import LeaderboardsQuery
from schema.members import MembersMutation
from schema.nodes import NodesQuery
from schema.passwords import PasswordsMutation
from schema.points import PointEntry, PointsQuery
from schema.preferences import PreferencesMutation
from schema.profiles import Profile, ProfilesQuery
from schema.recovery_email import RecoveryEmailMutation
from schema.scalars import SCALARS
from schema.second_factors import SecondFactorsMutation
from schema.sessions import SessionsMutation
from schema.signing_up import SigningUpMutation
from schema.tokens import TokensMutation, TokensQuery


@strawberry.type(description="Everything that can be asked.")
class Query(AccountsQuery, ProfilesQuery, LeaderboardsQuery, PointsQuery, TokensQuery, NodesQuery):
    pass


@strawberry.type(description="Everything that can be done. What was refused stands in the payload's `errors`.")
class Mutation(
    SessionsMutation,
    PasswordsMutation,
    SigningUpMutation,
    IngestionMutation,
    PreferencesMutation,
    RecoveryEmailMutation,
    SecondFactorsMutation,
    TokensMutation,
    CompaniesMutation,
    MembersMutation,
):
    pass


def build() -> strawberry.Schema:
    """Build the schema. Takes some 100 ms: once per process."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=(Account, Company, PlainError, PointEntry, Profile, RateLimited),
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    types_by_row(schema)
    return schema


def sdl() -> str:
    """The schema as SDL, as it stands in schema.graphql."""
    return build().as_str() + "\n"
