"""Members of a company, as its admins see and manage them."""

import strawberry

from resolvers import accounts, members
from resolvers.base.permissions import CompanyAdmin, ElevatedCompanyAdmin
from schema.accounts import PersonAccount
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.nodes import PageInfo, nodes_by
from services.errors import ErrorCode


@strawberry.type(description="A member on a page of members.")
class MemberEdge:
    cursor: str = column("Cursor of this member, for `after` and `before`.", read=members.cursor_of)
    node: PersonAccount = column("The member.", itself=True)


@strawberry.type(description="A page of a company's members, ordered by email address.")
class MemberConnection:
    edges: list[MemberEdge] = column("The members on this page, each with its cursor.")
    nodes: list[PersonAccount] = nodes_by("The members on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(members.totals, "Number of members, deactivated ones included.", key="company_id")


@strawberry.input(description="The member to deactivate.")
class DeactivateMemberInput:
    account_id: strawberry.ID = strawberry.field(description="Id of the member's account, like `acc_5k2v9x0qcm`.")


@strawberry.input(description="The member to reactivate.")
class ReactivateMemberInput:
    account_id: strawberry.ID = strawberry.field(description="Id of the member's account, like `acc_5k2v9x0qcm`.")


@strawberry.input(description="The member to make a company admin.")
class MakeCompanyAdminInput:
    account_id: strawberry.ID = strawberry.field(description="Id of the member's account, like `acc_5k2v9x0qcm`.")


@strawberry.input(description="The company admin to make an ordinary member.")
class RemoveCompanyAdminInput:
    account_id: strawberry.ID = strawberry.field(description="Id of the admin's account, like `acc_5k2v9x0qcm`.")


@strawberry.type(description="Payload of `deactivateMember`.")
class DeactivateMemberPayload:
    account: PersonAccount | None = loaded_by(
        accounts.by_id, "The member's account after the change; null if refused.", key="account_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `reactivateMember`.")
class ReactivateMemberPayload:
    account: PersonAccount | None = loaded_by(
        accounts.by_id, "The member's account after the change; null if refused.", key="account_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `makeCompanyAdmin`.")
class MakeCompanyAdminPayload:
    account: PersonAccount | None = loaded_by(
        accounts.by_id, "The member's account after the change; null if refused.", key="account_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `removeCompanyAdmin`.")
class RemoveCompanyAdminPayload:
    account: PersonAccount | None = loaded_by(
        accounts.by_id, "The member's account after the change; null if refused.", key="account_id"
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class MembersMutation:
    deactivate_member: DeactivateMemberPayload | None = mutation_by(
        members.deactivate,
        "Deactivate a member of your company: no sign-in, no tokens, not on leaderboards. No data is deleted. You "
        "cannot deactivate yourself.",
        allowed=[CompanyAdmin()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND, ErrorCode.NOT_YOURSELF],
        input=DeactivateMemberInput,
    )
    reactivate_member: ReactivateMemberPayload | None = mutation_by(
        members.reactivate,
        "Reactivate a member. Deleted tokens and API keys stay deleted.",
        allowed=[CompanyAdmin()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=ReactivateMemberInput,
    )
    make_company_admin: MakeCompanyAdminPayload | None = mutation_by(
        members.make_admin,
        "Make an active member of your company an admin.",
        allowed=[ElevatedCompanyAdmin()],
        codes=[ErrorCode.ACCOUNT_DEACTIVATED, ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=MakeCompanyAdminInput,
    )
    remove_company_admin: RemoveCompanyAdminPayload | None = mutation_by(
        members.remove_admin,
        "Make an admin an ordinary member; you may do this to yourself. Refused for the last admin.",
        allowed=[ElevatedCompanyAdmin()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.LAST_ADMIN, ErrorCode.NOT_FOUND],
        input=RemoveCompanyAdminInput,
    )
