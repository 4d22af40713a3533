"""Companies, and what their admins settle."""

import strawberry

from resolvers import audit, companies, members
from resolvers.base.permissions import CompanyAdmin, ElevatedCompanyAdmin
from schema.audit import TRAIL, CompanyAuditEntryConnection
from schema.errors import UserError
from schema.fields import answered_by, column, mutation_by
from schema.members import MemberConnection
from schema.nodes import PAGE, Node, id_of


@strawberry.type(description="An organisation that people work for.")
class Company(Node):
    id: strawberry.ID = column("Opaque id of the company.", read=id_of("Company"))
    name: str = column("Its name.")


@strawberry.type(description="The company that the viewer's account belongs to, as its members see it.")
class OwnCompany:
    id: strawberry.ID = column("Opaque id of the company.", read=id_of("Company"))
    name: str = column("Its name.")
    domains: list[str] = column("Mail domains it owns: who signs up with an address there joins it.")
    password_days: int | None = column("Days after which a member's password expires; null: never.")
    sso: bool = column("Whether members sign in at the company's own identity provider.")
    members: MemberConnection = answered_by(
        members.of_company, "Its members by address; for its admin.", allowed=[CompanyAdmin()], arguments=PAGE
    )
    audit_trail: CompanyAuditEntryConnection = answered_by(
        audit.company_trail,
        "What was done in it and to its members, newest first; for its admin.",
        allowed=[CompanyAdmin()],
        arguments=TRAIL,
    )


@strawberry.type
class CompanyOfViewer:
    company: OwnCompany | None = answered_by(
        companies.own, "The company that the viewer's account belongs to; null for none."
    )
    is_company_admin: bool = answered_by(companies.is_admin, "Whether the viewer's account administers its company.")


@strawberry.input(description="When members' passwords expire.")
class SetPasswordExpiryInput:
    days: int | None = strawberry.field(
        default=strawberry.UNSET, description="Days after which a password expires, 1 to 3650; null means never."
    )


@strawberry.type(description="Answer to `setPasswordExpiry`.")
class SetPasswordExpiryPayload:
    company: OwnCompany | None = column("The company as it is now; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Whether members sign in at the company's own identity provider.")
class SetCompanySsoInput:
    enabled: bool = strawberry.field(description="True to switch it on.")


@strawberry.type(description="Answer to `setCompanySso`.")
class SetCompanySsoPayload:
    company: OwnCompany | None = column("The company as it is now; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class CompaniesMutation:
    set_password_expiry: SetPasswordExpiryPayload = mutation_by(
        companies.set_password_expiry,
        "Settle after how many days members' passwords expire, counted from when each was set. It counts at once.",
        allowed=[ElevatedCompanyAdmin()],
        input=SetPasswordExpiryInput,
    )
    set_company_sso: SetCompanySsoPayload = mutation_by(
        companies.set_sso,
        "Switch single sign-on on or off. Switching on is refused until sign-in through a provider exists here.",
        allowed=[ElevatedCompanyAdmin()],
        input=SetCompanySsoInput,
    )
