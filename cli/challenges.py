"""`challenges`: completions of challenges that were added later."""

import typer
from rich.progress import Progress

from cli.command import fail, with_database
from cli.ids import After, continue_with, number_after
from cli.printing import errors
from models.database import Database
from services.achievements import challenges
from services.core import ids
from services.progress import profile_batches

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

app = typer.Typer(help="Challenges and their credits.", no_args_is_help=True)


@app.callback()
def challenges_() -> None:
    """Make `reevaluate` a subcommand: Typer would merge a single command into its group."""


@app.command()
def reevaluate(*, after: After = "") -> None:
    """
    Complete challenges for people who did their steps before the challenges existed. Safe beside a running server.

    People are not notified. 500 people at a time: Ctrl-C stops after the current batch and prints how to continue.
    Running it again changes nothing.
    """
    done, completed = after, 0

    async def work(_database: Database) -> None:
        nonlocal done, completed
        first = number_after(after)
        with Progress(console=errors, disable=not errors.is_terminal) as progress:
            bar = progress.add_task("People", total=await profile_batches.remaining_after(first))
            async for step in challenges.reevaluate(after=first):
                done, completed = ids.encode("Profile", step.last), completed + step.changed
                progress.advance(bar, step.people)

    try:
        with_database(work)
    except KeyboardInterrupt:
        raise fail(continue_with("challenges reevaluate", done), INTERRUPTED) from None
    typer.echo(f"Completed {completed:,} challenges.")
