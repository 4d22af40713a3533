"""Going public, and hiding again."""

import strawberry

from resolvers import profiles, publishing
from resolvers.base.permissions import PersonItself
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.inputs import NothingInput
from schema.profiles import Profile


@strawberry.type(description="Answer to `publishProfile`.")
class PublishProfilePayload:
    profile: Profile | None = loaded_by(profiles.by_id, "You; null when refused.", key="profile_id")
    errors: list[UserError] = column("A `ChecklistError` for each thing that is missing; empty when nothing is.")


@strawberry.type(description="Answer to `makeProfilePrivate`.")
class MakeProfilePrivatePayload:
    profile: Profile | None = loaded_by(profiles.by_id, "You; null when refused.", key="profile_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class PublishingMutation:
    publish_profile: PublishProfilePayload = mutation_by(
        publishing.publish,
        "Let others see your profile, once its `publishChecklist` is done. Nothing happens to a public one.",
        allowed=[PersonItself()],
        input=NothingInput,
    )
    make_profile_private: MakeProfilePrivatePayload = mutation_by(
        publishing.make_private,
        "Hide your profile: for everybody else it does not exist then. You keep what you earned.",
        allowed=[PersonItself()],
        input=NothingInput,
    )
