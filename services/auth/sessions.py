"""
Sessions: a random secret in the browser's cookie, of which only the SHA-256 is stored.

A session ends by sign-out, from another session, when it is idle too long or too old, or when its account is
deactivated. It gets a new secret whenever its rights change, so that an older secret is worthless. An open socket is bound
to the session and not to the secret: docs/decisions/0007-sessions-at-the-edge.md.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from models.audit import Origin
from models.sessions import Session
from models.statements import Statement, execute, read_datetime
from models.transactions import require_transaction
from services.auth.principals import (
    OWNER_COLUMNS,
    OWNER_JOINS,
    Client,
    Principal,
    account_is_active,
    has_expired_password,
    principal_of,
)
from services.auth.verification_codes import new_secret
from services.core import clock, runtime
from services.core.crypto import digest
from services.errors import ErrorCode, NotAllowed, refused

ELEVATION_LIFETIME = timedelta(hours=8)
SEEN_INTERVAL = timedelta(minutes=1)
"""`seen_at` is written at most this often."""
MAX_DEVICE = 200
MAX_ADDRESS = 45

_SELECT = f"""
    SELECT s.id, s.account_id, s.seen_at, s.ends_at, s.elevated_until, s.renewals, {OWNER_COLUMNS}
    FROM session s JOIN account a ON a.id = s.account_id {OWNER_JOINS}
"""
# Run on every request, as raw SQL: Tortoise takes longer to build these queries than the database to answer them.
_BY_SECRET = Statement.of(f"{_SELECT} WHERE s.digest = $1")
_OPEN = Statement.of(f"{_SELECT} WHERE s.id = $1 AND s.renewals = $2")


async def begin(account_id: int, client: Client) -> str:
    """Begin a session for an authenticated account; returns the cookie's value, which is not stored."""
    secret, now = new_secret(), clock.now()
    async with in_transaction():
        await Session.filter(account_id=account_id, ends_at__lte=now).delete()
        await Session.create(
            account_id=account_id,
            digest=digest(secret),
            created_at=now,
            seen_at=now,
            ends_at=now + timedelta(hours=runtime.current().settings.session_hours),
            device=client.device.replace("\0", "")[:MAX_DEVICE],
            address=client.address[:MAX_ADDRESS],
        )
    return secret


async def authenticate(secret: str) -> Principal | None:
    """
    The principal of a session's secret; None if it is unknown, ended, idle too long, or its account is deactivated.

    Runs on every request, so an ended session is refused from the next one on. Records once a minute that it is in use.
    """
    return await _authenticate(await execute(_BY_SECRET, digest(secret)))


async def authenticate_open(session_id: int, renewals: int) -> Principal | None:
    """
    The principal of a socket that this session opened. Unlike the cookie's secret, it outlives an elevation. None if the
    session has ended, or if its secret was replaced for another reason since: someone else may have had it.
    """
    return await _authenticate(await execute(_OPEN, session_id, renewals))


async def _authenticate(found: Sequence[Any]) -> Principal | None:
    if not found:
        return None
    [row], now = found, clock.now()
    seen_at = read_datetime(row["seen_at"])
    if not account_is_active(row) or read_datetime(row["ends_at"]) <= now or seen_at <= _idle_since(now):
        return None
    if seen_at <= now - SEEN_INTERVAL:
        await Session.filter(id=row["id"]).update(seen_at=now)
    elevated_until = row["elevated_until"]
    return principal_of(
        row,
        Origin.SESSION,
        session_id=row["id"],
        session_renewals=row["renewals"],
        elevated_until=None if elevated_until is None else read_datetime(elevated_until),
        password_expired=has_expired_password(row),
    )


async def renew(session_id: int) -> str:
    """
    Replace a session's secret and return the new one. Sockets that were opened before are closed, because someone else may
    have known the earlier secret. Raises NotAllowed: UNAUTHENTICATED (it has ended).
    """
    return await _replace_secret(session_id, renewals=F("renewals") + 1)


async def elevate(session_id: int) -> str:
    """
    Elevate a session for 8 hours; returns its new secret. Its open sockets stay open: they change nothing.
    Raises NotAllowed: UNAUTHENTICATED (it has ended).
    """
    return await _replace_secret(session_id, elevated_until=clock.now() + ELEVATION_LIFETIME)


async def _replace_secret(session_id: int, **more: Any) -> str:
    secret = new_secret()
    if not await Session.filter(id=session_id).update(digest=digest(secret), **more):
        raise _ended()
    return secret


async def require_elevated(session_id: int | None) -> None:
    """
    Raise NotAllowed if a session has ended (UNAUTHENTICATED), or is not elevated any more (ELEVATION_REQUIRED): its profile may have
    been merged into another one since the request was authenticated. None means no session.

    For writes that outlast the session, like a new token. Requires a transaction: theirs, with the account locked, so that
    ending all sessions, and merging, happen either before or after them.
    """
    require_transaction()
    if session_id is None:
        return
    session = await Session.get_or_none(id=session_id)
    if session is None:
        raise _ended()
    if session.elevated_until is None or session.elevated_until <= clock.now():
        raise NotAllowed(ErrorCode.ELEVATION_REQUIRED, "Confirm that it is you: call `elevateSession` first.")


async def end(session_id: int) -> None:
    """End a session; no error if it has ended already."""
    await Session.filter(id=session_id).delete()


async def end_own(account_id: int, session_id: int) -> None:
    """End a session of this account. Raises Refused: NOT_FOUND (no such session of this account)."""
    if not await Session.filter(id=session_id, account_id=account_id).delete():
        raise refused(ErrorCode.NOT_FOUND, "There is no such session.", path=("sessionId",))


async def end_all(account_id: int, except_for: int | None = None) -> int:
    """End the sessions of an account, except one; returns how many ended."""
    sessions = Session.filter(account_id=account_id)
    ended: int = await (sessions if except_for is None else sessions.exclude(id=except_for)).delete()
    return ended


async def live_of(account_id: int) -> Sequence[Session]:
    """The sessions of an account that have not ended, last used first."""
    now = clock.now()
    return await Session.filter(account_id=account_id, ends_at__gt=now, seen_at__gt=_idle_since(now)).order_by(
        "-seen_at", "-id"
    )


async def forget_ended(now: datetime) -> int:
    """Delete sessions that are too old or were idle too long; returns how many."""
    old: int = await Session.filter(ends_at__lte=now).delete()
    idle: int = await Session.filter(seen_at__lte=_idle_since(now)).delete()
    return old + idle


def _ended() -> NotAllowed:
    return NotAllowed(ErrorCode.UNAUTHENTICATED, "This session has ended: sign in again.")


def _idle_since(now: datetime) -> datetime:
    return now - timedelta(hours=runtime.current().settings.session_idle_hours)
