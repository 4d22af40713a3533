"""
The terminal: every command prints through these consoles.

They read no markup: a value in square brackets, such as a person's name or a folder, is printed as it is. What is to look
different is a `Text` with a style.
"""

from rich.console import Console

out = Console(markup=False, highlight=False)
"""Standard output: what a command was asked for."""
errors = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
"""Standard error: what went wrong, and progress."""


def printable(text: str) -> str:
    """People's text for a terminal: nothing in it moves the cursor or makes a line of its own."""
    return "".join(each if each.isprintable() else "?" for each in text)
