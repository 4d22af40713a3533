"""`migrate`, `accept-secret-key` and `export-schema`: the tables of the database, its key, and the GraphQL schema as a file."""

from pathlib import Path
from typing import Annotated

import typer

from cli.command import with_settings
from models.database import opened
from services.core import secret_key
from services.core.runtime import Runtime
from settings import Settings

HERE = Path(__file__).parent.parent


def register(app: typer.Typer) -> None:
    """Add the top-level commands."""
    app.command()(migrate)
    app.command("accept-secret-key")(accept_secret_key)
    app.command("export-schema")(export_schema)


def migrate() -> None:
    """Migrate the database to this release. Safe to run again, and by several processes at once."""
    from models.migrate import migrate as bring_up_to_date

    applied = with_settings(bring_up_to_date)
    typer.echo(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")


def accept_secret_key() -> None:
    """
    Make the present SECRET_KEY the key of this database. Only if the former key is lost: what was encrypted with it stays
    unreadable. Stop all servers first.
    """

    async def work(settings: Settings) -> None:
        async with opened(settings) as database:
            with Runtime(settings, database).active():
                await secret_key.accept()

    with_settings(work)
    typer.echo("This database now has the present SECRET_KEY. Values encrypted with another key cannot be read.")


def export_schema(
    file: Annotated[Path, typer.Argument(help="File to write the SDL to; `-` prints it.")] = HERE / "schema.graphql",
) -> None:
    """Write the GraphQL schema as SDL."""
    from schema.graph import sdl

    if str(file) == "-":
        typer.echo(sdl(), nl=False)
    else:
        file.write_text(sdl(), encoding="utf-8")
        typer.echo(f"Wrote {file}.")
