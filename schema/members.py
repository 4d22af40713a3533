"""A company's members, as its admin sees and keeps them."""

import strawberry

from models.accounts import AccountStatus
from resolvers import members
from resolvers.base.permissions import CompanyAdmin, ElevatedCompanyAdmin
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.nodes import PageInfo, id_of
from schema.scalars import DateTime

enum_of(
    AccountStatus,
    "Whether an account may be used.",
    {"ACTIVE": "It may.", "DEACTIVATED": "No sign-in and no tokens; nothing is deleted."},
)


@strawberry.type(description="An account of a company, as its admin sees it. It shows nothing of the person's profile.")
class Member:
    account: strawberry.ID = column("Opaque id of the account.", read=id_of("Account"))
    email: str = column("Its address.")
    name: str = column("What it is called.")
    status: AccountStatus = column("Whether it may be used.")
    admin: bool = column("Whether it administers the company.", read=lambda row: bool(row["company_admin"]))
    created_at: DateTime = column("When it was made.")


@strawberry.type(description="A member in a page of members.")
class MemberEdge:
    cursor: str = column("Where the member stands in the list.", read=members.cursor_of)
    node: Member = column("The member.", itself=True)


@strawberry.type(description="A page of a company's members, by address.")
class MemberConnection:
    edges: list[MemberEdge] = column("The members of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.input(description="Whom to keep out.")
class DeactivateMemberInput:
    account: strawberry.ID = strawberry.field(description="The member's account.")


@strawberry.input(description="Whom to let in again.")
class ReactivateMemberInput:
    account: strawberry.ID = strawberry.field(description="The member's account.")


@strawberry.input(description="Who is to be an admin.")
class MakeCompanyAdminInput:
    account: strawberry.ID = strawberry.field(description="The member's account.")


@strawberry.input(description="Who is to be an admin no more.")
class RemoveCompanyAdminInput:
    account: strawberry.ID = strawberry.field(description="The admin's account.")


@strawberry.type(description="Answer to `deactivateMember`.")
class DeactivateMemberPayload:
    member: Member | None = column("The member as it is now; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `reactivateMember`.")
class ReactivateMemberPayload:
    member: Member | None = column("The member as it is now; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `makeCompanyAdmin`.")
class MakeCompanyAdminPayload:
    member: Member | None = column("The member as it is now; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `removeCompanyAdmin`.")
class RemoveCompanyAdminPayload:
    member: Member | None = column("The member as it is now; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class MembersMutation:
    deactivate_member: DeactivateMemberPayload = mutation_by(
        members.deactivate,
        "Keep a member of your company out: no sign-in, no tokens, off the boards; nothing is deleted. Never oneself.",
        allowed=[CompanyAdmin()],
        input=DeactivateMemberInput,
    )
    reactivate_member: ReactivateMemberPayload = mutation_by(
        members.reactivate,
        "Let a member in again. Tokens and keys that were deleted stay deleted.",
        allowed=[CompanyAdmin()],
        input=ReactivateMemberInput,
    )
    make_company_admin: MakeCompanyAdminPayload = mutation_by(
        members.make_admin,
        "Make an active member of your company an admin.",
        allowed=[ElevatedCompanyAdmin()],
        input=MakeCompanyAdminInput,
    )
    remove_company_admin: RemoveCompanyAdminPayload = mutation_by(
        members.remove_admin,
        "Make an admin a member like others, also oneself; the last one stays.",
        allowed=[ElevatedCompanyAdmin()],
        input=RemoveCompanyAdminInput,
    )
