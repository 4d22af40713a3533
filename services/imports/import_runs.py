"""
What an import writes: people, their points, badges and projects, and how far the import got, a batch in one transaction.

So an import that is interrupted loses nothing and repeats nothing: it goes on after the last whole batch, and what
it meets again is recognised by its key.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from models.companies import Company, CompanyDomain
from models.imports import ImportedPerson, ImportProgress
from models.profiles import ProfileSkill
from models.transactions import require_transaction
from services.connections import connection_rows
from services.connections.connection_rows import Brought as Pair
from services.connections.connection_rows import Taken
from services.core import clock
from services.core.bulk import insert, lookup
from services.errors import Problem
from services.imports import imported_badges, imported_projects
from services.imports.imported_badges import Brought, Definition
from services.points.ledger import MAX_ATTEMPTS, ActivityEvent, Recorded, record_many
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.profiles.profiles import NewPerson, create_people

Answer = TypeVar("Answer")

MAX_SOURCE = 64
MAX_KEY = 128
"""Characters of another system's own id for a person."""


@dataclass(frozen=True)
class Progress:
    """That the first `rows` rows of a file are taken in. `fingerprint` tells whether the file is still the same."""

    source: str
    file: str
    rows: int
    fingerprint: str


async def progress_of(source: str, file: str) -> Progress | None:
    """How far an earlier run got with a file; None: there was none."""
    found = await ImportProgress.get_or_none(source=source, file=file)
    return None if found is None else Progress(source, file, found.rows, found.fingerprint)


async def rows_taken(source: str, file: str, fingerprint: str) -> int:
    """How many rows of the file are taken in already; 0 for a file that is new or has changed since."""
    found = await progress_of(source, file)
    return found.rows if found and found.fingerprint == fingerprint else 0


async def note_progress(progress: Progress) -> None:
    """Remember how far an import got; belongs into the transaction that takes in the rows. Requires a transaction."""
    require_transaction()
    here = ImportProgress.filter(source=progress.source, file=progress.file)
    if not await here.update(rows=progress.rows, fingerprint=progress.fingerprint):
        await ImportProgress.create(
            source=progress.source, file=progress.file, rows=progress.rows, fingerprint=progress.fingerprint
        )


async def profiles_of(source: str, keys: Iterable[str]) -> dict[str, int]:
    """The profiles that people of another system became, by their key there; unknown keys are left out."""
    return await lookup(ImportedPerson, "profile_id", source=source, column="key", keys=set(keys))


async def take_people(source: str, people: Sequence[NewPerson], progress: Progress) -> int:
    """
    Make a profile of everyone who is not known yet by `(source, key)`; returns how many are new.

    Their ids grow in the order given. Who is known is left as they are: people edit their profiles.
    """

    async def take() -> int:
        by_key = {person.key: person for person in reversed(people)}
        here = await profiles_of(source, by_key)
        new = [person for person in people if person.key not in here and by_key[person.key] is person]
        ids = await create_people(new) if new else []
        remembered = [
            ImportedPerson(source=source, key=person.key, profile_id=profile_id)
            for person, profile_id in zip(new, ids, strict=True)
        ]
        await insert(remembered)
        await note_progress(progress)
        return len(new)

    return await _at_once(take)


async def take_events(events: Sequence[ActivityEvent], progress: Progress) -> list[Recorded | Problem]:
    """Take in a batch of events; the answers are those of services.points.record_many."""

    async def take() -> list[Recorded | Problem]:
        answers = await record_many(events) if events else []
        await note_progress(progress)
        return answers

    return await _at_once(take)


async def take_openings(openings: Sequence[OpeningBalance], progress: Progress) -> int:
    """Take in a batch of opening balances; returns how many are new. Refusals: services.openings."""

    async def take() -> int:
        new = await record_opening_balances(openings) if openings else 0
        await note_progress(progress)
        return new

    return await _at_once(take)


async def take_skills(skills: Sequence[tuple[int, str]], progress: Progress) -> int:
    """Take in pairs of a profile's id and a skill's code; returns how many are new."""

    async def take() -> int:
        found: Any = ProfileSkill.filter(profile_id__in={profile_id for profile_id, _ in skills})
        here = set(await found.values_list("profile_id", "skill")) if skills else set()
        new = [pair for pair in dict.fromkeys(skills) if pair not in here]
        rows = [ProfileSkill(profile_id=profile_id, skill=code) for profile_id, code in new]
        await insert(rows)
        await note_progress(progress)
        return len(new)

    return await _at_once(take)


async def take_badges(badges: Sequence[Definition], progress: Progress) -> int:
    """Take in what badges there are; returns how many are new. One that was here is described anew."""

    async def take() -> int:
        new = await imported_badges.define(progress.source, badges)
        await note_progress(progress)
        return new

    return await _at_once(take)


async def take_awards(awards: Sequence[Brought], progress: Progress, *, badges: Sequence[Definition] = ()) -> int:
    """Take in who has which badge, and `badges` before; returns how many awards are new."""

    async def take() -> int:
        await imported_badges.define(progress.source, badges)
        new = await imported_badges.award(awards)
        await note_progress(progress)
        return new

    return await _at_once(take)


async def take_connections(pairs: Sequence[Pair], progress: Progress) -> Taken:
    """Take in who is connected with whom, each pair of profiles once. Counters follow, badges do not."""

    async def take() -> Taken:
        taken = await connection_rows.join_many(pairs)
        await note_progress(progress)
        return taken

    return await _at_once(take)


async def take_projects(projects: Sequence[imported_projects.Brought], progress: Progress) -> int:
    """Take in projects of portfolios; returns how many are new. Counters follow, badges do not."""

    async def take() -> int:
        new, _ = await imported_projects.bring(progress.source, projects)
        await note_progress(progress)
        return new

    return await _at_once(take)


async def take_collaborators(people: Sequence[imported_projects.Named], progress: Progress) -> int:
    """Take in who worked on which project; returns how many are new. Nobody is told."""

    async def take() -> int:
        new = await imported_projects.name(people)
        await note_progress(progress)
        return new

    return await _at_once(take)


async def companies_named(names: Iterable[str], *, domains: Mapping[str, str] | None = None) -> dict[str, int]:
    """
    The companies of these exact names, made where there are none yet. Of several with one name it is the oldest.

    A company that is made here gets the mail domain that `domains` gives for its name, unless it is taken.
    """
    wanted = set(names)

    async def find() -> dict[str, int]:
        rows: Any = Company.filter(name__in=wanted).order_by("-id").values_list("name", "id")
        return dict(await rows)

    async def make() -> dict[str, int]:
        missing = sorted(wanted - (await find()).keys())
        now = clock.now()
        await insert([Company(name=name, created_at=now) for name in missing])
        found = await find()
        given = {name: domain for name, domain in (domains or {}).items() if name in missing}
        rows: Any = CompanyDomain.filter(domain__in=set(given.values())).values_list("domain", flat=True)
        taken = set(await rows) if given else set()
        free = [
            CompanyDomain(company_id=found[name], domain=domain)
            for name, domain in given.items()
            if domain not in taken
        ]
        await insert(free)
        return found

    found = await find() if wanted else {}
    return found if found.keys() == wanted else await _at_once(make)


async def _at_once(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """In one transaction. Begun again when another writer took a handle or an id since we looked."""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            async with in_transaction():
                return await work()
        except IntegrityError:
            if attempt == MAX_ATTEMPTS:
                raise
    raise AssertionError("not reached")
