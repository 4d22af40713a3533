"""Invites, referrals, referral links and T-shirts of merged people."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from models.accounts import Account
from models.invites import Invite, InviteState
from models.points import EntryKind, Outcome, PointEntry
from models.referrals import Referral, ReferralCode, ReferralVia, ShirtClaim, ShirtSize, ShirtState
from services.core import clock
from services.invites import invite_mails as mails
from services.invites import invites, referrals, tshirts
from services.merging.plan import CompensationReason, Pair
from tests.helpers.connections import member
from tests.helpers.factories import make_person
from tests.helpers.invites import BY_TESTS, invite, invite_code, invite_mails, join, sender_of, stop_path
from tests.helpers.merging import Two, make_two, merge, of_table, plan_of

pytestmark = pytest.mark.usefixtures("start", "unlimited", "quick_passwords")
OWNER = {"invite": "sender_id", "referral": "referrer_id", "referral_code": "profile_id", "shirt_claim": "profile_id"}
MODELS = {"invite": Invite, "referral": Referral, "referral_code": ReferralCode, "shirt_claim": ShirtClaim}


async def merged(two: Two) -> Account:
    """Merge, and compare rows and points taken back with the plan; returns the survivor's account, as it is now."""
    plan = await plan_of(two.pair)
    before = {name: await _rows(name, *two.pair) for name in OWNER}
    await merge(two.pair)
    for name, rows in before.items():
        counts = of_table(plan, name)
        assert counts.kept + counts.moved + counts.combined + counts.lost == rows, counts
        assert counts.kept + counts.moved == await _rows(name, two.pair.survivor), counts
    taken: Counter[tuple[Any, Any]] = Counter()
    for each in await PointEntry.filter(kind=EntryKind.REVERSAL):
        assert each.outcome is Outcome.SELF
        taken[each.activity, CompensationReason.SELF] -= each.awarded
    for compensation in plan.compensations:
        taken[compensation.activity, compensation.reason] -= compensation.points
    assert not any(taken.values()), taken
    return await Account.get(id=two.survivor.id)


async def _rows(table: str, *profile_ids: int) -> int:
    model: Any = MODELS[table]
    return int(await model.filter(**{f"{OWNER[table]}__in": profile_ids}).count())


async def points_of(profile_id: int) -> int:
    entries: Any = PointEntry.filter(profile_id=profile_id).values_list("awarded", flat=True)
    return sum(await entries)


async def referrer_of(account: Account) -> int | None:
    found = await Referral.get_or_none(account_id=account.id)
    return found.referrer_id if found else None


# Invites


async def test_links_mailed_before_lead_to_the_survivor_also_those_that_stop_invites() -> None:
    two = await make_two()
    await invite(two.source, "one@new.example", "two@new.example", "three@new.example")
    code, stop = await invite_code("one@new.example"), await stop_path("two@new.example")
    sent = await Invite.get(email_key="three@new.example")
    me = await merged(two)
    assert await referrer_of(await join("other-address@new.example", code)) == me.profile_id
    assert await mails.opt_out(stop.rpartition("/")[2])
    # The survivor may do with them what the source could.
    await invites.withdraw(me.own_profile_id, (await Invite.get(email_key="two@new.example")).id)
    await invites.resend(sender_of(me), sent.id)
    assert await referrer_of(await join("another@new.example", await invite_code("three@new.example"))) == me.profile_id


async def test_of_two_invites_to_one_address_the_accepted_one_stays_else_the_later() -> None:
    two = await make_two()
    for account in two.source, two.survivor:
        await invite(account, "accepted@new.example", "open@new.example", "withdrawn@new.example")
    source_code = await Invite.get(sender_id=two.pair.source, email_key="accepted@new.example")
    await join("accepted@new.example", mails.code_of(two.pair.source, "accepted@new.example"))
    third = await member("Cleo")
    with clock.frozen(clock.now() + timedelta(hours=1)):
        await invite(third, "open@new.example")
    with clock.frozen(clock.now() + timedelta(hours=2)):
        await invite(two.source, "open@new.example")
        again = await Invite.get(sender_id=two.pair.source, email_key="withdrawn@new.example")
        await invites.resend(sender_of(two.source), again.id)
        await invites.withdraw(two.pair.source, again.id)
    first = (await Invite.get(sender_id=two.pair.survivor, email_key="open@new.example")).created_at
    me = await merged(two)
    rows = {each.email_key: each for each in await Invite.filter(sender_id=me.profile_id)}
    assert rows["accepted@new.example"].id == source_code.id
    assert (rows["open@new.example"].sends, rows["open@new.example"].created_at) == (2, first)
    assert rows["withdrawn@new.example"].state is InviteState.WITHDRAWN
    # They invited this address before the third person, and still count as the first.
    assert await referrer_of(await join("open@new.example", "no-code")) == me.profile_id


async def test_inviting_the_same_address_again_gives_nothing() -> None:
    two = await make_two()
    await invite(two.source, "one@new.example")
    me = await merged(two)
    before = await points_of(me.own_profile_id)
    await invite(me, "one@new.example")
    assert (await points_of(me.own_profile_id), len(await invite_mails("one@new.example"))) == (before, 2)


