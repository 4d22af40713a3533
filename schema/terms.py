"""Words of controlled lists."""

import strawberry

from catalogue.languages import translate
from schema.fields import column


@strawberry.type(description="Something a person is good at.")
class Skill:
    code: str = column("Its fixed code.")
    name: str = column("Its name, as shown.", read=lambda row: translate(row["name"]))
    retired: bool = column("True when it still shows but cannot be chosen any more.")


@strawberry.type(description="A field of business a person has experience in.")
class Industry:
    code: str = column("Its fixed code.")
    name: str = column("Its name, as shown.", read=lambda row: translate(row["name"]))
    retired: bool = column("True when it still shows but cannot be chosen any more.")
