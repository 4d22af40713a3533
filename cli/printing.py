"""
The consoles that every command prints through.

They do not interpret markup: a value in square brackets, such as a person's name or a folder, is printed unchanged. Styled
output must be a `Text`.
"""

from rich.console import Console

out = Console(markup=False, highlight=False)
"""Standard output: the result of a command."""
errors = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
"""Standard error: errors and progress."""


def printable(text: str) -> str:
    """Return a text of a user that is safe for a terminal: without control characters and line breaks."""
    return "".join(each if each.isprintable() else "?" for each in text)
