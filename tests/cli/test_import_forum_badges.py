"""A forum's badges: they come along as that forum's own."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from models.badges import AwardOrigin, BadgeAward, ImportedBadge
from models.database import Database
from models.imports import ImportedPerson
from tests.helpers.forum_dump import POSTS, SOURCE, TOTALS, USERS, VOTES, import_dump, points_by_key, vote, write_rows

BADGES = [
    (1, "1", "Teacher", "2020-01-05", "3"),
    (2, "2", "Nice Answer", "2020-02-01", "3"),
    (3, "2", "Nice Answer", "2020-01-31", "3"),
    (4, "2", "python", "2020-02-02", "3"),
    (5, "2", "python", "2021-02-02", "1"),
    (6, "3", "Yearling", "2021-01-03", "2"),
    (7, "77", "Yearling", "2021-01-03", "2"),
    (8, "1", "", "2021-01-03", "2"),
    (9, "1", "Odd", "2021-01-03", "4"),
    (10, "1", "Odd", "2999-01-03", "2"),
    (11, "nobody", "Odd", "2021-01-03", "2"),
]


def badge(number: int, user: str, name: str, day: str, metal: str) -> dict[str, str]:
    return {"Id": str(number), "UserId": user, "Name": name, "Date": f"{day}T06:07:08.123", "Class": metal}


@pytest.fixture
def dump_with_badges(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    write_rows(folder, "Users.xml", USERS)
    write_rows(folder, "Posts.xml", POSTS)
    write_rows(folder, "Votes.xml", [vote(*each) for each in VOTES])
    write_rows(folder, "Badges.xml", [badge(*each) for each in BADGES])
    return folder


async def badges() -> dict[str, list[tuple[str, str, str]]]:
    """Name, colour and day of the forum's badges, by user."""
    people: Any = ImportedPerson.filter(source=SOURCE).values_list("profile_id", "key")
    keys, named = dict(await people), {badge.code: badge for badge in await ImportedBadge.filter(source=SOURCE)}
    found: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for award in await BadgeAward.filter(origin=AwardOrigin.IMPORT).order_by("awarded_at"):
        badge = named[award.badge]
        found[keys[award.profile_id]].append((badge.name, badge.rarity.value, award.awarded_at.date().isoformat()))
    return dict(found)


EARNED = {
    "1": [("Teacher", "GREEN", "2020-01-05")],
    "2": [
        ("Nice Answer", "GREEN", "2020-01-31"),
        ("python", "GREEN", "2020-02-02"),
        ("python", "PURPLE", "2021-02-02"),
    ],
    "3": [("Yearling", "BLUE", "2021-01-03")],
}


async def test_badges_are_kept_as_the_forums_own(database: Database, dump_with_badges: Path) -> None:
    # when
    first = await import_dump(dump_with_badges)
    again = await import_dump(dump_with_badges)
    # then
    assert await badges() == EARNED
    assert first.bad_rows["Badges.xml"] == 4
    assert first.defects["badges whose owner is not among the users"] == 1
    assert (first.imported["badge awards: new"], first.imported["badge awards: here already"]) == (5, 1)
    assert again.imported["badge awards: new"] == 0


async def test_a_dump_without_badges_is_taken_in(database: Database, dump_with_badges: Path) -> None:
    # given
    (dump_with_badges / "Badges.xml").unlink()
    # when
    await import_dump(dump_with_badges)
    # then
    assert await points_by_key() == TOTALS
    assert await badges() == {}
