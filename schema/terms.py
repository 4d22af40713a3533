"""Skills, industries, countries and languages: terms of controlled lists."""

import strawberry

from catalogue.languages import translate
from resolvers import terms
from schema.fields import Work, answered_by, column


@strawberry.type(description="A skill of a person.")
class Skill:
    code: str = column("Code that never changes.")
    name: str = column("Name of the skill, in the language of the answer.", read=lambda row: translate(row["name"]))
    is_retired: bool = column(
        "True if it can no longer be chosen; profiles that have it still show it.", read=lambda row: row["retired"]
    )


@strawberry.type(description="An industry that a person knows.")
class Industry:
    code: str = column("Code that never changes.")
    name: str = column("Name of the industry, in the language of the answer.", read=lambda row: translate(row["name"]))
    is_retired: bool = column(
        "True if it can no longer be chosen; profiles that have it still show it.", read=lambda row: row["retired"]
    )


@strawberry.type(description="A country or territory of ISO 3166-1.")
class Country:
    code: str = column("ISO 3166-1 alpha-2 code, like `NL`.")
    name: str = column("Name of the country, in the language of the answer.")


@strawberry.type(description="A language of emails and answers.")
class Language:
    code: str = column("ISO 639-1 code for `updatePreferences`, like `nl`.")
    name: str = column("Name of the language in the language itself, like `Nederlands`.")


@strawberry.type
class TermsQuery:
    skills: list[Skill] = answered_by(
        terms.skills,
        "All skills that can be chosen, by name in the language of the answer. Retired skills are left out.",
        work=Work(20),
    )
    industries: list[Industry] = answered_by(
        terms.industries,
        "All industries that can be chosen, by name in the language of the answer. Retired industries are left out.",
        work=Work(10),
    )
    countries: list[Country] = answered_by(
        terms.countries, "All countries, by name in the language of the answer.", work=Work(50)
    )
    languages: list[Language] = answered_by(terms.languages, "Languages of emails and answers, English first.")
