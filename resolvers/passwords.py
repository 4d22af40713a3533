"""Changing a password, and resetting it by mail."""

from datetime import datetime
from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.sessions import viewer_by
from resolvers.viewer import viewer_row
from services.auth import passwords
from services.sign_in import password_changes, password_reset


async def expires_at(context: Context) -> datetime | None:
    """When the password of the viewer's account expires; None: never."""
    return await passwords.expires_at(context.viewer.account_id or 0)


async def change_password(context: Context, *, input: Any) -> Row:
    """Change the viewer's password and end the other sessions of the account."""
    context.cookie = await password_changes.change(
        context.viewer.account_id or 0,
        context.viewer.session_id or 0,
        current=input.current_password,
        new=input.new_password,
        actor=actor_of(context),
    )
    context.viewer = await viewer_by(context.cookie)
    return {"viewer": viewer_row(context)}


async def request_password_reset(context: Context, *, input: Any) -> Row:
    """Mail a reset link. The answer is the same whether the address has an account or not."""
    await password_reset.request(input.email, context.client)
    return {}


async def reset_password(context: Context, *, input: Any) -> Row:
    """Set a new password. Returns which tokens and API keys were revoked, and which remain. Does not sign the person in."""
    done = await password_reset.reset(input.token, input.new_password, context.client)
    return {
        "revoked_token_names": done.revoked.tokens,
        "revoked_api_key_names": done.revoked.keys,
        "kept_token_names": done.remaining.tokens,
        "kept_api_key_names": done.remaining.keys,
    }
