"""Two-factor authentication."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from models.second_factors import SecondFactorMethod
from resolvers import second_factors
from resolvers.base.permissions import Elevated
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.scalars import DateTime
from services.errors import ErrorCode

if TYPE_CHECKING:
    from schema.viewer import Viewer

LazyViewer = Annotated["Viewer", strawberry.lazy("schema.viewer")]

enum_of(
    SecondFactorMethod,
    "Source of the codes of a second factor.",
    {"TOTP": "An authenticator app.", "SMS": "A text message."},
)


@strawberry.type(
    description="Two-factor authentication of an account. One that is set up but not confirmed counts as off."
)
class SecondFactor:
    is_enabled: bool = column("True if signing in requires a code besides the password.")
    method: SecondFactorMethod | None = column("Source of the codes; null if it is off.")
    confirmed_at: DateTime | None = column("When it was switched on; null if it is off.")
    backup_codes_left: int = column("Number of unused backup codes.")


@strawberry.input(description="A first code from the authenticator app.")
class ConfirmTotpInput:
    code: str = strawberry.field(description="The six digits that the app shows now, like `042917`.")


@strawberry.input(description="The phone to send codes to.")
class BeginSmsInput:
    phone_number: str = strawberry.field(description="Phone number with country code, like `+31201234567`.")


@strawberry.input(description="The code from the text message.")
class ConfirmSmsInput:
    code: str = strawberry.field(description="Six digits, like `042917`, valid for 10 minutes.")


@strawberry.input(description="The token from the email.")
class DeactivateSecondFactorInput:
    token: str = strawberry.field(description="The value of `token` in the link that was sent by email.")


@strawberry.type(description="Payload of `beginTotp`. The secret is returned this once only.")
class BeginTotpPayload:
    secret: str | None = column("Secret to type into an authenticator app that cannot scan; null if refused.")
    uri: str | None = column("The same secret as an `otpauth:` URI; null if refused.")
    qr_code: str | None = column("The same secret as a QR code, a `data:` URL of a picture; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `confirmTotp`.")
class ConfirmTotpPayload:
    viewer: LazyViewer | None = column("You, with the second factor, which is now on; null if refused.")
    backup_codes: list[str] | None = column(
        "Ten backup codes for a lost phone. Each works once. Returned this once only; null if refused."
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `beginSms`.")
class BeginSmsPayload:
    errors: list[UserError] = column("Why the mutation was refused; empty if a code was sent.")


@strawberry.type(description="Payload of `confirmSms`.")
class ConfirmSmsPayload:
    viewer: LazyViewer | None = column("You, with the second factor, which is now on; null if refused.")
    backup_codes: list[str] | None = column(
        "Ten backup codes for a lost phone. Each works once. Returned this once only; null if refused."
    )
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `regenerateBackupCodes`.")
class RegenerateBackupCodesPayload:
    viewer: LazyViewer | None = column("You, with the number of backup codes; null if refused.")
    backup_codes: list[str] | None = column("Ten new backup codes. Returned this once only; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `requestSecondFactorDeactivation`.")
class RequestSecondFactorDeactivationPayload:
    errors: list[UserError] = column("Why the mutation was refused; empty if a link was sent.")


@strawberry.type(description="Payload of `deactivateSecondFactor`.")
class DeactivateSecondFactorPayload:
    viewer: LazyViewer | None = column("You, with the second factor, which is now off; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class SecondFactorsMutation:
    begin_totp: BeginTotpPayload | None = mutation_by(
        second_factors.begin_totp,
        "Start to set up an authenticator app. Nothing changes until `confirmTotp`, which must follow within one "
        "hour. A second call creates a new secret.",
        allowed=[Elevated()],
        codes=[ErrorCode.RATE_LIMITED, ErrorCode.SECOND_FACTOR_ALREADY_ON],
    )
    confirm_totp: ConfirmTotpPayload | None = mutation_by(
        second_factors.confirm_totp,
        "Switch the second factor on with a first code from the authenticator app. Your other sessions end.",
        allowed=[Elevated()],
        codes=[
            ErrorCode.BAD_CODE,
            ErrorCode.BAD_INPUT,
            ErrorCode.RATE_LIMITED,
            ErrorCode.SECOND_FACTOR_ALREADY_ON,
            ErrorCode.SECOND_FACTOR_OFF,
        ],
        input=ConfirmTotpInput,
    )
    begin_sms: BeginSmsPayload | None = mutation_by(
        second_factors.begin_sms,
        "Start to set up codes by text message: a code is sent. Nothing changes until `confirmSms`. A second call "
        "sends a new code.",
        allowed=[Elevated()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.RATE_LIMITED, ErrorCode.SECOND_FACTOR_ALREADY_ON],
        input=BeginSmsInput,
    )
    confirm_sms: ConfirmSmsPayload | None = mutation_by(
        second_factors.confirm_sms,
        "Switch the second factor on with the code from the text message. Your other sessions end.",
        allowed=[Elevated()],
        codes=[
            ErrorCode.BAD_CODE,
            ErrorCode.BAD_INPUT,
            ErrorCode.RATE_LIMITED,
            ErrorCode.SECOND_FACTOR_ALREADY_ON,
            ErrorCode.SECOND_FACTOR_OFF,
        ],
        input=ConfirmSmsInput,
    )
    regenerate_backup_codes: RegenerateBackupCodesPayload | None = mutation_by(
        second_factors.regenerate_backup_codes,
        "Create ten new backup codes. The old ones stop working.",
        allowed=[Elevated()],
        codes=[ErrorCode.RATE_LIMITED, ErrorCode.SECOND_FACTOR_OFF],
    )
    request_second_factor_deactivation: RequestSecondFactorDeactivationPayload | None = mutation_by(
        second_factors.request_deactivation,
        "Send an email to the account with a link to switch the second factor off. The link works once, for 30 "
        "minutes. The admins of the company are notified.",
        allowed=[Elevated()],
        codes=[ErrorCode.RATE_LIMITED, ErrorCode.SECOND_FACTOR_OFF],
    )
    deactivate_second_factor: DeactivateSecondFactorPayload | None = mutation_by(
        second_factors.deactivate,
        "Switch the second factor off with the link that was sent to the account that is signed in. Your other "
        "sessions end. Another app or number can be set up afterwards.",
        allowed=[Elevated()],
        codes=[ErrorCode.BAD_CODE, ErrorCode.BAD_INPUT],
        input=DeactivateSecondFactorInput,
    )
