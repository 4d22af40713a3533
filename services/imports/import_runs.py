"""
Write an import in batches: people, their points, badges and projects. Each batch and its progress are one transaction.

An interrupted import loses nothing and repeats nothing: it continues after the last complete batch, and rows that exist
already are recognized by their keys.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from models.companies import Company, CompanyDomain
from models.imports import ImportedPerson, ImportProgress
from models.profile_changes import ChangedField
from models.profiles import ProfileSkill
from models.transactions import require_transaction
from services.connections import connection_rows
from services.connections.connection_rows import ImportedConnection, ImportResult
from services.core import clock
from services.core.audit import OPERATOR, Change
from services.core.bulk import insert, lookup
from services.errors import Problem
from services.imports import imported_badges, imported_projects
from services.imports.imported_badges import BadgeDefinition, ImportedAward
from services.imports.imported_projects import ImportedCollaborator, ImportedProject, ImportedSkill
from services.points.ledger import MAX_ATTEMPTS, ActivityEvent, Recorded, record_many
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.profiles import profile_changes
from services.profiles.profiles import NewPerson, create_people

T = TypeVar("T")

MAX_SOURCE = 64
MAX_KEY = 128
"""Characters of another system's own id for a person."""


class BadRow(Exception):
    """A row of a file that cannot be imported; the message is the reason."""


@dataclass(frozen=True)
class Progress:
    """The first `rows` rows of a file are imported. `fingerprint` changes if the file changes."""

    source: str
    file: str
    rows: int
    fingerprint: str


async def read_progress(source: str, file: str) -> Progress | None:
    """Progress of earlier runs with a file; None if there were none."""
    found = await ImportProgress.get_or_none(source=source, file=file)
    return None if found is None else Progress(source, file, found.rows, found.fingerprint)


async def rows_imported(source: str, file: str, fingerprint: str) -> int:
    """Number of rows of the file that are imported; 0 if the file is new or has changed."""
    found = await read_progress(source, file)
    return found.rows if found and found.fingerprint == fingerprint else 0


async def save_progress(progress: Progress) -> None:
    """Store the progress, in the transaction that imports the rows. Requires a transaction."""
    require_transaction()
    stored = ImportProgress.filter(source=progress.source, file=progress.file)
    if not await stored.update(rows=progress.rows, fingerprint=progress.fingerprint):
        await ImportProgress.create(
            source=progress.source, file=progress.file, rows=progress.rows, fingerprint=progress.fingerprint
        )


async def profiles_of(source: str, keys: Iterable[str]) -> dict[str, int]:
    """The profile ids of imported people by key; unknown keys are omitted."""
    return await lookup(ImportedPerson, "profile_id", source=source, column="key", keys=set(keys))


async def import_people(source: str, people: Sequence[NewPerson], progress: Progress) -> int:
    """
    Create a profile for each person who does not exist yet by `(source, key)`; returns how many are new.

    Their ids increase in the given order. An existing profile stays unchanged, because people edit their profiles.
    """

    async def work() -> int:
        by_key = {person.key: person for person in reversed(people)}
        known = await profiles_of(source, by_key)
        new = [person for person in people if person.key not in known and by_key[person.key] is person]
        ids = await create_people(new) if new else []
        rows = [
            ImportedPerson(source=source, key=person.key, profile_id=profile_id)
            for person, profile_id in zip(new, ids, strict=True)
        ]
        await insert(rows)
        return len(new)

    return await _import_batch(work, progress)


async def import_events(events: Sequence[ActivityEvent], progress: Progress) -> list[Recorded | Problem]:
    """Record events; returns the results of `record_many`."""
    return await _import_batch(lambda: record_many(events), progress)


async def import_opening_balances(balances: Sequence[OpeningBalance], progress: Progress) -> int:
    """Record opening balances; returns how many are new. Raises Refused as `record_opening_balances` does."""
    return await _import_batch(lambda: record_opening_balances(balances), progress)


async def import_skills(skills: Sequence[tuple[int, str]], progress: Progress) -> int:
    """Add skills, as pairs of profile id and code; returns how many are new."""

    async def work() -> int:
        rows: Any = ProfileSkill.filter(profile_id__in={profile_id for profile_id, _ in skills})
        known = set(await rows.values_list("profile_id", "skill")) if skills else set()
        new = [pair for pair in dict.fromkeys(skills) if pair not in known]
        await insert([ProfileSkill(profile_id=profile_id, skill=code) for profile_id, code in new])
        await _record_skills(known, new)
        return len(new)

    return await _import_batch(work, progress)


