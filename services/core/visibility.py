"""
Who sees a profile: everyone if it is listed, else only its own person. Whatever a hidden person owns is hidden with them.

Readers write their own SQL, so the rule stands here as SQL too. Blocks hide people from each other in people features only.
Rule: docs/rules/profiles.md#visibility, docs/rules/connections.md#blocks.
"""


def is_visible(listed: object, profile_id: int, viewer_profile: int) -> bool:
    """Return True if the profile is listed (as its column says) or the viewer's own; `viewer_profile` is 0 for none."""
    return bool(listed) or profile_id == viewer_profile


def visible_sql(profile: str, viewer: str) -> str:
    """SQL: the row `profile` of the profile table is visible to `viewer`, the number of a profile or 0."""
    return f"({profile}.listed OR {profile}.id = {viewer})"


def blocked_with_sql(viewer: str) -> str:
    """
    SQL: the set of profiles that `viewer` has blocked or that have blocked `viewer`. Evaluated once per statement.

    Unique (blocker_id, blocked_id); index (blocked_id, blocker_id).
    """
    return (
        f"(SELECT blocked_id FROM block WHERE blocker_id = {viewer}"
        f" UNION ALL SELECT blocker_id FROM block WHERE blocked_id = {viewer})"
    )
