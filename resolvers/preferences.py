"""Preferences of the viewer."""

from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.viewer import viewer_row
from services.accounts import preferences
from services.accounts.preferences import Preferences


async def update(context: Context, *, input: Any) -> Row:
    """Set the preferences that the input has. Null is a value for the language, and nothing for the consent."""
    changes = Preferences()
    if isinstance(input.allows_marketing, bool):
        changes["allows_marketing"] = input.allows_marketing
    if input.language_code is not None:
        changes["language"] = input.language_code.value
    await preferences.update(
        context.viewer.account_id or 0, context.viewer.own_profile, changes, actor=actor_of(context)
    )
    return {"viewer": viewer_row(context)}
