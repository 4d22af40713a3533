"""Featured badges of the viewer's profile."""

import strawberry

from resolvers import badges, profiles
from resolvers.base.permissions import Person
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.profiles import Profile
from services.errors import ErrorCode


@strawberry.input(description="The badges to show first.")
class SetFeaturedBadgesInput:
    badge_codes: list[str] = strawberry.field(
        description=(
            "Codes of badges that you have earned, in display order: up to four, each once. An empty list clears them."
        )
    )


@strawberry.type(description="Payload of `setFeaturedBadges`.")
class SetFeaturedBadgesPayload:
    profile: Profile | None = loaded_by(profiles.by_id, "Your profile; null if refused.", key="profile_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class FeaturedBadgesMutation:
    set_featured_badges: SetFeaturedBadgesPayload | None = mutation_by(
        badges.set_featured_badges,
        "Set the badges that your profile shows first. They replace the earlier ones.",
        allowed=[Person()],
        codes=[
            ErrorCode.BADGE_NOT_EARNED,
            ErrorCode.BADGE_REPEATED,
            ErrorCode.BAD_INPUT,
            ErrorCode.NOT_FOUND,
            ErrorCode.TOO_MANY_ITEMS,
        ],
        input=SetFeaturedBadgesInput,
    )
