"""Signing in and out, and the sessions of the account that is signed in."""

from datetime import datetime
from typing import Any

from models.sessions import Session
from resolvers.audit import actor_of
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.rows import Row
from services.auth import sessions
from services.auth.principals import ANONYMOUS, Principal
from services.errors import ErrorCode, refused
from services.sign_in import authentication, elevation
from services.sign_in.authentication import PendingSignIn, SignedIn
from services.sign_in.elevation import ElevationProof


async def live(context: Context) -> list[Row]:
    """The sessions of the account that asks, the one used last first."""
    return [_row(each, context) for each in await sessions.live_of(_account(context))]


async def elevated_until(context: Context) -> datetime | None:
    """Until when sensitive operations are open to the session that asks; None: they are not."""
    return context.viewer.elevated_until if context.viewer.elevated else None


async def elevation_proofs(context: Context) -> list[ElevationProof] | None:
    """What opens sensitive operations to the session that asks; None for tokens and API keys, which cannot elevate."""
    return None if context.viewer.session_id is None else await elevation.proofs_of(_account(context))


async def sign_in(context: Context, *, input: Any) -> Row:
    """The viewer, or what is still missing."""
    done = await authentication.sign_in(input.email, input.password, context.client)
    if isinstance(done, PendingSignIn):
        return {
            "viewer": None,
            "password_expired": False,
            "second_factor": {"token": done.token, "method": done.method},
        }
    return {**await enter(context, done), "second_factor": None}


async def complete_sign_in(context: Context, *, input: Any) -> Row:
    """The viewer, after the second factor."""
    return await enter(context, await authentication.complete(input.token, input.code, context.client))


async def sign_out(context: Context, *, input: Any) -> Row:
    """Nothing but errors: the session has ended."""
    await authentication.sign_out(_account(context), _session(context), actor=actor_of(context))
    context.cookie, context.viewer = "", ANONYMOUS
    return {}


async def end_session(context: Context, *, input: Any) -> Row:
    """Nothing but errors: that session has ended; it may be the one that asks."""
    number = ids.number_of("Session", input.id)
    if number is None:
        raise refused(ErrorCode.NOT_FOUND, "That is the id of something else.", path=("id",))
    await authentication.end_session(_account(context), number, actor=actor_of(context))
    if number == _session(context):
        context.cookie, context.viewer = "", ANONYMOUS
    return {}


async def end_other_sessions(context: Context, *, input: Any) -> Row:
    """How many have ended."""
    ended = await authentication.end_other_sessions(_account(context), _session(context), actor=actor_of(context))
    return {"ended": ended}


async def send_elevation_code(context: Context, *, input: Any) -> Row:
    """Nothing but errors: the code is on its way."""
    await elevation.send_code(_account(context))
    return {}


async def elevate_session(context: Context, *, input: Any) -> Row:
    """Until when the sensitive operations are open."""
    context.cookie = await elevation.elevate(
        _account(context),
        _session(context),
        password=input.password or "",
        code=input.code or "",
        actor=actor_of(context),
    )
    context.viewer = await viewer_by(context.cookie)
    return {"elevated_until": context.viewer.elevated_until}


async def enter(context: Context, done: SignedIn) -> Row:
    """
    Let the rest of the request be asked by whoever has just signed in, and give them the cookie. A session that the
    browser had before ends: nobody else knows it any more.
    """
    before = context.viewer.session_id
    if before is not None:
        await sessions.end(before)
    context.cookie = done.secret
    context.viewer = await viewer_by(done.secret)
    return {
        "viewer": None if context.viewer.password_expired else me(context),
        "password_expired": context.viewer.password_expired,
    }


def me(context: Context) -> Row:
    """The viewer as a row."""
    return {"account_id": context.viewer.account_id, "profile_id": context.viewer.profile_id}


async def viewer_by(secret: str) -> Principal:
    """The principal of a session's secret. Raises Refused: UNAUTHENTICATED."""
    principal = await sessions.authenticate(secret)
    if principal is None:
        raise refused(ErrorCode.UNAUTHENTICATED, "This session has ended: sign in again.")
    return principal


def _row(session: Session, context: Context) -> Row:
    return {
        "id": session.id,
        "created_at": session.created_at,
        "seen_at": session.seen_at,
        "device": session.device,
        "address": session.address,
        "current": session.id == context.viewer.session_id,
    }


def _account(context: Context) -> int:
    return context.viewer.account_id or 0


def _session(context: Context) -> int:
    return context.viewer.session_id or 0
