"""`badges`: badges granted and revoked by an operator, and badges earned after the catalogue changed."""

from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from catalogue.badges import Badge
from cli.command import fail, with_database
from cli.ids import After, continue_with, number_after
from cli.printing import errors, out, printable
from models.database import Database
from services.achievements import badge_reevaluation, badges
from services.core import ids
from services.errors import ErrorCode, refused
from services.profiles import handles
from services.progress import profile_batches

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

app = typer.Typer(help="Badges of profiles.", no_args_is_help=True)
Handle = Annotated[str, typer.Argument(help="Handle of a profile.")]
Code = Annotated[str, typer.Argument(help="Code of the badge, from `badges list`.")]
Reason = Annotated[str, typer.Option(help="Reason; it is stored with the badge.")]


@app.command()
def grant(
    handle: Handle,
    code: Code,
    *,
    level: Annotated[int, typer.Option(min=1, help="Level to grant, including the levels below it.")] = 1,
    reason: Reason,
    show_reason: Annotated[
        bool,
        typer.Option("--show-reason", help="Show the reason to everyone who can see the badge and its credential."),
    ] = False,
) -> None:
    """Grant a badge. A revoked badge becomes valid again."""

    async def work(_database: Database) -> None:
        await badges.grant(await _profile(handle), code, level=level, reason=reason, reason_shown=show_reason)

    with_database(work)
    typer.echo(f"{handle} now has {code}, level {level}.")


@app.command()
def revoke(
    handle: Handle,
    code: Code,
    *,
    level: Annotated[int, typer.Option(min=1, help="Lowest level to revoke. Default: the whole badge.")] = 1,
    reason: Reason,
) -> None:
    """Revoke a badge, or its higher levels. It is no longer featured, and is never awarded automatically again."""

    async def work(_database: Database) -> list[int]:
        return await badges.revoke(await _profile(handle), code, level=level, reason=reason)

    levels = with_database(work)
    typer.echo(f"Revoked {code} of {handle}: level {', '.join(map(str, levels))}.")


@app.command("list")
def list_() -> None:
    """List all badges: code, name, rarity and number of levels."""

    async def work(_database: Database) -> list[Badge]:
        return list((await badges.definitions()).values())

    table = Table("Code", "Name", "Rarity", "Levels")
    for badge in with_database(work):
        levels = str(len(badge.levels)) if badge.levels else "by hand"
        table.add_row(printable(badge.code), printable(badge.name), badge.rarity.value.lower(), levels)
    out.print(table)


@app.command()
def reevaluate(
    after: After = "",
) -> None:
    """
    Award the badges that people have earned and do not have, after the catalogue has changed.

    Safe beside a running server, and to run again: no badge is revoked or awarded twice. Ctrl-C stops after the current
    batch and prints how to continue.
    """
    done, awarded = after, 0

    async def work(_database: Database) -> None:
        nonlocal done, awarded
        first = number_after(after)
        with Progress(console=errors, disable=not errors.is_terminal) as progress:
            bar = progress.add_task("People", total=await profile_batches.remaining_after(first))
            async for step in badge_reevaluation.reevaluate(after=first):
                done, awarded = ids.encode("Profile", step.last), awarded + step.changed
                progress.advance(bar, step.people)

    try:
        with_database(work)
    except KeyboardInterrupt:
        typer.echo(f"Awarded {awarded} badge levels.")
        raise fail(continue_with("badges reevaluate", done), INTERRUPTED) from None
    typer.echo(f"Awarded {awarded} badge levels.")


async def _profile(handle: str) -> int:
    found = await handles.profile_of(handle)
    if found is None:
        raise refused(ErrorCode.NOT_FOUND, f"There is no profile {handle!r}.", path=("handle",))
    return found.id
