"""Publishing the viewer's profile, and its checklist."""

from collections.abc import Sequence

from catalogue.languages import translate
from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from resolvers.viewer import viewer_and_profile
from services.profiles import publishing
from services.profiles.publishing import ITEM_MESSAGES


@columns("item", "is_done", "message")
async def checklists(profile_ids: Sequence[int], context: Context) -> list[list[Row] | None]:
    """The checklist of the viewer's own profile, in its order; None for any other."""
    own = context.viewer.own_profile
    done = await publishing.completed_items_of(own) if own in profile_ids else frozenset()
    items = [
        {"item": item, "is_done": item in done, "message": translate(message)}
        for item, message in ITEM_MESSAGES.items()
    ]
    return [items if profile_id == own else None for profile_id in profile_ids]


async def publish(context: Context) -> Row:
    """Make the viewer's profile public."""
    await publishing.publish(context.viewer.own_profile, actor=actor_of(context))
    return viewer_and_profile(context)


async def unpublish(context: Context) -> Row:
    """Make the viewer's profile private."""
    await publishing.unpublish(context.viewer.own_profile, actor=actor_of(context))
    return viewer_and_profile(context)
