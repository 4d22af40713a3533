"""Sign-up."""

import strawberry

from resolvers import registration
from resolvers.base.permissions import Anyone
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.passwords import RULES_DESCRIPTION
from schema.viewer import Viewer
from services.auth.passwords import PASSWORD_CODES
from services.errors import ErrorCode

ERRORS_DESCRIPTION = "Why the mutation was refused; empty on success."


@strawberry.input(description="The account to create.")
class SignUpInput:
    email: str = strawberry.field(
        description="Email address of the account, which never changes. A code is sent there."
    )
    password: str = strawberry.field(description=RULES_DESCRIPTION)
    name: str = strawberry.field(description="Name of the person, 1 to 120 characters.")
    allows_marketing: bool = strawberry.field(description="True to allow news by email.")
    referral_code: str | None = strawberry.field(
        default=strawberry.UNSET, description="Code from the referral link with which the person came here."
    )


@strawberry.input(description="The sign-up that needs a new code.")
class ResendSignUpCodeInput:
    sign_up_token: str = strawberry.field(description="The value of `signUpToken` from the payload of `signUp`.")


@strawberry.input(description="The sign-up and the code from the email.")
class VerifyEmailInput:
    sign_up_token: str = strawberry.field(description="The value of `signUpToken` from the payload of `signUp`.")
    code: str = strawberry.field(description="Six digits, like `042917`, valid for 10 minutes and 5 attempts.")


@strawberry.type(description="Payload of `signUp`. It is the same if the address already has an account.")
class SignUpPayload:
    sign_up_token: str | None = column("Secret of this sign-up, to pass to `verifyEmail`; null if refused.")
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type(description="Payload of `resendSignUpCode`.")
class ResendSignUpCodePayload:
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type(description="Payload of `verifyEmail`.")
class VerifyEmailPayload:
    viewer: Viewer | None = column("The person who is signed in now; null if refused.")
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type
class SigningUpMutation:
    sign_up: SignUpPayload | None = mutation_by(
        registration.sign_up,
        "Start a sign-up: a code is sent by email. A second call for the same address replaces the first.",
        allowed=[Anyone()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.MANAGED_BY_IDP, ErrorCode.RATE_LIMITED, *PASSWORD_CODES],
        input=SignUpInput,
    )
    resend_sign_up_code: ResendSignUpCodePayload | None = mutation_by(
        registration.resend_sign_up_code,
        "Send a new code by email; the earlier code stops working.",
        allowed=[Anyone()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.RATE_LIMITED],
        input=ResendSignUpCodeInput,
    )
    verify_email: VerifyEmailPayload | None = mutation_by(
        registration.verify_email,
        "Finish a sign-up with the code from the email. This creates the account and signs in.",
        allowed=[Anyone()],
        codes=[
            ErrorCode.ALREADY_EXISTS,
            ErrorCode.BAD_CODE,
            ErrorCode.BAD_INPUT,
            ErrorCode.COOKIE_NOT_POSSIBLE,
            ErrorCode.RATE_LIMITED,
        ],
        input=VerifyEmailInput,
    )
