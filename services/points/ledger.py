"""
Points: what an event gives, and who keeps the sums.

The whole rule is docs/rules/points.md: catalogue values, daily caps per profile, activity and UTC day, awards
given once in a life, self-interaction, eligibility, one row per event in an append-only ledger, sums in the same
transaction. Corrections (reversals, penalties) are in services/points/corrections.py.
"""

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.functions import Sum
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.points import ACTIVITIES, Activity
from models.points import EntryKind, OnceAward, Outcome, PointEntry
from services.achievements import achievements
from services.core import clock
from services.core.bulk import insert, lookup
from services.errors import ErrorCode, Problem, Refused
from services.progress.counters import HAPPENED, Tally, keep
from services.progress.scores import Person, existing, lock_scores, save_scores

SYSTEM_SOURCE = "system"
"""Whom the ledger names for events that arise in this system's own services; no account's name is so."""
SKEW = timedelta(minutes=5)
"""How far ahead of ours another platform's clock may be."""
MAX_EXTERNAL_ID = 200
"""Characters of a reporter's own id for an event."""
TRIES = 3
"""A batch that meets a twin of itself is begun again; the twin's rows are then there to be seen."""


@dataclass(frozen=True)
class ActivityEvent:
    """Something a person did. `(source, external_id)` names it for good; `counterpart_id` is who else took part."""

    activity: str
    profile_id: int
    occurred_at: datetime
    source: str
    external_id: str
    counterpart_id: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "occurred_at", self.occurred_at.astimezone(UTC))

    @property
    def key(self) -> tuple[str, str]:
        """What the event is known by."""
        return self.source, self.external_id

    @property
    def day(self) -> date:
        """The UTC calendar day that its points count on."""
        return self.occurred_at.date()


@dataclass(frozen=True)
class Recorded:
    """What became of an event. `repeated`: it had been taken in before, and this is the first answer again."""

    outcome: Outcome
    awarded: int
    profile_id: int
    repeated: bool = False


async def record(event: ActivityEvent) -> Recorded:
    """
    Take in one event. Points are whole; a day is the UTC day of `occurred_at`.

    Raises Refused: UNKNOWN_ACTIVITY, NOT_REPORTABLE (only SYSTEM_SOURCE may record it), IN_THE_FUTURE (over 5 minutes),
    NOT_FOUND (no such profile), EVENT_CONFLICT (the same id with another content).
    """
    [answer] = await record_many([event])
    if isinstance(answer, Problem):
        raise Refused(answer)
    return answer


async def record_many(events: Sequence[ActivityEvent]) -> list[Recorded | Problem]:
    """
    Take in a batch in one transaction, in its order; one answer for each: what became of it, or why it was refused.

    A refused event changes nothing and does not hinder the others. Statements do not grow with the batch.
    """
    for tried in range(1, TRIES + 1):
        try:
            async with in_transaction():
                return await _record(events)
        except IntegrityError:
            # Another writer took in one of these ids, for another profile, since we looked.
            if tried == TRIES:
                raise
    raise AssertionError("not reached")


async def _record(events: Sequence[ActivityEvent]) -> list[Recorded | Problem]:
    now = clock.now()
    # One person's events queue up here: two writers must not both see the same room under a cap.
    people = await lock_scores({event.profile_id for event in events})
    known = people.keys() | await existing({event.counterpart_id for event in events} - people.keys() - {None})
    problems = [_problem(event, known, now) for event in events]
    ledger = await Ledger.read([event for event, problem in zip(events, problems, strict=True) if problem is None])
    answers = [
        problem or ledger.take(event, people[event.profile_id], now)
        for event, problem in zip(events, problems, strict=True)
    ]
    await ledger.write()
    await save_scores(person for person in people.values() if person.moved)
    await achievements.moved(await keep(ledger.tally, people))
    return answers


def _problem_of_activity(event: ActivityEvent) -> Problem | None:
    activity = ACTIVITIES.get(event.activity)
    if activity is None:
        return Problem(
            ErrorCode.UNKNOWN_ACTIVITY,
            Text("There is no activity {activity!r}.", activity=event.activity[:80]),
            ("activity",),
        )
    if activity.system and event.source != SYSTEM_SOURCE:
        text = Text("{activity} is known to this system alone and cannot be reported.", activity=event.activity)
        return Problem(ErrorCode.NOT_REPORTABLE, text, ("activity",))
    return None


def _problem(event: ActivityEvent, known: AbstractSet[int | None], now: datetime) -> Problem | None:
    if problem := _problem_of_activity(event):
        return problem
    if not 0 < len(event.external_id) <= MAX_EXTERNAL_ID or "\0" in event.external_id:
        text = Text("An event's id has 1 to {max_external_id} characters.", max_external_id=MAX_EXTERNAL_ID)
        return Problem(ErrorCode.BAD_INPUT, text, ("externalId",))
    if event.occurred_at > now + SKEW:
        return Problem(ErrorCode.IN_THE_FUTURE, "The event lies in the future.", ("occurredAt",))
    if event.profile_id not in known:
        return Problem(ErrorCode.NOT_FOUND, "There is no such profile.", ("profile",))
    if event.counterpart_id is not None and event.counterpart_id not in known:
        return Problem(ErrorCode.NOT_FOUND, "There is no such counterpart.", ("counterpart",))
    return None


