"""Sign-in, sign-out and elevation."""

import strawberry

from models.second_factors import SecondFactorMethod
from resolvers import sessions
from resolvers.base.permissions import Anyone, InSession, PersonItself
from schema import second_factors as _second_factors  # noqa: F401 - names the enum
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.scalars import DateTime
from schema.viewer import Viewer
from services.errors import ErrorCode

ERRORS_DESCRIPTION = "Why the mutation was refused; empty on success."


@strawberry.input(description="The credentials of the account.")
class SignInInput:
    email: str = strawberry.field(description="Email address of the account.")
    password: str = strawberry.field(description="Password of the account, exactly as it was set.")


@strawberry.input(description="The token from `signIn`, and a code of the second factor.")
class CompleteSignInInput:
    token: str = strawberry.field(
        description="The value of `secondFactor.token` from the payload of `signIn`; valid for 10 minutes."
    )
    code: str = strawberry.field(description="A code from the authenticator app or the text message, or a backup code.")


@strawberry.input(description="The session to end.")
class EndSessionInput:
    session_id: strawberry.ID = strawberry.field(description="Id of one of `Viewer.sessions`, like `ses_5k2v9x0qcm`.")


@strawberry.input(
    one_of=True,
    description="A proof of identity: a code if the account has a second factor, otherwise the password.",
)
class ElevateSessionInput:
    password: str | None = strawberry.field(
        default=strawberry.UNSET, description="The password, if the account has no second factor."
    )
    code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A code from the authenticator app or from `sendElevationCode`, or a backup code.",
    )


@strawberry.type(description="A sign-in that still needs a code of the second factor.")
class PendingSignIn:
    token: str = column("Token to pass to `completeSignIn` together with the code.")
    method: SecondFactorMethod = column("Source of the code. If it is a text message, it has been sent.")


@strawberry.type(description="Payload of `signIn`.")
class SignInPayload:
    viewer: Viewer | None = column(
        "The person who is signed in now. Null if refused, if a code is still needed, or if the password has expired."
    )
    is_password_expired: bool | None = column(
        "True if you are signed in with an expired password: only `changePassword` and `signOut` work. Null if refused."
    )
    second_factor: PendingSignIn | None = column("Set if a code is needed to finish the sign-in; null otherwise.")
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type(description="Payload of `completeSignIn`.")
class CompleteSignInPayload:
    viewer: Viewer | None = column("The person who is signed in now; null if refused or if the password has expired.")
    is_password_expired: bool | None = column(
        "True if you are signed in with an expired password: only `changePassword` and `signOut` work. Null if refused."
    )
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type(description="Payload of `signOut`.")
class SignOutPayload:
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type(description="Payload of `endSession`.")
class EndSessionPayload:
    ended_session_id: strawberry.ID | None = column("Id of the session, which has ended; null if refused.")
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type(description="Payload of `endOtherSessions`.")
class EndOtherSessionsPayload:
    ended_session_count: int | None = column("Number of sessions that were ended; null if refused.")
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type(description="Payload of `sendElevationCode`.")
class SendElevationCodePayload:
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type(description="Payload of `elevateSession`.")
class ElevateSessionPayload:
    elevated_until: DateTime | None = column("Until when this session may do sensitive operations; null if refused.")
    errors: list[UserError] = column(ERRORS_DESCRIPTION)


@strawberry.type
class SessionsMutation:
    sign_in: SignInPayload | None = mutation_by(
        sessions.sign_in,
        "Sign in. The session is stored in a cookie. A wrong address and a wrong password get the same answer.",
        allowed=[Anyone()],
        codes=[
            ErrorCode.BAD_CREDENTIALS,
            ErrorCode.BAD_INPUT,
            ErrorCode.COOKIE_NOT_POSSIBLE,
            ErrorCode.MANAGED_BY_IDP,
            ErrorCode.RATE_LIMITED,
            ErrorCode.SECOND_FACTOR_OFF,
        ],
        input=SignInInput,
    )
    complete_sign_in: CompleteSignInPayload | None = mutation_by(
        sessions.complete_sign_in,
        "Finish a sign-in with a code of the second factor.",
        allowed=[Anyone()],
        codes=[
            ErrorCode.BAD_CODE,
            ErrorCode.BAD_CREDENTIALS,
            ErrorCode.BAD_INPUT,
            ErrorCode.COOKIE_NOT_POSSIBLE,
            ErrorCode.RATE_LIMITED,
        ],
        input=CompleteSignInInput,
    )
    sign_out: SignOutPayload | None = mutation_by(
        sessions.sign_out, "End this session.", allowed=[InSession()], codes=[]
    )
    end_session: EndSessionPayload | None = mutation_by(
        sessions.end_session,
        "End one of your sessions.",
        allowed=[PersonItself()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=EndSessionInput,
    )
    end_other_sessions: EndOtherSessionsPayload | None = mutation_by(
        sessions.end_other_sessions,
        "End all sessions of this account except the one of this request. With an API key: all sessions.",
        allowed=[PersonItself()],
        codes=[],
    )
    send_elevation_code: SendElevationCodePayload | None = mutation_by(
        sessions.send_elevation_code,
        "Send a code for `elevateSession` by text message, if that is the second factor.",
        allowed=[InSession()],
        codes=[ErrorCode.RATE_LIMITED, ErrorCode.SECOND_FACTOR_OFF],
    )
    elevate_session: ElevateSessionPayload | None = mutation_by(
        sessions.elevate_session,
        "Prove your identity again, so that this session may do sensitive operations for 8 hours. The session cookie "
        "changes. `Viewer.elevationProofs` lists the accepted proofs; any other is refused with `ProofRequiredError`.",
        allowed=[InSession()],
        codes=[
            ErrorCode.BAD_CODE,
            ErrorCode.BAD_CREDENTIALS,
            ErrorCode.BAD_INPUT,
            ErrorCode.PROOF_REQUIRED,
            ErrorCode.RATE_LIMITED,
        ],
        input=ElevateSessionInput,
    )
