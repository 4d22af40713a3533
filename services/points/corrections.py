"""Corrections of the ledger: reversals of events, penalties by an operator. Rows are added, never edited."""

from typing import NamedTuple

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.points import ACTIVITIES, Category
from models.points import EntryKind, OnceAward, Outcome, PointEntry
from services.achievements import achievements, award_dates
from services.core import clock, merged_profiles
from services.errors import ErrorCode, refused
from services.points.ledger import MAX_EXTERNAL_ID
from services.progress.counters import HAPPENED, Tally, write_tally
from services.progress.scores import PENALTIES, lock_scores, microseconds, recompute_reached, save_scores

REVERSALS = "system:reversals"
"""Source of reversal rows; their external id is the id of the reversed row."""
MAX_REASON = 500
MAX_SOURCE = 64


class Reversal(NamedTuple):
    """The ledger entry of a reversal. `repeated`: the event was reversed before, and this is that entry."""

    entry: PointEntry
    repeated: bool


async def reverse(source: str, external_id: str) -> Reversal:
    """
    Take back exactly the points of an event. Repeating it returns the first reversal.

    The new row has the time of its original. It frees the daily cap again only if recorded on the same UTC day. An
    award that is given once per profile can be earned again. Raises Refused: NOT_FOUND (no such event).
    """
    async with in_transaction():
        # The databases raise an error for a key that is too long or has a NUL; no event has such a key.
        valid = len(external_id) <= MAX_EXTERNAL_ID and "\0" not in external_id and len(source) <= MAX_SOURCE
        found = await PointEntry.get_or_none(source=source, external_id=external_id) if valid else None
        if found is None or found.kind not in {EntryKind.ACTIVITY, EntryKind.PENALTY}:
            raise refused(ErrorCode.NOT_FOUND, "There is no such event.", path=("externalId",))
        people = await lock_scores([found.profile_id])
        original = await PointEntry.get_or_none(id=found.id)  # again under the lock
        while original is not None and original.profile_id not in people:  # the profile was merged in the meantime
            people = await lock_scores([original.profile_id])
            original = await PointEntry.get_or_none(id=found.id)
        if original is None:
            raise refused(ErrorCode.NOT_FOUND, "There is no such event.", path=("externalId",))
        if earlier := await PointEntry.get_or_none(reverses_id=original.id):
            return Reversal(earlier, repeated=True)
        now = clock.now()
        person = people[original.profile_id]
        person.add(original.category, -original.awarded, original.occurred_at, decides=False)
        entry = await PointEntry.create(
            profile_id=person.profile_id,
            kind=EntryKind.REVERSAL,
            category=original.category,
            activity=original.activity,
            asked=-original.awarded,
            awarded=-original.awarded,
            capped=-original.capped if now.date() == original.day else 0,
            outcome=Outcome.AWARDED,
            occurred_at=original.occurred_at,
            day=original.day,
            source=REVERSALS,
            external_id=str(original.id),
            reverses_id=original.id,
            shown=original.shown,
            recorded_at=now,
        )
        if person.sums[original.category].reached == microseconds(original.occurred_at):
            await recompute_reached(person, original.category)  # a reversed entry does not decide a tie
        activity = ACTIVITIES.get(original.activity or "")
        if activity and activity.once and original.outcome is Outcome.AWARDED:
            await OnceAward.filter(profile_id=person.profile_id, activity=activity.code).delete()
        person.notify_points(original.category, -original.awarded, original.activity)
        await save_scores([person], quietly=not original.shown)
        tally = Tally()
        tally.add_entry(entry, counts=original.outcome in HAPPENED, times=-1)
        # Reversing a penalty adds points, which can earn a badge.
        await achievements.evaluate(await write_tally(tally, people))
        return Reversal(entry, repeated=False)


async def penalize(
    profile_id: int, category: Category, points: int, *, reason: str, shown: bool, external_id: str
) -> PointEntry:
    """
    Take `points` (above 0) away in one category, from a profile or the one that it was merged into. `shown`: the person may see the penalty. Repeating an `external_id`
    returns the first penalty. Raises Refused: NOT_FOUND, BAD_INPUT, EVENT_CONFLICT (same id, different content).
    """
    if points < 1 or not 0 < len(reason.strip()) <= MAX_REASON or not 0 < len(external_id) <= MAX_EXTERNAL_ID:
        raise refused(
            ErrorCode.BAD_INPUT,
            Text(
                "A penalty needs 1 or more points and a reason of 1 to {max_reason} characters.",
                max_reason=MAX_REASON,
            ),
        )
    async with in_transaction():
        people = await lock_scores([profile_id])
        while not people and (current := await merged_profiles.current_id(profile_id)) != profile_id:
            profile_id = current
            people = await lock_scores([profile_id])
        if profile_id not in people:
            raise refused(ErrorCode.NOT_FOUND, "There is no such profile.", path=("profile",))
        if earlier := await PointEntry.get_or_none(source=PENALTIES, external_id=external_id):
            if (earlier.profile_id, earlier.category, earlier.awarded) != (profile_id, category, -points):
                raise refused(ErrorCode.EVENT_CONFLICT, "A penalty with this id has different content.")
            return earlier
        now = clock.now()
        people[profile_id].add(category, -points, now, decides=shown)
        entry = await PointEntry.create(
            profile_id=profile_id,
            kind=EntryKind.PENALTY,
            category=category,
            asked=-points,
            awarded=-points,
            outcome=Outcome.AWARDED,
            occurred_at=now,
            day=now.date(),
            source=PENALTIES,
            external_id=external_id,
            reason=reason.strip(),
            shown=shown,
            recorded_at=now,
        )
        people[profile_id].notify_points(category, -points)
        await save_scores([people[profile_id]], quietly=not shown)
        tally = Tally()
        tally.add_entry(entry, counts=False)
        await award_dates.update_dates(await write_tally(tally, people))
        return entry