class Ledger:
    """The part of the ledger that a batch of events can meet, and the rows that it adds."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], PointEntry] = {}
        self.used: defaultdict[tuple[int, str, date], int] = defaultdict(int)
        self.held: set[tuple[int, str]] = set()
        self.new: list[PointEntry] = []
        self.new_held: list[OnceAward] = []
        self.tally = Tally()

    @classmethod
    async def read(cls, events: Sequence[ActivityEvent]) -> "Ledger":
        """Read what is there already. Indexes: unique (source, external_id); (profile_id, activity, day)."""
        ledger = cls()
        for source in {event.source for event in events}:
            ids = {event.external_id for event in events if event.source == source}
            here = await lookup(PointEntry, "id", source=source, column="external_id", keys=ids)
            for entry in await PointEntry.filter(id__in=list(here.values())) if here else ():
                ledger.entries[source, entry.external_id] = entry
        new = [event for event in events if event.key not in ledger.entries]
        await ledger._read_used([event for event in new if ACTIVITIES[event.activity].cap is not None])
        await ledger._read_held([event for event in new if ACTIVITIES[event.activity].once])
        return ledger

    async def _read_used(self, events: Sequence[ActivityEvent]) -> None:
        if not events:
            return
        rows: Any = (
            PointEntry.filter(
                profile_id__in={event.profile_id for event in events},
                activity__in={event.activity for event in events},
                day__in={event.day for event in events},
            )
            .annotate(used=Sum("capped"))
            .group_by("profile_id", "activity", "day")
            .values_list("profile_id", "activity", "day", "used")
        )
        for profile_id, activity, day, used in await rows:
            self.used[profile_id, activity, day] = used

    async def _read_held(self, events: Sequence[ActivityEvent]) -> None:
        if not events:
            return
        profiles, activities = {event.profile_id for event in events}, {event.activity for event in events}
        held: Any = OnceAward.filter(profile_id__in=profiles, activity__in=activities)
        self.held.update(await held.values_list("profile_id", "activity"))

    def take(self, event: ActivityEvent, person: Person, now: datetime) -> Recorded | Problem:
        """Judge one event and add its row; the person's sums grow with it."""
        if earlier := self.entries.get(event.key):
            return _repeated(event, earlier)
        activity = ACTIVITIES[event.activity]
        outcome, awarded = self._judge(event, activity, person)
        entry = PointEntry(
            profile_id=event.profile_id,
            kind=EntryKind.ACTIVITY,
            category=activity.category,
            activity=activity.code,
            asked=activity.points,
            awarded=awarded,
            capped=awarded if activity.cap is not None else 0,
            outcome=outcome,
            occurred_at=event.occurred_at,
            day=event.day,
            source=event.source,
            external_id=event.external_id,
            counterpart_id=event.counterpart_id,
            recorded_at=now,
        )
        self.new.append(entry)
        self.entries[event.key] = entry
        self.used[event.profile_id, activity.code, event.day] += entry.capped
        person.add(activity.category, awarded, event.occurred_at)
        self.tally.add_entry(entry, counts=outcome in HAPPENED)
        person.tell_points(activity.category, awarded, activity.code)
        return Recorded(outcome, awarded, event.profile_id)

    def _judge(self, event: ActivityEvent, activity: Activity, person: Person) -> tuple[Outcome, int]:
        if event.counterpart_id == event.profile_id:
            return Outcome.SELF, 0
        if not person.may_earn(activity, event.day):
            return Outcome.INELIGIBLE, 0
        if activity.once:
            if (event.profile_id, activity.code) in self.held:
                return Outcome.DUPLICATE, 0
            self.held.add((event.profile_id, activity.code))
            self.new_held.append(OnceAward(profile_id=event.profile_id, activity=activity.code))
        if activity.cap is None:
            return Outcome.AWARDED, activity.points
        room = max(0, activity.cap - self.used[event.profile_id, activity.code, event.day])
        awarded = min(activity.points, room)
        if awarded == activity.points:
            return Outcome.AWARDED, awarded
        return (Outcome.PARTLY_AWARDED if awarded else Outcome.CAPPED), awarded

    async def write(self) -> None:
        """Write the new rows. IntegrityError: another writer was first with one of the ids."""
        await insert(self.new)
        await insert(self.new_held)


def _repeated(event: ActivityEvent, earlier: PointEntry) -> Recorded | Problem:
    same = (
        earlier.kind is EntryKind.ACTIVITY
        and (earlier.activity, earlier.occurred_at) == (event.activity, event.occurred_at)
        and (earlier.profile_id, earlier.counterpart_id) == (event.profile_id, event.counterpart_id)
    )
    if not same:
        text = Text("An event with this id was taken in before, with another content.")
        return Problem(ErrorCode.EVENT_CONFLICT, text, ("externalId",))
    return Recorded(earlier.outcome, earlier.awarded, event.profile_id, repeated=True)
