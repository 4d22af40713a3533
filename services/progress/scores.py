"""The sums kept beside the ledger: locked before a person's events are judged, saved in the same transaction."""

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
"""The column of each category in the score table; `…_reached` stands beside it."""


def microseconds(moment: datetime) -> int:
    """A moment as whole microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


PENALTIES = "operator:penalties"
"""What the ledger names the source of penalties by."""
DECIDES = f"""
    e.awarded <> 0 AND e.kind <> '{EntryKind.REVERSAL.value}' AND e.shown = true
""".strip()
"""
Whether an entry `e` of the ledger that was not taken back says when a sum was reached: what was taken back never happened, and
what its person may not see is not to be seen by their place either.
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
    """A sum of points, and when it was reached: the latest moment of its entries that decide (microseconds since 1970)."""

    points: int = 0
    reached: int = 0

    def add(self, points: int, at: int) -> None:
        """Count one entry, and its moment where it decides; else `at` is 0. The order of entries does not matter."""
        self.points += points
        self.reached = max(self.reached, at)


@dataclass
class Person:
    """What judging an event needs to know of a profile, and its sums. Overall is reached when the last of the others is."""

    profile_id: int
    active: bool
    joined_on: date
    github_connected: bool
    overall: Sum
    sums: dict[Category, Sum] = field(default_factory=dict)
    moved: bool = False
    level: int = 0
    """The level that is stored; it rises and falls when the sums are saved."""
    news: list[change_feed.NewFeedEntry] = field(default_factory=list)
    """What the person is to be told once the sums are saved."""

    def may_earn(self, activity: Activity, day: date) -> bool:
        """
        Whether an event of that day can give points: the profile is active and had joined by then, and a pull
        request counts only with a GitHub account that GitHub itself vouched for.
        """
        if activity.code == "PULL_REQUEST_MERGED" and not self.github_connected:
            return False
        return self.active and day >= self.joined_on

    def add(self, category: Category, points: int, at: datetime, *, decides: bool = True) -> None:
        """Count one entry of the ledger; one that gave nothing moves nothing. `decides`: see DECIDES."""
        if not points:
            return
        moment = microseconds(at) if decides else 0
        self.overall.add(points, moment)
        self.sums[category].add(points, moment)
        self.moved = True

    def tell_points(self, category: Category, points: int, activity: str | None = None) -> None:
        """Let the person hear of points that one entry gave or took; of one that did neither there is nothing to say."""
        if points:
            facts = {"points": points, "category": category.value, "activity": activity}
            self.news.append(change_feed.person_entry(self.profile_id, PersonKind.POINTS, **facts))


async def reach_again(person: Person, category: Category) -> None:
    """
    Read from the ledger when a person's sum was reached: after something was taken back. With the score row locked.
    Index: (profile_id, occurred_at, id), read backwards; unique (reverses_id).
    Requires a transaction.
    """
    require_transaction()
    rows = await execute(_LATEST, person.profile_id, category.value)
    person.sums[category].reached = microseconds(read_datetime(rows[0]["occurred_at"])) if rows else 0
    person.overall.reached = max(own.reached for own in person.sums.values())


async def lock_scores(profile_ids: Iterable[int]) -> dict[int, Person]:
    """
    Lock the score rows of these profiles until the transaction ends, and read what judging needs. In order of id,
    so that two batches cannot wait for each other. On SQLite the one writer is the lock. Unknown ids are left out.
    Requires a transaction.
    """
    require_transaction()
    ids = sorted(set(profile_ids))
    scores = await Score.filter(profile_id__in=ids).order_by("profile_id").select_for_update()
    facts: Any = Profile.filter(id__in=ids).values("id", "active", "joined_on", "github_connected_at")
    by_id = {row["id"]: row for row in await facts}
    return {score.pk: _person(score, by_id[score.pk]) for score in scores}


async def lock_scores_only(profile_ids: Iterable[int]) -> None:
    """Lock like `lock_scores`, and read nothing: for what moves no sum. Requires a transaction."""
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


async def existing(profile_ids: AbstractSet[int | None]) -> set[int]:
    """Which of these profiles there are."""
    if not profile_ids:
        return set()
    found: Any = Profile.filter(id__in=profile_ids).values_list("id", flat=True)
    return set(await found)


async def save_scores(people: Iterable[Person], *, quietly: bool = False) -> None:
    """
    Write back the sums of people whose rows are locked by this transaction, and tell of it: every process, so that kept
    boards follow, and the people themselves, unless it happens `quietly` (imports; what they are not to see).
    Requires a transaction.
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
    told = [new for person in saved for new in _news(person)]
    changed = change_feed.scores_changed([person.profile_id for person in saved])
    await change_feed.publish_all(changed if quietly else [*changed, *told])


def _news(person: Person) -> list[change_feed.NewFeedEntry]:
    """What this person has not been told yet, a higher level at the end."""
    news, person.news = person.news, []
    before, person.level = person.level, level_of(person.overall.points)
    if person.level > before:
        news.append(change_feed.person_entry(person.profile_id, PersonKind.LEVEL, level=person.level))
    return news
