"""Runs commands: with the settings, an open database, and errors as one line with an exit code."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import typer
from rich.text import Text

from cli.printing import errors
from models.database import Database, NoDatabase, opened
from models.versions import WrongSchema
from services.core import secret_key
from services.core.private_files import made_private
from services.core.runtime import Runtime
from services.errors import Refused, Unavailable
from settings import BadSetting, Settings
from web import logs

Result = TypeVar("Result")

REFUSED = 1
"""Exit code: the command was refused, or it found something wrong."""
UNUSABLE = 2
"""Exit code: wrong usage, a bad setting, or an unusable database. Nothing was done."""


def fail(message: str, code: int = REFUSED) -> typer.Exit:
    """Print an error on standard error. Return the exception to raise."""
    errors.print(Text.assemble(("Error:", "bold red"), f" {message}"))
    return typer.Exit(code)


def with_database(work: Callable[[Database], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine with the database of the settings, if the secret key is the database's. Expected failures become a message and an exit code."""

    async def run(settings: Settings) -> Result:
        async with opened(settings) as database:
            with Runtime(settings, database).active():
                await secret_key.verify()
                return await work(database)

    return with_settings(run)


def with_settings(work: Callable[[Settings], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine with the settings of the environment. Expected failures become a message and an exit code."""
    try:
        settings = Settings.from_environment()
        logs.set_up("WARNING")
        with Runtime(settings).active(), made_private():
            return asyncio.run(work(settings))
    except Refused as why:
        raise fail("; ".join(problem.message for problem in why.problems)) from None
    except (BadSetting, NoDatabase, WrongSchema) as why:
        raise fail(str(why), UNUSABLE) from None
    except Unavailable as why:
        raise fail(f"{why.reason}. The current step was not saved. Run the same command again.") from None
