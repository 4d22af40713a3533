"""Passwords: changing one, and getting a new one by mail."""

from datetime import datetime
from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.sessions import me, viewer_by
from services.auth import passwords
from services.sign_in import password_changes, password_reset


async def expires_at(context: Context) -> datetime | None:
    """When the password of the account that asks is too old; None: never."""
    return await passwords.expires_at(context.viewer.account_id or 0)


async def change_password(context: Context, *, input: Any) -> Row:
    """The viewer, whose other sessions have ended."""
    context.cookie = await password_changes.change(
        context.viewer.account_id or 0,
        context.viewer.session_id or 0,
        current=input.current_password,
        new=input.new_password,
        actor=actor_of(context),
    )
    context.viewer = await viewer_by(context.cookie)
    return {"viewer": me(context)}


async def request_password_reset(context: Context, *, input: Any) -> Row:
    """Nothing but errors, whoever has an account."""
    await password_reset.request(input.email, context.client)
    return {}


async def reset_password(context: Context, *, input: Any) -> Row:
    """Which tokens and API keys were revoked, and which stay; now the person can sign in."""
    done = await password_reset.reset(input.token, input.new_password, context.client)
    return {
        "revoked_tokens": done.revoked.tokens,
        "revoked_api_keys": done.revoked.keys,
        "kept_tokens": done.remaining.tokens,
        "kept_api_keys": done.remaining.keys,
    }
