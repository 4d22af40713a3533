"""Accounts, and who is asking."""

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
from schema.profiles import Profile
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
    "Who is behind an account.",
    {"PERSON": "A person, with a profile.", "SERVICE": "Another service: no profile, no sign-in, only tokens."},
)


@strawberry.type(description="A login: one mail address, that never changes.")
class Account(Node):
    id: strawberry.ID = column("Opaque id of the account.", read=id_of("Account"))
    kind: AccountKind = column("Who is behind it.")
    status: AccountStatus = column("Whether it may be used.")
    email: str = column("Its address.")
    name: str = column("What its owner calls it.")
    created_at: DateTime = column("When it was made.")
    marketing: bool = column("Whether news may be mailed to it.")
    company: Company | None = loaded_by(companies.by_id, "The company it belongs to.", key="company_id")
    profile: Profile | None = loaded_by(
        profiles.by_id, "The person; null for the account of a service.", key="profile_id"
    )


@strawberry.type(description="Whoever makes this request.")
class Viewer(
    SessionsOfViewer,
    TokensOfViewer,
    CompanyOfViewer,
    AuditOfViewer,
    PointsOfViewer,
    ChallengesOfViewer,
    ConnectionsOfViewer,
    SuggestionsOfViewer,
    CreditsOfViewer,
    InvitesOfViewer,
    ReferralsOfViewer,
    ShopOfViewer,
):
    account: Account = loaded_by(
        accounts.by_id, "The account that is signed in, or that the token acts for.", key="account_id"
    )
    profile: Profile | None = loaded_by(
        profiles.by_id, "The person; null for the account of a service.", key="profile_id"
    )
    show_publish_banner: bool | None = loaded_by(
        accounts.publish_banners,
        "Whether to invite the person to go public: the profile is private, and edited since creation.",
        key="profile_id",
    )
    second_factor: SecondFactor | None = loaded_by(
        second_factors.of_accounts,
        "Two-factor authentication of the account that is signed in; null for tokens and API keys.",
        key="account_id",
    )


@strawberry.type
class AccountsQuery:
    viewer: Viewer | None = answered_by(accounts.viewer, "Whoever makes this request; null for nobody.")
