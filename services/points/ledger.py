"""
Record events in the points ledger and award their points.

The rules are in docs/rules/points.md: catalogue values, daily caps per profile, activity and UTC day, awards given
once per profile, self-interaction, eligibility, one row per event in an append-only ledger, sums updated in the same
transaction. Corrections (reversals, penalties) are in services/points/corrections.py.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.functions import Sum
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.points import ACTIVITIES, Activity
from models.points import EntryKind, OnceAward, Outcome, PointEntry
from services.achievements import achievements
from services.core import clock, merged_profiles
from services.core.bulk import insert, lookup
from services.errors import ErrorCode, Problem, ProfilesMerged, Refused
from services.progress.counters import HAPPENED, Tally, write_tally
from services.progress.scores import Person, existing_profiles, lock_scores, save_scores

SYSTEM_SOURCE = "system"
"""Source of events that this server records itself. No service account has this source."""
MAX_CLOCK_SKEW = timedelta(minutes=5)
"""How far the clock of a reporting service may be ahead of ours."""
MAX_EXTERNAL_ID = 200
"""Characters of a reporter's own id for an event."""
MAX_ATTEMPTS = 5
"""Retry when a concurrent batch inserted one of these ids, or a profile was merged; the retry sees its rows."""


@dataclass(frozen=True)
class ActivityEvent:
    """Something a person did. `(source, external_id)` identifies it; `counterpart_id` is the other person involved."""

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
        """Unique key of the event."""
        return self.source, self.external_id

    @property
    def day(self) -> date:
        """UTC day on which its points count."""
        return self.occurred_at.date()


@dataclass(frozen=True)
class Recorded:
    """Outcome of an event. `repeated`: the event was recorded before, and this is its first outcome."""

    outcome: Outcome
    awarded: int
    profile_id: int
    repeated: bool = False


async def record(event: ActivityEvent) -> Recorded:
    """
    Record one event. Points are whole; a day is the UTC day of `occurred_at`.

    Raises Refused: UNKNOWN_ACTIVITY, NOT_REPORTABLE (only SYSTEM_SOURCE may record it), IN_THE_FUTURE (over 5 minutes),
    NOT_FOUND (no such profile), EVENT_CONFLICT (same id, different content).
    """
    [result] = await record_many([event])
    if isinstance(result, Problem):
        raise Refused(result)
    return result


async def record_many(events: Sequence[ActivityEvent]) -> list[Recorded | Problem]:
    """
    Record a batch in one transaction, in order. Returns one result per event: its outcome, or why it was refused.

    A refused event changes nothing and does not affect the others. The number of statements is constant. An event of a profile
    that was merged, before or while this call waits for its lock, is one of the profile that it was merged into.
    """
    if not events:
        return []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            async with in_transaction():
                return await _record(events)
        except ProfilesMerged as merged:
            # Begin again: all locks are taken in order of id.
            events = [_with_current_profiles(event, merged.current) for event in events]
        except IntegrityError:
            # After we read the ledger and the profiles, a concurrent writer recorded one of these ids, or merged a counterpart.
            if attempt == MAX_ATTEMPTS:
                raise
    raise ProfilesMerged({})


def _with_current_profiles(event: ActivityEvent, current: Mapping[int, int]) -> ActivityEvent:
    profile_id, counterpart_id = event.profile_id, event.counterpart_id
    return replace(
        event,
        profile_id=current.get(profile_id, profile_id),
        counterpart_id=None if counterpart_id is None else current.get(counterpart_id, counterpart_id),
    )


async def _record(events: Sequence[ActivityEvent]) -> list[Recorded | Problem]:
    now = clock.now()
    # The lock serializes the events of one person: two writers must not both use the same rest of a cap.
    people = await lock_scores({event.profile_id for event in events})
    counterparts = {event.counterpart_id for event in events if event.counterpart_id is not None}
    known = people.keys() | await existing_profiles(counterparts - people.keys())
    if current := await merged_profiles.current_ids(({event.profile_id for event in events} | counterparts) - known):
        raise ProfilesMerged(current)
    problems = [_find_problem(event, known, now) for event in events]
    batch = await EventBatch.read([event for event, problem in zip(events, problems, strict=True) if problem is None])
    results = [
        problem or batch.add(event, people[event.profile_id], now)
        for event, problem in zip(events, problems, strict=True)
    ]
    await batch.write()
    await save_scores(person for person in people.values() if person.moved)
    await achievements.evaluate(await write_tally(batch.tally, people))
    return results


def _find_activity_problem(event: ActivityEvent) -> Problem | None:
    activity = ACTIVITIES.get(event.activity)
    if activity is None:
        return Problem(
            ErrorCode.UNKNOWN_ACTIVITY,
            Text("There is no activity {activity!r}.", activity=event.activity[:80]),
            ("activityCode",),
        )
    if activity.system and event.source != SYSTEM_SOURCE:
        text = Text("{activity} is recorded by this system itself and cannot be reported.", activity=event.activity)
        return Problem(ErrorCode.NOT_REPORTABLE, text, ("activityCode",))
    return None


