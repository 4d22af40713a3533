"""What somebody prefers."""

import strawberry

from resolvers import preferences, profiles
from resolvers.base.permissions import PersonItself
from schema.errors import UserError
from schema.fields import answered_by, column, loaded_by, mutation_by
from schema.profiles import Profile


@strawberry.input(description="Whether news may come.")
class UpdateMarketingInput:
    marketing: bool = strawberry.field(description="Whether news may be mailed to the account that is signed in.")


@strawberry.input(description="The language of mails and answers.")
class UpdateLanguageInput:
    language: str = strawberry.field(description="The code of one of `Query.languages`: ISO 639-1, such as `nl`.")


@strawberry.type(description="Answer to `updateMarketing`.")
class UpdateMarketingPayload:
    marketing: bool | None = column("Whether news may be mailed now; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="Answer to `updateLanguage`.")
class UpdateLanguagePayload:
    profile: Profile | None = loaded_by(profiles.by_id, "You; null when refused.", key="profile_id")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type(description="A language that mails and answers come in.")
class Language:
    code: str = column("ISO 639-1, as `updateLanguage` takes it.")
    name: str = column("What it calls itself.")


@strawberry.type
class PreferencesQuery:
    languages: list[Language] = answered_by(
        preferences.languages, "The languages that mails and answers come in, English first."
    )


@strawberry.type
class PreferencesMutation:
    update_marketing: UpdateMarketingPayload = mutation_by(
        preferences.update_marketing,
        "Allow or forbid news by mail to the account that is signed in.",
        allowed=[PersonItself()],
        input=UpdateMarketingInput,
    )
    update_language: UpdateLanguagePayload = mutation_by(
        preferences.update_language,
        "Choose the language of mails and answers to you; it then comes before `Accept-Language`.",
        allowed=[PersonItself()],
        input=UpdateLanguageInput,
    )
