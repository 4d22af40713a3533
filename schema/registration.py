"""Signing up."""

import strawberry

from resolvers import registration
from resolvers.base.permissions import Anyone
from schema.accounts import Viewer
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.passwords import RULES

ERRORS = "Why it was refused; empty when it was not."


@strawberry.input(description="Who wants an account.")
class SignUpInput:
    email: str = strawberry.field(description="The address; it never changes. A code is mailed there.")
    password: str = strawberry.field(description=RULES)
    name: str = strawberry.field(description="The person's name, 1 to 120 characters.")
    marketing: bool = strawberry.field(description="Whether news may be mailed.")
    referral_code: str | None = strawberry.field(
        default=strawberry.UNSET, description="From the link of whoever recommended this place."
    )


@strawberry.input(description="Which sign-up needs another code.")
class ResendSignUpCodeInput:
    sign_up: str = strawberry.field(description="`signUp` of the answer to `signUp`.")


@strawberry.input(description="The code from the mail.")
class VerifyEmailInput:
    sign_up: str = strawberry.field(description="`signUp` of the answer to `signUp`.")
    code: str = strawberry.field(description="Six digits, good for 10 minutes and 5 tries.")


@strawberry.type(description="Answer to `signUp`: the same for an address that has an account.")
class SignUpPayload:
    sign_up: str | None = column("A secret of whoever signs up: `verifyEmail` asks for it. Null when refused.")
    errors: list[UserError] = column(ERRORS)


@strawberry.type(description="Answer to `resendSignUpCode`.")
class ResendSignUpCodePayload:
    errors: list[UserError] = column(ERRORS)


@strawberry.type(description="Answer to `verifyEmail`.")
class VerifyEmailPayload:
    viewer: Viewer | None = column("Whoever is signed in now; null when refused.")
    errors: list[UserError] = column(ERRORS)


@strawberry.type
class SigningUpMutation:
    sign_up: SignUpPayload = mutation_by(
        registration.sign_up,
        "Begin to sign up: a code is mailed. A second attempt for the same address replaces the first.",
        allowed=[Anyone()],
        input=SignUpInput,
    )
    resend_sign_up_code: ResendSignUpCodePayload = mutation_by(
        registration.resend_sign_up_code,
        "Have another code mailed; the one before it is dead.",
        allowed=[Anyone()],
        input=ResendSignUpCodeInput,
    )
    verify_email: VerifyEmailPayload = mutation_by(
        registration.verify_email,
        "Finish a sign-up by the mailed code: makes the account and signs in.",
        allowed=[Anyone()],
        input=VerifyEmailInput,
    )
