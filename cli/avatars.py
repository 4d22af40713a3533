"""`avatars`: images of profiles and projects."""

import typer

from cli.command import with_database
from models.database import Database
from services.core import clock
from services.media import image_cleanup

app = typer.Typer(help="Images of profiles and projects.", no_args_is_help=True)


@app.callback()
def avatars() -> None:
    """Make `sweep` a subcommand: Typer would merge a single command into its group."""


@app.command()
def sweep() -> None:
    """Delete image files that no profile or project uses any more. The server does this once a day."""

    async def work(_database: Database) -> int:
        return await image_cleanup.sweep(clock.now())

    typer.echo(f"{with_database(work)} image files deleted.")
