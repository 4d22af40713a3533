"""
A small community of invented people, made by lot but always the same: for trying things out.

Everything is dated back from an anchor day, so that every leaderboard's period has something to show.
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
LONGEST, SHORTEST = 730, 180
"""Days that people have been members, at most and at least."""
BUSIEST = 700
"""Draws of the most active person."""
DAY_SECONDS = 86_400
TABLES = Path(demo.__file__).parent


@dataclass(frozen=True)
class Member:
    """A person of the demo; `company` is a name, empty for none. `draws`: how active, in draws by lot."""

    person: NewPerson
    company: str
    draws: int

    def profile(self, companies: Mapping[str, int]) -> NewPerson:
        """As a profile is made of it, with company ids by name."""
        return replace(self.person, company_id=companies.get(self.company))


@dataclass(frozen=True)
class Happening:
    """Something that a member did, or that `counterpart` did to a member's work; both are keys of members."""

    activity: str
    member: str
    at: datetime
    external_id: str
    counterpart: str | None = None

    def event(self, profiles: Mapping[str, int]) -> ActivityEvent:
        """As the ledger takes it in, with profile ids by key."""
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
    """All of it. `companies` are mail domains by name; `taken_back` are external ids of happenings."""

    members: Sequence[Member]
    companies: Mapping[str, str]
    happenings: Sequence[Happening]
    taken_back: Sequence[str]


def community(anchor: date) -> Community:
    """The community as of a day: the same for the same day. Nothing lies after the day's first minute."""
    lists = tomllib.loads((TABLES / "people.toml").read_text("utf-8"))
    lot = Random(SEED)  # noqa: S311 - play, and it must come out the same
    members = [_guide(lists["guide"], anchor), *_members(lot, lists, anchor)]
    happenings = sorted(_happenings(lot, members, anchor), key=lambda each: (each.at, each.external_id))
    upvotes = [each.external_id for each in happenings if each.activity == "UPVOTE_RECEIVED"]
    return Community(members, lists["companies"], happenings, lot.sample(upvotes, 12))


def _guide(given: dict[str, Any], anchor: date) -> Member:
    person = NewPerson(
        name=given["name"],
        handle=given["handle"],
        key=given["handle"],
        joined_on=anchor - timedelta(days=LONGEST),
        visibility=Visibility.PUBLIC,
        skills=given["skills"],
        industries=given["industries"],
        details={
            **{name: given[name] for name in ("job_title", "department", "country", "location", "website", "about")},
            **_connected(given["handle"], anchor - timedelta(days=LONGEST)),
            "looking_for_project": True,
            "looking_for_confirmed": True,
        },
    )
    return Member(person, given["company"], BUSIEST // 2)


def _members(lot: Random, lists: dict[str, Any], anchor: date) -> Iterator[Member]:
    names = [
        (first, last, region)
        for region in lists["regions"].values()
        for first in region["first"]
        for last in region["last"]
    ]
    companies = list(lists["companies"])
    for first, last, region in lot.sample(names, PEOPLE - 1):
        handle = from_name(f"{first} {last}")
        joined_on = anchor - timedelta(days=lot.randint(SHORTEST, LONGEST))
        # A public profile has all that going public takes; a private one may lack some of it.
        public = lot.random() < 0.85  # noqa: PLR2004 - the share
        skills = lot.sample(_chosen(terms.SKILLS), max(public, lot.choice((0, 1, 2, 3, 3, 4, 5, 6, 8))))
        industries = lot.sample(_chosen(terms.INDUSTRIES), max(public, lot.choice((0, 1, 1, 2, 2, 3))))
        country, place = lot.choice(region["places"])
        title = lot.choice(lists["job_titles"])
        about = _about(lot, lists["about"], place=place, title=title, skills=skills, industries=industries)
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
                "department": lot.choice(lists["departments"]),
                "country": country,
                "location": place,
                "about": about if lot.randrange(8) or public else "",
                "looking_for_job": not lot.randrange(5),
                "looking_for_project": not lot.randrange(3),
                "looking_for_confirmed": bool(lot.randrange(6)) or public,
                **(_connected(handle, joined_on) if not lot.randrange(4) else {}),
            },
        )
        # The few first companies are the large ones, and every sixth person belongs to none.
        company = companies[int(len(companies) * lot.random() ** 1.6)] if lot.randrange(6) else ""
        yield Member(person, company, min(BUSIEST, int(lot.paretovariate(0.9) * 3) - 3))


def _connected(handle: str, on: date) -> dict[str, Any]:
    return {"github": f"{handle[:30]}-example", "github_connected_at": datetime.combine(on, time(), UTC)}


def _chosen(of: Mapping[str, terms.Term]) -> list[str]:
    return [term.code for term in of.values() if not term.retired]


def _about(
    lot: Random,
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
        "hobby": lot.choice(texts["hobbies"]),
        "skill": terms.SKILLS[skills[0]].name if skills else "listening",
        "industry": terms.INDUSTRIES[industries[0]].name.lower() if industries else "everyday work",
    }
    sentences = [lot.choice(texts[part]).format(**words) for part in ("begin", "middle", "end")]
    return " ".join(filter(None, sentences))


def _happenings(lot: Random, members: Sequence[Member], anchor: date) -> Iterator[Happening]:
    tables = tomllib.loads((TABLES / "activities.toml").read_text("utf-8"))
    for member in members:
        key, joined_on = member.person.key, member.person.joined_on
        for code, row in tables["once"].items():
            if lot.randrange(100) < row["chance"] or member is members[0]:
                yield Happening(code, key, _moment(lot, _day(lot, joined_on, anchor), anchor), f"{key}:{code}")
                if not lot.randrange(12):  # asked for twice: nothing is given again
                    yield Happening(code, key, _moment(lot, anchor, anchor), f"{key}:{code}:again")
        yield from _draws(lot, member, members, tables["shares"], anchor)


def _draws(
    lot: Random, member: Member, members: Sequence[Member], shares: dict[str, Any], anchor: date
) -> Iterator[Happening]:
    key, joined_on = member.person.key, member.person.joined_on
    codes = [code for code in shares if code != "PULL_REQUEST_MERGED" or "github" in member.person.details]
    # Everybody has a few things they like, so that the boards have different people on top.
    liking = {ACTIVITIES[code].category: lot.uniform(0.3, 3.0) for code in codes}
    weights = [shares[code]["share"] * liking[ACTIVITIES[code].category] for code in codes]
    for draw, code in enumerate(lot.choices(codes, weights, k=member.draws)):
        on = _day(lot, joined_on, anchor)
        for turn in range(lot.randint(1, shares[code].get("times", 1))):
            other = None
            if ACTIVITIES[code].category.value == "FORUM":
                # Now and then people vote for themselves, which gives nothing.
                other = key if not lot.randrange(60) else lot.choice(members).person.key
            yield Happening(code, key, _moment(lot, on, anchor), f"{key}:{code}:{draw}:{turn}", other)


def _day(lot: Random, first: date, last: date) -> date:
    """Any day between, rather a late one: communities grow."""
    days = (last - first).days
    return first + timedelta(days=round(days * lot.random() ** 0.8))


def _moment(lot: Random, on: date, anchor: date) -> datetime:
    # The anchor's own day may have just begun.
    return datetime.combine(on, time(), UTC) + timedelta(seconds=lot.randrange(60 if on == anchor else DAY_SECONDS))
