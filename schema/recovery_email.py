"""The recovery email of a profile."""

import strawberry

from resolvers import recovery_email
from resolvers.base.permissions import Elevated
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.viewer import Viewer
from services.errors import ErrorCode


@strawberry.input(description="The new recovery email.")
class SetRecoveryEmailInput:
    email: str = strawberry.field(description="An email address other than the one of your account.")


@strawberry.input(description="The code that was sent to the new recovery email.")
class VerifyRecoveryEmailInput:
    code: str = strawberry.field(description="Six digits, like `042917`, valid for 10 minutes.")


@strawberry.type(description="Payload of `setRecoveryEmail`.")
class SetRecoveryEmailPayload:
    errors: list[UserError] = column("Why the mutation was refused; empty if a code was sent.")


@strawberry.type(description="Payload of `verifyRecoveryEmail`.")
class VerifyRecoveryEmailPayload:
    viewer: Viewer | None = column("You, with the recovery email; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `removeRecoveryEmail`.")
class RemoveRecoveryEmailPayload:
    viewer: Viewer | None = column("You, without a recovery email; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class RecoveryEmailMutation:
    set_recovery_email: SetRecoveryEmailPayload | None = mutation_by(
        recovery_email.set_recovery_email,
        "Send a code to a new recovery email. The current one stays active until `verifyRecoveryEmail`.",
        allowed=[Elevated()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.RATE_LIMITED],
        input=SetRecoveryEmailInput,
    )
    verify_recovery_email: VerifyRecoveryEmailPayload | None = mutation_by(
        recovery_email.verify_recovery_email,
        "Activate the new recovery email. The previous one and your accounts are notified.",
        allowed=[Elevated()],
        codes=[ErrorCode.BAD_CODE, ErrorCode.BAD_INPUT, ErrorCode.RATE_LIMITED],
        input=VerifyRecoveryEmailInput,
    )
    remove_recovery_email: RemoveRecoveryEmailPayload | None = mutation_by(
        recovery_email.remove_recovery_email,
        "Remove your recovery email and any new one that is not verified. The previous one and your accounts are "
        "notified.",
        allowed=[Elevated()],
        codes=[],
    )
