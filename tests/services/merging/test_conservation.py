"""
Merging loses and doubles nothing: what two random people have is what the survivor has, but for what the plan names.

MERGE_EXAMPLES is the number of pairs: few in the suite, as many as one likes by hand.
"""

import os
from collections import Counter
from random import Random
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from catalogue.points import level_of
from models import tables as t
from models.badges import AwardOrigin
from models.database import Database
from models.points import Outcome
from services.achievements.badges import WATCH, definitions
from services.core import clock
from services.merging import engine, figures
from services.merging.engine import MergePlan
from services.merging.plan import CompensationReason, Pair
from services.progress import criteria
from tests.helpers.conserved import Figures, figures_of, new_entries, rows_by_table
from tests.helpers.invariants import check_consistent, check_gone
from tests.helpers.random_pairs import RandomPair, random_pair

EXAMPLES = int(os.environ.get("MERGE_EXAMPLES", "3"))
FIRST_SEED = int(os.environ.get("MERGE_FIRST_SEED", "0"))
SEEDS = range(FIRST_SEED, FIRST_SEED + EXAMPLES)


async def merged(pair: Pair) -> MergePlan:
    """Merge in one transaction; returns the plan that stood before."""
    plan = await engine.plan(pair)
    async with in_transaction():
        assert await engine.lock(pair)
        assert (await engine.plan(pair)).hash == plan.hash, "planning changes nothing"
        await engine.merge(pair)
    return plan


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_lost_and_nothing_is_doubled(database: Database, seed: int) -> None:
    # given two people, and the others whom both know
    made = await random_pair(Random(seed))
    pair = made.pair
    source, survivor = await figures_of(pair.source), await figures_of(pair.survivor)
    rows = await rows_by_table(*pair)
    predicted = (await figures.figures(pair, await engine.plan(pair))).merged
    # when
    plan = await merged(pair)
    # then
    after = await figures_of(pair.survivor)
    check_prediction(predicted, after)
    await check_gone(pair.source)
    await check_points(plan, source, survivor, after, pair)
    await check_badges(source, survivor, after, pair)
    check_people(source, survivor, after, pair)
    check_rest(source, survivor, after, made)
    await check_counts(plan, rows, pair)
    await check_consistent(database)


def check_prediction(predicted: figures.Figures, after: Figures) -> None:
    """The preview's figures are those that came."""
    assert dict(predicted.points) == {category: after.points[category] for category in predicted.points}
    assert predicted.overall == after.points.total()
    assert predicted.level == level_of(after.points.total())
    assert predicted.badges == len({badge for badge, _ in after.valid})
    assert set(predicted.challenges) == after.challenges


async def check_points(plan: MergePlan, source: Figures, survivor: Figures, after: Figures, pair: Pair) -> None:
    """The sum of both, less what the plan names; each compensation is a reversal that says why."""
    taken: Counter[Any] = Counter()
    planned: Counter[Any] = Counter()
    for each in plan.compensations:
        taken[each.category] += each.points
        planned[each.reason, each.activity] += each.entries
    for category in source.points.keys() | survivor.points.keys():
        before = source.points[category] + survivor.points[category]
        assert after.points[category] == before - taken[category], category
    assert after.entries >= source.entries | survivor.entries
    added = await new_entries(source.entries | survivor.entries, pair.survivor)
    assert len(added) == len(after.entries) - len(source.entries | survivor.entries)
    reasons = {Outcome.DUPLICATE: CompensationReason.DUPLICATE, Outcome.SELF: CompensationReason.SELF}
    assert Counter((reasons[each.outcome], each.activity) for each in added) == planned


async def check_badges(source: Figures, survivor: Figures, after: Figures, pair: Pair) -> None:
    """The union; what is new was earned by the figures of both together."""
    assert after.valid >= source.valid | survivor.valid
    assert after.awards >= source.awards | survivor.awards
    facts = (await criteria.facts_of([pair.survivor]))[pair.survivor]
    for badge, level in after.awards - source.awards - survivor.awards:
        award = await t.BadgeAward.get(profile_id=pair.survivor, badge=badge, level=level)
        assert award.origin is AwardOrigin.RULE
        levels = range(level, len((await definitions([badge]))[badge].levels) + 1)
        assert any(criteria.is_met(WATCH.criteria[badge, each], facts) for each in levels), (badge, level)
    assert after.featured == list(dict.fromkeys([*survivor.featured, *source.featured]))[:4]


