"""Passwords."""

import strawberry

from resolvers import passwords
from resolvers.base.permissions import Anyone, Elevated
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.viewer import Viewer
from services.auth.passwords import PASSWORD_CODES
from services.errors import ErrorCode

ERRORS_DESCRIPTION = "Why the mutation was refused; empty on success."
RULES_DESCRIPTION = (
    "12 to 200 characters, with at least one uppercase letter, one lowercase letter, one digit 0-9, and one of "
    "`~!@#$%^&*()-_+=[]{};:'\"\\|,.<>/?` or a backtick. It must not contain the email address."
)
NEW_PASSWORD_DESCRIPTION = f"{RULES_DESCRIPTION} The current password and the five before it are refused."


@strawberry.input(description="The current and the new password.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The current password, as proof of identity.")
    new_password: str = strawberry.field(description=NEW_PASSWORD_DESCRIPTION)


@strawberry.input(description="The account that needs a new password.")
class RequestPasswordResetInput:
    email: str = strawberry.field(
        description="Email address of the account, or the verified recovery email of its person."
    )


@strawberry.input(description="The token from the email, and the new password.")
class ResetPasswordInput:
    token: str = strawberry.field(
        description="The value of `token` in the link that was sent by email. It is valid once, for 30 minutes."
    )
    new_password: str = strawberry.field(description=NEW_PASSWORD_DESCRIPTION)


@strawberry.type(description="Payload of `changePassword`.")
class ChangePasswordPayload:
    viewer: Viewer | None = column("The person who is signed in; null if refused.")
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type(description="Payload of `requestPasswordReset`.")
class RequestPasswordResetPayload:
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type(description="Payload of `resetPassword`.")
class ResetPasswordPayload:
    revoked_token_names: list[str] | None = column(
        "Names of the personal access tokens that were revoked: all that were created within the last 7 days. Null "
        "if refused."
    )
    revoked_api_key_names: list[str] | None = column(
        "Names of the API keys that were revoked: all that were created within the last 7 days. Null if refused."
    )
    kept_token_names: list[str] | None = column("Names of the tokens that still work; null if refused.")
    kept_api_key_names: list[str] | None = column("Names of the API keys that still work; null if refused.")
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type
class PasswordsMutation:
    change_password: ChangePasswordPayload | None = mutation_by(
        passwords.change_password,
        "Change your password. Your other sessions end; your tokens and API keys keep working.",
        allowed=[Elevated()],
        codes=[
            ErrorCode.BAD_CREDENTIALS,
            ErrorCode.BAD_INPUT,
            ErrorCode.MANAGED_BY_IDP,
            ErrorCode.PASSWORD_REUSED,
            ErrorCode.RATE_LIMITED,
            *PASSWORD_CODES,
        ],
        input=ChangePasswordInput,
    )
    request_password_reset: RequestPasswordResetPayload | None = mutation_by(
        passwords.request_password_reset,
        "Request an email with a link to set a new password. The answer does not reveal if the account exists.",
        allowed=[Anyone()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.RATE_LIMITED],
        input=RequestPasswordResetInput,
    )
    reset_password: ResetPasswordPayload | None = mutation_by(
        passwords.reset_password,
        "Set a new password with the link from the email. All sessions end. Tokens and API keys created within the "
        "last 7 days are revoked; older ones keep working. Sign in afterwards. The account is notified by email.",
        allowed=[Anyone()],
        codes=[
            ErrorCode.BAD_CODE,
            ErrorCode.BAD_INPUT,
            ErrorCode.PASSWORD_REUSED,
            ErrorCode.RATE_LIMITED,
            *PASSWORD_CODES,
        ],
        input=ResetPasswordInput,
    )
