"""
What an edit says of a project: texts and days, read and checked.

All texts are plain and kept as typed. Rule: docs/rules/portfolio.md#projects.
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
"""What a published project has, in the order it is asked for."""
PATHS: Final = {"business_need": "businessNeed", "started_on": "startedOn", "ended_on": "endedOn"}
"""Names in the graph, where they differ."""


def text(column: str, typed: str) -> str:
    """A text as it is kept: as typed, without the white space around it. Raises NotFit, with a sentence for its writer."""
    field = TEXTS[column]
    return plain(typed, Text(field.label), field.longest or 0, lines=field.lines)


def read(edit: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The columns that an edit writes, by the names of TEXTS and DAYS, and what is wrong with those left out. None clears."""
    columns: dict[str, Any] = {}
    problems = []
    for column, typed in edit.items():
        try:
            columns[column] = typed if column in DAYS else text(column, typed or "")
        except NotFit as why:
            problems.append(Problem(ErrorCode.BAD_INPUT, why.message, path(column)))
    return columns, problems


def assign(project: Project, columns: Mapping[str, Any]) -> list[str]:
    """Set what differs, and say what that was."""
    changed = [name for name, value in columns.items() if getattr(project, name) != value]
    for name in changed:
        setattr(project, name, columns[name])
    return changed


def done(project: Project) -> set[ProjectFieldName]:
    """What of the required fields says something."""
    return {field.name for field in REQUIRED if getattr(project, field.column).strip()}


def missing(project: Project) -> list[Problem]:
    """One problem for each field that the project lacks to be published."""
    there = done(project)
    return [lacking(field.name) for field in REQUIRED if field.name not in there]


def lacking(name: ProjectFieldName) -> Problem:
    """Say that a field is needed and is not there."""
    field = FIELDS[name]
    return Problem(
        ErrorCode.PROJECT_FIELD_MISSING,
        Text("{label} is missing.", label=Text(field.label)),
        path(field.column),
        {"field": name},
    )


def kept(name: ProjectFieldName) -> Problem:
    """Say that an edit would take from a published project what it needs."""
    field = FIELDS[name]
    return Problem(
        ErrorCode.PROJECT_FIELD_REQUIRED,
        Text("{label}: a published project must keep this. Unpublish the project first.", label=Text(field.label)),
        path(field.column),
        {"field": name},
    )


def days_in_order(project: Project, said: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the days: work ends on the day it began, or later."""
    start: date | None = project.started_on
    end: date | None = project.ended_on
    if start is None or end is None or start <= end:
        return []
    column = "ended_on" if "ended_on" in said else "started_on"
    return [Problem(ErrorCode.BAD_INPUT, "A project cannot end before it starts.", path(column))]


def path(column: str) -> tuple[str, ...]:
    """Where a column is in the input."""
    return (PATHS.get(column, column),)
