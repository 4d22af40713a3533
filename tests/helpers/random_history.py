"""What two random people earned: entries of the ledger with their corrections, badges, challenges, credits, orders."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random

from tortoise.transactions import in_transaction

from catalogue.badges import BADGES
from catalogue.points import ACTIVITIES, Category
from models import tables as t
from models.accounts import Account
from models.badges import AwardOrigin, BadgeAward, ImportedBadge
from models.credits import CreditKind
from models.points import EntryKind
from services.achievements import badges
from services.achievements.badges import Award
from services.credits.credit_ledger import change_balance
from services.merging.plan import Pair
from services.points import corrections as ledger_corrections
from services.points.ledger import SYSTEM_SOURCE, ActivityEvent
from services.points.opening_balances import OpeningBalance, record_opening_balances

_numbers = count(1)
OFTEN = (
    "UPVOTE_RECEIVED",
    "ANSWER_ACCEPTED",
    "DOWNVOTE_GIVEN",
    "TEAM_SERVER_COMMIT",
    "APP_DOWNLOADED",
    "BLOG_POST_FEATURED",
)
ONCE = tuple(each.code for each in ACTIVITIES.values() if each.once)
CHALLENGES = ("FIRST_STEPS", "FIRST_APP", "NETWORKER", "STUDENT")
IMPORTED = "imported-forum-hero"
DAY = timedelta(days=1)


def system_event(
    activity: str, profile_id: int, at: datetime, external_id: str, counterpart_id: int | None = None
) -> ActivityEvent:
    """An event that this server records itself."""
    return ActivityEvent(activity, profile_id, at, SYSTEM_SOURCE, external_id, counterpart_id)


def _event(activity: str, profile_id: int, at: datetime, counterpart_id: int | None = None) -> ActivityEvent:
    source = SYSTEM_SOURCE if ACTIVITIES[activity].system else "random"
    return ActivityEvent(activity, profile_id, at, source, f"random:{next(_numbers)}", counterpart_id)


def events(random: Random, pair: Pair, others: Sequence[Account], now: datetime) -> list[ActivityEvent]:
    """
    Events of the two, on many days and on capped ones, today too; once-only ones on both; events between the two, and
    between them and others.
    """
    found = []
    people = [each.own_profile_id for each in others]
    full_days = [now, now - 3 * DAY, now - 40 * DAY]
    for number in pair:
        other = pair.survivor if number == pair.source else pair.source
        for _ in range(random.randrange(4, 16)):
            at = random.choice((*full_days, now - timedelta(minutes=random.randrange(1, 500_000))))
            found.append(_event(random.choice(OFTEN), number, at, random.choice((None, None, other, *people[:2]))))
        for day in full_days:
            if random.random() < 0.4:
                found += [_event("UPVOTE_RECEIVED", number, day, random.choice((None, other))) for _ in range(7)]
        for activity in ONCE:
            if random.random() < 0.5:
                at = now - timedelta(minutes=random.randrange(1, 500_000))
                found.append(_event(activity, number, at, random.choice((None, None, other))))
    for number in people[:2]:
        found += [_event(random.choice(OFTEN), number, now - DAY, random.choice(pair)) for _ in range(3)]
    random.shuffle(found)
    return found


async def corrections(random: Random, pair: Pair) -> None:
    """Reversals of some entries, penalties that are shown and silent, one that was taken back, opening balances."""
    balances = [
        OpeningBalance(number, category, random.choice((40, 300)), "import", f"{category.value}:{number}")
        for number in pair
        for category in Category
        if random.random() < 0.3
    ]
    await record_opening_balances(balances)
    for number in pair:
        made = await t.PointEntry.filter(profile_id=number, kind=EntryKind.ACTIVITY).order_by("id")
        once = [each for each in made if each.activity in ONCE and each.awarded]
        for each in {*random.sample(made, min(2, len(made))), *random.sample(once, min(1, len(once)))}:
            await _reverse(each.source, each.external_id)
        for shown in (True, False):
            if random.random() < 0.5:
                entry = await _penalize(number, random.choice(list(Category)), random.randrange(1, 30), shown)
                if random.random() < 0.4:
                    await _reverse(entry.source, entry.external_id)


async def _reverse(source: str, external_id: str) -> None:
    await ledger_corrections.reverse(source, external_id)


async def _penalize(number: int, category: Category, points: int, shown: bool) -> t.PointEntry:
    return await ledger_corrections.penalize(
        number, category, points, reason="A penalty.", shown=shown, external_id=f"penalty:{next(_numbers)}"
    )


async def achievements(random: Random, pair: Pair, accounts: Mapping[int, Sequence[Account]], now: datetime) -> None:
    """Badges by rule, by hand and imported, revoked and featured; completed challenges and claims; credits and orders."""
    async with in_transaction():
        await ImportedBadge.get_or_create(
            code=IMPORTED, defaults={"source": "forum", "key": "hero", "name": "Hero", "rarity": "BLUE"}
        )
        for number in pair:
            await badges.award([*_awards(random, number, now)], notify=False)
            await _revoke(random, number, now)
            await _feature(random, number)
            await _challenges(random, number, accounts[number], now)
        for own in accounts.values():
            for account in own:
                await _credits(random, account, now)


def _awards(random: Random, number: int, now: datetime) -> list[Award]:
    found = []
    for badge in random.sample([*BADGES.values()], 8):
        most = random.randrange(1, len(badge.levels) + 1)
        origin = random.choice((AwardOrigin.RULE, AwardOrigin.OPERATOR))
        reason = "For helping." if origin is AwardOrigin.OPERATOR else ""
        at = now - timedelta(minutes=random.randrange(1, 500_000))
        found += [Award(number, badge.code, level, at, origin, reason) for level in range(1, most + 1)]
    if random.random() < 0.5:
        found.append(Award(number, IMPORTED, 1, now - 100 * DAY, AwardOrigin.IMPORT))
    return found


async def _revoke(random: Random, number: int, now: datetime) -> None:
    """From a level upwards, as services/achievements/badges.py does."""
    own = await BadgeAward.filter(profile_id=number).order_by("id")
    for code in random.sample(sorted({each.badge for each in own}), 2):
        least = random.choice([each.level for each in own if each.badge == code])
        gone = [each for each in own if each.badge == code and each.level >= least]
        await BadgeAward.filter(id__in=[each.id for each in gone]).update(revoked_at=now, revoked_reason="A mistake.")
        await t.RevokedCredential.bulk_create(
            [t.RevokedCredential(place=each.id, credential=each.credential, revoked_at=now) for each in gone]
        )
    await badges.update_superseded({(number, each.badge) for each in own})


async def _feature(random: Random, number: int) -> None:
    own = sorted({each.badge for each in await BadgeAward.filter(profile_id=number, revoked_at=None)})
    chosen = random.sample(own, min(len(own), random.randrange(5)))
    await t.FeaturedBadge.bulk_create(
        [t.FeaturedBadge(profile_id=number, badge=badge, place=place) for place, badge in enumerate(chosen, 1)]
    )


async def _challenges(random: Random, number: int, accounts: Sequence[Account], now: datetime) -> None:
    done = {each.challenge for each in await t.ChallengeCompletion.filter(profile_id=number)}
    for code in CHALLENGES:
        at = now - timedelta(minutes=random.randrange(1, 500_000))
        if code not in done and random.random() < 0.5:
            await t.ChallengeCompletion.create(profile_id=number, challenge=code, completed_at=at)
            done.add(code)
        if code in done and random.random() < 0.6:
            account = random.choice(accounts)
            await t.ChallengeClaim.create(
                profile_id=number, challenge=code, account_id=account.id, credits=60, claimed_at=at
            )
            await change_balance(account.id, CreditKind.CLAIM, 60, reference=code)


async def _credits(random: Random, account: Account, now: datetime) -> None:
    if random.random() < 0.5:
        return
    reference = secrets.token_hex(4)
    await change_balance(account.id, CreditKind.CORRECTION, 100, reference=f"correction:{reference}", reason="A gift.")
    if random.random() < 0.5:
        order = await t.ShopOrder.create(account_id=account.id, item="MUG", price=30, ordered_at=now)
        await change_balance(account.id, CreditKind.ORDER, -30, reference=str(order.id))
