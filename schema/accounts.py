"""Accounts of people and of services."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from models.accounts import AccountStatus
from resolvers import accounts, companies, profiles
from schema.enums import enum_of
from schema.fields import answered_by, column, loaded_by
from schema.nodes import Node, id_of
from schema.scalars import DateTime

if TYPE_CHECKING:
    from schema.companies import Company
    from schema.profiles import Profile

LazyCompany = Annotated["Company", strawberry.lazy("schema.companies")]
LazyProfile = Annotated["Profile", strawberry.lazy("schema.profiles")]

enum_of(
    AccountStatus,
    "Status of an account.",
    {
        "ACTIVE": "The account can be used.",
        "DEACTIVATED": "Sign-in, tokens and API keys do not work. No data is deleted.",
    },
)


@strawberry.interface(
    description=(
        "A login, identified by one email address that never changes. You can see the accounts of your own profile, "
        "and as a company admin those of the members. In your audit trail you also see an admin of your company who "
        "acted on your account."
    )
)
class Account(Node):
    id: strawberry.ID = column("Opaque id of the account, like `acc_5k2v9x0qcm`.", read=id_of("Account"))
    email: str = column("Email address of the account.")
    name: str = column("Name of the account, as its owner entered it.")
    status: AccountStatus = column("Whether the account is active or deactivated.")
    created_at: DateTime = column("When the account was created.")
    company: LazyCompany | None = loaded_by(
        companies.by_id, "The company that the account belongs to; null if none.", key="company_id"
    )


@strawberry.type(description="The account of a person.")
class PersonAccount(Account):
    is_current: bool = column(
        "True if it is the account that is signed in, or that the token or API key of this request belongs to."
    )
    is_company_admin: bool = column(
        "True if the account is an admin of its company.", read=lambda row: bool(row["company_admin"])
    )
    uses_sso: bool = loaded_by(
        accounts.using_sso,
        "True if the account's company uses single sign-on: the company's identity provider has the password then.",
        key="id",
    )
    last_sign_in_at: DateTime | None = column(
        "When the last sign-in with this account was completed; null if there was none. Requests with a token or an API "
        "key do not count. Null if the account is not yours."
    )
    allows_marketing: bool | None = column(
        "True if news may be mailed to the account. Null if the account is not yours.",
        read=lambda row: row["marketing"],
    )
    profile: LazyProfile | None = loaded_by(
        profiles.by_id,
        "The person's profile. Null if the account is not yours: an admin does not learn which profile it belongs to.",
        key="profile_id",
    )


@strawberry.type(
    description="The account of another service. It has no profile and cannot sign in; it uses tokens only."
)
class ServiceAccount(Account):
    pass


@strawberry.type
class AccountsOfViewer:
    accounts: list[PersonAccount] = loaded_by(
        accounts.of_profiles,
        "All accounts of your profile, the oldest first, deactivated ones included; up to 100. Sessions, tokens, API keys "
        "and the second factor are shown of the account that is signed in only.",
        key="profile_id",
    )


@strawberry.type
class AccountsQuery:
    service_account: ServiceAccount | None = answered_by(
        accounts.service, "The service account that this token belongs to; null for people and anonymous callers."
    )
