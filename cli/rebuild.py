"""`rebuild`: computes derived data again."""

import typer
from rich.progress import Progress

from cli.command import fail, with_database
from cli.ids import After, continue_with, number_after
from cli.printing import errors
from models.database import Database
from models.portfolio import Project
from models.profiles import Profile
from services.core import ids
from services.portfolio import listing
from services.progress import counters, profile_batches, search_words

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

app = typer.Typer(help="Compute derived data again.", no_args_is_help=True)


@app.callback()
def rebuild() -> None:
    """Make each command a subcommand."""


@app.command()
def search(
    after: After = "",
) -> None:
    """
    Rebuild the search words of all people and projects, for a database that is older than the search. Safe beside a
    running server.

    1,000 people at a time: Ctrl-C stops after the current batch and prints how to continue. Running it again changes
    nothing.
    """
    done = after

    async def work(_database: Database) -> int:
        nonlocal done
        people, first = 0, number_after(after)
        with Progress(console=errors, disable=not errors.is_terminal) as progress:
            bar = progress.add_task("People", total=await Profile.filter(id__gt=first).count())
            async for last, step in search_words.rebuild(after=first):
                done = ids.encode("Profile", last)
                people += step
                progress.advance(bar, step)
            bar = progress.add_task("Projects", total=await Project.all().count())
            async for _, step in listing.rebuild():
                progress.advance(bar, step)
        return people

    try:
        typer.echo(f"Rebuilt the search words of {with_database(work)} people.")
    except KeyboardInterrupt:
        raise fail(continue_with("rebuild search", done), INTERRUPTED) from None


@app.command("counters")
def count(
    after: After = "",
) -> None:
    """
    Rebuild the activity counters of all people from the ledger, for a database that is older than the counters. Safe
    beside a running server.

    Run `badges reevaluate` afterwards to award badges. Ctrl-C stops after the current batch and prints how to continue.
    """
    done, changed = after, 0

    async def work(_database: Database) -> None:
        nonlocal done, changed
        first = number_after(after)
        with Progress(console=errors, disable=not errors.is_terminal) as progress:
            bar = progress.add_task("People", total=await profile_batches.remaining_after(first))
            async for step in counters.rebuild(after=first):
                done, changed = ids.encode("Profile", step.last), changed + step.changed
                progress.advance(bar, step.people)

    try:
        with_database(work)
    except KeyboardInterrupt:
        raise fail(continue_with("rebuild counters", done), INTERRUPTED) from None
    typer.echo(f"Corrected {changed} counters.")
