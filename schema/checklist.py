"""What a profile needs before it can be public."""

import strawberry

from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import answered_as, column
from services.errors import ErrorCode
from services.profiles.publishing import ChecklistItem

enum_of(
    ChecklistItem,
    "What a profile needs before it can be made public.",
    {
        "AVATAR": "A picture.",
        "JOB_TITLE": "What the person does at work.",
        "DEPARTMENT": "The part of the company.",
        "COUNTRY": "The country of residence.",
        "ABOUT": "What the person says of themselves.",
        "SKILL": "At least one skill.",
        "INDUSTRY": "At least one industry.",
        "LOOKING_FOR": "Whether the person looks for a job, a project, both or neither: confirmed.",
    },
)


@strawberry.type(description="One thing that a profile needs before it can be made public.")
class ChecklistEntry:
    item: ChecklistItem = column("What it is.")
    done: bool = column("Whether it is there.")
    message: str = column("What to do for it, in the language of the answer.")


@strawberry.type(description="A public profile needs something: it is missing, or an edit would take it away.")
class ChecklistError(UserError):
    item: ChecklistItem = column("What it is.")


answered_as(ErrorCode.CHECKLIST_ITEM_MISSING, "ChecklistError")
answered_as(ErrorCode.CHECKLIST_ITEM_REQUIRED, "ChecklistError")