async def _record_skills(known: Collection[tuple[int, str]], new: Collection[tuple[int, str]]) -> None:
    """Write the changed skills of each person to the history of personal data."""
    before, after = ({number: set[str]() for number, _ in new} for _ in range(2))
    for number, code in known:
        if number in before:
            before[number].add(code)
    for number, code in new:
        after[number].add(code)
    changes = {
        number: Change(", ".join(sorted(codes)) or None, ", ".join(sorted(codes | after[number])))
        for number, codes in before.items()
    }
    await profile_changes.record_many(changes, ChangedField.SKILLS, actor=OPERATOR)


async def import_badges(badges: Sequence[BadgeDefinition], progress: Progress) -> int:
    """Store badge definitions; returns how many are new. An existing definition is replaced."""
    return await _import_batch(lambda: imported_badges.store_definitions(progress.source, badges), progress)


async def import_awards(
    awards: Sequence[ImportedAward], progress: Progress, *, badges: Sequence[BadgeDefinition] = ()
) -> int:
    """Store the definitions `badges`, then the awards; returns how many awards are new."""

    async def work() -> int:
        await imported_badges.store_definitions(progress.source, badges)
        return await imported_badges.import_awards(awards)

    return await _import_batch(work, progress)


async def import_connections(pairs: Sequence[ImportedConnection], progress: Progress) -> ImportResult:
    """Connect pairs of profiles, without duplicates. Counters are updated, badges are not."""
    return await _import_batch(lambda: connection_rows.import_connections(pairs), progress)


async def import_projects(projects: Sequence[ImportedProject], progress: Progress) -> int:
    """Store projects; returns how many are new. Counters are updated, badges are not."""
    return await _import_batch(lambda: imported_projects.import_projects(progress.source, projects), progress)


async def import_collaborators(people: Sequence[ImportedCollaborator], progress: Progress) -> int:
    """Tag people on projects; returns how many tags are new. No one is notified."""
    return await _import_batch(lambda: imported_projects.import_collaborators(people), progress)


async def import_project_skills(skills: Sequence[ImportedSkill], progress: Progress) -> int:
    """Add skills to projects; returns how many are new."""
    return await _import_batch(lambda: imported_projects.import_skills(skills), progress)


async def companies_by_name(names: Iterable[str], *, domains: Mapping[str, str] | None = None) -> dict[str, int]:
    """
    The companies with exactly these names; missing ones are created. Of several with the same name the oldest counts.

    A new company owns the mail domain that `domains` has for its name, unless another company owns it.
    """
    wanted = set(names)

    async def find() -> dict[str, int]:
        rows: Any = Company.filter(name__in=wanted).order_by("-id").values_list("name", "id")
        return dict(await rows)

    async def create_missing() -> dict[str, int]:
        missing = sorted(wanted - (await find()).keys())
        now = clock.now()
        await insert([Company(name=name, created_at=now) for name in missing])
        found = await find()
        domain_of = {name: domain for name, domain in (domains or {}).items() if name in missing}
        rows: Any = CompanyDomain.filter(domain__in=set(domain_of.values())).values_list("domain", flat=True)
        taken = set(await rows) if domain_of else set()
        free = [
            CompanyDomain(company_id=found[name], domain=domain)
            for name, domain in domain_of.items()
            if domain not in taken
        ]
        await insert(free)
        return found

    found = await find() if wanted else {}
    return found if found.keys() == wanted else await _retry_conflicts(create_missing)


async def _import_batch(work: Callable[[], Awaitable[T]], progress: Progress) -> T:
    """Run `work` and save the progress in one transaction; returns the result of `work`."""

    async def work_and_save() -> T:
        result = await work()
        await save_progress(progress)
        return result

    return await _retry_conflicts(work_and_save)


async def _retry_conflicts(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` in one transaction. Retries when a concurrent writer took a handle or an id."""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            async with in_transaction():
                return await work()
        except IntegrityError:
            if attempt == MAX_ATTEMPTS:
                raise
    raise AssertionError("not reached")
