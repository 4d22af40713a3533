"""People who may know each other, as the reader answers them, and as a plain loop over everybody would."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from random import Random
from typing import Any

from tortoise.transactions import in_transaction

from catalogue.criteria import CONNECTIONS
from models.accounts import Account
from models.connections import Block, Connection, ConnectionRequest, DismissedSuggestion
from models.database import Database
from models.points import ProfileCounter
from models.profiles import Profile, ProfileIndustry, ProfileSkill
from resolvers.base.context import Context
from resolvers.connections import connections, suggestions
from resolvers.connections.suggestions import Reason
from services.auth.principals import Principal
from services.connections import connection_rows
from services.connections.suggestions import Facts, weight
from services.core import clock
from services.progress.scores import lock_scores
from tests.helpers.factories import NOON

Reasons = dict[str, Any]


def seen_by(database: Database, who: Any) -> Context:
    return Context(database, Principal(who.id, who.profile_id))


async def suggested(database: Database, who: Any, **asked: Any) -> list[int]:
    """Whom the person may know, in order."""
    return [row["id"] for row in (await page(database, who, **{"first": 100, **asked}))["edges"]]


async def page(database: Database, who: Any, **asked: Any) -> Any:
    [found] = await suggestions.of_profiles([who.profile_id], seen_by(database, who), **asked)
    return found


async def reasons(database: Database, who: Any, whom: int) -> Reasons:
    """Why: by kind, the numbers of the people in common, the company, the codes."""
    context = seen_by(database, who)
    found = [suggestions.suggested(row) for row in (await page(database, who, first=100))["edges"] if row["id"] == whom]
    [rows] = await suggestions.reasons(found or [(whom, False)], context)
    if found:
        assert [rows] == await suggestions.reasons([(whom, False)], context)  # nothing hangs on what the search met
    told: Reasons = {}
    for row in rows:
        kind: Reason = row["kind"]
        if kind is Reason.MUTUAL_CONNECTIONS:
            [people] = await connections.mutual_profiles([row["profile_id"]], context, limit=100)
            [total] = await connections.mutual_totals([row["profile_id"]], context)
            assert total == len(people)
            told[kind.name] = {each["id"] for each in people}
        elif kind is Reason.SAME_COMPANY:
            told[kind.name] = row["company_id"]
        else:
            terms = row["skills"] if kind is Reason.SHARED_SKILLS else row["industries"]
            told[kind.name] = {each["code"] for each in terms}
    return told


async def join(one: Any, other: Any) -> None:
    async with in_transaction():
        await lock_scores([one.profile_id, other.profile_id])
        await connection_rows.connect(one.profile_id, other.profile_id, clock.now())


@dataclass
class Plain:
    """A community in plain sets, by numbers of profiles."""

    listed: set[int] = field(default_factory=set)
    claimed: set[int] = field(default_factory=set)
    company: dict[int, int] = field(default_factory=dict)
    skills: dict[int, set[str]] = field(default_factory=dict)
    industries: dict[int, set[str]] = field(default_factory=dict)
    pairs: set[tuple[int, int]] = field(default_factory=set)
    """Connections, both ways."""
    waiting: set[tuple[int, int]] = field(default_factory=set)
    """Sender and receiver."""
    ignored: set[tuple[int, int]] = field(default_factory=set)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    dismissed: set[tuple[int, int]] = field(default_factory=set)

    def apart(self, one: int, other: int) -> bool:
        return bool({(one, other), (other, one)} & self.blocks)

    def reasons(self, one: int, other: int) -> Reasons:
        mutual = {
            each
            for each in self.listed
            if {(one, each), (other, each)} <= self.pairs and not self.apart(one, each) and not self.apart(one, other)
        }
        same = self.company.get(one) if self.company.get(one) == self.company.get(other) else None
        found = {
            "MUTUAL_CONNECTIONS": mutual,
            "SAME_COMPANY": same,
            "SHARED_SKILLS": self.skills[one] & self.skills[other],
            "SHARED_INDUSTRIES": self.industries[one] & self.industries[other],
        }
        return {name: facts for name, facts in found.items() if facts}

    def suggested(self, one: int, everybody: Iterable[int]) -> list[int]:
        gone = self.pairs | self.waiting | self.ignored | self.dismissed
        weights = {
            other: _weight(self.reasons(one, other))
            for other in everybody
            if other != one
            and other in self.listed & self.claimed
            and (one, other) not in gone
            and (other, one) not in self.waiting | self.ignored
            and not self.apart(one, other)
        }
        return sorted((each for each in weights if weights[each]), key=lambda each: (-weights[each], each))


def _weight(found: Reasons) -> int:
    people, skills, industries = (
        len(found.get(kind, ())) for kind in ("MUTUAL_CONNECTIONS", "SHARED_SKILLS", "SHARED_INDUSTRIES")
    )
    return weight(Facts(people, "SAME_COMPANY" in found, skills, industries))


async def write_pairs(pairs: Iterable[tuple[int, int]]) -> None:
    now = clock.now()
    await Connection.bulk_create([Connection(profile_id=a, other_id=b, connected_at=now) for a, b in sorted(pairs)])


SKILLS, INDUSTRIES = ("python", "sql", "design", "java"), ("banking", "insurance", "retail")


async def scattered(random: Random, people: list[Any], companies: list[int]) -> Plain:
    """A community at random, written past the rules that would not let it come about so fast."""
    for table in EMPTIED:
        await table.all().delete()
    plain = Plain()
    await draw_people(random, people, companies, plain)
    await draw_pairs(random, [each.profile_id for each in people], plain)
    return plain


EMPTIED: list[Any] = [
    Connection, ConnectionRequest, Block, DismissedSuggestion, ProfileSkill, ProfileIndustry, ProfileCounter
]  # fmt: skip


async def draw_people(random: Random, people: list[Any], companies: list[int], plain: Plain) -> None:
    for each in people:
        number, company = each.profile_id, random.choice([None, None, *companies])
        listed, claimed = random.random() < 0.85, each is people[0] or random.random() < 0.85
        await Profile.filter(id=number).update(listed=listed, company_id=company)
        await Account.filter(id=each.id).update(profile_id=number if claimed else people[0].profile_id)
        plain.listed |= {number} if listed else set()
        plain.claimed |= {number} if claimed else set()
        plain.company |= {number: company} if company else {}
        plain.skills[number] = set(random.sample(SKILLS, random.choice((0, 0, 1, 2))))
        plain.industries[number] = set(random.sample(INDUSTRIES, random.choice((0, 0, 1))))
    await ProfileSkill.bulk_create(
        [ProfileSkill(profile_id=number, skill=each) for number, codes in plain.skills.items() for each in codes]
    )
    await ProfileIndustry.bulk_create(
        [
            ProfileIndustry(profile_id=number, industry=each)
            for number, codes in plain.industries.items()
            for each in codes
        ]
    )


async def draw_pairs(random: Random, ids: list[int], plain: Plain) -> None:
    kinds: list[Any] = [plain.pairs, plain.waiting, plain.ignored, plain.blocks, plain.dismissed, set()]
    for one, other in combinations(ids, 2):
        pair = (one, other) if random.random() < 0.5 else (other, one)
        random.choices(kinds, (20, 5, 4, 4, 4, 60))[0].add(pair)
    plain.pairs |= {(other, one) for one, other in plain.pairs}
    degrees = {one: sum(pair[0] == one for pair in plain.pairs) for one in ids}
    await write_pairs(plain.pairs)
    await ProfileCounter.bulk_create(
        [ProfileCounter(profile_id=one, name=CONNECTIONS, times=many, points=0) for one, many in degrees.items()]
    )
    await ConnectionRequest.bulk_create(
        [ConnectionRequest(sender_id=a, receiver_id=b, sent_at=NOON) for a, b in plain.waiting]
        + [ConnectionRequest(sender_id=a, receiver_id=b, sent_at=NOON, ignored_at=NOON) for a, b in plain.ignored]
    )
    await Block.bulk_create([Block(blocker_id=a, blocked_id=b, blocked_at=NOON) for a, b in plain.blocks])
    await DismissedSuggestion.bulk_create(
        [DismissedSuggestion(profile_id=a, other_id=b, dismissed_at=NOON) for a, b in plain.dismissed]
    )
