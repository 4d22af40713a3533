"""Signing in and out."""

import strawberry

from models.second_factors import SecondFactorMethod
from resolvers import sessions
from resolvers.base.permissions import Anyone, InSession, PersonItself
from schema import second_factors as _second_factors  # noqa: F401 - names the enum
from schema.accounts import Viewer
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.inputs import NothingInput
from schema.scalars import DateTime

ERRORS = "Why it was refused; empty when it was not."


@strawberry.input(description="Who signs in.")
class SignInInput:
    email: str = strawberry.field(description="The account's address.")
    password: str = strawberry.field(description="Its password, exactly.")


@strawberry.input(description="The second step of a sign-in.")
class CompleteSignInInput:
    token: str = strawberry.field(description="`secondFactor.token` of `signIn`; good for 10 minutes.")
    code: str = strawberry.field(description="From the authenticator app or the text message, or a backup code.")


@strawberry.input(description="Which session to end.")
class EndSessionInput:
    id: strawberry.ID = strawberry.field(description="One of `viewer.sessions`.")


@strawberry.input(description="What shows that it is you: a code where there is a second factor, else the password.")
class ElevateSessionInput:
    password: str | None = strawberry.field(
        default=strawberry.UNSET, description="The password, without second factor."
    )
    code: str | None = strawberry.field(
        default=strawberry.UNSET, description="From the authenticator app or `sendElevationCode`, or a backup code."
    )


@strawberry.type(description="What is still missing to sign in.")
class SecondFactorChallenge:
    token: str = column("Hand it back to `completeSignIn` with the code.")
    method: SecondFactorMethod = column("Where the code comes from. A texted one is on its way.")


@strawberry.type(description="Answer to `signIn`.")
class SignInPayload:
    viewer: Viewer | None = column(
        "Whoever is signed in now; null when refused, when the second factor is missing, or the password has expired."
    )
    password_expired: bool | None = column(
        "True: signed in, but nothing is open except `changePassword` and `signOut`. Null when refused."
    )
    second_factor: SecondFactorChallenge | None = column("Set when a code is still missing: nobody is signed in yet.")
    errors: list[UserError] = column(ERRORS)


@strawberry.type(description="Answer to `completeSignIn`.")
class CompleteSignInPayload:
    viewer: Viewer | None = column("Whoever is signed in now; null when refused, or when the password has expired.")
    password_expired: bool | None = column(
        "True: signed in, but nothing is open except `changePassword` and `signOut`. Null when refused."
    )
    errors: list[UserError] = column(ERRORS)


@strawberry.type(description="Answer to `signOut`.")
class SignOutPayload:
    errors: list[UserError] = column(ERRORS)


@strawberry.type(description="Answer to `endSession`.")
class EndSessionPayload:
    errors: list[UserError] = column(ERRORS)


@strawberry.type(description="Answer to `endOtherSessions`.")
class EndOtherSessionsPayload:
    ended: int | None = column("How many sessions have ended; null when refused.")
    errors: list[UserError] = column(ERRORS)


@strawberry.type(description="Answer to `sendElevationCode`.")
class SendElevationCodePayload:
    errors: list[UserError] = column(ERRORS)


@strawberry.type(description="Answer to `elevateSession`.")
class ElevateSessionPayload:
    elevated_until: DateTime | None = column("Until when sensitive operations are open to this session.")
    errors: list[UserError] = column(ERRORS)


@strawberry.type
class SessionsMutation:
    sign_in: SignInPayload = mutation_by(
        sessions.sign_in,
        "Sign in. The session is a cookie; the answer to a wrong address is the one to a wrong password.",
        allowed=[Anyone()],
        input=SignInInput,
    )
    complete_sign_in: CompleteSignInPayload = mutation_by(
        sessions.complete_sign_in,
        "Finish a sign-in by a code of the second factor.",
        allowed=[Anyone()],
        input=CompleteSignInInput,
    )
    sign_out: SignOutPayload = mutation_by(
        sessions.sign_out, "End this session.", allowed=[InSession()], input=NothingInput
    )
    end_session: EndSessionPayload = mutation_by(
        sessions.end_session,
        "End one of your sessions, wherever it is.",
        allowed=[PersonItself()],
        input=EndSessionInput,
    )
    end_other_sessions: EndOtherSessionsPayload = mutation_by(
        sessions.end_other_sessions,
        "End all of this account's sessions but this one; all of them, when an API key asks.",
        allowed=[PersonItself()],
        input=NothingInput,
    )
    send_elevation_code: SendElevationCodePayload = mutation_by(
        sessions.send_elevation_code,
        "Text a code for `elevateSession`, where the second factor is a telephone.",
        allowed=[InSession()],
        input=NothingInput,
    )
    elevate_session: ElevateSessionPayload = mutation_by(
        sessions.elevate_session,
        "Confirm that it is you: opens sensitive operations to this session for 8 hours. Its cookie changes. "
        "`viewer.elevationProofs` says what it takes; anything else is answered by `ProofRequired`.",
        allowed=[InSession()],
        input=ElevateSessionInput,
    )
