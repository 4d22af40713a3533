"""One's own picture."""

import strawberry

from resolvers import avatars, profiles
from resolvers.base.permissions import Person
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.inputs import NothingInput
from schema.profiles import Profile
from schema.scalars import Upload


@strawberry.input(description="The picture to show.")
class UploadAvatarInput:
    image: Upload = strawberry.field(
        description="A PNG, JPEG, WebP or GIF of up to 25 million pixels. Its middle is shown; nothing else of the file is kept."
    )


@strawberry.type(description="Answer to `uploadAvatar`.")
class UploadAvatarPayload:
    profile: Profile | None = loaded_by(
        profiles.by_id, "You, with the new picture; null when refused.", key="profile_id"
    )
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `removeAvatar`.")
class RemoveAvatarPayload:
    profile: Profile | None = loaded_by(profiles.by_id, "You, without a picture; null when refused.", key="profile_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class AvatarsMutation:
    upload_avatar: UploadAvatarPayload = mutation_by(
        avatars.upload,
        "Show this picture of you. Sent as a multipart request, with the header `GraphQL-Require-Preflight`.",
        allowed=[Person()],
        input=UploadAvatarInput,
    )
    remove_avatar: RemoveAvatarPayload = mutation_by(
        avatars.remove,
        "Delete your picture. A public profile keeps one.",
        allowed=[Person()],
        input=NothingInput,
    )
