"""`migrate` and `export-schema`: the tables of the database, and the GraphQL schema as a file."""

from pathlib import Path
from typing import Annotated

import typer

from cli.command import with_settings

HERE = Path(__file__).parent.parent


def register(app: typer.Typer) -> None:
    """Add the top-level commands."""
    app.command()(migrate)
    app.command("export-schema")(export_schema)


def migrate() -> None:
    """Migrate the database to this release. Safe to run again, and by several processes at once."""
    from models.migrate import migrate as bring_up_to_date

    applied = with_settings(bring_up_to_date)
    typer.echo(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")


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
