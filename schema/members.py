"""Members of a company, as its admins see and manage them."""

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
    "Status of an account.",
    {
        "ACTIVE": "The account can be used.",
        "DEACTIVATED": "Sign-in, tokens and API keys do not work. No data is deleted.",
    },
)


@strawberry.type(
    description="An account of a company, as its admins see it. It contains nothing from the person's profile."
)
class Member:
    account: strawberry.ID = column("Opaque id of the account, like `acc_42`.", read=id_of("Account"))
    email: str = column("Email address of the account.")
    name: str = column("Name of the account.")
    status: AccountStatus = column("Whether the account is active or deactivated.")
    admin: bool = column("True if the account is a company admin.", read=lambda row: bool(row["company_admin"]))
    created_at: DateTime = column("When the account was created.")


@strawberry.type(description="A member on a page of members.")
class MemberEdge:
    cursor: str = column("Cursor of this member, for `after` and `before`.", read=members.cursor_of)
    node: Member = column("The member.", itself=True)


@strawberry.type(description="A page of a company's members, ordered by email address.")
class MemberConnection:
    edges: list[MemberEdge] = column("The members on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")


@strawberry.input(description="The member to deactivate.")
class DeactivateMemberInput:
    account: strawberry.ID = strawberry.field(description="Id of the member's account, like `acc_42`.")


@strawberry.input(description="The member to reactivate.")
class ReactivateMemberInput:
    account: strawberry.ID = strawberry.field(description="Id of the member's account, like `acc_42`.")


@strawberry.input(description="The member to make a company admin.")
class MakeCompanyAdminInput:
    account: strawberry.ID = strawberry.field(description="Id of the member's account, like `acc_42`.")


@strawberry.input(description="The company admin to make an ordinary member.")
class RemoveCompanyAdminInput:
    account: strawberry.ID = strawberry.field(description="Id of the admin's account, like `acc_42`.")


@strawberry.type(description="Payload of `deactivateMember`.")
class DeactivateMemberPayload:
    member: Member | None = column("The member after the change; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `reactivateMember`.")
class ReactivateMemberPayload:
    member: Member | None = column("The member after the change; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `makeCompanyAdmin`.")
class MakeCompanyAdminPayload:
    member: Member | None = column("The member after the change; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `removeCompanyAdmin`.")
class RemoveCompanyAdminPayload:
    member: Member | None = column("The member after the change; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class MembersMutation:
    deactivate_member: DeactivateMemberPayload | None = mutation_by(
        members.deactivate,
        "Deactivate a member of your company: no sign-in, no tokens, not on leaderboards. No data is deleted. You "
        "cannot deactivate yourself.",
        allowed=[CompanyAdmin()],
        input=DeactivateMemberInput,
    )
    reactivate_member: ReactivateMemberPayload | None = mutation_by(
        members.reactivate,
        "Reactivate a member. Deleted tokens and API keys stay deleted.",
        allowed=[CompanyAdmin()],
        input=ReactivateMemberInput,
    )
    make_company_admin: MakeCompanyAdminPayload | None = mutation_by(
        members.make_admin,
        "Make an active member of your company an admin.",
        allowed=[ElevatedCompanyAdmin()],
        input=MakeCompanyAdminInput,
    )
    remove_company_admin: RemoveCompanyAdminPayload | None = mutation_by(
        members.remove_admin,
        "Make an admin an ordinary member; you may do this to yourself. Refused for the last admin.",
        allowed=[ElevatedCompanyAdmin()],
        input=RemoveCompanyAdminInput,
    )
