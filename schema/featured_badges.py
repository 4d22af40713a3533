"""Choosing the badges that are shown first."""

import strawberry

from resolvers import badges, profiles
from resolvers.base.permissions import Person
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.profiles import Profile


@strawberry.input(description="The badges to show first.")
class SetFeaturedBadgesInput:
    badges: list[str] = strawberry.field(
        description="Codes of badges that you have earned, in the order to show them: up to four, each once; none clears."
    )


@strawberry.type(description="Answer to `setFeaturedBadges`.")
class SetFeaturedBadgesPayload:
    profile: Profile | None = loaded_by(profiles.by_id, "You; null when refused.", key="profile_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class FeaturedBadgesMutation:
    set_featured_badges: SetFeaturedBadgesPayload = mutation_by(
        badges.set_featured_badges,
        "Choose the badges that your profile shows first; they replace those chosen before.",
        allowed=[Person()],
        input=SetFeaturedBadgesInput,
    )
