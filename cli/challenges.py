"""Challenges."""

from typing import Annotated

import typer
from rich.progress import Progress

from cli.command import fail, with_database
from cli.printing import errors
from models.database import Database
from services.achievements import challenges
from services.progress import profile_batches

INTERRUPTED = 130
"""Exit code: Ctrl-C."""

app = typer.Typer(help="Things to do, and credits for having done them.", no_args_is_help=True)


@app.callback()
def challenges_() -> None:
    """Keep `reevaluate` a command of its own."""


@app.command()
def reevaluate(*, after: Annotated[int, typer.Option(min=0, help="Go on behind this profile's number.")] = 0) -> None:
    """
    Complete challenges for everybody who did their steps before there were such challenges. Safe beside a server.

    Nobody is told; looking at one's challenges does the same for oneself. Five hundred people at a time; Ctrl-C stops
    between two, and says how to go on. Running it again changes nothing.
    """
    done, completed = after, 0

    async def work(_database: Database) -> None:
        nonlocal done, completed
        with Progress(console=errors, disable=not errors.is_terminal) as shown:
            bar = shown.add_task("People", total=await profile_batches.remaining_after(after))
            async for step in challenges.reevaluate(after=after):
                done, completed = step.last, completed + step.changed
                shown.advance(bar, step.people)

    try:
        with_database(work)
    except KeyboardInterrupt:
        raise fail(f"Stopped. Go on with `challenges reevaluate --after {done}`.", INTERRUPTED) from None
    typer.echo(f"Wrote {completed:,} completed challenges.")
