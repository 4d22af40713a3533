"""`demo`: a small community of invented people, to try the server with."""

import asyncio
import contextlib
from datetime import UTC, date, datetime, time
from typing import Annotated

import typer
from tortoise.transactions import in_transaction

import server
from cli.batches import batches
from cli.command import with_database
from cli.printing import out, printable
from cli.report import Report
from models.database import Database
from services.achievements import badge_rarity
from services.core import clock
from services.errors import Problem
from services.imports import (
    demo,
    demo_badges,
    demo_connections,
    demo_invites,
    demo_pictures,
    demo_projects,
    demo_second_profile,
    import_runs,
)
from services.imports.demo_live import LiveDemo
from services.imports.import_runs import Progress
from services.points import corrections
from services.profiles import publishing
from settings import Settings

PEOPLE, EVENTS, CONNECTIONS = "people", "events", "connections"
PICTURES, INVITES, SCREENS = "pictures", "invites", "project images"
PROJECTS, FEATURED = "projects", "featured badges"
"""Names of the steps whose progress is stored. The fingerprint is the day that all dates count back from."""


def register(app: typer.Typer) -> None:
    """Add the top-level command."""
    app.command("demo")(load)


def load(
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Let people of a loaded demo earn points, until Ctrl-C. Loads nothing.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=0.2, max=3_600, help="With --live: seconds between two events.")] = 3.0,
    times: Annotated[int, typer.Option(min=1, max=100_000, help="With --live: number of events.")] = 1_000,
) -> None:
    """
    Load a community of 300 invented people with two years of points. Safe to run again: a second run adds nothing.

    Every date counts back from the day of the first run.
    """
    if live:
        with_database(lambda _database: _go_on(seconds, times))
    else:
        with_database(load_demo).show(out)
        out.print(f"GraphiQL, once the server runs: {Settings.from_environment().address}/graphql")


async def _go_on(seconds: float, times: int) -> None:
    """Let people of the demo earn something, `times` times at most, until SIGTERM or Ctrl-C."""
    live = await LiveDemo.open()
    out.print(f"People of the demo earn points every {seconds:g} seconds, {times:,} times. Ctrl-C stops.")
    async with server.stopping() as stop:
        for _ in range(times):
            done = await live.step()
            out.print(f"{printable(done.name)}: {done.activity.title}, {done.points:+} points")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
            if stop.is_set():
                break
    out.print("Stopped.")


async def load_demo(database: Database) -> Report:
    """Load the demo into the open database, or complete an interrupted load."""
    report = Report("A community of invented people")
    begun = await import_runs.read_progress(demo.SOURCE, PEOPLE)
    anchor = date.fromisoformat(begun.fingerprint) if begun else clock.today()
    community = demo.community(anchor)
    report.imported["people: new"] = await _people(community, anchor)
    await _pictures(community, anchor, report)
    await _events(community, anchor, report)
    await _invites(community, anchor, report)
    await _connections(community, anchor, report)
    await _projects(community, anchor, report)
    await _project_images(anchor, report)
    await _featured(community, anchor, report)
    await _second_profile(community, anchor, report)
    await badge_rarity.settle(database)
    return report


async def _people(community: demo.Community, anchor: date) -> int:
    companies = await import_runs.companies_by_name(community.companies, domains=community.companies)
    people = [member.new_person(companies) for member in community.members]
    return await import_runs.import_people(
        demo.SOURCE, people, Progress(demo.SOURCE, PEOPLE, len(people), anchor.isoformat())
    )


async def _events(community: demo.Community, anchor: date, report: Report) -> None:
    report.imported["events: new"] = 0
    profiles = await import_runs.profiles_of(demo.SOURCE, [member.person.key for member in community.members])
    done = await import_runs.rows_imported(demo.SOURCE, EVENTS, anchor.isoformat())
    complete = len(community.events) + 1  # the last one stands for the reversals
    if done == complete:
        return
    for batch in batches(community.events[done:]):
        done += len(batch)
        events = [each.activity_event(profiles) for each in batch]
        for answer in await import_runs.import_events(events, Progress(demo.SOURCE, EVENTS, done, anchor.isoformat())):
            if isinstance(answer, Problem):
                report.defects[f"events refused: {answer.message}"] += 1
                continue
            report.imported["events: new"] += not answer.repeated
            report.imported[f"events: {answer.outcome.value.lower().replace('_', ' ')}"] += 1
    for external_id in community.reversed_ids:
        await corrections.reverse(demo.SOURCE, external_id)
        report.imported["events: reversed"] += 1
    async with in_transaction():
        await import_runs.save_progress(Progress(demo.SOURCE, EVENTS, complete, anchor.isoformat()))


