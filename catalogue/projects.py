"""The project editor as data: its fields, their limits, and the tips."""

import tomllib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final


class ProjectFieldName(Enum):
    """A field of the project editor, in display order."""

    TITLE = "TITLE"
    DESCRIPTION = "DESCRIPTION"
    CUSTOMER = "CUSTOMER"
    BUSINESS_NEED = "BUSINESS_NEED"
    SOLUTION = "SOLUTION"
    RESULTS = "RESULTS"
    SKILLS = "SKILLS"
    COLLABORATORS = "COLLABORATORS"
    STARTED_ON = "STARTED_ON"
    ENDED_ON = "ENDED_ON"
    IMAGES = "IMAGES"


@dataclass(frozen=True)
class ProjectField:
    """A field of the editor. `longest` is in characters; None if the field is not a text."""

    name: ProjectFieldName
    label: str
    tip: str
    required: bool
    longest: int | None
    lines: bool

    @property
    def column(self) -> str:
        """Return the name of the field's column in rows and edits: `business_need`."""
        return self.name.value.lower()


def _fields() -> dict[ProjectFieldName, ProjectField]:
    rows = tomllib.loads((Path(__file__).parent / "project_tips.toml").read_text("utf-8"))
    return {
        name: ProjectField(
            name=name,
            label=rows[name.value]["label"],
            tip=rows[name.value]["tip"],
            required=not rows[name.value].get("optional", False),
            longest=rows[name.value].get("longest"),
            lines=rows[name.value].get("lines", False),
        )
        for name in ProjectFieldName
    }


FIELDS: Final = _fields()
TEXTS: Final = {field.column: field for field in FIELDS.values() if field.longest is not None}
"""Text fields by column."""
