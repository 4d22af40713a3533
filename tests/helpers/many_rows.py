"""Two people with the same number of rows in every table, for counting statements and for measuring."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

from tortoise.models import Model
from tortoise.transactions import in_transaction

from catalogue.points import Category
from models import tables as t
from models.badges import AwardOrigin
from models.invites import InviteKind, InviteState
from models.points import EntryKind, Outcome
from models.portfolio import ProjectState
from models.referrals import ReferralVia
from services.core import clock
from services.merging.plan import Pair
from tests.helpers.derived_rows import settle
from tests.helpers.full_profiles import make_people

_numbers = count(1)


async def make_many_rows(times: int) -> Pair:
    """Make the two, with `times` rows each in every table that can have so many, half of them like rows of the other."""
    accounts = await make_people("Ann Source", "Bob Survivor", accounts=max(1, times // 10))
    others = await make_people(*["Someone"] * times)
    pair = Pair(*(own[0].own_profile_id for own in accounts))
    people = [own[0].own_profile_id for own in others]
    rows: dict[type[Model], list[Model]] = {}
    run = next(_numbers)
    for number, own in zip(pair, accounts, strict=True):
        other = pair.survivor if number == pair.source else pair.source
        ids = [each.id for each in own]
        referred = [each.id for [each] in others][number % 2 :: 2]
        for maker in (
            _people_rows(number, other, people),
            _own_rows(number, ids, times, run),
            _earned_rows(number, other, times, run),
            _sent_rows(number, ids[0], referred, times, run),
        ):
            for row in maker:
                rows.setdefault(type(row), []).append(row)
    async with in_transaction():
        for model, made in rows.items():
            await model.bulk_create(made)
        await _project_rows(pair, people)
    await settle([*pair, *people])
    return pair


def _people_rows(number: int, other: int, people: list[int]) -> Iterator[Model]:
    at = clock.now()
    for place, each in enumerate(people):
        kind = place % 5
        if kind == 0:
            yield t.Connection(profile_id=number, other_id=each, connected_at=at)
            yield t.Connection(profile_id=each, other_id=number, connected_at=at)
        if kind == 1:
            yield t.ConnectionRequest(sender_id=number, receiver_id=each, sent_at=at)
        if kind == 2 and number < other:
            yield t.ConnectionRequest(sender_id=number, receiver_id=each, sent_at=at)
        if kind == 2 and number > other:
            yield t.ConnectionRequest(sender_id=each, receiver_id=number, sent_at=at)
        if kind == 3:
            yield t.Block(blocker_id=number, blocked_id=each, blocked_at=at)
        yield t.DismissedSuggestion(profile_id=number, other_id=each, dismissed_at=at)


def _own_rows(number: int, accounts: list[int], times: int, run: int) -> Iterator[Model]:
    at = clock.now()
    for n in range(times):
        own = "" if n % 2 else f"-{number}"
        yield t.ProfileSkill(profile_id=number, skill=f"skill-{n}{own}")
        yield t.ProfileIndustry(profile_id=number, industry=f"industry-{n}{own}")
        yield t.ProfileHandle(profile_id=number, handle=f"handle-{n}-{number}", noted_at=at)
        yield t.MergedProfile(profile_id=number, former_id=run * 10**9 + number * 10**5 + n, merged_at=at)
        yield t.ImportedPerson(profile_id=number, source="forum", key=f"{run}-{number}-{n}")
        yield t.Notice(topic="person", profile_id=number, facts={"kind": "POINTS"}, at=at)
        yield t.Session(
            account_id=accounts[n % len(accounts)],
            digest=secrets.token_hex(32),
            created_at=at,
            seen_at=at,
            ends_at=at,
            elevated_until=at,
        )


def _earned_rows(number: int, other: int, times: int, run: int) -> Iterator[Model]:
    at = clock.now() - timedelta(days=3)
    for n in range(times):
        when = at + timedelta(seconds=n)
        yield t.PointEntry(
            profile_id=number,
            kind=EntryKind.ACTIVITY,
            category=Category.FORUM,
            activity="ANSWER_ACCEPTED",
            asked=15,
            awarded=15,
            outcome=Outcome.AWARDED,
            occurred_at=when,
            day=when.date(),
            source="many",
            external_id=f"{run}:{number}:{n}",
            counterpart_id=other if n % 3 == 0 else None,
            recorded_at=when,
        )
        own = "" if n % 2 else f"-{number}"
        yield t.BadgeAward(
            profile_id=number,
            badge=f"BADGE-{n}{own}",
            level=1,
            origin=AwardOrigin.OPERATOR,
            awarded_at=when,
            credential=secrets.token_hex(16),
        )
        yield t.ChallengeCompletion(profile_id=number, challenge=f"C-{n}{own}", completed_at=when)
        yield t.ChallengeClaim(profile_id=number, challenge=f"C-{n}{own}", credits=1, claimed_at=when)


def _sent_rows(number: int, account_id: int, referred: list[int], times: int, run: int) -> Iterator[Model]:
    at = clock.now()
    for n in range(times):
        email = f"invited{n}.{run}{'' if n % 2 else number}@others.example"
        yield t.Invite(
            sender_id=number,
            account_id=account_id,
            email=email,
            email_key=email,
            kind=InviteKind.FRIEND,
            state=InviteState.PENDING,
            digest=secrets.token_hex(32),
            sent_at=at,
            expires_at=at + timedelta(days=30),
            created_at=at,
        )
        yield t.ReferralCode(profile_id=number, code=secrets.token_hex(6), created_at=at)
    for each in referred:
        yield t.Referral(referrer_id=number, account_id=each, via=ReferralVia.LINK, at=at)


async def _project_rows(pair: Pair, people: list[int]) -> None:
    at = clock.now()
    owners = [each for number in pair for each in [number] * len(people)]
    projects = [
        t.Project(
            owner_id=owner,
            title=f"Project {n}",
            state=ProjectState.PUBLISHED,
            place=n % 3,
            created_at=at,
            published_at=at,
        )
        for n, owner in enumerate([*owners, *people])
    ]
    await t.Project.bulk_create(projects)
    made = await t.Project.filter(owner_id__in=[*pair, *people])
    tags = []
    for each in made:
        tags += [
            t.ProjectCollaborator(project_id=each.id, profile_id=number, tagged_at=at)
            for number in pair
            if number != each.owner_id and not (each.owner_id in people and people.index(each.owner_id) % 5 == 3)
        ]
    await t.ProjectCollaborator.bulk_create(tags)
    await t.ProjectSkill.bulk_create([t.ProjectSkill(project_id=each.id, skill="python") for each in made])
