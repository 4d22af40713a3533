"""
The demo: a small community of invented people. Random with a fixed seed: the same for the same day.

All times count back from an anchor day, so that the leaderboard of every period has entries.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from catalogue import demo, terms
from catalogue.points import ACTIVITIES
from models.profiles import Visibility
from services.points.ledger import ActivityEvent
from services.profiles.handles import from_name
from services.profiles.profiles import NewPerson

SOURCE = "demo"
SEED = 20_160_401
PEOPLE = 300
MAX_MEMBER_DAYS, MIN_MEMBER_DAYS = 730, 180
"""Days since people joined."""
MAX_DRAWS = 700
"""Draws of the most active person."""
DAY_SECONDS = 86_400
PUBLIC_SHARE = 0.85
"""Share of public profiles."""
TABLES = Path(demo.__file__).parent


@dataclass(frozen=True)
class Member:
    """A person of the demo; `company` is a name, or empty. `draws`: number of random activities."""

    person: NewPerson
    company: str
    draws: int

    def new_person(self, companies: Mapping[str, int]) -> NewPerson:
        """The profile to create, with the company's id."""
        return replace(self.person, company_id=companies.get(self.company))


@dataclass(frozen=True)
class DemoEvent:
    """An event of a member, with an optional counterpart; both are keys of members."""

    activity: str
    member: str
    at: datetime
    external_id: str
    counterpart: str | None = None

    def activity_event(self, profiles: Mapping[str, int]) -> ActivityEvent:
        """The event to record, with profile ids by key."""
        return ActivityEvent(
            activity=self.activity,
            profile_id=profiles[self.member],
            occurred_at=self.at,
            source=SOURCE,
            external_id=self.external_id,
            counterpart_id=profiles[self.counterpart] if self.counterpart else None,
        )


@dataclass(frozen=True)
class Community:
    """The demo. `companies`: mail domains by name; `reversed_ids`: external ids of events to reverse."""

    members: Sequence[Member]
    companies: Mapping[str, str]
    events: Sequence[DemoEvent]
    reversed_ids: Sequence[str]


def community(anchor: date) -> Community:
    """The demo as of a day. No event is later than the first minute of the day."""
    lists = tomllib.loads((TABLES / "people.toml").read_text("utf-8"))
    rng = Random(SEED)
    members = [_guide(lists["guide"], anchor), *_members(rng, lists, anchor)]
    events = sorted(_events(rng, members, anchor), key=lambda each: (each.at, each.external_id))
    upvotes = [each.external_id for each in events if each.activity == "UPVOTE_RECEIVED"]
    return Community(members, lists["companies"], events, rng.sample(upvotes, 12))


def random_time(rng: Random, day: date, seconds: int = DAY_SECONDS) -> datetime:
    """A random time (UTC) within the first `seconds` of a day."""
    return datetime.combine(day, time(), UTC) + timedelta(seconds=rng.randrange(seconds))


