"""Merges at the same moment as other merges, and as everything that people and services do meanwhile. On PostgreSQL."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from tortoise.exceptions import DoesNotExist, IntegrityError
from tortoise.transactions import in_transaction

from models import tables as t
from models.accounts import Account
from models.database import Database
from models.referrals import ShirtSize
from services.accounts import members
from services.achievements import badges, challenges
from services.auth import access_tokens, sessions
from services.connections import blocks, connections
from services.core import clock, merged_profiles
from services.core.audit import OPERATOR
from services.credits import shop
from services.deletion.engine import delete_account
from services.errors import NotAllowed, Refused
from services.invites import invites, referrals, tshirts
from services.invites.invites import Sender
from services.merging import completion, engine, preview
from services.merging.operations import Initiator
from services.merging.plan import Pair
from services.points import corrections
from services.points.ledger import ActivityEvent, Recorded, record_many
from services.portfolio import collaborators, projects
from services.profiles import handle_changes, profile_editing, publishing
from tests.helpers.conserved import figures_of
from tests.helpers.derived_rows import settle
from tests.helpers.invariants import check_consistent, check_gone
from tests.helpers.projects import WHOLE, actor
from tests.helpers.racing_merges import waiting
from tests.helpers.random_pairs import RandomPair, random_pair
from tests.helpers.sign_in import BROWSER
from tests.helpers.transactions import committed
from tests.helpers.tshirts import HOME

pytestmark = [pytest.mark.postgres_only, pytest.mark.usefixtures("unlimited")]
Kind = Callable[[int, Account, int, Account], Coroutine[Any, Any, None]]
"""A call: its number, an account of one of the two, the profile, and an account of another person."""
MOMENT = 0.02
"""Seconds within which the calls of a storm begin."""


async def attempt(source: int, survivor: int) -> bool:
    """Merge, if both still exist; returns whether it was done."""
    pair = Pair(source, survivor)
    async with in_transaction():
        if not await engine.lock(pair):
            return False
        await engine.merge(pair)
        return True


@pytest.mark.parametrize("seed", [1, 2])
async def test_two_directions_a_ring_and_a_repeat_at_once(database: Database, seed: int) -> None:
    # given
    made = await random_pair(Random(seed))
    a, b = made.pair
    c, d = (each.own_profile_id for each in made.others[:2])
    credits_before = await _credits()
    # when A goes into B and B into A
    done = await asyncio.gather(*(attempt(*each) for each in [(a, b), (b, a)] * 3))
    # then exactly one of them was done
    assert sum(done) == 1
    gone, left = (a, b) if await t.Profile.exists(id=b) else (b, a)
    await check_gone(gone)
    # when three go into each other in a ring
    done = await asyncio.gather(*(attempt(*each) for each in [(left, c), (c, d), (d, left)]))
    # then one is left
    assert sum(done) == 2
    [last] = [each for each in (left, c, d) if await t.Profile.exists(id=each)]
    # when the same merge is done twenty times
    e = made.others[2].own_profile_id
    done = await asyncio.gather(*(attempt(e, last) for _ in range(20)))
    # then once
    assert sum(done) == 1
    redirects: Any = t.MergedProfile.filter(former_id__in=[a, b, c, d, e]).values_list("former_id", "profile_id")
    assert dict(await redirects) == dict.fromkeys({a, b, c, d, e} - {last}, last)
    assert await _credits() == credits_before
    await check_consistent(database)


async def test_a_storm_of_everything_around_a_merge(database: Database) -> None:
    # given two people, and others whom they know
    random = Random(3)
    made = await random_pair(random)
    a, b = made.pair
    before = (await figures_of(a)).points + (await figures_of(b)).points
    accounts_before = {*(await figures_of(a)).accounts, *(await figures_of(b)).accounts}
    credits_before = await _credits()
    storm = Storm(random, made)
    calls: list[Callable[[], Awaitable[Any]]] = [storm.call(n) for n in range(85)]
    calls[50:50] = [lambda: attempt(a, b), lambda: attempt(b, a), lambda: attempt(a, b)]
    # when everything happens at once
    outcomes = await asyncio.gather(*(_begin(random, each) for each in calls), return_exceptions=True)
    # then nothing failed but what is refused
    wrong = [each for each in outcomes if isinstance(each, BaseException) and not isinstance(each, Refused)]
    assert not wrong, Counter(repr(each)[:200] for each in wrong)
    assert outcomes[50:53].count(True) == 1, outcomes[50:53]
    gone, left = (a, b) if await t.Profile.exists(id=b) else (b, a)
    await check_gone(gone)
    after = await figures_of(left)
    assert set(after.accounts) == accounts_before
    recorded = await t.PointEntry.filter(source__startswith="storm")
    assert {each.external_id for each in recorded} >= storm.recorded, "a reported event was lost"
    assert before, "they had points"
    spent = Counter[int]()
    for order in await t.ShopOrder.filter(ordered_at__gte=storm.started):
        spent[order.account_id] += order.price
    claimed = Counter[int]()
    for entry in await t.CreditEntry.filter(kind="CLAIM", at__gte=storm.started):
        claimed[entry.account_id] += entry.amount
    now = await _credits()
    assert {each: credits_before.get(each, 0) - spent[each] + claimed[each] for each in now} == now
    await check_consistent(database)


async def test_the_last_accounts_are_deleted_during_a_merge(database: Database) -> None:
    # given
    for seed in range(3):
        made = await random_pair(Random(seed))
        a, b = made.pair
        accounts = [each.id for own in made.accounts.values() for each in own]
        points = await t.PointEntry.filter(profile_id__in=[a, b]).count()
        # when the source's accounts are deleted, or all accounts of both, while they are merged
        gone = accounts if seed % 2 else [each.id for each in made.accounts[a]]
        calls = [attempt(a, b), *(delete_account(each, actor=OPERATOR) for each in gone), attempt(b, a)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        # then each of them was done before or after, and what has no account is gone
        assert not [each for each in outcomes if isinstance(each, BaseException)], outcomes
        assert not await t.Account.exists(id__in=gone)
        left: Any = t.Profile.filter(id__in=[a, b]).values_list("id", flat=True)
        owners: Any = t.Account.filter(id__in=accounts).values_list("profile_id", flat=True)
        assert set(await left) == set(await owners), "a profile without an account, or an account without its profile"
        if [each for each in (outcomes[0], outcomes[-1]) if each is True] == [True] and len(gone) < len(accounts):
            assert await t.PointEntry.filter(profile_id__in=[a, b]).count() >= points, "the points of a merged profile"
        await check_consistent(database, boards=False)


async def test_confirmations_of_both_and_a_deletion_at_once(database: Database) -> None:
    # given two people who have each verified that the other profile is theirs
    for seed in range(2):
        made = await random_pair(Random(40 + seed))
        a, b = made.pair
        first, second = (made.accounts[each][0] for each in made.pair)
        await t.Account.filter(id__in=[first.id, second.id]).update(status="ACTIVE")
        await settle(made.pair)
        confirm = [await _verified(first, Pair(b, a)), await _verified(second, Pair(a, b))]
        # when both confirm many times, and one deletes the account meanwhile
        calls = [*(each() for each in confirm * 5), delete_account(first.id, actor=OPERATOR)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        # then it is one merge or none
        wrong = [
            each for each in outcomes if isinstance(each, Exception) and not isinstance(each, Refused | NotAllowed)
        ]
        assert not wrong, wrong
        assert await t.MergedProfile.filter(former_id__in=[a, b]).count() <= 1
        assert await t.ProfileMerge.filter(state="DONE", survivor_id__in=[a, b]).count() <= 1
        assert not await t.Account.exists(id=first.id)
        left: Any = t.Profile.filter(id__in=[a, b]).values_list("id", flat=True)
        owners: Any = t.Account.filter(profile_id__in=[a, b]).values_list("profile_id", flat=True)
        assert set(await left) == set(await owners)
        await check_consistent(database, boards=False)


async def test_a_deletion_waits_for_the_merge_of_its_account(database: Database) -> None:
    # given a confirmation that has locked its merge, and nothing else yet
    made = await random_pair(Random(50))
    account = made.accounts[made.pair.survivor][0]
    await _verified(account, made.pair)
    outside = copy_context()
    async with in_transaction():
        await t.ProfileMerge.select_for_update().get(account_id=account.id)
        # when the account is deleted
        deletion = asyncio.create_task(delete_account(account.id, actor=OPERATOR), context=outside)
        async with asyncio.timeout(15):
            while not await waiting():  # noqa: ASYNC110 - no event tells it
                await asyncio.sleep(0.01)
        # then it holds nothing that the confirmation needs
        assert await engine.lock(made.pair)
    await deletion


async def _verified(account: Account, pair: Pair) -> Callable[[], Coroutine[Any, Any, None]]:
    """The confirmation of a merge whose code was verified, out of an elevated session."""
    principal = await sessions.authenticate(await sessions.begin(account.id, BROWSER))
    assert principal is not None and principal.session_id is not None
    now = clock.now()
    await t.Session.filter(id=principal.session_id).update(elevated_until=now + timedelta(hours=1))
    row = await t.ProfileMerge.create(
        account_id=account.id,
        survivor_id=pair.survivor,
        source_id=pair.source,
        state="VERIFIED",
        typed="0" * 64,
        choices=[{"masked": "", "account": each.id} for each in await Account.filter(profile_id=pair.source)],
        started_at=now,
        expires_at=now + timedelta(hours=1),
    )
    shown = await committed(preview.of(pair))
    assert shown is not None
    by = Initiator(account.id, principal.session_id, actor(account))
    return lambda: completion.complete(by, row.id, shown.hash)


async def _begin(random: Random, call: Callable[[], Awaitable[Any]]) -> Any:
    await asyncio.sleep(random.random() * MOMENT)  # so that the calls mix in another order each time
    return await call()


async def _credits() -> dict[int, int]:
    rows: Any = t.CreditBalance.all().values_list("account_id", "balance")
    return dict(await rows)


class Storm:
    """Calls of both profiles, and of others about them, by their rules."""

    def __init__(self, random: Random, made: RandomPair) -> None:
        self.random, self.made = random, made
        self.people: tuple[int, ...] = made.pair
        self.recorded: set[str] = set()
        self.started = clock.now()

    def call(self, number: int) -> Callable[[], Coroutine[Any, Any, Any]]:
        """One of the kinds, in turn; about one of the two."""
        kinds = (
            self.event,
            self.request,
            self.answer,
            self.block,
            self.invite,
            self.order,
            self.edit,
            self.project,
            self.tag,
            self.badge,
            self.claim,
            self.session,
            self.reverse,
            self.handle,
            self.refer,
            self.visibility,
            self.member,
        )
        kind = kinds[number % len(kinds)]
        one = self.random.choice(self.made.pair)
        own = self.random.choice(self.made.accounts[one])
        other = self.random.choice(self.made.others)
        return lambda: self.run(kind, number, own, one, other)

    async def run(self, kind: Kind, number: int, own: Account, one: int, other: Account) -> None:
        """
        Call, and once more if it failed and the profile was merged meanwhile: as schema/fields.py does with mutations. Errors of
        the database that are not about the profile that is gone, such as a deadlock, are not forgiven.
        """
        try:
            await kind(number, own, one, other)
        except (Refused, IntegrityError, DoesNotExist):
            merged = await merged_profiles.current_ids(self.made.pair)
            if not merged:
                raise
            self.people = tuple({merged.get(each, each) for each in self.made.pair})
            await kind(number, own, merged.get(one, one), other)

    async def event(self, number: int, own: Account, one: int, other: Account) -> None:
        there = self.random.choice([*self.people, other.own_profile_id, None])
        events = [
            ActivityEvent(activity, who, clock.now(), "storm", f"{number}:{activity}:{who}", there)
            for activity in ("UPVOTE_RECEIVED", "MVP_REACHED", "ANSWER_ACCEPTED")
            for who in self.people
        ]
        results = await record_many(events)
        self.recorded |= {
            each.external_id for each, result in zip(events, results, strict=True) if isinstance(result, Recorded)
        }

    async def request(self, number: int, own: Account, one: int, other: Account) -> None:
        pair = [(one, own.id, other.own_profile_id), (other.own_profile_id, other.id, one)]
        sender, account, receiver = self.random.choice(pair)
        await connections.send(sender, receiver, account_id=account)

    async def answer(self, number: int, own: Account, one: int, other: Account) -> None:
        found = await t.ConnectionRequest.filter(receiver_id=one, ignored_at=None, withdrawn_at=None).first()
        if found is not None:
            await connections.accept(one, found.id)
        sent = await t.ConnectionRequest.filter(sender_id=one, withdrawn_at=None).first()
        if sent is not None:
            await connections.withdraw(one, sent.id)

    async def block(self, number: int, own: Account, one: int, other: Account) -> None:
        await blocks.block(*self.random.sample([one, other.own_profile_id], 2))
        await blocks.unblock(one, other.own_profile_id)

    async def invite(self, number: int, own: Account, one: int, other: Account) -> None:
        email = self.random.choice([f"storm{number % 3}@others.example", other.email])
        await invites.send(Sender(own.id, one), [email], key=f"invite-{number}")

    async def order(self, number: int, own: Account, one: int, other: Account) -> None:
        await shop.order(own.id, "STICKERS", f"order-{number}")

    async def edit(self, number: int, own: Account, one: int, other: Account) -> None:
        edit = {"about": f"About {number}", "skills": ["python", "java"]}
        await profile_editing.update(one, edit, actor=actor(own))

    async def project(self, number: int, own: Account, one: int, other: Account) -> None:
        edit = {**WHOLE, "collaborator_ids": [other.own_profile_id]}
        made = await projects.create(one, edit, actor=actor(own), publish=True, key=f"project-{number}")
        await projects.unpublish(one, made, actor=actor(own))

    async def tag(self, number: int, own: Account, one: int, other: Account) -> None:
        edit = {**WHOLE, "collaborator_ids": list(self.people)}
        made = await projects.create(other.own_profile_id, edit, actor=actor(other), publish=True, key=f"tag-{number}")
        await collaborators.untag(one, made)

    async def badge(self, number: int, own: Account, one: int, other: Account) -> None:
        await badges.grant(one, "SMALL_WORLD", level=1 + number % 4, reason="A storm.")
        await badges.feature(one, ["SMALL_WORLD"])
        await badges.revoke(one, "SMALL_WORLD", level=2, reason="It is over.")

    async def claim(self, number: int, own: Account, one: int, other: Account) -> None:
        await challenges.claim(own.id, "FIRST_STEPS", f"claim-{number}")

    async def session(self, number: int, own: Account, one: int, other: Account) -> None:
        await sessions.authenticate(await sessions.begin(own.id, BROWSER))
        await access_tokens.create(own.id, name="A storm", scopes=())

    async def reverse(self, number: int, own: Account, one: int, other: Account) -> None:
        found = await t.PointEntry.filter(profile_id=one, kind="ACTIVITY").order_by("id").first()
        if found is not None:
            await corrections.reverse(found.source, found.external_id)

    async def handle(self, number: int, own: Account, one: int, other: Account) -> None:
        await handle_changes.change(one, f"storm-{number}", actor=actor(own))

    async def refer(self, number: int, own: Account, one: int, other: Account) -> None:
        await referrals.code_of(one)
        await referrals.rotate(own.id, one, actor=actor(own))
        await tshirts.claim(one, ShirtSize.M, HOME, actor=actor(own))

    async def visibility(self, number: int, own: Account, one: int, other: Account) -> None:
        await publishing.unpublish(one, actor=actor(own))
        await publishing.publish(one, actor=actor(own))

    async def member(self, number: int, own: Account, one: int, other: Account) -> None:
        await members.deactivate_account(own.id, actor=OPERATOR)
        await members.reactivate_account(own.id, actor=OPERATOR)
