"""`account`, `create-admin`: accounts of people and services."""

from typing import Annotated, Any

import typer

from cli.command import with_database
from cli.printing import printable
from models.accounts import Account
from models.database import Database
from models.second_factors import SecondFactor
from models.sessions import Session
from models.tokens import AccessToken, ApiKey
from services.accounts import members
from services.accounts.accounts import create_account
from services.accounts.support import NewAdmin
from services.accounts.support import create_admin as make_admin
from services.auth import second_factor_removal
from services.auth.account_lookup import account_by_email
from services.core.audit import OPERATOR
from services.errors import ErrorCode, refused
from services.profiles.handles import profile_of

app = typer.Typer(help="Accounts of people and of services.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="Email address of the account.")]


def register(app: typer.Typer) -> None:
    """Add the top-level command."""
    app.command("create-admin")(create_admin)


@app.command()
def create(
    email: Annotated[
        str, typer.Argument(help="Email address of the account. It never changes, and counts as verified.")
    ],
    *,
    name: Annotated[str, typer.Option(help="Name of the person or service.")],
    service: Annotated[
        bool, typer.Option("--service", help="Create a service account: no profile, only tokens.")
    ] = False,
) -> None:
    """Create an account. A person gets a private profile with that name."""

    async def work(_database: Database) -> Account:
        return await create_account(email, name=name, service=service)

    account = with_database(work)
    typer.echo(f"Created the account {account.email} of a {account.kind.value.lower()}.")


@app.command()
def show(email: Email) -> None:
    """Show an account, without secrets. Of its profile only the handle is shown."""

    async def work(_database: Database) -> dict[str, Any]:
        account = await account_by_email(email)
        await account.fetch_related("profile", "company")
        return {
            "address": account.email,
            "kind": account.kind.value.lower(),
            "status": account.status.value.lower(),
            "name": printable(account.name),
            "profile": account.profile.handle if account.profile else "none",
            "company": _company_of(account),
            "created": f"{account.created_at:%Y-%m-%d}",
            "last sign-in": _last_sign_in(account),
            "second factor": "on"
            if await SecondFactor.exists(account_id=account.id, confirmed_at__not_isnull=True)
            else "off",
            "sessions": await Session.filter(account_id=account.id).count(),
            "tokens": await AccessToken.filter(account_id=account.id).count(),
            "API keys": await ApiKey.filter(account_id=account.id).count(),
        }

    for name, value in with_database(work).items():
        typer.echo(f"{name + ':':15}{value}")


@app.command("list")
def list_(handle: Annotated[str, typer.Argument(help="Current or former handle of the profile.")]) -> None:
    """List the accounts of a profile, oldest first: address, status, company, creation and last sign-in."""

    async def work(_database: Database) -> list[Account]:
        profile = await profile_of(handle)
        if profile is None:
            raise refused(ErrorCode.NOT_FOUND, f"There is no profile {handle!r}.", path=("handle",))
        return await Account.filter(profile_id=profile.id).order_by("created_at", "id").select_related("company")

    for account in with_database(work):
        created, status = f"{account.created_at:%Y-%m-%d}", account.status.value.lower()
        typer.echo("\t".join([account.email, status, _company_of(account), created, _last_sign_in(account)]))


@app.command()
def deactivate(email: Email) -> None:
    """Deactivate an account: no sign-in, no tokens, not on leaderboards. Nothing is deleted."""

    async def work(_database: Database) -> Account:
        return await members.deactivate_account((await account_by_email(email)).id, actor=OPERATOR)

    typer.echo(f"{with_database(work).email} is deactivated.")


@app.command()
def reactivate(email: Email) -> None:
    """Reactivate a deactivated account."""

    async def work(_database: Database) -> Account:
        return await members.reactivate_account((await account_by_email(email)).id, actor=OPERATOR)

    typer.echo(f"{with_database(work).email} is active.")


@app.command("reset-2fa")
def reset_second_factor(email: Email) -> None:
    """Remove the second factor of a person who lost phone and backup codes, and end all their sessions."""

    async def work(_database: Database) -> None:
        await second_factor_removal.reset((await account_by_email(email)).id)

    with_database(work)
    typer.echo(f"{email.strip()} no longer has a second factor.")


def create_admin(
    email: Annotated[str, typer.Argument(help="Email address of the admin. It must not have an account yet.")],
    *,
    name: Annotated[str, typer.Option(help="Name of the admin.")],
    company: Annotated[str, typer.Option(help="Name of the new company.")],
    domain: Annotated[
        str, typer.Option(help="Mail domain that it owns. People who sign up with an address there join it.")
    ],
) -> None:
    """Create a company and the account of its admin. The last line of the output is a link to set the password."""

    async def work(_database: Database) -> NewAdmin:
        return await make_admin(email, name=name, company=company, domain=domain)

    made = with_database(work)
    typer.echo(
        f"{made.account.email} is the admin of {made.company.name}. The link works once, within 24 hours:", err=True
    )
    typer.echo(made.link)


def _company_of(account: Account) -> str:
    if account.company is None:
        return "none"
    return printable(account.company.name) + (", admin" if account.company_admin else "")


def _last_sign_in(account: Account) -> str:
    return f"{account.last_sign_in_at:%Y-%m-%d}" if account.last_sign_in_at else "never"
