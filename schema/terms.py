"""Skills and industries: terms of controlled lists."""

import strawberry

from catalogue.languages import translate
from schema.fields import column


@strawberry.type(description="A skill of a person.")
class Skill:
    code: str = column("Code that never changes.")
    name: str = column("Name of the skill, in the language of the answer.", read=lambda row: translate(row["name"]))
    retired: bool = column("True if it can no longer be chosen; profiles that have it still show it.")


@strawberry.type(description="An industry that a person knows.")
class Industry:
    code: str = column("Code that never changes.")
    name: str = column("Name of the industry, in the language of the answer.", read=lambda row: translate(row["name"]))
    retired: bool = column("True if it can no longer be chosen; profiles that have it still show it.")