def _guide(row: dict[str, Any], anchor: date) -> Member:
    joined_on = anchor - timedelta(days=MAX_MEMBER_DAYS)
    person = NewPerson(
        name=row["name"],
        handle=row["handle"],
        key=row["handle"],
        joined_on=joined_on,
        visibility=Visibility.PUBLIC,
        skills=row["skills"],
        industries=row["industries"],
        details={
            **{name: row[name] for name in ("job_title", "department", "country", "location", "website", "about")},
            **_github(row["handle"], joined_on),
            "looking_for_project": True,
            "looking_for_confirmed": True,
        },
    )
    return Member(person, row["company"], MAX_DRAWS // 2)


def _members(rng: Random, lists: dict[str, Any], anchor: date) -> Iterator[Member]:
    names = [
        (first, last, region)
        for region in lists["regions"].values()
        for first in region["first"]
        for last in region["last"]
    ]
    companies = list(lists["companies"])
    for first, last, region in rng.sample(names, PEOPLE - 1):
        handle = from_name(f"{first} {last}")
        joined_on = anchor - timedelta(days=rng.randint(MIN_MEMBER_DAYS, MAX_MEMBER_DAYS))
        # A public profile has a complete checklist; a private one may lack items.
        public = rng.random() < PUBLIC_SHARE
        skills = rng.sample(_active_codes(terms.SKILLS), max(public, rng.choice((0, 1, 2, 3, 3, 4, 5, 6, 8))))
        industries = rng.sample(_active_codes(terms.INDUSTRIES), max(public, rng.choice((0, 1, 1, 2, 2, 3))))
        country, place = rng.choice(region["places"])
        title = rng.choice(lists["job_titles"])
        about = _about(rng, lists["about"], place=place, title=title, skills=skills, industries=industries)
        person = NewPerson(
            name=f"{first} {last}",
            handle=handle,
            key=handle,
            joined_on=joined_on,
            visibility=Visibility.PUBLIC if public else Visibility.PRIVATE,
            skills=skills,
            industries=industries,
            details={
                "job_title": title,
                "department": rng.choice(lists["departments"]),
                "country": country,
                "location": place,
                "about": about if rng.randrange(8) or public else "",
                "looking_for_job": not rng.randrange(5),
                "looking_for_project": not rng.randrange(3),
                "looking_for_confirmed": bool(rng.randrange(6)) or public,
                **(_github(handle, joined_on) if not rng.randrange(4) else {}),
            },
        )
        # The first companies get the most people, and every sixth person belongs to none.
        company = companies[int(len(companies) * rng.random() ** 1.6)] if rng.randrange(6) else ""
        yield Member(person, company, min(MAX_DRAWS, int(rng.paretovariate(0.9) * 3) - 3))


def _github(handle: str, on: date) -> dict[str, Any]:
    return {"github": f"{handle[:30]}-example", "github_connected_at": datetime.combine(on, time(), UTC)}


def _active_codes(catalogue: Mapping[str, terms.Term]) -> list[str]:
    return [term.code for term in catalogue.values() if not term.retired]


def _about(
    rng: Random,
    texts: dict[str, list[str]],
    *,
    place: str,
    title: str,
    skills: Sequence[str],
    industries: Sequence[str],
) -> str:
    words = {
        "place": place,
        "title": title,
        "hobby": rng.choice(texts["hobbies"]),
        "skill": terms.SKILLS[skills[0]].name if skills else "listening",
        "industry": terms.INDUSTRIES[industries[0]].name.lower() if industries else "everyday work",
    }
    sentences = [rng.choice(texts[part]).format(**words) for part in ("begin", "middle", "end")]
    return " ".join(filter(None, sentences))


def _events(rng: Random, members: Sequence[Member], anchor: date) -> Iterator[DemoEvent]:
    tables = tomllib.loads((TABLES / "activities.toml").read_text("utf-8"))
    for member in members:
        key, joined_on = member.person.key, member.person.joined_on
        for code, row in tables["once"].items():
            if rng.randrange(100) < row["chance"] or member is members[0]:
                yield DemoEvent(code, key, _moment(rng, _day(rng, joined_on, anchor), anchor), f"{key}:{code}")
                if not rng.randrange(12):  # reported twice, which gives no more points
                    yield DemoEvent(code, key, _moment(rng, anchor, anchor), f"{key}:{code}:again")
        yield from _draws(rng, member, members, tables["shares"], anchor)


def _draws(
    rng: Random, member: Member, members: Sequence[Member], shares: dict[str, Any], anchor: date
) -> Iterator[DemoEvent]:
    key, joined_on = member.person.key, member.person.joined_on
    codes = [code for code in shares if code != "PULL_REQUEST_MERGED" or "github" in member.person.details]
    # Every member prefers some categories, so that different people lead the boards.
    preference = {ACTIVITIES[code].category: rng.uniform(0.3, 3.0) for code in codes}
    weights = [shares[code]["share"] * preference[ACTIVITIES[code].category] for code in codes]
    for draw, code in enumerate(rng.choices(codes, weights, k=member.draws)):
        on = _day(rng, joined_on, anchor)
        for turn in range(rng.randint(1, shares[code].get("times", 1))):
            other = None
            if ACTIVITIES[code].category.value == "FORUM":
                # Some votes are for oneself, which gives no points.
                other = key if not rng.randrange(60) else rng.choice(members).person.key
            yield DemoEvent(code, key, _moment(rng, on, anchor), f"{key}:{code}:{draw}:{turn}", other)


def _day(rng: Random, first: date, last: date) -> date:
    """A random day between the two; later days are more likely, as in a growing community."""
    days = (last - first).days
    return first + timedelta(days=round(days * rng.random() ** 0.8))


def _moment(rng: Random, on: date, anchor: date) -> datetime:
    # The anchor day may have just begun.
    return random_time(rng, on, 60 if on == anchor else DAY_SECONDS)
