"""
The earlier profile of the demo's guide, under another account: for trying a merge.

It has something of each kind that a merge treats in its own way: points of an activity that counts once and that both
profiles have, votes of the one for the other, connections to the same people, a skill that both name, a project.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from tortoise.transactions import in_transaction

from catalogue.criteria import PROJECTS
from models.connections import Connection
from models.portfolio import Project, ProjectState
from models.profiles import Profile, Visibility
from services.achievements import achievements
from services.connections import connection_rows
from services.connections.connection_rows import ImportedConnection
from services.errors import Problem
from services.imports import demo_pictures, import_runs
from services.imports.demo import SOURCE, TABLES
from services.imports.demo_sign_ins import EARLIER, MEMBER
from services.imports.import_runs import Progress
from services.points.ledger import ActivityEvent
from services.portfolio import listing
from services.profiles.profiles import NewPerson
from services.progress import counters
from services.progress.scores import lock_score_rows

KEY: Final = EARLIER
"""Handle, and key in the demo."""
PROGRESS_NAME: Final = "second profile"
JOINED_DAYS: Final = 900
"""Days since the person joined with this profile: before everybody else of the demo."""
EVENTS: Final = {
    "RAPID_CERTIFIED": 1,
    "ACADEMY_UNIT_COMPLETED": 14,
    "LEARNING_PATH_COMPLETED": 3,
    "ANSWER_ACCEPTED": 6,
    "UPVOTE_RECEIVED": 16,
    "APP_REVIEWED": 3,
    "USER_STORY_CREATED": 10,
    "MEETUP_ATTENDED": 2,
}
"""Activities, and how often. The guide has passed the same exam, later."""
VOTES_OF_THE_GUIDE: Final = 2
"""Of the upvotes, those that come from the person's other profile."""
SHARED_FRIENDS, OWN_FRIENDS = 3, 2
"""Connections to people whom the guide is connected to, and to others."""


class Added(NamedTuple):
    """How many events, connections and projects are new."""

    events: int
    connections: int
    projects: int


async def add(profiles: Mapping[str, int], anchor: date) -> Added:
    """Add the profile with everything. `profiles` has the ids of the demo's people by key. Repeating it adds nothing."""
    tables = tomllib.loads((TABLES / "people.toml").read_text("utf-8"))
    companies = await import_runs.companies_by_name(tables["companies"], domains=tables["companies"])
    person = _person(tables["guide_before"], companies, anchor)
    await import_runs.import_people(SOURCE, [person], Progress(SOURCE, PROGRESS_NAME, 0, anchor.isoformat()))
    own = (await import_runs.profiles_of(SOURCE, [KEY]))[KEY]
    happened = list(_events(own, profiles, anchor))
    answers = await import_runs.import_events(happened, Progress(SOURCE, PROGRESS_NAME, 0, anchor.isoformat()))
    connections = await _connect(own, profiles[MEMBER], anchor)
    projects = await _add_project(own, anchor)
    await demo_pictures.add_avatars([own])
    await demo_pictures.add_project_images()
    async with in_transaction():
        await import_runs.save_progress(Progress(SOURCE, PROGRESS_NAME, 1, anchor.isoformat()))
    events = sum(not isinstance(answer, Problem) and not answer.repeated for answer in answers)
    return Added(events, connections, projects)


def _person(row: Mapping[str, Any], companies: Mapping[str, int], anchor: date) -> NewPerson:
    return NewPerson(
        name=row["name"],
        handle=row["handle"],
        key=KEY,
        joined_on=anchor - timedelta(days=JOINED_DAYS),
        visibility=Visibility.PRIVATE,
        company_id=companies[row["company"]],
        skills=row["skills"],
        industries=row["industries"],
        details={name: row[name] for name in ("job_title", "department", "country", "location", "about", "linkedin")},
    )


def _events(own: int, profiles: Mapping[str, int], anchor: date) -> Iterator[ActivityEvent]:
    guide, others = profiles[MEMBER], [profiles[key] for key in sorted(profiles) if key != MEMBER]
    # After the guide's other profile was made, so that both can have voted.
    first = datetime.combine(anchor - timedelta(days=JOINED_DAYS - 20), time(9), UTC)
    later = datetime.combine(anchor - timedelta(days=600), time(16), UTC)
    for code, times in EVENTS.items():
        for nth in range(times):
            of_the_guide = code == "UPVOTE_RECEIVED" and nth < VOTES_OF_THE_GUIDE
            voter = guide if of_the_guide else others[nth * 7 % len(others)]
            yield ActivityEvent(
                activity=code,
                profile_id=own,
                occurred_at=(later if of_the_guide else first) + timedelta(days=nth),
                source=SOURCE,
                external_id=f"{KEY}:{code}:{nth}",
                counterpart_id=voter if code in {"UPVOTE_RECEIVED", "ANSWER_ACCEPTED"} else None,
            )


async def _connect(own: int, guide: int, anchor: date) -> int:
    rows: Any = Connection.filter(profile_id=guide).order_by("other_id").values_list("other_id", flat=True)
    known: Sequence[int] = list(await rows)
    strangers: Any = Profile.filter(listed=True).exclude(id__in=[*known, own, guide]).order_by("id").limit(OWN_FRIENDS)
    people = [guide, *known[:SHARED_FRIENDS], *await strangers.values_list("id", flat=True)]
    at = datetime.combine(anchor - timedelta(days=150), time(11), UTC)
    async with in_transaction():
        result = await connection_rows.import_connections([ImportedConnection(own, each, at) for each in people])
        await achievements.evaluate(result.movements, notify=False)
    return result.new


async def _add_project(own: int, anchor: date) -> int:
    at = datetime.combine(anchor - timedelta(days=800), time(10), UTC)
    async with in_transaction():
        await lock_score_rows([own])
        if await Project.exists(source=SOURCE, key=KEY):
            return 0
        project = await Project.create(
            owner_id=own,
            title="Claims intake for a storm week",
            description="A form that a thousand people could fill in on one day, on the phone, in the rain.",
            customer="Northlight Insurance",
            business_need="After a storm, claims came in by letter and by telephone, and nobody knew how many there were.",
            solution="One form with photographs, a queue for the adjusters, and a board that shows what is open.",
            results="The first payment went out after two days instead of eleven.",
            started_on=at.date() - timedelta(days=60),
            ended_on=at.date(),
            state=ProjectState.PUBLISHED,
            created_at=at,
            published_at=at,
            listed=False,
            source=SOURCE,
            key=KEY,
        )
        await listing.add_words([listing.Found(project.id, project.title, project.description)])
        await achievements.evaluate([await counters.add(own, PROJECTS, 1)], notify=False)
        return 1
