"""`import`: imports people and their points from files."""

import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.command import REFUSED, UNUSABLE, fail, with_database
from cli.community import import_community
from cli.file_reader import BrokenFile, Interrupted, Reading, WrongFolder, bars
from cli.forum import import_forum
from cli.printing import errors, out
from cli.report import Report
from services.imports.import_runs import MAX_SOURCE

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

app = typer.Typer(no_args_is_help=True, help="Import people and their points from files. Safe to run again.")
Import = Callable[[Path, str, Report, Reading], Coroutine[Any, Any, None]]


@app.command()
def forum(
    folder: Annotated[
        Path, typer.Argument(help="Folder with Users.xml, Posts.xml and Votes.xml; optional: Badges.xml.")
    ],
    site: Annotated[
        str, typer.Option(help="Name of the forum, if there are several. Default: the name of the folder.")
    ] = "",
) -> None:
    """
    Import a forum's dump: its users become public unclaimed profiles, its votes become points.

    Its badges are stored as badges of that forum, and are not mixed with badges earned here.

    Ctrl-C stops after the current batch; the same command continues from there, and adds the new rows of a newer dump.
    It needs about 30 bytes for each post in TMPDIR. Exit code 0: everything was read; 1: a file is broken, and the rows
    before are imported; 2: refused, nothing was written; 130: stopped.
    """
    raise typer.Exit(_run(import_forum, folder, f"forum:{site or folder.resolve().name}"))


@app.command()
def community(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Folder with profiles.csv, skills.csv and opening_points.csv; optional: badges.csv, badge_awards.csv, "
            "connections.csv, projects.csv, project_skills.csv, collaborators.csv."
        ),
    ],
    source: Annotated[
        str, typer.Option(help="Name of the community, which makes its ids unique. Default: the name of the folder.")
    ] = "",
) -> None:
    """
    Import a community's archive: people with their skills, opening balances, badges, connections and projects. Rules of
    badges and challenges are not evaluated.

    Bad rows are reported and skipped. Ctrl-C stops after the current batch; the same command continues from there. Exit
    code 0: every row was imported; 1: some rows were bad; 2: refused, nothing was written; 130: stopped.
    """
    raise typer.Exit(_run(import_community, folder, source or folder.resolve().name))


def _run(work: Import, folder: Path, source: str) -> int:
    if len(source) > MAX_SOURCE or not source.isprintable():
        raise fail(f"{source!r} is not a valid name: it must have at most {MAX_SOURCE} printable characters.", UNUSABLE)
    report = Report(f"{folder} → {source}")
    code = 0
    try:
        with _ctrl_c(report) as stop_requested, bars(errors) as progress:
            with_database(lambda _: work(folder, source, report, Reading(stop_requested, progress)))
    except WrongFolder as why:
        raise fail(str(why), UNUSABLE) from None
    except BrokenFile as broken:
        report.error(f"{broken}. The rows before are imported. Repair the file and run the same command again.")
        code = REFUSED
    except (Interrupted, KeyboardInterrupt):
        report.error("Stopped. Run the same command again to continue.")
        code = INTERRUPTED
    report.show(out)
    return code or (REFUSED if report.bad_rows and work is import_community else 0)


@contextmanager
def _ctrl_c(report: Report) -> Iterator[Callable[[], bool]]:
    """Return a function that says if Ctrl-C was pressed. Pressed again, it ends the command and undoes the batch."""
    requested = False
    before = signal.getsignal(signal.SIGINT)

    def request_stop(*_: object) -> None:
        nonlocal requested
        requested = True
        signal.signal(signal.SIGINT, before)
        report.error("Stopping after this batch. Press Ctrl-C again to stop at once.")

    signal.signal(signal.SIGINT, request_stop)
    try:
        yield lambda: requested
    finally:
        signal.signal(signal.SIGINT, before)
