"""Making a profile public or private."""

import strawberry

from resolvers import profiles, publishing
from resolvers.base.permissions import PersonItself
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.profiles import Profile
from schema.viewer import Viewer
from services.errors import ErrorCode


@strawberry.type(description="Payload of `publishProfile`.")
class PublishProfilePayload:
    profile: Profile | None = loaded_by(profiles.by_id, "Your profile; null if refused.", key="profile_id")
    viewer: Viewer | None = column("You, with what only you see of the profile; null if refused.")
    errors: list[UserError] = column(
        "Why the mutation was refused: a `ChecklistError` for each requirement that is not met, or another error. Empty on success."
    )


@strawberry.type(description="Payload of `unpublishProfile`.")
class UnpublishProfilePayload:
    profile: Profile | None = loaded_by(profiles.by_id, "Your profile; null if refused.", key="profile_id")
    viewer: Viewer | None = column("You, with what only you see of the profile; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class PublishingMutation:
    publish_profile: PublishProfilePayload | None = mutation_by(
        publishing.publish,
        "Make your profile public. All items of `Viewer.publishChecklist` must be done. A public profile does not "
        "change.",
        allowed=[PersonItself()],
        codes=[ErrorCode.CHECKLIST_ITEM_MISSING, ErrorCode.NOT_FOUND, ErrorCode.RATE_LIMITED],
    )
    unpublish_profile: UnpublishProfilePayload | None = mutation_by(
        publishing.unpublish,
        "Hide your profile: for everyone else it no longer exists. You keep everything that you earned.",
        allowed=[PersonItself()],
        codes=[ErrorCode.NOT_FOUND],
    )
