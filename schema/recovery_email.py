"""The recovery email."""

import strawberry

from resolvers import profiles, recovery_email
from resolvers.base.permissions import Elevated
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.inputs import NothingInput
from schema.profiles import Profile


@strawberry.input(description="Where codes may go when the account's own mail is lost.")
class SetRecoveryEmailInput:
    email: str = strawberry.field(description="An address that is not your own login.")


@strawberry.input(description="The code that was mailed to the new recovery email.")
class VerifyRecoveryEmailInput:
    code: str = strawberry.field(description="Six digits, valid for 10 minutes.")


@strawberry.type(description="Answer to `setRecoveryEmail`.")
class SetRecoveryEmailPayload:
    errors: list[UserError] = column("Why it was refused; empty when a code is on its way.")


@strawberry.type(description="Answer to `verifyRecoveryEmail`.")
class VerifyRecoveryEmailPayload:
    profile: Profile | None = loaded_by(profiles.by_id, "You; null when refused.", key="profile_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `removeRecoveryEmail`.")
class RemoveRecoveryEmailPayload:
    profile: Profile | None = loaded_by(profiles.by_id, "You; null when refused.", key="profile_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class RecoveryEmailMutation:
    set_recovery_email: SetRecoveryEmailPayload = mutation_by(
        recovery_email.set_recovery_email,
        "Have a code mailed to a new recovery email. The one in force stays until `verifyRecoveryEmail`.",
        allowed=[Elevated()],
        input=SetRecoveryEmailInput,
    )
    verify_recovery_email: VerifyRecoveryEmailPayload = mutation_by(
        recovery_email.verify_recovery_email,
        "Put the new recovery email in force. The one before it and your logins are told.",
        allowed=[Elevated()],
        input=VerifyRecoveryEmailInput,
    )
    remove_recovery_email: RemoveRecoveryEmailPayload = mutation_by(
        recovery_email.remove_recovery_email,
        "Have no recovery email, nor one that waits for its code. The one before and your logins are told.",
        allowed=[Elevated()],
        input=NothingInput,
    )
