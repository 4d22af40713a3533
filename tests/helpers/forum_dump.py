"""A small dump of a forum: people, posts and votes, and the points that they come to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.file_reader import Reading
from cli.forum import import_forum
from cli.report import Report
from models.imports import ImportedPerson
from models.points import Score

SOURCE = "forum:small"


USERS = [
    {"Id": "-1", "DisplayName": "Community", "CreationDate": "2019-01-01T00:00:00.000"},
    {
        "Id": "1",
        "DisplayName": "Kim Example",
        "CreationDate": "2019-01-01T10:00:00.000",
        "WebsiteUrl": "ftp://x.example",
    },
    {"Id": "2", "DisplayName": "Kim Example", "CreationDate": "2019-01-01T10:00:00.000", "AboutMe": "<p>a &amp; b</p>"},
    {"Id": "3", "DisplayName": "Late Comer", "CreationDate": "2020-01-02T23:00:00.000"},
    {"Id": "4", "DisplayName": "", "CreationDate": "2019-01-01T10:00:00.000"},
]


POSTS = [
    {"Id": "10", "PostTypeId": "1", "OwnerUserId": "1"},
    {"Id": "11", "PostTypeId": "2", "OwnerUserId": "2", "ParentId": "10"},
    {"Id": "12", "PostTypeId": "2", "OwnerUserId": "1", "ParentId": "10"},
    {"Id": "13", "PostTypeId": "1"},
    {"Id": "14", "PostTypeId": "2", "OwnerUserId": "2", "ParentId": "13"},
    {"Id": "15", "PostTypeId": "1", "OwnerUserId": "-1"},
    {"Id": "16", "PostTypeId": "2", "OwnerUserId": "3", "ParentId": "10"},
    {"Id": "17", "PostTypeId": "2", "OwnerUserId": "2", "ParentId": "99"},
    {"Id": "oops", "PostTypeId": "1"},
]


VOTES = [
    *[(n, 11, 2, "2020-01-01") for n in range(1, 8)],  # seven upvotes of one day: 50 points
    (8, 11, 3, "2020-01-01"),
    (9, 11, 1, "2020-01-01"),  # accepted: 15 to 2, 2 to 1
    (10, 12, 1, "2020-01-01"),  # an own answer
    (11, 13, 2, "2020-01-01"),  # owner deleted
    (12, 14, 1, "2020-01-01"),  # asker deleted: 15 to 2
    (13, 15, 2, "2020-01-01"),  # the background user's
    (14, 16, 2, "2020-01-01"),  # before the owner's first day
    (15, 16, 2, "2020-01-02"),  # on it: 10 to 3
    (16, 99, 2, "2020-01-01"),  # no such post
    (17, 11, 5, "2020-01-01"),  # not a vote in our sense
    (18, 17, 1, "2020-01-01"),  # question missing: 15 to 2
    (19, 10, 1, "2020-01-01"),  # a question cannot be accepted
    (20, 10, 2, "yesterday"),
]


TOTALS = {"1": 2, "2": 50 - 2 + 15 + 15 + 15, "3": 10, "4": 0}


def row(values: dict[str, str]) -> str:
    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")

    return "  <row " + " ".join(f'{name}="{escaped(value)}"' for name, value in values.items()) + " />\n"


def vote(number: int, post: int, kind: int, day: str) -> dict[str, str]:
    return {"Id": str(number), "PostId": str(post), "VoteTypeId": str(kind), "CreationDate": f"{day}T00:00:00.000"}


def write_rows(folder: Path, name: str, values: list[dict[str, str]]) -> None:
    root = name.removesuffix(".xml").lower()
    text = f'\ufeff<?xml version="1.0" encoding="utf-8"?>\n<{root}>\n{"".join(map(row, values))}</{root}>\n'
    (folder / name).write_text(text, encoding="utf-8")


async def import_dump(folder: Path, stop: Callable[[Report], bool] = lambda _: False, source: str = SOURCE) -> Report:
    report = Report("small")
    await import_forum(folder, source, report, Reading(lambda: stop(report)))
    return report


async def points_by_key(source: str = SOURCE) -> dict[str, int]:
    people: Any = ImportedPerson.filter(source=source).values_list("key", "profile_id")
    scores: Any = Score.all().values_list("profile_id", "overall")
    by_profile = dict(await scores)
    return {key: by_profile[profile_id] for key, profile_id in await people}
