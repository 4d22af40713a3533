"""Ids on the command line: the same as in the graph."""

from typing import Annotated

import typer

from services.core import ids
from services.errors import ErrorCode, refused

After = Annotated[str, typer.Option(help="Continue after the profile with this id, as an interrupted run printed it.")]


def number_in(type_name: str, text: str) -> int:
    """Return the row number in an id of this type. Raises Refused: BAD_ID. Call it where the database is open."""
    found = ids.decode(text)
    if found is None or found[0] != type_name:
        raise refused(ErrorCode.BAD_ID, f"{text!r} is not an id that begins with {ids.PREFIXES[type_name]}_.")
    return found[1]


def number_after(profile: str) -> int:
    """Return the number of the profile to continue after; 0 for an empty text: begin with the first."""
    return number_in("Profile", profile) if profile else 0


def continue_with(command: str, after: str) -> str:
    """Say how to continue an interrupted command; `after` is the id of the last profile that is done, or empty."""
    return f"Stopped. Continue with `{command}{f' --after {after}' if after else ''}`."
