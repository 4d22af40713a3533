"""Certifications and Academy progress."""

import strawberry

from catalogue.points import CertificationLevel
from resolvers import learning
from schema.enums import enum_of
from schema.fields import column, loaded_by
from schema.points import Activity
from schema.scalars import DateTime

enum_of(
    CertificationLevel,
    "Level of a certification.",
    {
        "RAPID": "Rapid Developer, the first level.",
        "ADVANCED": "Advanced Developer.",
        "EXPERT": "Expert Developer, the highest level.",
    },
)


@strawberry.type(description="A certification exam that a person has passed.")
class Certification:
    level: CertificationLevel = column("Level of the certification.")
    name: str = column("Name of the certification.")
    certified_at: DateTime = column("When the exam was passed.")
    activity: Activity = column("The activity that gave points for the exam.")


@strawberry.type(description="A person's progress in the Academy.")
class Academy:
    units: int = column("Number of units that the person has completed.")
    learning_paths: int = column("Number of learning paths that the person has completed.")


@strawberry.type
class LearningOfProfile:
    certifications: list[Certification] = loaded_by(
        learning.of_profiles, "Certification exams that the person has passed, newest first; each certification once."
    )
    academy: Academy = loaded_by(learning.academy, "The person's progress in the Academy.")
