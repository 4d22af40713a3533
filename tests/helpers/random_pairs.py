"""
Two people with random rows that overlap: the same friends, awards, invites, projects together. For tests of merging.

Everything is allowed by the rules and its sums are right; what it is depends on the random generator alone.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, pairwise
from random import Random
from typing import Any

from tortoise.models import Model
from tortoise.transactions import in_transaction

from models import tables as t
from models.accounts import Account, AccountStatus
from models.companies import Company
from models.invites import InviteKind, InviteState
from models.portfolio import ProjectState
from models.profiles import Visibility
from models.referrals import ReferralVia, ShirtSize, ShirtState
from services.core import clock
from services.core.crypto import SHIRT_ADDRESS, digest, seal
from services.invites import invite_mails, invites
from services.merging.plan import Pair
from services.points.ledger import ActivityEvent, record_many
from tests.helpers import random_history
from tests.helpers.derived_rows import settle
from tests.helpers.full_profiles import make_people

_numbers = count(1)
DAY = timedelta(days=1)
SKILLS = ("java", "python", "sql", "javascript")
INDUSTRIES = ("logistics", "banking", "education")
TEXTS = ("job_title", "department", "location", "about", "website", "twitter", "linkedin", "github", "meetup", "skype")


@dataclass
class RandomPair:
    """Two profiles to be merged, their accounts, and others that they have to do with."""

    pair: Pair
    accounts: dict[int, list[Account]]
    others: list[Account]

    @property
    def everyone(self) -> list[int]:
        """Ids of all profiles."""
        return [*self.pair, *(each.own_profile_id for each in self.others)]


async def random_pair(random: Random) -> RandomPair:
    """Make the two and five others."""
    [ann, bob] = await make_people("Ann Source", "Bob Survivor", accounts=3)
    others = [each for [each] in await make_people("Cem", "Dee", "Eli", "Fay", "Gus")]
    pair = Pair(ann[0].own_profile_id, bob[0].own_profile_id)
    made = RandomPair(pair, {pair.source: ann, pair.survivor: bob}, others)
    now = clock.now()
    async with in_transaction():
        await _accounts(random, made)
        for each in pair:
            await t.Profile.filter(id=each).update(**_fields(random, each, now))
        rows = [*_relations(random, made, now), *_own_rows(random, made, now), *_projects(random, made, now)]
        rows += _invites(random, made, now)
        await _insert(rows)
        await _details_of_projects(random, made)
    await record_many([*random_history.events(random, made.pair, others, now), *await _events_of_rows(made)])
    await random_history.corrections(random, made.pair)
    await random_history.achievements(random, made.pair, made.accounts, now)
    await settle(made.everyone)
    return made


def chance(random: Random, share: float = 0.5) -> bool:
    return random.random() < share


def past(random: Random, now: datetime, days: int = 300) -> datetime:
    return now - timedelta(seconds=random.randrange(60, days * 86_400), microseconds=random.randrange(1_000_000))


async def _insert(rows: list[Model]) -> None:
    by_table: dict[type[Model], list[Model]] = {}
    for each in rows:
        by_table.setdefault(type(each), []).append(each)
    for model, own in by_table.items():
        await model.bulk_create(own)


async def _accounts(random: Random, made: RandomPair) -> None:
    """One to three accounts each, some deactivated, some in a company."""
    company = await Company.create(name="Harbor Works", created_at=clock.now())
    for own in made.accounts.values():
        gone = own[random.randrange(1, 4) :]
        await Account.filter(id__in=[each.id for each in gone]).delete()
        del own[len(own) - len(gone) :]
        for each in own:
            each.company_id = company.id if chance(random, 0.3) else None
            each.status = AccountStatus.DEACTIVATED if chance(random, 0.2) else AccountStatus.ACTIVE
            await each.save(update_fields=["company_id", "status"])


def _fields(random: Random, number: int, now: datetime) -> dict[str, Any]:
    filled = {name: f"{name} of {number}" for name in TEXTS if chance(random)}
    recovery = f"recovery{number}@people.example" if chance(random) else None
    return {
        **filled,
        "avatar": f"{secrets.token_hex(16)}.webp" if chance(random) else None,
        "country": random.choice(("NL", "BE", None)),
        "language": random.choice(("nl", None)),
        "visibility": random.choice((Visibility.PUBLIC, Visibility.PUBLIC, Visibility.PRIVATE)),
        "looking_for_job": chance(random),
        "looking_for_confirmed": chance(random),
        "github_connected_at": now if chance(random) else None,
        "recovery_email": recovery,
        "recovery_email_key": recovery,
        "recovery_email_verified_at": now if recovery else None,
        "joined_on": (now - timedelta(days=random.randrange(400, 2_000))).date(),
        "version": random.randrange(1, 5),
    }


# People and people


def _relations(random: Random, made: RandomPair, now: datetime) -> list[Model]:
    others = [each.own_profile_id for each in made.others]
    rows = _relation(random, *made.pair, now)
    for each in made.pair:
        for other in others:
            rows += _relation(random, each, other, now)
    for one, other in pairwise(others):
        rows += _relation(random, one, other, now)
    return rows


def _relation(random: Random, one: int, other: int, now: datetime) -> list[Model]:
    """What two people are to each other: one of the states that the rules lead to."""
    a, b = random.sample([one, other], 2)
    at = past(random, now)
    later = at + DAY

    def request(sender: int, receiver: int, sent_at: datetime, **more: Any) -> Model:
        return t.ConnectionRequest(sender_id=sender, receiver_id=receiver, sent_at=sent_at, **more)

    connected: list[Model] = [
        t.Connection(profile_id=x, other_id=y, connected_at=at) for x, y in sorted([(a, b), (b, a)])
    ]
    blocked = t.Block(blocker_id=a, blocked_id=b, blocked_at=at)
    states: list[list[Model]] = [
        [],
        connected,
        connected,
        [request(a, b, at)],
        [request(a, b, at, withdrawn_at=later)],
        [request(a, b, at, withdrawn_at=later), request(b, a, later)],
        [request(a, b, at, withdrawn_at=later), request(b, a, at, withdrawn_at=later)],
        [request(a, b, at, ignored_at=later)],
        [blocked],
        [blocked, t.Block(blocker_id=b, blocked_id=a, blocked_at=later)],
        [blocked, request(b, a, later, ignored_at=later)],  # sent during the block: never delivered
    ]
    dismissed = [
        t.DismissedSuggestion(profile_id=x, other_id=y, dismissed_at=past(random, now))
        for x, y in ((a, b), (b, a))
        if chance(random, 0.25)
    ]
    return [*random.choice(states), *dismissed]


def _invites(random: Random, made: RandomPair, now: datetime) -> list[Model]:
    """Invites to the same addresses, to each other's, and to people who came; referrals of those and of the other's account."""
    shared = [f"invited{next(_numbers)}@others.example" for _ in range(3)]
    referred: set[int] = set()
    rows: list[Model] = []
    for number, own in made.accounts.items():
        other = made.pair.survivor if number == made.pair.source else made.pair.source
        theirs = made.accounts[other]
        for account in random.sample([*made.others, *theirs], 3):
            if account.id not in referred and chance(random):
                referred.add(account.id)
                via = random.choice(list(ReferralVia))
                at = past(random, now)
                rows.append(t.Referral(referrer_id=number, account_id=account.id, via=via, at=at))
                if via is ReferralVia.MAIL:
                    rows.append(_invite(random, own[0], account.email, at, InviteState.ACCEPTED, account.id))
                    continue
            if chance(random):
                rows.append(_invite(random, own[0], account.email, past(random, now)))
        for email in (*shared, f"{number}@alone.example"):
            if chance(random, 0.7):
                state = random.choice((InviteState.PENDING, InviteState.PENDING, InviteState.WITHDRAWN))
                rows.append(_invite(random, random.choice(own), email, past(random, now, 60), state))
    return rows


def _invite(
    random: Random,
    sender: Account,
    email: str,
    at: datetime,
    state: InviteState = InviteState.PENDING,
    by: int | None = None,
) -> t.Invite:
    return t.Invite(
        sender_id=sender.own_profile_id,
        account_id=sender.id,
        email=email,
        email_key=email,
        kind=random.choice(list(InviteKind)),
        state=state,
        note=random.choice(("", "Join us.")),
        digest=digest(invite_mails.code_of(sender.own_profile_id, email)),
        sent_at=at,
        sends=random.randrange(1, 4),
        expires_at=at + 30 * DAY,
        accepted_at=at + DAY if by else None,
        accepted_by_id=by,
        created_at=at,
    )


async def _events_of_rows(made: RandomPair) -> list[ActivityEvent]:
    """The events of the invites and referrals."""
    found = [invites.event_of(each, each.created_at) for each in await t.Invite.filter(sender_id__in=made.pair)]
    for each in await t.Referral.filter(referrer_id__in=made.pair).prefetch_related("account"):
        link = ("REFERRAL_SIGNED_UP",) if each.via is ReferralVia.LINK else ()
        found += [
            random_history.system_event(
                activity,
                each.referrer_id,
                each.at,
                f"referral:{each.account_id}:{activity}",
                each.account.profile_id if each.account else None,
            )
            for activity in (*link, "FRIEND_REFERRED")
        ]
    return found


# Each for themselves


def _own_rows(random: Random, made: RandomPair, now: datetime) -> list[Model]:
    rows: list[Model] = []
    for number, own in made.accounts.items():
        rows += [t.ProfileSkill(profile_id=number, skill=each) for each in SKILLS if chance(random)]
        rows += [t.ProfileIndustry(profile_id=number, industry=each) for each in INDUSTRIES if chance(random)]
        rows += [
            t.ProfileHandle(profile_id=number, handle=f"earlier-{next(_numbers)}", noted_at=past(random, now))
            for _ in range(random.randrange(3))
        ]
        rows += [
            t.ImportedPerson(profile_id=number, source=source, key=f"p{next(_numbers)}")
            for source in ("forum", "archive")
            if chance(random)
        ]
        rows += [
            t.MergedProfile(profile_id=number, former_id=1_000_000_000 + next(_numbers), merged_at=past(random, now))
            for _ in range(random.randrange(3))
        ]
        codes = [secrets.token_hex(6) for _ in range(random.randrange(3))]
        rows += [
            t.ReferralCode(
                profile_id=number,
                code=code,
                created_at=past(random, now),
                retired_at=None if code == codes[-1] else now,
            )
            for code in codes
        ]
        if chance(random, 0.6):
            shipped = chance(random)
            rows.append(
                t.ShirtClaim(
                    profile_id=number,
                    size=random.choice(list(ShirtSize)),
                    sealed=seal(SHIRT_ADDRESS, "{}"),
                    state=ShirtState.SHIPPED if shipped else ShirtState.CLAIMED,
                    claimed_at=past(random, now),
                    shipped_at=now if shipped else None,
                )
            )
        for account in own:
            rows.append(
                t.Session(
                    account_id=account.id,
                    digest=secrets.token_hex(32),
                    created_at=now,
                    seen_at=now,
                    ends_at=now + DAY,
                    elevated_until=now + DAY / 3,
                )
            )
            rows.append(
                t.AccessToken(
                    account_id=account.id,
                    name="A token",
                    scopes=[],
                    secret_hash=secrets.token_hex(32),
                    hint="abcd",
                    created_at=now,
                )
            )
        rows.append(t.Notice(topic="person", profile_id=number, facts={"kind": "POINTS", "points": 1}, at=now))
    return rows


# Projects


def _projects(random: Random, made: RandomPair, now: datetime) -> list[Model]:
    owners = [*made.pair, *made.pair, made.others[0].own_profile_id]
    rows: list[Model] = []
    for owner in owners:
        places = list(range(random.randrange(4)))
        for place in random.sample(places, len(places)):
            published = chance(random, 0.6)
            rows.append(
                t.Project(
                    owner_id=owner,
                    title=f"Project {next(_numbers)} of {owner}",
                    description="Ships onto berths.",
                    state=ProjectState.PUBLISHED if published else ProjectState.DRAFT,
                    place=random.choice((place, 0)),
                    created_at=past(random, now),
                    published_at=now if published else None,
                )
            )
    return rows


async def _details_of_projects(random: Random, made: RandomPair) -> None:
    """Skills, images and collaborators: the other of the two on the projects of both, and both on a third person's."""
    rows: list[Model] = []
    now = clock.now()
    tags: Any = t.Block.all().values_list("blocker_id", "blocked_id")
    blocked = {frozenset(each) for each in await tags}
    for project in await t.Project.filter(owner_id__in=made.everyone).order_by("id"):
        rows += [t.ProjectSkill(project_id=project.id, skill=each) for each in SKILLS if chance(random, 0.3)]
        if chance(random):
            rows.append(t.ProjectImage(project_id=project.id, image=f"{secrets.token_hex(16)}.webp"))
        for number in made.everyone:
            apart = frozenset((number, project.owner_id)) in blocked
            if number == project.owner_id or chance(random, 0.4):
                continue
            at = past(random, now)
            untagged = random.choice((at, at + DAY)) if apart else random.choice((None, None, at + DAY))
            rows.append(
                t.ProjectCollaborator(
                    project_id=project.id,
                    profile_id=number,
                    tagged_at=at,
                    untagged_at=untagged,
                    told_at=at if project.published_at and chance(random, 0.8) else None,
                )
            )
    await _insert(rows)
