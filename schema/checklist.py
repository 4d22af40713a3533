"""Requirements for a public profile."""

import strawberry

from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import column
from services.profiles.publishing import ChecklistItem

enum_of(
    ChecklistItem,
    "Requirement for a public profile.",
    {
        "AVATAR": "A picture.",
        "JOB_TITLE": "The job title.",
        "DEPARTMENT": "The department.",
        "COUNTRY": "The country of residence.",
        "ABOUT": "The text about the person.",
        "SKILL": "At least one skill.",
        "INDUSTRY": "At least one industry.",
        "LOOKING_FOR": "Confirmation whether the person is looking for a job, a project, both or neither.",
    },
)


@strawberry.type(description="One requirement for a public profile.")
class ChecklistEntry:
    item: ChecklistItem = column("The requirement.")
    is_done: bool = column("True if it is met.")
    message: str = column("Advice on how to meet it, in the language of the answer.")


@strawberry.type(description="A public profile needs this item: it is missing, or an edit would remove it.")
class ChecklistError(UserError):
    item: ChecklistItem = column("The requirement that is not met.")
