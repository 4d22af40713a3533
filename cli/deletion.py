"""`account delete`, `erase`: delete an account or a whole profile, for people who cannot do it themselves."""

from typing import Annotated

import typer

from cli.accounts import app as account_app
from cli.command import with_database
from models.database import Database
from services.auth.account_lookup import account_by_email
from services.core.audit import OPERATOR
from services.deletion import engine, preview
from services.deletion.preview import Preview
from services.errors import ErrorCode, refused
from services.profiles.handles import profile_of

Yes = Annotated[bool, typer.Option("--yes", help="Delete. Without it the command only prints what it would delete.")]


def register(app: typer.Typer) -> None:
    """Add the top-level command."""
    app.command()(erase)


@account_app.command("delete")
def delete(email: Annotated[str, typer.Argument(help="Email address of the account.")], *, yes: Yes = False) -> None:
    """Delete an account for good; with the last one of a profile, everything of the profile. Prints what goes."""

    async def work(_database: Database) -> Preview:
        account = await account_by_email(email)
        found = await preview.read(await engine.plan_account(account.id))
        if yes:
            await engine.delete_account(account.id, actor=OPERATOR)
        return found

    _print(with_database(work), done=yes)


def erase(
    handle: Annotated[str, typer.Argument(help="Current or former handle of the profile.")], *, yes: Yes = False
) -> None:
    """Erase a profile for good, with all its accounts and everything that is stored about the person. Prints what goes."""

    async def work(_database: Database) -> Preview:
        profile = await profile_of(handle)
        if profile is None:
            raise refused(ErrorCode.NOT_FOUND, f"There is no profile {handle!r}.", path=("handle",))
        found = await preview.read(await engine.plan_profile(profile.id))
        if yes:
            await engine.erase(profile.id, actor=OPERATOR)
        return found

    _print(with_database(work), done=yes)


def _print(found: Preview, *, done: bool) -> None:
    for email in found.accounts:
        typer.echo(f"account\t{email}")
    typer.echo(f"profile\t{'erased' if found.plan.whole_profile else 'stays'}")
    typer.echo(f"credits\t{found.credits}")
    typer.echo(f"open orders\t{found.open_orders}")
    for each in found.records:
        typer.echo(f"{each.title}\t{each.deleted} deleted, {each.detached} without the name")
    if found.is_last_admin:
        typer.echo("The company is left without an admin.", err=True)
    typer.echo("Deleted." if done else "Nothing was deleted. Add --yes to delete.", err=True)
