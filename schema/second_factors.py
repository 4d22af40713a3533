"""Two-factor authentication."""

import strawberry

from models.second_factors import SecondFactorMethod
from resolvers import second_factors
from resolvers.base.permissions import Elevated
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.inputs import NothingInput
from schema.scalars import DateTime

enum_of(
    SecondFactorMethod,
    "Where the codes of a second factor come from.",
    {"TOTP": "An authenticator app.", "SMS": "A text message."},
)


@strawberry.type(
    description="Whether an account asks for a second factor. One that is not confirmed yet counts as none."
)
class SecondFactor:
    enabled: bool = column("Whether signing in takes a code besides the password.")
    method: SecondFactorMethod | None = column("Where the codes come from; null while it is off.")
    confirmed_at: DateTime | None = column("When it was switched on; null while it is off.")
    backup_codes_left: int = column("How many backup codes still work.")


@strawberry.input(description="A first code, to show that the set-up works.")
class ConfirmTotpInput:
    code: str = strawberry.field(description="Six digits, as the authenticator app shows them now.")


@strawberry.input(description="A phone that codes are texted to.")
class BeginSmsInput:
    phone_number: str = strawberry.field(description="With the country: `+31201234567`.")


@strawberry.input(description="The code that was texted, to show that it arrives.")
class ConfirmSmsInput:
    code: str = strawberry.field(description="Six digits, valid for 10 minutes.")


@strawberry.input(description="The link that was mailed.")
class DeactivateSecondFactorInput:
    token: str = strawberry.field(description="What stands in the link after `token=`.")


@strawberry.type(description="Answer to `beginTotp`. It is shown this once and never again.")
class BeginTotpPayload:
    secret: str | None = column("To be typed into an authenticator app that cannot scan; null when refused.")
    uri: str | None = column("The same as an `otpauth:` address; null when refused.")
    qr_code: str | None = column("The same as a picture to scan, in a `data:` address; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `confirmTotp`.")
class ConfirmTotpPayload:
    second_factor: SecondFactor | None = column("The second factor, in force; null when refused.")
    backup_codes: list[str] | None = column(
        "Ten codes for when the phone is lost: each works once. Shown this once; null when refused."
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `beginSms`.")
class BeginSmsPayload:
    errors: list[UserError] = column("Why it was refused; empty when a code is on its way.")


@strawberry.type(description="Answer to `confirmSms`.")
class ConfirmSmsPayload:
    second_factor: SecondFactor | None = column("The second factor, in force; null when refused.")
    backup_codes: list[str] | None = column(
        "Ten codes for when the phone is lost: each works once. Shown this once; null when refused."
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `regenerateBackupCodes`.")
class RegenerateBackupCodesPayload:
    backup_codes: list[str] | None = column("Ten new codes. Shown this once; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `requestSecondFactorDeactivation`.")
class RequestSecondFactorDeactivationPayload:
    errors: list[UserError] = column("Why it was refused; empty when a link is on its way.")


@strawberry.type(description="Answer to `deactivateSecondFactor`.")
class DeactivateSecondFactorPayload:
    errors: list[UserError] = column("Why it was refused; empty when the second factor is off.")


@strawberry.type
class SecondFactorsMutation:
    begin_totp: BeginTotpPayload = mutation_by(
        second_factors.begin_totp,
        "Begin to set up an authenticator app. Nothing changes until `confirmTotp`, within an hour; beginning again "
        "makes a new secret.",
        allowed=[Elevated()],
        input=NothingInput,
    )
    confirm_totp: ConfirmTotpPayload = mutation_by(
        second_factors.confirm_totp,
        "Switch the second factor on, by a first code of the authenticator app. Your other sessions end.",
        allowed=[Elevated()],
        input=ConfirmTotpInput,
    )
    begin_sms: BeginSmsPayload = mutation_by(
        second_factors.begin_sms,
        "Begin to set up codes by text message: sends one. Nothing changes until `confirmSms`. Again sends a new code.",
        allowed=[Elevated()],
        input=BeginSmsInput,
    )
    confirm_sms: ConfirmSmsPayload = mutation_by(
        second_factors.confirm_sms,
        "Switch the second factor on, by the code that was texted. Your other sessions end.",
        allowed=[Elevated()],
        input=ConfirmSmsInput,
    )
    regenerate_backup_codes: RegenerateBackupCodesPayload = mutation_by(
        second_factors.regenerate_backup_codes,
        "Make ten new backup codes. The old ones no longer work.",
        allowed=[Elevated()],
        input=NothingInput,
    )
    request_second_factor_deactivation: RequestSecondFactorDeactivationPayload = mutation_by(
        second_factors.request_deactivation,
        "Have a link mailed that switches the second factor off, to the account's address. It works once, for 30 "
        "minutes. The admins of the company are told.",
        allowed=[Elevated()],
        input=NothingInput,
    )
    deactivate_second_factor: DeactivateSecondFactorPayload = mutation_by(
        second_factors.deactivate,
        "Switch the second factor off, by the link that was mailed to the account that is signed in. Your other "
        "sessions end. Another app or number can be set up afterwards.",
        allowed=[Elevated()],
        input=DeactivateSecondFactorInput,
    )