def _find_problem(event: ActivityEvent, known: AbstractSet[int | None], now: datetime) -> Problem | None:
    if problem := _find_activity_problem(event):
        return problem
    if not 0 < len(event.external_id) <= MAX_EXTERNAL_ID or "\0" in event.external_id:
        text = Text("The id of an event must have 1 to {max_external_id} characters.", max_external_id=MAX_EXTERNAL_ID)
        return Problem(ErrorCode.BAD_INPUT, text, ("externalId",))
    if event.occurred_at > now + MAX_CLOCK_SKEW:
        return Problem(ErrorCode.IN_THE_FUTURE, "The event is in the future.", ("occurredAt",))
    if event.profile_id not in known:
        return Problem(ErrorCode.NOT_FOUND, "There is no such profile.", ("person", "profileId"))
    if event.counterpart_id is not None and event.counterpart_id not in known:
        return Problem(ErrorCode.NOT_FOUND, "There is no such counterpart.", ("counterpart", "profileId"))
    return None


class EventBatch:
    """A batch of events: the ledger rows that decide their outcomes, and the rows to insert."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], PointEntry] = {}
        self.cap_used: defaultdict[tuple[int, str, date], int] = defaultdict(int)
        self.awarded_once: set[tuple[int, str]] = set()
        self.new_entries: list[PointEntry] = []
        self.new_once_awards: list[OnceAward] = []
        self.tally = Tally()

    @classmethod
    async def read(cls, events: Sequence[ActivityEvent]) -> "EventBatch":
        """Read the existing ledger rows. Indexes: unique (source, external_id); (profile_id, activity, day)."""
        batch = cls()
        for source in {event.source for event in events}:
            ids = {event.external_id for event in events if event.source == source}
            existing_ids = await lookup(PointEntry, "id", source=source, column="external_id", keys=ids)
            for entry in await PointEntry.filter(id__in=list(existing_ids.values())) if existing_ids else ():
                batch.entries[source, entry.external_id] = entry
        new = [event for event in events if event.key not in batch.entries]
        await batch._read_cap_used([event for event in new if ACTIVITIES[event.activity].cap is not None])
        await batch._read_awarded_once([event for event in new if ACTIVITIES[event.activity].once])
        return batch

    async def _read_cap_used(self, events: Sequence[ActivityEvent]) -> None:
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
            self.cap_used[profile_id, activity, day] = used

    async def _read_awarded_once(self, events: Sequence[ActivityEvent]) -> None:
        if not events:
            return
        profiles, activities = {event.profile_id for event in events}, {event.activity for event in events}
        awards: Any = OnceAward.filter(profile_id__in=profiles, activity__in=activities)
        self.awarded_once.update(await awards.values_list("profile_id", "activity"))

    def add(self, event: ActivityEvent, person: Person, now: datetime) -> Recorded | Problem:
        """Decide the outcome of one event, and add its row and its points to the person's sums."""
        if earlier := self.entries.get(event.key):
            return _repeat(event, earlier)
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
        self.new_entries.append(entry)
        self.entries[event.key] = entry
        self.cap_used[event.profile_id, activity.code, event.day] += entry.capped
        person.add(activity.category, awarded, event.occurred_at)
        self.tally.add_entry(entry, counts=outcome in HAPPENED)
        person.notify_points(activity.category, awarded, activity.code)
        return Recorded(outcome, awarded, event.profile_id)

    def _judge(self, event: ActivityEvent, activity: Activity, person: Person) -> tuple[Outcome, int]:
        if event.counterpart_id == event.profile_id:
            return Outcome.SELF, 0
        if not person.may_earn(activity, event.day):
            return Outcome.INELIGIBLE, 0
        if activity.once:
            if (event.profile_id, activity.code) in self.awarded_once:
                return Outcome.DUPLICATE, 0
            self.awarded_once.add((event.profile_id, activity.code))
            self.new_once_awards.append(OnceAward(profile_id=event.profile_id, activity=activity.code))
        if activity.cap is None:
            return Outcome.AWARDED, activity.points
        remaining = max(0, activity.cap - self.cap_used[event.profile_id, activity.code, event.day])
        awarded = min(activity.points, remaining)
        if awarded == activity.points:
            return Outcome.AWARDED, awarded
        return (Outcome.PARTLY_AWARDED if awarded else Outcome.CAPPED), awarded

    async def write(self) -> None:
        """Insert the new rows. Raises IntegrityError if a concurrent writer inserted one of the ids first."""
        await insert(self.new_entries)
        await insert(self.new_once_awards)


def _repeat(event: ActivityEvent, earlier: PointEntry) -> Recorded | Problem:
    same = (
        earlier.kind is EntryKind.ACTIVITY
        and (earlier.activity, earlier.occurred_at) == (event.activity, event.occurred_at)
        and (earlier.profile_id, earlier.counterpart_id) == (event.profile_id, event.counterpart_id)
    )
    if not same:
        text = Text("An event with this id was recorded before with different content.")
        return Problem(ErrorCode.EVENT_CONFLICT, text, ("externalId",))
    return Recorded(earlier.outcome, earlier.awarded, event.profile_id, repeated=True)
