"""`rebuild`: makes again what is kept beside the data it follows from."""

from typing import Annotated

import typer
from rich.progress import Progress

from cli.command import fail, with_database
from cli.printing import errors
from models.database import Database
from models.profiles import Profile
from services.progress import counters, profile_batches, search_words

INTERRUPTED = 130
"""Exit code: Ctrl-C."""

app = typer.Typer(help="Make again what is kept beside the data that it follows from.", no_args_is_help=True)


@app.callback()
def rebuild() -> None:
    """Keep each of them a command of its own."""


@app.command()
def search(
    after: Annotated[int, typer.Option(min=0, help="Go on behind this profile's number.")] = 0,
) -> None:
    """
    Write anew the words by which people are found, for a database from before there were any. Safe beside a server.

    A thousand people at a time; Ctrl-C stops between two, and says how to go on. Running it again changes nothing.
    """
    done = [after]

    async def work(_database: Database) -> int:
        people = 0
        with Progress(console=errors, disable=not errors.is_terminal) as shown:
            bar = shown.add_task("People", total=await Profile.filter(id__gt=after).count())
            async for last, step in search_words.rebuild(after=after):
                done[0] = last
                people += step
                shown.advance(bar, step)
        return people

    try:
        typer.echo(f"Wrote the words of {with_database(work)} people.")
    except KeyboardInterrupt:
        raise fail(f"Stopped. Go on with `rebuild search --after {done[0]}`.", INTERRUPTED) from None


@app.command("counters")
def count(
    after: Annotated[int, typer.Option(min=0, help="Go on behind this profile's number.")] = 0,
) -> None:
    """
    Count anew how often everyone did what, from the ledger, for a database from before there were counters. Safe beside
    a server.

    `badges reevaluate` gives the badges that follow. Ctrl-C stops between two lots of people, and says how to go on.
    """
    done, changed = after, 0

    async def work(_database: Database) -> None:
        nonlocal done, changed
        with Progress(console=errors, disable=not errors.is_terminal) as shown:
            bar = shown.add_task("People", total=await profile_batches.remaining_after(after))
            async for step in counters.rebuild(after=after):
                done, changed = step.last, changed + step.changed
                shown.advance(bar, step.people)

    try:
        with_database(work)
    except KeyboardInterrupt:
        raise fail(f"Stopped. Go on with `rebuild counters --after {done}`.", INTERRUPTED) from None
    typer.echo(f"Set {changed} counters right.")
