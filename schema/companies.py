"""Companies, and the settings of their admins."""

import strawberry

from resolvers import audit, companies, members
from resolvers.base.permissions import ElevatedCompanyAdmin
from schema.audit import TRAIL_ARGUMENTS, AuditEntryConnection
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.leaderboards import LeaderboardOfCompany
from schema.members import MemberConnection
from schema.nodes import PAGE_ARGUMENTS, Node, id_of
from schema.people import PeopleOfCompany
from schema.portfolio import ProjectsOfCompany
from services.errors import ErrorCode


@strawberry.type(description="An organisation that people work for. Some fields are for its own members only.")
class Company(Node, PeopleOfCompany, ProjectsOfCompany, LeaderboardOfCompany):
    id: strawberry.ID = column("Opaque id of the company, like `cmp_5k2v9x0qcm`.", read=id_of("Company"))
    name: str = column("Name of the company.")
    domains: list[str] | None = loaded_by(
        companies.settings,
        "Mail domains of the company, like `example.com`. A person who signs up with an address there joins the "
        "company. Null for a company that is not yours.",
        read="domains",
    )
    password_days: int | None = loaded_by(
        companies.settings,
        "Days after which the password of a member expires; null if never, and for a company that is not yours.",
        read="password_days",
    )
    uses_sso: bool | None = loaded_by(
        companies.settings,
        "True if members sign in through the company's identity provider. Null for a company that is not yours.",
        read="uses_sso",
    )
    members: MemberConnection | None = loaded_by(
        members.of_companies,
        "Accounts of the company, ordered by email address, for its admins. Null for a company that is not yours; "
        "for a member who is not an admin also an error, FORBIDDEN.",
        arguments=PAGE_ARGUMENTS,
    )
    audit_trail: AuditEntryConnection | None = loaded_by(
        audit.of_companies,
        "Actions in the company and on its members, newest first, for its admins. Null for a company that is not "
        "yours; for a member who is not an admin also an error, FORBIDDEN.",
        arguments=TRAIL_ARGUMENTS,
    )


@strawberry.input(description="The password expiry for your company.")
class SetPasswordExpiryInput:
    password_days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Days after which a password expires, 1 to 3650; null for never. Required, also if null.",
    )


@strawberry.type(description="Payload of `setPasswordExpiry`.")
class SetPasswordExpiryPayload:
    company: Company | None = loaded_by(
        companies.by_id, "The company after the change; null if refused.", key="company_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class CompaniesMutation:
    set_password_expiry: SetPasswordExpiryPayload | None = mutation_by(
        companies.set_password_expiry,
        "Set after how many days the passwords of members expire, counted from the day each was set. Takes effect at "
        "once.",
        allowed=[ElevatedCompanyAdmin()],
        codes=[ErrorCode.BAD_INPUT],
        input=SetPasswordExpiryInput,
    )
