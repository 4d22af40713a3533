"""Changing the viewer's handle."""

import strawberry

from resolvers import handles, profiles
from resolvers.base.permissions import Person
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.profiles import Profile
from schema.viewer import Viewer
from services.errors import ErrorCode


@strawberry.input(description="The new handle for your profile.")
class ChangeHandleInput:
    handle: str = strawberry.field(
        description=(
            "1 to 64 characters: a to z, digits, and single hyphens between them, like `ada-lovelace`. Capital "
            "letters are changed to lowercase."
        )
    )


@strawberry.type(description="Payload of `changeHandle`.")
class ChangeHandlePayload:
    profile: Profile | None = loaded_by(profiles.by_id, "Your profile; null if refused.", key="profile_id")
    viewer: Viewer | None = column("You, with what only you see of the profile; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class HandlesMutation:
    change_handle: ChangeHandlePayload | None = mutation_by(
        handles.change,
        "Change your handle, the unique name in links to your profile. Your earlier handles stay reserved for you: "
        "links with them still work, and you can change back.",
        allowed=[Person()],
        codes=[ErrorCode.ALREADY_EXISTS, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND, ErrorCode.RATE_LIMITED],
        input=ChangeHandleInput,
    )
