"""Accounts and the viewer."""

import strawberry

from models.accounts import AccountKind, AccountStatus
from resolvers import accounts, companies, profiles, second_factors
from schema.audit import AuditOfViewer
from schema.challenges import ChallengesOfViewer
from schema.companies import Company, CompanyOfViewer
from schema.connections import ConnectionsOfViewer
from schema.credits import CreditsOfViewer
from schema.enums import enum_of
from schema.fields import answered_by, column, loaded_by
from schema.invites import InvitesOfViewer
from schema.nodes import Node, id_of
from schema.profiles import Profile, ProfileOfViewer
from schema.referrals import ReferralsOfViewer
from schema.scalars import DateTime
from schema.second_factors import SecondFactor
from schema.session_list import SessionsOfViewer
from schema.shop import ShopOfViewer
from schema.stats import PointsOfViewer
from schema.suggestions import SuggestionsOfViewer
from schema.tokens import TokensOfViewer

enum_of(
    AccountKind,
    "Kind of an account.",
    {
        "PERSON": "A person, who has a profile.",
        "SERVICE": "Another service. It has no profile and cannot sign in; it uses tokens only.",
    },
)


@strawberry.type(
    description=(
        "A login, identified by one email address that never changes. You can see the accounts of your own "
        "profile only."
    )
)
class Account(Node):
    id: strawberry.ID = column("Opaque id of the account, like `acc_42`.", read=id_of("Account"))
    kind: AccountKind = column("Whether the account belongs to a person or to another service.")
    status: AccountStatus = column("Whether the account is active or deactivated.")
    email: str = column("Email address of the account.")
    name: str = column("Name of the account, as its owner entered it.")
    created_at: DateTime = column("When the account was created.")
    company: Company | None = loaded_by(
        companies.by_id, "The company that the account belongs to; null if none.", key="company_id"
    )
    profile: Profile | None = loaded_by(
        profiles.by_id, "The person's profile; null for a service account.", key="profile_id"
    )


@strawberry.type(description="The caller of this request.")
class Viewer(
    SessionsOfViewer,
    TokensOfViewer,
    CompanyOfViewer,
    AuditOfViewer,
    PointsOfViewer,
    ChallengesOfViewer,
    ConnectionsOfViewer,
    SuggestionsOfViewer,
    ProfileOfViewer,
    CreditsOfViewer,
    InvitesOfViewer,
    ReferralsOfViewer,
    ShopOfViewer,
):
    account: Account = loaded_by(
        accounts.by_id, "The account that is signed in, or that the token or API key belongs to.", key="account_id"
    )
    profile: Profile | None = loaded_by(
        profiles.by_id, "The person's profile; null for a service account.", key="profile_id"
    )
    show_publish_banner: bool | None = loaded_by(
        accounts.publish_banners,
        "True if the person should be invited to publish the profile: it is private and was edited after its "
        "creation. Null for a service account.",
        key="profile_id",
    )
    allows_marketing: bool = loaded_by(
        accounts.by_id,
        "True if news may be mailed to the account that is signed in.",
        key="account_id",
        read="marketing",
    )
    second_factor: SecondFactor | None = loaded_by(
        second_factors.of_accounts,
        "Two-factor authentication of the account that is signed in; null for tokens and API keys.",
        key="account_id",
    )


@strawberry.type
class AccountsQuery:
    viewer: Viewer | None = answered_by(accounts.viewer, "The caller of this request; null if anonymous.")
