"""The viewer's own avatar."""

import strawberry

from resolvers import avatars, profiles
from resolvers.base.permissions import Person
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.profiles import Profile
from schema.scalars import Upload
from schema.viewer import Viewer
from services.errors import ErrorCode


@strawberry.input(description="The new picture for your profile.")
class UploadAvatarInput:
    image: Upload = strawberry.field(
        description=(
            "A PNG, JPEG, WebP or GIF file of up to 25 million pixels. It is cropped to its central square and "
            "stored again without metadata."
        )
    )


@strawberry.type(description="Payload of `uploadAvatar`.")
class UploadAvatarPayload:
    profile: Profile | None = loaded_by(
        profiles.by_id, "Your profile with the new picture; null if refused.", key="profile_id"
    )
    viewer: Viewer | None = column("You, with what only you see of the profile; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `removeAvatar`.")
class RemoveAvatarPayload:
    profile: Profile | None = loaded_by(
        profiles.by_id, "Your profile without a picture; null if refused.", key="profile_id"
    )
    viewer: Viewer | None = column("You, with what only you see of the profile; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class AvatarsMutation:
    upload_avatar: UploadAvatarPayload | None = mutation_by(
        avatars.upload,
        "Set the picture of your profile. Send a multipart request with the header `GraphQL-Require-Preflight`.",
        allowed=[Person()],
        codes=[
            ErrorCode.BAD_INPUT,
            ErrorCode.BAD_PICTURE,
            ErrorCode.NOT_FOUND,
            ErrorCode.PICTURE_TOO_LARGE,
            ErrorCode.RATE_LIMITED,
        ],
        input=UploadAvatarInput,
    )
    remove_avatar: RemoveAvatarPayload | None = mutation_by(
        avatars.remove,
        "Delete the picture of your profile. Refused while the profile is public.",
        allowed=[Person()],
        codes=[ErrorCode.CHECKLIST_ITEM_REQUIRED, ErrorCode.NOT_FOUND],
    )
