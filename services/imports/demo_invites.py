"""
Whom the demo's people have invited and brought, and who was the first of each company: with the points that this system gives for
it. Made by lot but always the same.
"""

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
from services.imports.demo import DAY_SECONDS, SEED, Member
from services.invites import invites
from services.points.ledger import SYSTEM_SOURCE, ActivityEvent, record_many

INVITES: Final = 140
REFERRALS: Final = 45


async def send(
    members: Sequence[Member], profiles: Mapping[str, int], companies: Mapping[str, str], anchor: date
) -> int:
    """Write down the demo's invites and referrals, and give their points; returns how many of both there are."""
    lot = Random(SEED + 2)  # noqa: S311 - play, and it must come out the same
    sent = list(_invites(lot, members, companies, anchor))
    brought = list(_referrals(lot, members))
    letters = [_invite(profiles[key], email, kind, at, state) for key, email, kind, at, state in sent]
    events = [
        *(invites.event_of(each, each.created_at) for each in letters),
        *(
            _event(activity, profiles[referrer], at, f"referral:{newcomer}:{activity}", profiles[newcomer])
            for referrer, newcomer, via, at in brought
            for activity in (
                ["FRIEND_REFERRED"] if via is ReferralVia.MAIL else ["REFERRAL_SIGNED_UP", "FRIEND_REFERRED"]
            )
        ),
        *(_event("FIRST_OF_COMPANY", profiles[key], at, f"first-of-company:{key}") for key, at in _first(members)),
    ]
    async with in_transaction():
        await insert(letters)
        await insert([Referral(referrer_id=profiles[key], via=via, at=at) for key, _, via, at in brought])
        await record_many(events)
    return len(sent) + len(brought)


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
        expires_at=at + invites.LIFETIME,
        accepted_at=at + timedelta(days=2) if state is InviteState.ACCEPTED else None,
        created_at=at,
    )


def _invites(
    lot: Random, members: Sequence[Member], companies: Mapping[str, str], anchor: date
) -> Iterator[tuple[str, str, InviteKind, datetime, InviteState]]:
    """Sender, address, kind, moment and what became of it."""
    senders = lot.choices(members, [each.draws + 1 for each in members], k=INVITES)
    for number, sender in enumerate(senders):
        colleague = bool(sender.company) and not lot.randrange(3)
        domain = companies[sender.company] if colleague else "friends.example"
        days = (anchor - sender.person.joined_on).days
        at = _moment(lot, sender.person.joined_on + timedelta(days=lot.randrange(days)))
        state = lot.choice([InviteState.PENDING, InviteState.ACCEPTED, InviteState.ACCEPTED, InviteState.WITHDRAWN])
        kind = InviteKind.PLATFORM if colleague else InviteKind.FRIEND
        yield sender.person.key, f"guest{number}@{domain}", kind, at, state


def _referrals(lot: Random, members: Sequence[Member]) -> Iterator[tuple[str, str, ReferralVia, datetime]]:
    """Who brought whom, how and when: on the day that they joined."""
    for newcomer in lot.sample(members[1:], REFERRALS):
        on = newcomer.person.joined_on
        earlier = [each for each in members if each.person.joined_on < on]
        if earlier:
            referrer = lot.choices(earlier, [each.draws + 1 for each in earlier])[0]
            yield referrer.person.key, newcomer.person.key, lot.choice(list(ReferralVia)), _moment(lot, on)


def _first(members: Sequence[Member]) -> Iterator[tuple[str, datetime]]:
    """The first member of each company, and the day that they joined."""
    firsts: dict[str, Member] = {}
    for each in sorted(members, key=lambda member: (member.person.joined_on, member.person.key)):
        if each.company:
            firsts.setdefault(each.company, each)
    for each in firsts.values():
        yield each.person.key, datetime.combine(each.person.joined_on, time(12), UTC)


def _moment(lot: Random, on: date) -> datetime:
    return datetime.combine(on, time(), UTC) + timedelta(seconds=lot.randrange(DAY_SECONDS))