async def _pictures(community: demo.Community, anchor: date, report: Report) -> None:
    if await import_runs.rows_imported(demo.SOURCE, PICTURES, anchor.isoformat()):
        return
    profiles = await import_runs.profiles_of(demo.SOURCE, [member.person.key for member in community.members])
    report.imported["pictures"] = await demo_pictures.add_avatars(list(profiles.values()))
    joined = {
        profiles[member.person.key]: datetime.combine(member.person.joined_on, time(9), UTC)
        for member in community.members
    }
    report.imported["complete profiles"] = await publishing.reward_imported(joined)
    async with in_transaction():
        await import_runs.save_progress(Progress(demo.SOURCE, PICTURES, 1, anchor.isoformat()))


async def _invites(community: demo.Community, anchor: date, report: Report) -> None:
    if await import_runs.rows_imported(demo.SOURCE, INVITES, anchor.isoformat()):
        return
    profiles = await import_runs.profiles_of(demo.SOURCE, [member.person.key for member in community.members])
    async with in_transaction():
        report.imported["invites and referrals"] = await demo_invites.send(
            community.members, profiles, community.companies, anchor
        )
        await import_runs.save_progress(Progress(demo.SOURCE, INVITES, 1, anchor.isoformat()))


async def _connections(community: demo.Community, anchor: date, report: Report) -> None:
    if await import_runs.rows_imported(demo.SOURCE, CONNECTIONS, anchor.isoformat()):
        return
    profiles = await import_runs.profiles_of(demo.SOURCE, [member.person.key for member in community.members])
    report.imported["connections: new"] = await demo_connections.connect(community.members, profiles, anchor)
    async with in_transaction():
        await import_runs.save_progress(Progress(demo.SOURCE, CONNECTIONS, 1, anchor.isoformat()))


async def _projects(community: demo.Community, anchor: date, report: Report) -> None:
    if await import_runs.rows_imported(demo.SOURCE, PROJECTS, anchor.isoformat()):
        return
    profiles = await import_runs.profiles_of(demo.SOURCE, [member.person.key for member in community.members])
    published, drafts = await demo_projects.add_projects(community.members, profiles, anchor)
    report.imported["projects: published"], report.imported["projects: drafts"] = published, drafts
    async with in_transaction():
        await import_runs.save_progress(Progress(demo.SOURCE, PROJECTS, 1, anchor.isoformat()))


async def _project_images(anchor: date, report: Report) -> None:
    if await import_runs.rows_imported(demo.SOURCE, SCREENS, anchor.isoformat()):
        return
    report.imported["project images"] = await demo_pictures.add_project_images()
    async with in_transaction():
        await import_runs.save_progress(Progress(demo.SOURCE, SCREENS, 1, anchor.isoformat()))


async def _featured(community: demo.Community, anchor: date, report: Report) -> None:
    if await import_runs.rows_imported(demo.SOURCE, FEATURED, anchor.isoformat()):
        return
    keys = [member.person.key for member in community.members]
    profiles = await import_runs.profiles_of(demo.SOURCE, keys)
    report.imported["people who feature badges"] = await demo_badges.feature([profiles[key] for key in keys])
    async with in_transaction():
        await import_runs.save_progress(Progress(demo.SOURCE, FEATURED, 1, anchor.isoformat()))


async def _second_profile(community: demo.Community, anchor: date, report: Report) -> None:
    if await import_runs.rows_imported(demo.SOURCE, demo_second_profile.PROGRESS_NAME, anchor.isoformat()):
        return
    profiles = await import_runs.profiles_of(demo.SOURCE, [member.person.key for member in community.members])
    added = await demo_second_profile.add(profiles, anchor)
    report.imported["events: new"] += added.events
    report.imported["connections: new"] += added.connections
    report.imported["projects: published"] += added.projects
