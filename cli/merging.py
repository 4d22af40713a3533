"""`merge`: merging two profiles of one person, for support."""

from typing import Annotated

import typer
from rich.table import Table

from cli.command import with_database
from cli.printing import out, printable
from models.database import Database
from services.merging import support
from services.merging.plan import Kept
from services.merging.preview import TABLE_TITLES, MergePreview

app = typer.Typer(help="Merging two profiles of one person.", no_args_is_help=True)
Source = Annotated[str, typer.Argument(help="Handle of the profile that goes.")]
Survivor = Annotated[str, typer.Argument(help="Handle of the profile that stays and gets everything.")]


@app.command()
def preview(source: Source, survivor: Survivor) -> None:
    """Show what merging SOURCE into SURVIVOR would do. Changes nothing."""
    _show(_preview(source, survivor))


@app.command()
def run(
    source: Source,
    survivor: Survivor,
    *,
    reason: Annotated[
        str,
        typer.Option(
            help="Why, such as the number of the request. It is in the audit trail of the person, who can read it."
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Merge. Without it, only the preview is shown.")] = False,
) -> None:
    """
    Merge SOURCE into SURVIVOR, without a code. No one can undo it: first make sure that both are of one person.

    All accounts of both get a mail. Without --yes nothing is changed.
    """
    shown = _preview(source, survivor)
    _show(shown)
    if not yes:
        out.print("\nNothing was changed. Add --yes to merge.")
        return

    async def work(_database: Database) -> MergePreview:
        return await support.merge(source, survivor, preview_hash=shown.hash, reason=reason)

    with_database(work)
    out.print(f"\nMerged {source} into {survivor}. Mails to {len(shown.accounts)} account(s) are on their way.")


def _preview(source: str, survivor: str) -> MergePreview:
    async def work(_database: Database) -> MergePreview:
        return await support.preview_of(source, survivor)

    return with_database(work)


def _show(shown: MergePreview) -> None:
    out.print(f"{printable(shown.names[0])} goes; {printable(shown.names[1])} stays.\n")
    fields = Table("Field", "Kept", "From", "Lost", title="Fields", title_justify="left")
    for field in shown.plan.fields:
        origin = "source" if field.kept is Kept.SOURCE else "survivor"
        fields.add_row(field.field.value, printable(field.value), origin, printable(field.other))
    out.print(fields)
    counts = ("kept", "moved", "combined", "lost", "added")
    tables = Table("Data", *(name.capitalize() for name in counts), title="Data", title_justify="left")
    for each in shown.tables:
        tables.add_row(str(TABLE_TITLES[each.table]), *(f"{getattr(each, name):,}" for name in counts))
    out.print(tables)
    for taken in shown.plan.compensations:
        out.print(f"Taken back: {taken.points} points, {taken.activity} ({taken.reason.value})")
    for account in shown.accounts:
        credits_of = f"{account.credit_balance:,} credits stay on it"
        out.print(f"Account {printable(account.email)} ({account.status.value}): {credits_of}")
    for warning in shown.warnings:
        out.print(f"Warning: {warning.value}")
