"""`badges`: what an operator gives and takes, and what a changed catalogue brings."""

from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from catalogue.badges import Badge
from cli.command import fail, with_database
from cli.printing import errors, out, printable
from models.database import Database
from services.achievements import badge_reevaluation, badges
from services.errors import ErrorCode, refused
from services.profiles import handles
from services.progress import profile_batches

INTERRUPTED = 130
"""Exit code: Ctrl-C."""

app = typer.Typer(help="Badges that people have.", no_args_is_help=True)
Handle = Annotated[str, typer.Argument(help="Handle of a profile.")]
Code = Annotated[str, typer.Argument(help="Code of a badge: see `badges list`.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the badge.")]


@app.command()
def grant(
    handle: Handle,
    code: Code,
    *,
    level: Annotated[int, typer.Option(min=1, help="The level to give, with those below it.")] = 1,
    reason: Reason,
    show_reason: Annotated[
        bool, typer.Option("--show-reason", help="Let everyone who sees the badge and its credential read the reason.")
    ] = False,
) -> None:
    """Give a badge by hand. One that was revoked counts again."""

    async def work(_database: Database) -> None:
        await badges.grant(await _profile(handle), code, level=level, reason=reason, reason_shown=show_reason)

    with_database(work)
    typer.echo(f"{handle} has {code}, level {level}, now.")


@app.command()
def revoke(
    handle: Handle,
    code: Code,
    *,
    level: Annotated[int, typer.Option(min=1, help="The lowest level to take back. Default: the whole badge.")] = 1,
    reason: Reason,
) -> None:
    """Take a badge back, or its higher levels. It is no longer featured, and never comes back by itself."""

    async def work(_database: Database) -> list[int]:
        return await badges.revoke(await _profile(handle), code, level=level, reason=reason)

    taken = with_database(work)
    typer.echo(f"Took {code} back from {handle}: level {', '.join(map(str, taken))}.")


@app.command("list")
def list_() -> None:
    """Show every badge there is: code, name, colour and how many levels it has."""

    async def work(_database: Database) -> list[Badge]:
        return list((await badges.definitions()).values())

    table = Table("Code", "Name", "Rarity", "Levels")
    for badge in with_database(work):
        levels = str(len(badge.levels)) if badge.levels else "by hand"
        table.add_row(printable(badge.code), printable(badge.name), badge.rarity.value.lower(), levels)
    out.print(table)


@app.command()
def reevaluate(
    after: Annotated[int, typer.Option(min=0, help="Go on behind this profile's number.")] = 0,
) -> None:
    """
    Give everyone the badges that they have earned and do not have: after the catalogue has changed.

    Safe beside a server, and to run again: nothing is taken, and nothing given twice. Ctrl-C stops between two lots of
    people, and says how to go on.
    """
    done, given = after, 0

    async def work(_database: Database) -> None:
        nonlocal done, given
        with Progress(console=errors, disable=not errors.is_terminal) as shown:
            bar = shown.add_task("People", total=await profile_batches.remaining_after(after))
            async for step in badge_reevaluation.reevaluate(after=after):
                done, given = step.last, given + step.changed
                shown.advance(bar, step.people)

    try:
        with_database(work)
    except KeyboardInterrupt:
        typer.echo(f"Gave {given} levels of badges.")
        raise fail(f"Stopped. Go on with `badges reevaluate --after {done}`.", INTERRUPTED) from None
    typer.echo(f"Gave {given} levels of badges.")


async def _profile(handle: str) -> int:
    found = await handles.profile_of(handle)
    if found is None:
        raise refused(ErrorCode.NOT_FOUND, f"There is no profile {handle!r}.", path=("handle",))
    return found.id
