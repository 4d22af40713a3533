"""
For developers: `python -m models.make_migration NAME` writes the next migration from the models.

Review the result: it detects a renamed field only if nothing else about it changed, and it does not know what existing
rows need.
"""

import asyncio
import subprocess
import sys
from pathlib import Path

from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.writer import MigrationWriter, format_migration_name

from models import versions


class _Autodetector(MigrationAutodetector):
    """Compares tables only: descriptions and docstrings may change without a migration."""

    def _current_state(self) -> State:
        return _bare(super()._current_state())

    async def _project_state(self) -> State:
        return _bare(await super()._project_state())


def _bare(state: State) -> State:
    for model in state.models.values():
        for option in ("table_description", "pk_attr"):
            model.options.pop(option, None)
        for field in model.fields.values():
            field.description = None
    return state


async def changes() -> MigrationWriter | None:
    """The missing migration between the models and the migrations; None if there is no difference. Needs no database."""
    apps_config = {"models": {"models": ["models.tables"], "migrations": "models.migrations"}}
    async with TortoiseContext() as context:
        await context.init(
            config={
                "connections": {"none": {"engine": "models.engines.sqlite", "credentials": {"file_path": "none"}}},
                "apps": {"models": apps_config["models"] | {"default_connection": "none"}},
            },
            init_connections=False,
        )
        if context.apps is None:
            raise RuntimeError("Tortoise did not load the models.")
        found = await _Autodetector(context.apps, apps_config).changes()
    return found[0] if found else None


def main(arguments: list[str]) -> int:
    """Write the migration; returns 0 if it was written or none is needed, 2 if no name is given."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m models.make_migration NAME\n")
        return 2
    found = asyncio.run(changes())
    if found is None:
        sys.stdout.write("The migrations make everything that the models declare.\n")
        return 0
    found.name = format_migration_name(len(versions.known()) + 1, arguments[0])
    path = Path(found.write())
    for step in (("check", "--fix", "--select", "I"), ("format",)):
        subprocess.run([sys.executable, "-m", "ruff", *step, "--quiet", str(path)], check=True)  # noqa: S603 - our own
    sys.stdout.write(f"Wrote {path}. Read it, then run the tests.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
