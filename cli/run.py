"""`run`: updates the tables, loads the demo and serves, in one process. `make run` calls it."""

import os
from pathlib import Path

from rich.style import Style
from rich.text import Text
from tortoise.transactions import in_transaction

import server
from cli.command import UNUSABLE, fail
from cli.demo import load_demo
from cli.printing import errors
from models.accounts import Account
from models.database import Database, NoDatabase, opened
from models.profiles import Profile
from models.versions import SchemaIsOld, WrongSchema
from services.accounts.accounts import create_account
from services.auth.access_tokens import create as create_token
from services.core import crypto, secret_key
from services.core.private_files import made_private, make_private_folder
from services.core.runtime import Runtime
from services.errors import Refused
from services.imports import demo, import_runs
from services.imports.demo_sign_ins import FILE as SIGN_INS_FILE
from services.imports.demo_sign_ins import open_sign_ins
from services.imports.import_runs import Progress
from settings import HERE, BadSetting, Settings
from web import logs

TOKEN_FILE = HERE / "var" / "demo-token"
FIRST_START = "first start"
"""The name under which the progress of a first start is stored: 0 until it is complete, then 1."""
PARTNER = "partner@tools.example"
SCOPES = ("mx:leaderboard:read", "mx:user:profile:v1:read")
"""What the demo token opens: all that GraphiQL's examples read."""


def run() -> None:
    """Update the tables, load the demo into an empty database, and serve until SIGTERM or Ctrl-C."""
    try:
        settings = Settings.from_environment()
        logs.set_up(settings.log_level)
        with Runtime(settings).active(), made_private():
            server.run(_run(settings))
    except (BadSetting, NoDatabase, WrongSchema, server.CannotListen) as why:
        raise fail(str(why), UNUSABLE) from None
    except Refused as why:
        raise fail(str(why)) from None


async def _run(settings: Settings) -> None:
    async with server.stopping() as stop:
        crypto.check(settings)  # before anything is written
        await _migrate_if_old(settings)
        async with opened(settings) as database:
            with Runtime(settings, database).active():
                await secret_key.verify()
                await _demo_if_empty(database)
        await server.serve(settings, stop, ready=_greet)


async def _migrate_if_old(settings: Settings) -> None:
    """Migrate only an old database: the check takes a few milliseconds, Tortoise's migrations half a second."""
    try:
        async with opened(settings):
            return
    except SchemaIsOld:
        from models.migrate import migrate

        await migrate(settings)


async def _demo_if_empty(database: Database) -> None:
    """
    Load the demo into an empty database, or complete an interrupted first start.

    A marker is written first, and completed in the transaction that creates the token and the sign-ins. So either all of
    them exist, or the next start creates them.
    """
    begun = await import_runs.read_progress(demo.SOURCE, FIRST_START)
    if begun is None and (await Profile.exists() or await Account.exists()):
        return
    if begun is not None and begun.rows:
        return
    with errors.status("First start: loading a demo community …"):
        async with in_transaction():
            await import_runs.save_progress(Progress(demo.SOURCE, FIRST_START, 0, ""))
        await load_demo(database)
        async with in_transaction():
            account = await create_account(PARTNER, name="Partner tool (demo)", service=True)
            secret = (await create_token(account.id, name="Demo", scopes=SCOPES)).secret
            sign_ins = await open_sign_ins()
            _write_secret(secret, TOKEN_FILE)
            _write_secret("\n\n".join(str(each) for each in sign_ins), SIGN_INS_FILE)
            await import_runs.save_progress(Progress(demo.SOURCE, FIRST_START, 1, ""))
    errors.print(
        f"\nA demo token (stored in {TOKEN_FILE.relative_to(HERE)}):\n\n  {secret}\n"
        "\nIt reads leaderboards and public profiles as a partner's program would, and changes nothing. GraphiQL's examples work\n"
        f'without it, and with it under "Headers": {{"Authorization": "mxtoken {secret}"}}\n'
        f"\nThree demo people can sign in, one of them with two accounts (stored in {SIGN_INS_FILE.relative_to(HERE)}):\n"
    )
    for each in sign_ins:
        errors.print(f"{each}\n")


def _write_secret(text: str, file: Path) -> None:
    """Write a secret of the demo to a file that only this user can read."""
    make_private_folder(file.parent)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
        target.write(text + "\n")


def _greet(address: str) -> None:
    errors.print(Text.assemble("GraphiQL: ", (address, Style(link=address)), "   (Ctrl-C stops)"))
