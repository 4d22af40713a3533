"""Deleting the account of the session, and the preview of it."""

from typing import Any

from catalogue.languages import current_language, translate
from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from services.auth.principals import ANONYMOUS
from services.deletion import engine
from services.deletion import preview as previews


async def preview(context: Context) -> Row:
    """What deleting the account of the session would do now. Raises Refused: NOT_FOUND."""
    found = await previews.read(await engine.plan_account(context.viewer.account_id or 0))
    return {
        "hash": found.plan.hash,
        "is_last_account": found.plan.whole_profile,
        "is_last_admin": found.is_last_admin,
        "lost_credits": found.credits,
        "refunded_order_count": found.open_orders,
        "records": [
            {
                "code": each.code,
                "title": translate(each.title, current_language()),
                "deleted_count": each.deleted,
                "detached_count": each.detached,
            }
            for each in found.records
        ],
    }


async def delete_account(context: Context, *, input: Any) -> Row:
    """Delete the account of the session, and end the session."""
    viewer = context.viewer
    gone = await engine.delete_own_account(
        viewer.account_id or 0,
        actor=actor_of(context),
        session_id=viewer.session_id or 0,
        preview_hash=input.preview_hash,
    )
    context.cookie, context.viewer = "", ANONYMOUS
    return {"was_profile_erased": bool(gone.profile_id)}
