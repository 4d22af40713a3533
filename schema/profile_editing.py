"""Editing the viewer's own profile."""

import strawberry

from resolvers import profile_editing, profiles
from resolvers.base.permissions import Person
from schema.errors import UserError
from schema.fields import column, loaded_by, mutation_by
from schema.profiles import Profile
from schema.viewer import Viewer
from services.errors import ErrorCode
from services.media.social_accounts import SocialService
from services.profiles.profile_editing import LookingFor

MaybeText = strawberry.Maybe[str | None]
MaybeCodes = strawberry.Maybe[list[str] | None]


@strawberry.input(description="One of your accounts on other sites.")
class SocialAccountInput:
    service: SocialService = strawberry.field(description="The site.")
    handle: str = strawberry.field(
        description=(
            "Name or URL of your account there: `ada` or `https://github.com/ada`. An empty text is no account. An "
            "account that is changed is no longer `isVerified`."
        )
    )


@strawberry.input(
    description=(
        "The fields of your profile to change. Omitted fields do not change; null or an empty text clears a "
        "field. All texts are plain text and stored as typed, without leading and trailing white space."
    )
)
class UpdateProfileInput:
    name: MaybeText = strawberry.field(
        description="Your name as displayed, up to 120 characters. It cannot be cleared."
    )
    job_title: MaybeText = strawberry.field(description="Your job title, up to 120 characters.")
    department: MaybeText = strawberry.field(description="Your department, up to 120 characters.")
    country_code: MaybeText = strawberry.field(
        description="Country of residence: code of one of `Query.countries`, like `NL`."
    )
    location: MaybeText = strawberry.field(description="Your location in your own words, up to 200 characters.")
    about: MaybeText = strawberry.field(description="A text about yourself, up to 5000 characters, with line breaks.")
    website: MaybeText = strawberry.field(description="URL of your own website, http or https, up to 500 characters.")
    skill_codes: MaybeCodes = strawberry.field(
        description=(
            "Codes of your skills, from `Query.skills`, up to 50; they replace the earlier ones. A retired skill can be "
            "kept but not added."
        )
    )
    industry_codes: MaybeCodes = strawberry.field(
        description=(
            "Codes of industries you know, from `Query.industries`, up to 20; they replace the earlier ones. A retired "
            "industry can be kept but not added."
        )
    )
    looking_for: strawberry.Maybe[list[LookingFor] | None] = strawberry.field(
        description="Kinds of work you are looking for; an empty list says neither, null says nothing any more."
    )
    socials: strawberry.Maybe[list[SocialAccountInput] | None] = strawberry.field(
        description="Your accounts on other sites, one per site; they replace the earlier ones."
    )
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The `Viewer.profileVersion` that you edited. If it has changed since, the mutation is refused with "
            "VERSION_CONFLICT. Omit it to skip the check."
        ),
    )


@strawberry.type(description="The object was changed since you read it; nothing was changed now.")
class VersionConflictError(UserError):
    current_version: int = column("Current version of the object.")


@strawberry.type(description="Payload of `updateProfile`.")
class UpdateProfilePayload:
    profile: Profile | None = loaded_by(profiles.by_id, "Your profile; null if refused.", key="profile_id")
    viewer: Viewer | None = column("You, with what only you see of the profile; null if refused.")
    errors: list[UserError] = column(
        "Why the mutation was refused: one error for each field that is not valid, or another error. Empty on success."
    )


@strawberry.type
class ProfileEditingMutation:
    update_profile: UpdateProfilePayload | None = mutation_by(
        profile_editing.update,
        "Change your profile. Either all fields of the input are changed, or none if one of them is not valid.",
        allowed=[Person()],
        codes=[
            ErrorCode.BAD_INPUT,
            ErrorCode.CHECKLIST_ITEM_REQUIRED,
            ErrorCode.NOT_FOUND,
            ErrorCode.RATE_LIMITED,
            ErrorCode.TOO_MANY_ITEMS,
            ErrorCode.UNKNOWN_TERM,
            ErrorCode.VERSION_CONFLICT,
        ],
        input=UpdateProfileInput,
    )