async def test_an_invite_to_an_address_of_the_other_is_removed_and_its_points_are_taken_back() -> None:
    two = await make_two()
    await invite(two.source, two.survivor.email, "stranger@new.example")
    await invite(two.survivor, two.source.email)
    before = await points_of(two.pair.source) + await points_of(two.pair.survivor)
    assert before == 15
    me = await merged(two)
    assert [each.email for each in await Invite.all()] == ["stranger@new.example"]
    assert await points_of(me.own_profile_id) == 5


@pytest.mark.parametrize("deleted", [True, False])
async def test_the_invite_that_brought_the_other_stays_accepted_without_points(deleted: bool) -> None:
    source = await make_person(name="Ada Old")
    await invite(source, "me-too@new.example")
    if deleted:  # by an operator, after the points were given
        await Invite.all().delete()
    survivor = await join("me-too@new.example")
    pair = Pair(source.own_profile_id, survivor.own_profile_id)
    me = await merged(Two(source, survivor, pair))
    assert [each.state for each in await Invite.filter(sender_id=me.profile_id)] == (
        [] if deleted else [InviteState.ACCEPTED]
    )
    assert await Referral.all().count() == 0
    assert await points_of(me.own_profile_id) == 0
    given = await PointEntry.filter(kind=EntryKind.ACTIVITY, awarded__gt=0)
    assert {each.activity for each in given} == (
        {"FRIEND_INVITED"} if deleted else {"FRIEND_INVITED", "FRIEND_REFERRED"}
    )


# Referrals


async def test_both_codes_bring_people_to_the_survivor_whose_own_is_displayed_and_a_new_one_replaces_both() -> None:
    two = await make_two()
    old, own = await referrals.code_of(two.pair.source), await referrals.code_of(two.pair.survivor)
    friend = await join("friend@new.example", old)
    me = await merged(two)
    assert await referrals.code_of(me.own_profile_id) == own
    joined = [friend] + [await join(f"{code}@new.example", code) for code in (old, own)]
    assert [await referrer_of(each) for each in joined] == [me.profile_id] * 3
    assert await points_of(me.own_profile_id) == 3 * 30
    await referrals.rotate(me.id, me.own_profile_id, actor=BY_TESTS)
    late = [await join(f"late-{code}@new.example", code) for code in (old, own)]
    assert [await referrer_of(each) for each in late] == [None, None]


async def test_without_a_code_of_its_own_the_survivor_has_the_source_s_which_a_retired_one_is_not() -> None:
    two = await make_two()
    retired = await referrals.code_of(two.pair.source)
    code = await referrals.rotate(two.source.id, two.pair.source, actor=BY_TESTS)
    me = await merged(two)
    assert await referrals.code_of(me.own_profile_id) == code
    assert await referrer_of(await join("late@new.example", retired)) is None


async def test_a_referral_of_the_other_by_link_is_removed_with_all_its_points() -> None:
    survivor = await make_person(name="Ada New")
    source = await join("second@new.example", await referrals.code_of(survivor.own_profile_id))
    other = await join("friend@new.example", await referrals.code_of(survivor.own_profile_id))
    pair = Pair(source.own_profile_id, survivor.own_profile_id)
    me = await merged(Two(source, survivor, pair))
    assert [each.account_id for each in await Referral.all()] == [other.id]
    assert await points_of(me.own_profile_id) == 30


# The T-shirt


async def _claim(profile_id: int, size: ShirtSize, *, shipped: bool = False, hours: int = 0) -> None:
    at = clock.now() + timedelta(hours=hours)
    state = ShirtState.SHIPPED if shipped else ShirtState.CLAIMED
    await ShirtClaim.create(profile_id=profile_id, size=size, sealed="", state=state, claimed_at=at)


@pytest.mark.parametrize(
    ("source", "survivor", "stays"),
    [
        ({"shipped": True, "hours": 2}, {"hours": 1}, ShirtSize.S),
        ({"hours": 1}, {"shipped": True, "hours": 2}, ShirtSize.L),
        ({"hours": 1}, {"hours": 2}, ShirtSize.S),
        ({"hours": 2}, {"hours": 1}, ShirtSize.L),
        ({"hours": 2}, None, ShirtSize.S),
    ],
)
async def test_one_claim_stays(source: dict[str, Any], survivor: dict[str, Any] | None, stays: ShirtSize) -> None:
    two = await make_two()
    await _claim(two.pair.source, ShirtSize.S, **source)
    if survivor is not None:
        await _claim(two.pair.survivor, ShirtSize.L, **survivor)
    me = await merged(two)
    assert [(each.profile_id, each.size) for each in await ShirtClaim.all()] == [(me.profile_id, stays)]


async def test_referrals_of_both_count_for_the_t_shirt() -> None:
    two = await make_two()
    for number in range(5):
        account = await member(f"Person {number}")
        await Referral.create(
            referrer_id=two.pair[number % 2], account_id=account.id, via=ReferralVia.LINK, at=clock.now()
        )
    me = await merged(two)
    address = tshirts.Destination("Ada", "Street 1", "Delft", "2611", "NL")
    await tshirts.claim(me.own_profile_id, ShirtSize.M, address, actor=BY_TESTS)
    assert await ShirtClaim.filter(profile_id=me.profile_id).count() == 1
