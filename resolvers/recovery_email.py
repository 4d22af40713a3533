"""Changing the viewer's recovery email."""

from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.viewer import viewer_row
from services.accounts import recovery_email


async def set_recovery_email(context: Context, *, input: Any) -> Row:
    """Mail a code to a new recovery email."""
    await recovery_email.begin(context.viewer.account_id or 0, input.email)
    return {}


async def verify_recovery_email(context: Context, *, input: Any) -> Row:
    """Set the recovery email that the code was mailed to."""
    await recovery_email.verify(
        context.viewer.account_id or 0, input.code, actor=actor_of(context), profile_id=context.viewer.profile_id
    )
    return {"viewer": viewer_row(context)}


async def remove_recovery_email(context: Context) -> Row:
    """Remove the viewer's recovery email."""
    await recovery_email.remove(
        context.viewer.account_id or 0, actor=actor_of(context), profile_id=context.viewer.profile_id
    )
    return {"viewer": viewer_row(context)}
