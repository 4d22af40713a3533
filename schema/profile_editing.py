"""Editing one's own profile."""

import strawberry

from resolvers import profile_editing, profiles
from resolvers.base.permissions import Person
from schema.errors import UserError
from schema.fields import answered_as, column, loaded_by, mutation_by
from schema.profiles import Profile
from services.errors import ErrorCode

Text = strawberry.Maybe[str | None]
Codes = strawberry.Maybe[list[str] | None]


@strawberry.input(description="What you are looking for. Saying it confirms it, also when it is neither.")
class LookingForInput:
    job: bool = strawberry.field(description="Whether you are looking for a job.")
    project: bool = strawberry.field(description="Whether you are looking for a project.")


@strawberry.input(
    description="Where else you can be found: your address there, or your name there. What is left out stays, null clears."
)
class SocialsInput:
    github: Text = strawberry.field(
        description="On GitHub: `ada` or `https://github.com/ada`. Another one has to be connected anew."
    )
    meetup: Text = strawberry.field(description="On Meetup: your number there or `https://www.meetup.com/members/123`.")
    twitter: Text = strawberry.field(description="On X, formerly Twitter: `@ada` or `https://x.com/ada`.")
    linkedin: Text = strawberry.field(description="On LinkedIn: `ada` or `https://www.linkedin.com/in/ada`.")
    skype: Text = strawberry.field(description="On Skype: your name there.")


@strawberry.input(
    description="What to change about you. What is left out stays as it is; null or an empty text clears. All texts are plain and kept as typed, without the white space around them."
)
class UpdateProfileInput:
    name: Text = strawberry.field(description="The name shown to others, up to 120 characters; it cannot be cleared.")
    job_title: Text = strawberry.field(description="What you do at work, up to 120 characters.")
    department: Text = strawberry.field(description="Your part of the company, up to 120 characters.")
    country: Text = strawberry.field(description="Country of residence, ISO 3166-1 alpha-2: `NL`.")
    location: Text = strawberry.field(description="Where you are, in your own words, up to 200 characters.")
    about: Text = strawberry.field(description="What you say of yourself, up to 5000 characters, on several lines.")
    website: Text = strawberry.field(description="Your own page, http or https, up to 500 characters.")
    skills: Codes = strawberry.field(
        description="Codes of your skills, up to 50; they replace those before. One that was retired can be kept, not chosen."
    )
    industries: Codes = strawberry.field(
        description="Codes of the industries you know, up to 20; they replace those before."
    )
    looking_for: strawberry.Maybe[LookingForInput | None] = strawberry.field(
        description="What you are looking for; null takes the confirmation back."
    )
    socials: strawberry.Maybe[SocialsInput | None] = strawberry.field(
        description="Where else you can be found; null clears all of them."
    )
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="The profile's `version` that you saw: at any other one nothing is changed. Left out: whatever it is now.",
    )


@strawberry.type(description="It was changed since you read it; nothing was changed now.")
class VersionConflict(UserError):
    current_version: int = column("The version it is at now.")


answered_as(ErrorCode.VERSION_CONFLICT, "VersionConflict")


@strawberry.type(description="Answer to `updateProfile`.")
class UpdateProfilePayload:
    profile: Profile | None = loaded_by(profiles.by_id, "You; null when refused.", key="profile_id")
    errors: list[UserError] = column("Everything that is wrong, once for each field; empty when nothing is.")


@strawberry.type
class ProfileEditingMutation:
    update_profile: UpdateProfilePayload = mutation_by(
        profile_editing.update,
        "Change your own profile: all of it that you name, or nothing when something is wrong with it.",
        allowed=[Person()],
        input=UpdateProfileInput,
    )
