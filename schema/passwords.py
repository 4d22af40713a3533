"""Passwords."""

import strawberry

from resolvers import passwords
from resolvers.base.permissions import Anyone, Elevated
from schema.accounts import Viewer
from schema.errors import UserError
from schema.fields import column, mutation_by

ERRORS = "Why it was refused; empty when it was not."
RULES = (
    "12 to 200 characters, with an uppercase and a lowercase letter, a digit 0-9, and one of "
    "`~!@#$%^&*()-_+=[]{};:'\"\\|,.<>/? or a backtick. Not your address, and none of your last ones."
)


@strawberry.input(description="A new password for whoever is signed in.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The present one, to show that it is you.")
    new_password: str = strawberry.field(description=RULES)


@strawberry.input(description="Whose password is lost.")
class RequestPasswordResetInput:
    email: str = strawberry.field(description="The account's address, or the person's verified recovery email.")


@strawberry.input(description="A new password, by a mailed link.")
class ResetPasswordInput:
    token: str = strawberry.field(description="The `token` of the link that was mailed; good for 30 minutes and once.")
    new_password: str = strawberry.field(description=RULES)


@strawberry.type(description="Answer to `changePassword`.")
class ChangePasswordPayload:
    viewer: Viewer | None = column("Whoever is signed in; null when refused.")
    errors: list[UserError] = column(ERRORS)


@strawberry.type(description="Answer to `requestPasswordReset`.")
class RequestPasswordResetPayload:
    errors: list[UserError] = column(ERRORS)


@strawberry.type(description="Answer to `resetPassword`.")
class ResetPasswordPayload:
    revoked_tokens: list[str] | None = column(
        "Names of the personal access tokens that were revoked: all that were made within the last 7 days. Null when refused."
    )
    revoked_api_keys: list[str] | None = column("Names of the API keys that were revoked likewise; null when refused.")
    kept_tokens: list[str] | None = column("Names of the tokens that go on working; null when refused.")
    kept_api_keys: list[str] | None = column("Names of the API keys that go on working; null when refused.")
    errors: list[UserError] = column(ERRORS)


@strawberry.type
class PasswordsMutation:
    change_password: ChangePasswordPayload = mutation_by(
        passwords.change_password,
        "Change your password. Your other sessions end; your tokens and API keys stay as they are.",
        allowed=[Elevated()],
        input=ChangePasswordInput,
    )
    request_password_reset: RequestPasswordResetPayload = mutation_by(
        passwords.request_password_reset,
        "Have a link mailed that sets a new password. The answer is the same whoever has an account.",
        allowed=[Anyone()],
        input=RequestPasswordResetInput,
    )
    reset_password: ResetPasswordPayload = mutation_by(
        passwords.reset_password,
        "Set a new password by a mailed link. All sessions end, and tokens and API keys made within the last 7 days are "
        "revoked; older ones stay. Sign in afterwards. The account is told by mail.",
        allowed=[Anyone()],
        input=ResetPasswordInput,
    )
