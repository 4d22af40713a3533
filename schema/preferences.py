"""A person's preferences."""

import strawberry

from resolvers import preferences, profiles
from resolvers.base.permissions import PersonItself
from schema.errors import UserError
from schema.fields import answered_by, column, loaded_by, mutation_by
from schema.profiles import Profile


@strawberry.input(description="Consent to receive news by email.")
class UpdateMarketingInput:
    marketing: bool = strawberry.field(
        description="True to allow news by email to the account that is signed in, false to forbid it."
    )


@strawberry.input(description="The language for emails and answers.")
class UpdateLanguageInput:
    language: str = strawberry.field(description="Code of one of `Query.languages`, ISO 639-1, like `nl`.")


@strawberry.type(description="Payload of `updateMarketing`.")
class UpdateMarketingPayload:
    marketing: bool | None = column("True if news by email is allowed now; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="Payload of `updateLanguage`.")
class UpdateLanguagePayload:
    profile: Profile | None = loaded_by(profiles.by_id, "Your profile; null if refused.", key="profile_id")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type(description="A language of emails and answers.")
class Language:
    code: str = column("ISO 639-1 code for `updateLanguage`, like `nl`.")
    name: str = column("Name of the language in the language itself, like `Nederlands`.")


@strawberry.type
class PreferencesQuery:
    languages: list[Language] = answered_by(preferences.languages, "Languages of emails and answers, English first.")


@strawberry.type
class PreferencesMutation:
    update_marketing: UpdateMarketingPayload | None = mutation_by(
        preferences.update_marketing,
        "Allow or forbid news by email to the account that is signed in.",
        allowed=[PersonItself()],
        input=UpdateMarketingInput,
    )
    update_language: UpdateLanguagePayload | None = mutation_by(
        preferences.update_language,
        "Set the language of your emails and answers. It takes precedence over the header `Accept-Language`.",
        allowed=[PersonItself()],
        input=UpdateLanguageInput,
    )
