"""`import`: takes in people and their points from files."""

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
"""Exit code: Ctrl-C."""

app = typer.Typer(no_args_is_help=True, help="Take in people and their points from files. Safe to run again.")
Import = Callable[[Path, str, Report, Reading], Coroutine[Any, Any, None]]


@app.command()
def forum(
    folder: Annotated[Path, typer.Argument(help="Holds Users.xml, Posts.xml, Votes.xml; Badges.xml.")],
    site: Annotated[str, typer.Option(help="Name of the forum; several can be taken in. Default: the folder's.")] = "",
) -> None:
    """
    Take in a forum's dump: its users become public profiles that nobody has claimed, its votes become points.

    Its badges are kept as that forum's own, and are not mixed with what is earned here.

    Ctrl-C stops after the batch under way; the same command goes on from there, and adds what a newer dump has.
    Temporary space: about 30 bytes a post, in TMPDIR. Ends with 0: all was read; 1: a file is broken, and what
    came before is taken in; 2: refused, nothing was written; 130: stopped.
    """
    raise typer.Exit(_run(import_forum, folder, f"forum:{site or folder.resolve().name}"))


@app.command()
def community(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Holds profiles.csv, skills.csv, opening_points.csv; badges.csv, badge_awards.csv, connections.csv, projects.csv, "
            "collaborators.csv."
        ),
    ],
    source: Annotated[
        str, typer.Option(help="Name of the archive's community: ids are told apart by it. Default: the folder's.")
    ] = "",
) -> None:
    """
    Take in a community's archive: people with their skills, the points and badges they bring along, whom they know, and
    their projects. No rule of a badge or a challenge is tried.

    Bad rows are named and passed over. Ctrl-C stops after the batch under way; the same command goes on from there.
    Ends with 0: every row that was read is taken in; 1: some were bad; 2: refused, nothing was written;
    130: stopped.
    """
    raise typer.Exit(_run(import_community, folder, source or folder.resolve().name))


def _run(work: Import, folder: Path, source: str) -> int:
    if len(source) > MAX_SOURCE or not source.isprintable():
        raise fail(f"{source!r} is no name: it has more than {MAX_SOURCE} characters, or unprintable ones.", UNUSABLE)
    report = Report(f"{folder} → {source}")
    code = 0
    try:
        with _ctrl_c(report) as asked, bars(errors) as shown:
            with_database(lambda _: work(folder, source, report, Reading(asked, shown)))
    except WrongFolder as why:
        raise fail(str(why), UNUSABLE) from None
    except BrokenFile as broken:
        report.error(f"{broken}. What came before is taken in; repair the file and run the same command again.")
        code = REFUSED
    except (Interrupted, KeyboardInterrupt):
        report.error("Stopped. Run the same command again to go on.")
        code = INTERRUPTED
    report.show(out)
    return code or (REFUSED if report.bad_rows and work is import_community else 0)


@contextmanager
def _ctrl_c(report: Report) -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C asked to stop. The second time it ends the command at once; the batch under way is undone."""
    asked = False
    before = signal.getsignal(signal.SIGINT)

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)
        report.error("Stopping after this batch. Ctrl-C again stops at once.")

    signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
