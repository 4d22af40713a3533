"""Sums of points per profile: locked before events are processed, saved in the same transaction."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from catalogue.points import Activity, Category, level_of
from models.points import EntryKind, Score
from models.profiles import Profile
from models.statements import Statement, execute, execute_each, lock_rows, read_datetime
from models.transactions import require_transaction
from services.core import change_feed
from services.core.change_feed import PersonKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = {category: category.value.lower() for category in Category}
"""Column of each category in the score table; the column `…_reached` belongs to it."""


def microseconds(moment: datetime) -> int:
    """A moment as whole microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


PENALTIES = "operator:penalties"
"""Source of penalties in the ledger."""
DECIDES = f"""
    e.awarded <> 0 AND e.kind <> '{EntryKind.REVERSAL.value}' AND e.shown = true
""".strip()
"""
SQL condition: the entry `e`, if not reversed, decides when a sum was reached. A reversed entry never happened, and an entry
that is hidden from its person must not be visible through the rank either.
"""
_LATEST = Statement.of(f"""
    SELECT e.occurred_at FROM point_entry e LEFT JOIN point_entry r ON r.reverses_id = e.id
    WHERE e.profile_id = $1 AND e.category = $2 AND r.id IS NULL AND {DECIDES}
    ORDER BY e.occurred_at DESC LIMIT 1
""")


SCORE_COLUMNS = [name for board in ("overall", *COLUMNS.values()) for name in (board, f"{board}_reached")]
"""The columns of the score table that are sums, each followed by when it was reached."""
_SAVE = Statement.of(
    f"UPDATE score SET {', '.join(f'{name} = ${place}' for place, name in enumerate(SCORE_COLUMNS, 1))}"
    f" WHERE profile_id = ${len(SCORE_COLUMNS) + 1}"
)


@dataclass
class Sum:
    """A sum of points, and when it was reached: the latest time of its deciding entries (microseconds since 1970)."""

    points: int = 0
    reached: int = 0

    def add(self, points: int, at: int) -> None:
        """Add one entry. `at` is its time, or 0 if it does not decide. The order of entries does not matter."""
        self.points += points
        self.reached = max(self.reached, at)


@dataclass
class Person:
    """What is needed of a profile to process an event, and its sums. Overall is reached with the last category reached."""

    profile_id: int
    active: bool
    joined_on: date
    github_connected: bool
    overall: Sum
    sums: dict[Category, Sum] = field(default_factory=dict)
    moved: bool = False
    level: int = 0
    """Level by the stored sums; updated when the sums are saved."""
    news: list[change_feed.NewFeedEntry] = field(default_factory=list)
    """Notifications to publish once the sums are saved."""

    def may_earn(self, activity: Activity, day: date) -> bool:
        """
        True if an event of that day can give points: the profile is active and had joined by then; a pull request
        needs a GitHub account confirmed by GitHub.
        """
        if activity.code == "PULL_REQUEST_MERGED" and not self.github_connected:
            return False
        return self.active and day >= self.joined_on

    def add(self, category: Category, points: int, at: datetime, *, decides: bool = True) -> None:
        """Add one ledger entry; 0 points change nothing. `decides`: see DECIDES."""
        if not points:
            return
        moment = microseconds(at) if decides else 0
        self.overall.add(points, moment)
        self.sums[category].add(points, moment)
        self.moved = True

    def notify_points(self, category: Category, points: int, activity: str | None = None) -> None:
        """Notify the person of points that one entry gave or took; 0 points notify no one."""
        if points:
            facts = {"points": points, "category": category.value, "activity": activity}
            self.news.append(change_feed.person_entry(self.profile_id, PersonKind.POINTS, **facts))


async def recompute_reached(person: Person, category: Category) -> None:
    """
    Read from the ledger when a person's sum was reached, after a reversal; the score row must be locked.
    Index: (profile_id, occurred_at, id), read backwards; unique (reverses_id). Requires a transaction.
    """
    require_transaction()
    rows = await execute(_LATEST, person.profile_id, category.value)
    person.sums[category].reached = microseconds(read_datetime(rows[0]["occurred_at"])) if rows else 0
    person.overall.reached = max(own.reached for own in person.sums.values())


async def lock_scores(profile_ids: Iterable[int]) -> dict[int, Person]:
    """
    Lock the score rows of these profiles until the transaction ends, and return them by id; unknown ids are missing. Locked
    in order of id, so that two batches cannot deadlock. On SQLite the transaction is the lock. Requires a transaction.
    """
    require_transaction()
    ids = sorted(set(profile_ids))
    scores = await Score.filter(profile_id__in=ids).order_by("profile_id").select_for_update()
    facts: Any = Profile.filter(id__in=ids).values("id", "active", "joined_on", "github_connected_at")
    by_id = {row["id"]: row for row in await facts}
    return {score.pk: _person(score, by_id[score.pk]) for score in scores}


async def lock_score_rows(profile_ids: Iterable[int]) -> None:
    """Lock like `lock_scores`, but read nothing: for changes that affect no sum. Requires a transaction."""
    require_transaction()
    await lock_rows("score", "profile_id", profile_ids)


def _person(score: Score, facts: dict[str, Any]) -> Person:
    return Person(
        profile_id=score.pk,
        active=facts["active"],
        joined_on=facts["joined_on"],
        github_connected=facts["github_connected_at"] is not None,
        overall=Sum(score.overall, score.overall_reached),
        level=level_of(score.overall),
        sums={
            category: Sum(getattr(score, column), getattr(score, f"{column}_reached"))
            for category, column in COLUMNS.items()
        },
    )


async def existing_profiles(profile_ids: AbstractSet[int | None]) -> set[int]:
    """Return those of these ids that are profiles."""
    if not profile_ids:
        return set()
    found: Any = Profile.filter(id__in=profile_ids).values_list("id", flat=True)
    return set(await found)


async def save_scores(people: Iterable[Person], *, quietly: bool = False) -> None:
    """
    Save the sums of people whose rows this transaction has locked, and publish the change: to every process, for the cached
    boards, and to the people, unless `quietly` (imports; hidden entries). Requires a transaction.
    """
    require_transaction()
    saved = list(people)
    if not saved:
        return
    rows = [
        [number for each in (person.overall, *person.sums.values()) for number in (each.points, each.reached)]
        + [person.profile_id]
        for person in saved
    ]
    await execute_each(_SAVE, rows)
    notifications = [new for person in saved for new in _take_notifications(person)]
    changed = change_feed.scores_changed([person.profile_id for person in saved])
    await change_feed.publish_all(changed if quietly else [*changed, *notifications])


def _take_notifications(person: Person) -> list[change_feed.NewFeedEntry]:
    """Take the person's pending notifications; a level-up comes last."""
    news, person.news = person.news, []
    before, person.level = person.level, level_of(person.overall.points)
    if person.level > before:
        news.append(change_feed.person_entry(person.profile_id, PersonKind.LEVEL, level=person.level))
    return news
