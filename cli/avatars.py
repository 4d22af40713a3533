"""Avatars."""

import typer

from cli.command import with_database
from models.database import Database
from services.core import clock
from services.media import image_cleanup

app = typer.Typer(help="Pictures of people.", no_args_is_help=True)


@app.callback()
def avatars() -> None:
    """Keep `sweep` a command of its own."""


@app.command()
def sweep() -> None:
    """Delete the files of pictures that nobody has any more. The server does it once a day."""

    async def work(_database: Database) -> int:
        return await image_cleanup.sweep(clock.now())

    typer.echo(f"{with_database(work)} pictures deleted.")
