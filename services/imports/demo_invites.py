"""Invites, referrals and first members of companies in the demo, with their points. Random with a fixed seed."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from tortoise.transactions import in_transaction

from models.invites import Invite, InviteKind, InviteState
from models.referrals import Referral, ReferralVia
from services.core.bulk import insert
from services.core.crypto import digest
from services.imports.demo import SEED, Member, random_time
from services.invites import invites
from services.points.ledger import SYSTEM_SOURCE, ActivityEvent, record_many

INVITES: Final = 140
REFERRALS: Final = 45


async def send(
    members: Sequence[Member], profiles: Mapping[str, int], companies: Mapping[str, str], anchor: date
) -> int:
    """Store invites and referrals, and award their points; returns the number of both."""
    rng = Random(SEED + 2)
    rows = [
        _invite(profiles[key], email, kind, at, state)
        for key, email, kind, at, state in _invites(rng, members, companies, anchor)
    ]
    referrals = list(_referrals(rng, members))
    events = [
        *(invites.event_of(each, each.created_at) for each in rows),
        *(
            _event(activity, profiles[referrer], at, f"referral:{newcomer}:{activity}", profiles[newcomer])
            for referrer, newcomer, via, at in referrals
            for activity in (
                ["FRIEND_REFERRED"] if via is ReferralVia.MAIL else ["REFERRAL_SIGNED_UP", "FRIEND_REFERRED"]
            )
        ),
        *(_event("FIRST_OF_COMPANY", profiles[key], at, f"first-of-company:{key}") for key, at in _first(members)),
    ]
    async with in_transaction():
        await insert(rows)
        await insert([Referral(referrer_id=profiles[key], via=via, at=at) for key, _, via, at in referrals])
        await record_many(events)
    return len(rows) + len(referrals)


def _event(activity: str, profile_id: int, at: datetime, what: str, other: int | None = None) -> ActivityEvent:
    return ActivityEvent(activity, profile_id, at, SYSTEM_SOURCE, f"demo:{what}", other)


def _invite(profile_id: int, email: str, kind: InviteKind, at: datetime, state: InviteState) -> Invite:
    return Invite(
        sender_id=profile_id,
        email=email,
        email_key=email,
        kind=kind,
        state=state,
        digest=digest(secrets.token_hex(16)),
        sent_at=at,
        expires_at=at + invites.INVITE_LIFETIME,
        accepted_at=at + timedelta(days=2) if state is InviteState.ACCEPTED else None,
        created_at=at,
    )


def _invites(
    rng: Random, members: Sequence[Member], companies: Mapping[str, str], anchor: date
) -> Iterator[tuple[str, str, InviteKind, datetime, InviteState]]:
    """Sender, address, kind, time and state."""
    senders = rng.choices(members, [each.draws + 1 for each in members], k=INVITES)
    for number, sender in enumerate(senders):
        colleague = bool(sender.company) and not rng.randrange(3)
        domain = companies[sender.company] if colleague else "friends.example"
        days = (anchor - sender.person.joined_on).days
        at = random_time(rng, sender.person.joined_on + timedelta(days=rng.randrange(days)))
        state = rng.choice([InviteState.PENDING, InviteState.ACCEPTED, InviteState.ACCEPTED, InviteState.WITHDRAWN])
        kind = InviteKind.PLATFORM if colleague else InviteKind.FRIEND
        yield sender.person.key, f"guest{number}@{domain}", kind, at, state


def _referrals(rng: Random, members: Sequence[Member]) -> Iterator[tuple[str, str, ReferralVia, datetime]]:
    """Referrer, newcomer, way and time, on the day when the newcomer joined."""
    for newcomer in rng.sample(members[1:], REFERRALS):
        on = newcomer.person.joined_on
        earlier = [each for each in members if each.person.joined_on < on]
        if earlier:
            referrer = rng.choices(earlier, [each.draws + 1 for each in earlier])[0]
            yield referrer.person.key, newcomer.person.key, rng.choice(list(ReferralVia)), random_time(rng, on)


def _first(members: Sequence[Member]) -> Iterator[tuple[str, datetime]]:
    """The first member of each company, and the time of joining."""
    firsts: dict[str, Member] = {}
    for each in sorted(members, key=lambda member: (member.person.joined_on, member.person.key)):
        if each.company:
            firsts.setdefault(each.company, each)
    for each in firsts.values():
        yield each.person.key, datetime.combine(each.person.joined_on, time(12), UTC)
