"""Companies, and the settings of their admins."""

import strawberry

from resolvers import audit, companies, members
from resolvers.base.permissions import CompanyAdmin, ElevatedCompanyAdmin
from schema.audit import TRAIL_ARGUMENTS, CompanyAuditEntryConnection
from schema.errors import UserError
from schema.fields import answered_by, column, mutation_by
from schema.members import MemberConnection
from schema.nodes import PAGE_ARGUMENTS, Node, id_of


@strawberry.type(description="An organisation that people work for.")
class Company(Node):
    id: strawberry.ID = column("Opaque id of the company, like `cmp_42`.", read=id_of("Company"))
    name: str = column("Name of the company.")


@strawberry.type(description="Your own company, with details for its members.")
class OwnCompany:
    id: strawberry.ID = column("Opaque id of the company, like `cmp_42`.", read=id_of("Company"))
    name: str = column("Name of the company.")
    domains: list[str] = column(
        "Mail domains of the company, like `example.com`. A person who signs up with an address there joins the "
        "company."
    )
    password_days: int | None = column("Days after which the password of a member expires; null if never.")
    sso: bool = column("True if members sign in through the company's identity provider.")
    members: MemberConnection = answered_by(
        members.of_company,
        "Members of the company, ordered by email address. For company admins only.",
        allowed=[CompanyAdmin()],
        arguments=PAGE_ARGUMENTS,
    )
    audit_trail: CompanyAuditEntryConnection = answered_by(
        audit.company_trail,
        "Actions in the company and on its members, newest first. For company admins only.",
        allowed=[CompanyAdmin()],
        arguments=TRAIL_ARGUMENTS,
    )


@strawberry.type
class CompanyOfViewer:
    company: OwnCompany | None = answered_by(companies.own, "The company of your account; null if it has none.")
    is_company_admin: bool = answered_by(companies.is_admin, "True if your account is an admin of its company.")


@strawberry.input(description="The password expiry for your company.")
class SetPasswordExpiryInput:
    days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Days after which a password expires, 1 to 3650; null for never. Required, also if null.",
    )


@strawberry.type(description="Payload of `setPasswordExpiry`.")
class SetPasswordExpiryPayload:
    company: OwnCompany | None = column("The company after the change; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The single sign-on setting for your company.")
class SetCompanySsoInput:
    enabled: bool = strawberry.field(description="True to switch single sign-on on, false to switch it off.")


@strawberry.type(description="Payload of `setCompanySso`.")
class SetCompanySsoPayload:
    company: OwnCompany | None = column("The company after the change; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class CompaniesMutation:
    set_password_expiry: SetPasswordExpiryPayload | None = mutation_by(
        companies.set_password_expiry,
        "Set after how many days the passwords of members expire, counted from the day each was set. Takes effect at "
        "once.",
        allowed=[ElevatedCompanyAdmin()],
        input=SetPasswordExpiryInput,
    )
    set_company_sso: SetCompanySsoPayload | None = mutation_by(
        companies.set_sso,
        "Switch single sign-on on or off. Switching on is always refused, because sign-in through an identity "
        "provider does not exist yet.",
        allowed=[ElevatedCompanyAdmin()],
        input=SetCompanySsoInput,
    )
