"""Another account of the own profile."""

import strawberry

from resolvers import account_creation, accounts
from resolvers.base.permissions import Elevated
from schema.accounts import PersonAccount
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.passwords import RULES_DESCRIPTION
from schema.viewer import Viewer
from services.accounts.accounts import MAX_ACCOUNTS
from services.auth.passwords import PASSWORD_CODES
from services.errors import ErrorCode


@strawberry.input(description="The account to add to your profile.")
class CreateAccountInput:
    email: str = strawberry.field(
        description="Email address of the account, which never changes. A code is sent there."
    )
    password: str = strawberry.field(description=RULES_DESCRIPTION)
    allows_marketing: bool = strawberry.field(description="True to allow news by email to this address.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A value of 1 to 128 characters that is new for each call, like a UUID. The same call within 24 "
        "hours sends no email, so that a call without an answer can be repeated safely.",
    )


@strawberry.input(description="The new account that needs a new code.")
class ResendNewAccountCodeInput:
    email: str = strawberry.field(description="The address that you passed to `createAccount`.")


@strawberry.input(description="The new account and the code from the email.")
class VerifyNewAccountInput:
    email: str = strawberry.field(description="The address that you passed to `createAccount`.")
    code: str = strawberry.field(description="Six digits, like `042917`, valid for 10 minutes and 5 attempts.")


@strawberry.type(
    description="Payload of `createAccount`. It is the same if another person has an account with the address."
)
class CreateAccountPayload:
    errors: list[UserError] = column("Why the mutation was refused; empty if an email was sent.")


@strawberry.type(description="Payload of `resendNewAccountCode`.")
class ResendNewAccountCodePayload:
    errors: list[UserError] = column("Why the mutation was refused; empty otherwise.")


@strawberry.type(description="Payload of `verifyNewAccount`.")
class VerifyNewAccountPayload:
    account: PersonAccount | None = loaded_by(accounts.by_id, "The new account; null if refused.", key="account_id")
    viewer: Viewer | None = column("You, still signed in with the same account; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class AccountCreationMutation:
    create_account: CreateAccountPayload | None = mutation_by(
        account_creation.create_account,
        "Start to add an account to your profile: a code is sent to its address. A second call for the same address "
        "replaces the first. If another person, or another profile of yours, has an account with the address, the answer is the "
        "same, and the email says how to merge the two profiles. Refused with MANAGED_BY_IDP if your company or that of the address uses "
        "single sign-on: then sign up with the address as usual, and merge the profiles. A profile can have up to "
        f"{MAX_ACCOUNTS} accounts.",
        allowed=[Elevated()],
        codes=[
            ErrorCode.ALREADY_EXISTS,
            ErrorCode.BAD_INPUT,
            ErrorCode.IDEMPOTENCY_MISMATCH,
            ErrorCode.MANAGED_BY_IDP,
            ErrorCode.NOT_FOUND,
            ErrorCode.RATE_LIMITED,
            ErrorCode.TOO_MANY_ITEMS,
            *PASSWORD_CODES,
        ],
        input=CreateAccountInput,
    )
    resend_new_account_code: ResendNewAccountCodePayload | None = mutation_by(
        account_creation.resend_code,
        "Send a new code by email to an address that you passed to `createAccount` in this session; the earlier code "
        "stops working.",
        allowed=[Elevated()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.RATE_LIMITED],
        input=ResendNewAccountCodeInput,
    )
    verify_new_account: VerifyNewAccountPayload | None = mutation_by(
        account_creation.verify,
        "Create the account with the code from the email, in the session that called `createAccount`. You stay signed in "
        "with the account that you use now: to use the new one, sign in with it. It joins the company that owns the "
        "domain of its address. Your other accounts are notified by email.",
        allowed=[Elevated()],
        codes=[
            ErrorCode.ALREADY_EXISTS,
            ErrorCode.BAD_CODE,
            ErrorCode.BAD_INPUT,
            ErrorCode.MANAGED_BY_IDP,
            ErrorCode.RATE_LIMITED,
            ErrorCode.TOO_MANY_ITEMS,
        ],
        input=VerifyNewAccountInput,
    )
