"""What a person has learned."""

import strawberry

from catalogue.points import CertificationLevel
from resolvers import learning
from schema.enums import enum_of
from schema.fields import column, loaded_by
from schema.points import Activity
from schema.scalars import DateTime

enum_of(
    CertificationLevel,
    "How far a certification goes.",
    {
        "RAPID": "Rapid Developer: the first one.",
        "ADVANCED": "Advanced Developer.",
        "EXPERT": "Expert Developer: the highest.",
    },
)


@strawberry.type(description="An exam that somebody has passed.")
class Certification:
    level: CertificationLevel = column("How far it goes.")
    name: str = column("What it is called.")
    certified_at: DateTime = column("When the exam was passed (UTC).")
    activity: Activity = column("The row of the point tables that it gave points by.")


@strawberry.type(description="How far somebody is in the Academy.")
class Academy:
    units: int = column("Units completed.")
    learning_paths: int = column("Learning paths completed.")


@strawberry.type
class LearningOfProfile:
    certifications: list[Certification] = loaded_by(
        learning.of_profiles, "Exams that the person has passed, newest first; each certification once."
    )
    academy: Academy = loaded_by(learning.academy, "How much of the Academy the person has completed.")
