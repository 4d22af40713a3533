"""The editor of a project as data: its fields, what each takes, and the tips beside them."""

import tomllib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final


class ProjectFieldName(Enum):
    """A field of a project's editor, in its order."""

    TITLE = "TITLE"
    DESCRIPTION = "DESCRIPTION"
    CUSTOMER = "CUSTOMER"
    BUSINESS_NEED = "BUSINESS_NEED"
    SOLUTION = "SOLUTION"
    RESULTS = "RESULTS"
    COLLABORATORS = "COLLABORATORS"
    STARTED_ON = "STARTED_ON"
    ENDED_ON = "ENDED_ON"
    IMAGES = "IMAGES"


@dataclass(frozen=True)
class ProjectField:
    """A field of the editor. `longest` is in characters, None for what is no text."""

    name: ProjectFieldName
    label: str
    tip: str
    required: bool
    longest: int | None
    lines: bool

    @property
    def column(self) -> str:
        """The name of what it fills, as rows and edits have it: `business_need`."""
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
"""The fields that are texts, by their columns."""
