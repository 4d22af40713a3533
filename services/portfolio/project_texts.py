"""
Read and check the texts and dates in an edit of a project.

All texts are plain text and stored as typed. Rule: docs/rules/portfolio.md#projects.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from catalogue.languages import Text
from catalogue.projects import FIELDS, TEXTS, ProjectFieldName
from models.portfolio import Project
from services.errors import ErrorCode, Problem
from services.media.text_rules import NotFit, plain

DAYS: Final = ("started_on", "ended_on")
REQUIRED: Final = tuple(field for field in FIELDS.values() if field.required)
"""Fields that a published project must have, in the order in which they are requested."""
PATHS: Final = {"business_need": "businessNeed", "started_on": "startedOn", "ended_on": "endedOn"}
"""GraphQL names of columns, where they differ."""


def checked_text(column: str, typed: str) -> str:
    """The text to store: as typed, without surrounding white space. Raises NotFit with a message for its writer."""
    field = TEXTS[column]
    return plain(typed, Text(field.label), field.longest or 0, lines=field.lines)


def read_edit(edit: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The columns to write, by the names of TEXTS and DAYS, and the problems of the invalid ones. None clears a column."""
    columns: dict[str, Any] = {}
    problems = []
    for column, typed in edit.items():
        try:
            columns[column] = typed if column in DAYS else checked_text(column, typed or "")
        except NotFit as error:
            problems.append(Problem(ErrorCode.BAD_INPUT, error.message, input_path(column)))
    return columns, problems


def assign(project: Project, columns: Mapping[str, Any]) -> list[str]:
    """Set the columns that differ; returns their names."""
    changed = [name for name, value in columns.items() if getattr(project, name) != value]
    for name in changed:
        setattr(project, name, columns[name])
    return changed


def filled_fields(project: Project) -> set[ProjectFieldName]:
    """The required fields that are not blank."""
    return {field.name for field in REQUIRED if getattr(project, field.column).strip()}


def missing_fields(project: Project) -> list[Problem]:
    """One problem for each required field that is blank."""
    filled = filled_fields(project)
    return [missing_field(field.name) for field in REQUIRED if field.name not in filled]


def missing_field(name: ProjectFieldName) -> Problem:
    """The problem of a required field that is blank."""
    field = FIELDS[name]
    return Problem(
        ErrorCode.PROJECT_FIELD_MISSING,
        Text("{label} is missing.", label=Text(field.label)),
        input_path(field.column),
        {"field": name},
    )


def field_required(name: ProjectFieldName) -> Problem:
    """The problem of an edit that would blank a required field of a published project."""
    field = FIELDS[name]
    return Problem(
        ErrorCode.PROJECT_FIELD_REQUIRED,
        Text("{label}: a published project must keep this. Unpublish the project first.", label=Text(field.label)),
        input_path(field.column),
        {"field": name},
    )


def check_days(project: Project, columns: Mapping[str, Any]) -> list[Problem]:
    """One problem if the project ends before the day it starts; its path is a day among the edited `columns`."""
    start: date | None = project.started_on
    end: date | None = project.ended_on
    if start is None or end is None or start <= end:
        return []
    column = "ended_on" if "ended_on" in columns else "started_on"
    return [Problem(ErrorCode.BAD_INPUT, "A project cannot end before it starts.", input_path(column))]


def input_path(column: str) -> tuple[str, ...]:
    """Path of a column in the GraphQL input."""
    return (PATHS.get(column, column),)
