"""Changing one's handle."""

import strawberry

from resolvers import handles, profiles
from resolvers.base.permissions import Person
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.profiles import Profile


@strawberry.input(description="The handle that you want.")
class ChangeHandleInput:
    handle: str = strawberry.field(
        description="1 to 64 characters: a to z, digits, and single hyphens between them. Capital letters become small."
    )


@strawberry.type(description="Answer to `changeHandle`.")
class ChangeHandlePayload:
    profile: Profile | None = loaded_by(profiles.by_id, "You; null when refused.", key="profile_id")
    errors: list[UserError] = column("What was wrong; empty when nothing was.")


@strawberry.type
class HandlesMutation:
    change_handle: ChangeHandlePayload = mutation_by(
        handles.change,
        "Change your handle, the name in links to you. Your earlier handles stay yours: links with them lead to you, and you can take one back.",
        allowed=[Person()],
        input=ChangeHandleInput,
    )