def check_people(source: Figures, survivor: Figures, after: Figures, pair: Pair) -> None:
    """Blocks of either stay; connections of either, unless there is a block; requests in both directions connect."""
    now = {pair.source: pair.survivor}
    pairs = {(now.get(a, a), now.get(b, b)) for a, b in source.blocks | survivor.blocks}
    assert after.blocks == {each for each in pairs if each[0] != each[1]}
    apart = {other for each in after.blocks for other in each}
    asked = {(now.get(a, a), now.get(b, b)) for a, b in source.requests | survivor.requests}
    mutual = {other for a, other in asked if a == pair.survivor and (other, a) in asked and other != a}
    known = (source.connections.keys() | survivor.connections.keys() | mutual) - set(pair) - apart
    assert after.connections.keys() == known
    for other in known - mutual:
        both = [each.connections[other] for each in (source, survivor) if other in each.connections]
        assert after.connections[other] == min(both)
    assert all(other not in known for each in after.requests for other in each)
    left = {each for each in asked if each[0] != each[1] and not known & set(each)}
    assert after.requests <= left, after.requests - left
    assert {each for each in left if not apart & set(each)} <= after.requests, "a request was lost"
    assert after.dismissed == (source.dismissed | survivor.dismissed) - set(pair)


def check_rest(source: Figures, survivor: Figures, after: Figures, made: RandomPair) -> None:
    assert after.projects[: len(survivor.projects)] == survivor.projects
    assert after.projects[len(survivor.projects) :] == source.projects
    assert after.published == source.published + survivor.published
    tagged = {**source.collaborations, **survivor.collaborations}
    apart = {other for each in after.blocks for other in each}
    gone = {project for project, owner in tagged.items() if owner in made.pair}
    kept = {project for project, owner in tagged.items() if owner not in {*made.pair, *apart}}
    assert kept <= after.collaborations.keys() <= tagged.keys() - gone
    for name in ("accounts", "credits"):  # nothing of accounts changes
        assert getattr(after, name) == {**getattr(source, name), **getattr(survivor, name)}
    for name in ("orders", "tokens", "skills", "industries", "challenges", "claims", "codes", "handles", "imported"):
        assert getattr(after, name) >= getattr(source, name) | getattr(survivor, name), name
    assert after.former_ids == source.former_ids | survivor.former_ids | {made.pair.source}
    own = {each.email_key for accounts in made.accounts.values() for each in accounts}
    sent = {**source.invites, **survivor.invites}
    assert {each for each in sent if each not in own} <= after.invites.keys() <= sent.keys()
    for each, state in after.invites.items():
        states = {figures.invites.get(each) for figures in (source, survivor)}
        assert ("ACCEPTED" in states) == (state == "ACCEPTED")
        assert each not in own or state == "ACCEPTED", "an open invite to an address of one's own"
    own_ids = set(after.accounts)
    assert after.referred == (source.referred | survivor.referred) - own_ids
    assert after.shirts == max(source.shirts, survivor.shirts)


async def check_counts(plan: MergePlan, before: Counter[str], pair: Pair) -> None:
    """The plan counted exactly what was done. Notices and counters come with what is done, and no person sees their number."""
    then = await rows_by_table(pair.survivor)
    for each in plan.tables:
        assert each.kept + each.moved + each.combined + each.lost == before[each.table], each
        after = each.kept + each.moved + each.added
        if each.table in {"notice", "profile_counter"}:
            assert then[each.table] >= after, each
        else:
            assert then[each.table] == after, (each, then[each.table])


async def test_both_directions_come_to_the_same(database: Database) -> None:
    # given the same two people twice
    found = []
    for swapped in (False, True):
        with clock.frozen(clock.now().replace(hour=12, minute=0)):
            made = await random_pair(Random(7))
            pair = Pair(made.pair.survivor, made.pair.source) if swapped else made.pair
            # when one half is merged in each direction
            await merged(pair)
        others = {each.own_profile_id: n for n, each in enumerate(made.others)}
        after = await figures_of(pair.survivor)
        found.append(
            (
                after.points,
                after.valid,
                {others[each] for each in after.connections},
                {frozenset(others.get(each, -1) for each in block) for block in after.blocks},
                len(after.projects),
                after.published,
                sorted(after.credits.values()),
                (after.skills, after.industries, after.challenges, after.claims, after.shirts),
                sorted(after.invites.values()),
                len(after.referred),
            )
        )
    # then
    assert found[0] == found[1]
