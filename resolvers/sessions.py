"""Sign-in and sign-out, elevation, and the sessions of the viewer's account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models.sessions import Session
from resolvers.audit import actor_of
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.rows import Row, in_order
from resolvers.viewer import viewer_row
from services.auth import sessions
from services.auth.principals import ANONYMOUS, Principal
from services.errors import ErrorCode, NotAllowed, refused
from services.sign_in import authentication, elevation
from services.sign_in.authentication import PendingSignIn, SignedIn
from services.sign_in.elevation import ElevationProof


async def live(context: Context) -> list[Row]:
    """The sessions of the viewer's account, the last used first."""
    return [_session_row(each, context) for each in await sessions.live_of(_account_id(context))]


async def by_id(session_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Sessions of the viewer's account that have not ended; None for any other, and for service accounts. Index account_id."""
    if context.viewer.profile_id is None:
        return [None for _ in session_ids]
    return in_order(session_ids, await live(context), by="id")


async def elevated_until(context: Context) -> datetime | None:
    """Until when the viewer's session is elevated; None if it is not."""
    return context.viewer.elevated_until if context.viewer.elevated else None


async def elevation_proofs(context: Context) -> list[ElevationProof] | None:
    """The proofs that elevate the viewer's session; None for tokens and API keys, which cannot be elevated."""
    return None if context.viewer.session_id is None else await elevation.proofs_of(_account_id(context))


async def sign_in(context: Context, *, input: Any) -> Row:
    """Sign in. Returns the viewer, or the second factor that is still needed."""
    require_cookie(context)
    done = await authentication.sign_in(input.email, input.password, context.client)
    if isinstance(done, PendingSignIn):
        return {
            "viewer": None,
            "is_password_expired": False,
            "second_factor": {"token": done.token, "method": done.method},
        }
    return {**await enter(context, done), "second_factor": None}


async def complete_sign_in(context: Context, *, input: Any) -> Row:
    """Sign in with the second factor."""
    require_cookie(context)
    return await enter(context, await authentication.complete(input.token, input.code, context.client))


async def sign_out(context: Context) -> Row:
    """End the viewer's session."""
    await authentication.sign_out(_account_id(context), _session_id(context), actor=actor_of(context))
    context.cookie, context.viewer = "", ANONYMOUS
    return {}


async def end_session(context: Context, *, input: Any) -> Row:
    """End a session of the viewer's account, which may be the one of this request."""
    number = ids.require_number("Session", input.session_id, "sessionId")
    await authentication.end_session(_account_id(context), number, actor=actor_of(context))
    if number == _session_id(context):
        context.cookie, context.viewer = "", ANONYMOUS
    return {"ended_session_id": input.session_id}


async def end_other_sessions(context: Context) -> Row:
    """End all other sessions of the viewer's account. Returns how many."""
    ended = await authentication.end_other_sessions(_account_id(context), _session_id(context), actor=actor_of(context))
    return {"ended_session_count": ended}


async def send_elevation_code(context: Context) -> Row:
    """Send the code that elevates the session."""
    await elevation.send_code(_account_id(context))
    return {}


async def elevate_session(context: Context, *, input: Any) -> Row:
    """Elevate the viewer's session."""
    context.cookie = await elevation.elevate(
        _account_id(context),
        _session_id(context),
        password=input.password or "",
        code=input.code or "",
        actor=actor_of(context),
    )
    context.viewer = await viewer_by(context.cookie)
    return {"elevated_until": context.viewer.elevated_until}


def require_cookie(context: Context) -> None:
    """Raise Refused, COOKIE_NOT_POSSIBLE, if the browser would not store a session. Called before anything is changed."""
    if not context.cookie_possible:
        raise refused(
            ErrorCode.COOKIE_NOT_POSSIBLE,
            "You cannot sign in on this page: it is on another site than this server, so the browser would not store the "
            "session. Use the same host name for both; another site needs https.",
        )


async def enter(context: Context, done: SignedIn) -> Row:
    """
    Make the person who has just signed in the viewer of the rest of the request, and set the cookie. Ends the session that
    the browser had before, because its secret is lost with the old cookie.
    """
    before = context.viewer.session_id
    if before is not None:
        await sessions.end(before)
    context.cookie = done.secret
    context.viewer = await viewer_by(done.secret)
    return {
        "viewer": None if context.viewer.password_expired else viewer_row(context),
        "is_password_expired": context.viewer.password_expired,
    }


async def viewer_by(secret: str) -> Principal:
    """The principal of a session's secret. Raises NotAllowed: UNAUTHENTICATED."""
    principal = await sessions.authenticate(secret)
    if principal is None:
        raise NotAllowed(ErrorCode.UNAUTHENTICATED, "This session has ended: sign in again.")
    return principal


def _session_row(session: Session, context: Context) -> Row:
    return {
        "id": session.id,
        "created_at": session.created_at,
        "last_used_at": session.seen_at,
        "device": session.device,
        "ip_address": session.address,
        "is_current": session.id == context.viewer.session_id,
    }


def _account_id(context: Context) -> int:
    return context.viewer.account_id or 0


def _session_id(context: Context) -> int:
    return context.viewer.session_id or 0
