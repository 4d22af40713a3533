"""A person's preferences."""

import strawberry

from resolvers import preferences
from resolvers.base.permissions import PersonItself
from schema.errors import UserError
from schema.fields import column, mutation_by
from schema.viewer import Viewer
from services.errors import ErrorCode


@strawberry.input(description="The preferences to change. Omitted ones do not change.")
class UpdatePreferencesInput:
    allows_marketing: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "True to allow news by email to the account that is signed in, false to forbid it. Null changes nothing."
        ),
    )
    language_code: strawberry.Maybe[str | None] = strawberry.field(
        description=(
            "Language of your emails and answers: code of one of `Query.languages`, like `nl`. It takes precedence over "
            "the header `Accept-Language`; null lets that header decide again."
        )
    )


@strawberry.type(description="Payload of `updatePreferences`.")
class UpdatePreferencesPayload:
    viewer: Viewer | None = column("You, with the new preferences; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class PreferencesMutation:
    update_preferences: UpdatePreferencesPayload | None = mutation_by(
        preferences.update,
        "Set your language, and whether news may be mailed to the account that is signed in.",
        allowed=[PersonItself()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.UNKNOWN_TERM],
        input=UpdatePreferencesInput,
    )
