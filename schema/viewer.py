"""The person who makes a request, with everything that only this person sees."""

import strawberry

from resolvers import accounts, companies, profiles, second_factors, viewer
from schema.accounts import AccountsOfViewer, PersonAccount
from schema.audit import AuditOfViewer
from schema.challenges import ChallengesOfViewer
from schema.companies import Company
from schema.connections import ConnectionsOfViewer
from schema.credits import CreditsOfViewer
from schema.deletion import DeletionOfViewer
from schema.fields import answered_by, column, loaded_by
from schema.invites import InvitesOfViewer
from schema.merging import MergingOfViewer
from schema.nodes import Node, id_of
from schema.personal_data import PersonalDataOfViewer
from schema.profiles import Profile, ProfileOfViewer
from schema.referrals import ReferralsOfViewer
from schema.second_factors import SecondFactor
from schema.session_list import SessionsOfViewer
from schema.shop import ShopOfViewer
from schema.stats import PointsOfViewer
from schema.suggestions import SuggestionsOfViewer
from schema.tokens import TokensOfViewer


@strawberry.type(description="The person who makes this request, with what only this person sees.")
class Viewer(
    Node,
    AccountsOfViewer,
    SessionsOfViewer,
    TokensOfViewer,
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
    PersonalDataOfViewer,
    MergingOfViewer,
    DeletionOfViewer,
):
    id: strawberry.ID = column(
        "Opaque id of the viewer, like `vwr_5k2v9x0qcm`.", read=id_of("Viewer", key="account_id")
    )
    account: PersonAccount = loaded_by(
        accounts.by_id, "The account that is signed in, or that the token or API key belongs to.", key="account_id"
    )
    profile: Profile = loaded_by(profiles.by_id, "Your profile.", key="profile_id")
    company: Company | None = loaded_by(
        companies.by_id, "The company of your account; null if it has none.", key="company_id"
    )
    allows_marketing: bool = loaded_by(
        accounts.by_id,
        "True if news may be mailed to the account that is signed in.",
        key="account_id",
        read="marketing",
    )
    should_suggest_publishing: bool = loaded_by(
        viewer.unpublished_edits,
        "True if you should be invited to publish your profile: it is private and was edited after its creation.",
        key="profile_id",
    )
    second_factor: SecondFactor | None = loaded_by(
        second_factors.of_accounts,
        "Two-factor authentication of the account that is signed in; null with an API key. Tokens may not read it.",
        key="account_id",
    )


@strawberry.type
class ViewerQuery:
    viewer: Viewer | None = answered_by(
        viewer.viewer, "The person who makes this request; null for anonymous callers and service accounts."
    )
