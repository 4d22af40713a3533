"""Skills, industries, countries and languages: terms of controlled lists."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from catalogue.languages import translate
from catalogue.terms import COUNTRY_CODES, INDUSTRIES, SKILLS
from resolvers import terms
from resolvers.people import term_people
from schema.fields import Work, answered_by, column, loaded_by
from schema.nodes import PAGE_ARGUMENTS

if TYPE_CHECKING:
    from schema.people import ProfileConnection

LazyPeople = Annotated["ProfileConnection", strawberry.lazy("schema.people")]
ORDER = "the newest profile first. `Query.profiles` has other orders."


@strawberry.type(description="A skill that people have and that projects required.")
class Skill:
    code: str = column("Code that never changes.")
    name: str = column("Name of the skill, in the language of the answer.", read=lambda row: translate(row["name"]))
    is_retired: bool = column(
        "True if it can no longer be chosen; profiles that have it still show it.", read=lambda row: row["retired"]
    )
    profiles: LazyPeople = loaded_by(
        term_people.of_skills, f"People who have the skill, {ORDER}", key="code", arguments=PAGE_ARGUMENTS
    )


@strawberry.type(description="An industry that people know.")
class Industry:
    code: str = column("Code that never changes.")
    name: str = column("Name of the industry, in the language of the answer.", read=lambda row: translate(row["name"]))
    is_retired: bool = column(
        "True if it can no longer be chosen; profiles that have it still show it.", read=lambda row: row["retired"]
    )
    profiles: LazyPeople = loaded_by(
        term_people.of_industries, f"People who know the industry, {ORDER}", key="code", arguments=PAGE_ARGUMENTS
    )


@strawberry.type(description="A country or territory of ISO 3166-1.")
class Country:
    code: str = column("ISO 3166-1 alpha-2 code, like `NL`.")
    name: str = column("Name of the country, in the language of the answer.")
    profiles: LazyPeople = loaded_by(
        term_people.of_countries, f"People who live there, {ORDER}", key="code", arguments=PAGE_ARGUMENTS
    )


@strawberry.type(description="A language of emails and answers.")
class Language:
    code: str = column("ISO 639-1 code for `updatePreferences`, like `nl`.")
    name: str = column("Name of the language in the language itself, like `Nederlands`.")


@strawberry.type
class TermsQuery:
    skills: list[Skill] = answered_by(
        terms.skills,
        "All skills that can be chosen, by name in the language of the answer. Retired skills are left out.",
        work=Work(rows=len(SKILLS)),
    )
    industries: list[Industry] = answered_by(
        terms.industries,
        "All industries that can be chosen, by name in the language of the answer. Retired industries are left out.",
        work=Work(rows=len(INDUSTRIES)),
    )
    countries: list[Country] = answered_by(
        terms.countries,
        "All countries, by name in the language of the answer.",
        work=Work(rows=len(COUNTRY_CODES)),
    )
    languages: list[Language] = answered_by(terms.languages, "Languages of emails and answers, English first.")
