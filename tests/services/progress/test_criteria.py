"""How far somebody is: docs/rules/badges.md#progress. And what a catalogue of badges may hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.badges import BADGES, Rarity, read
from catalogue.criteria import BadCatalogue, Criterion, criterion_of
from catalogue.points import ACTIVITIES, Category
from services.progress.counters import Movement, Span
from services.progress.criteria import CriteriaIndex, is_met, percent_of
from tests.helpers.factories import NOON

NAMES = st.sampled_from(["ANSWER_ACCEPTED", "UPVOTE_RECEIVED", "CONNECTIONS", "POINTS", "POINTS:FORUM", "LEVEL"])
SUMS = st.sampled_from(["ANSWER_ACCEPTED+UPVOTE_RECEIVED", "APP_PUBLISHED+ANSWER_ACCEPTED"])
CRITERIA = st.dictionaries(NAMES | SUMS, st.integers(1, 10), min_size=1, max_size=4)
FACTS = st.dictionaries(NAMES | st.just("APP_PUBLISHED"), st.integers(-5, 12))


def criterion(**table: int) -> Criterion:
    return criterion_of(table, "a test")


@given(CRITERIA, FACTS, FACTS)
def test_progress_is_whole_percent_and_100_only_when_all_holds(
    table: dict[str, int], facts: dict[str, int], more: dict[str, int]
) -> None:
    # given
    wanted = criterion_of(table, "a test")
    later = {name: max(facts.get(name, 0), more.get(name, 0)) for name in facts.keys() | more.keys()}
    # when
    before, after = percent_of(wanted, facts), percent_of(wanted, later)
    # then
    assert 0 <= before <= after <= 100
    assert (before == 100) == is_met(wanted, facts)


@pytest.mark.parametrize(
    ("table", "facts", "percent"),
    [
        ({"ANSWER_ACCEPTED": 3}, {"ANSWER_ACCEPTED": 2}, 66),
        ({"ANSWER_ACCEPTED": 1000}, {"ANSWER_ACCEPTED": 999}, 99),
        ({"ANSWER_ACCEPTED": 1000}, {"ANSWER_ACCEPTED": 9}, 0),
        ({"ANSWER_ACCEPTED": 2, "CONNECTIONS": 4}, {"ANSWER_ACCEPTED": 50, "CONNECTIONS": 1}, 62),
        ({"ANSWER_ACCEPTED+APP_PUBLISHED": 10}, {"ANSWER_ACCEPTED": 3, "APP_PUBLISHED": 4}, 70),
        ({"POINTS:FORUM": 10}, {"POINTS:FORUM": -20}, 0),
    ],
)
def test_progress_is_the_mean_of_the_ways_rounded_down(
    table: dict[str, int], facts: dict[str, int], percent: int
) -> None:
    assert percent_of(criterion_of(table, "a test"), facts) == percent


@given(st.lists(CRITERIA, min_size=1, max_size=5), FACTS, FACTS)
def test_whatever_an_act_fulfils_is_found_by_what_moved(
    tables: list[dict[str, int]], before: dict[str, int], after: dict[str, int]
) -> None:
    # given
    criteria = {number: criterion_of(table, "a test") for number, table in enumerate(tables)}
    spans = {
        name: Span(before.get(name, 0), after.get(name, 0))
        for name in before.keys() | after.keys()
        if before.get(name, 0) != after.get(name, 0)
    }
    # when
    found = CriteriaIndex(criteria).fulfilled(Movement(1, NOON, NOON, spans), after)
    # then
    assert found == {key for key, each in criteria.items() if is_met(each, after) and not is_met(each, before)}


def test_what_crosses_no_end_touches_nothing() -> None:
    # given
    watch = CriteriaIndex({"five": criterion(ANSWER_ACCEPTED=5), "both": criterion(CONNECTIONS=2, PROJECTS=1)})
    # then
    for spans in (
        {"ANSWER_ACCEPTED": Span(5, 6), "CONNECTIONS": Span(0, 1)},
        {"ANSWER_ACCEPTED": Span(6, 4)},
        {"UPVOTE_RECEIVED": Span(0, 9)},
    ):
        assert watch.touched(Movement(1, NOON, NOON, spans)) == set()
    assert watch.touched(Movement(1, NOON, NOON, {"ANSWER_ACCEPTED": Span(3, 7)})) == {"five"}


def test_the_catalogue_has_badges_of_every_kind() -> None:
    names = {
        name for badge in BADGES.values() for level in badge.levels for each in level.conditions for name in each.names
    }
    assert len(BADGES) >= 40
    assert {ACTIVITIES[name].category for name in names if name in ACTIVITIES} == set(Category)
    assert {"POINTS", "LEVEL", "CONNECTIONS", "PROJECTS"} <= names
    assert {badge.rarity for badge in BADGES.values()} == set(Rarity)
    assert {len(badge.levels) for badge in BADGES.values()} == {1, 2, 3, 4, 5}


def test_criteria_are_said_in_english() -> None:
    said = {
        "Have your answer marked as accepted: once.": {"ANSWER_ACCEPTED": 1},
        "Publish an app / Add an app review: 1,000 times in all.": {"APP_PUBLISHED+APP_REVIEWED": 1000},
        "Reach 50 points; Reach 5 points in App Store.": {"POINTS": 50, "POINTS:APP_STORE": 5},
        "Have 1 connection; Have 2 projects in your portfolio; Reach level 3.": {
            "CONNECTIONS": 1,
            "PROJECTS": 2,
            "LEVEL": 3,
        },
    }
    assert {criterion_of(table, "a test").text: table for table in said.values()} == said


GOOD: dict[str, Any] = {"name": "A", "description": "B.", "rarity": "BLUE", "levels": [{"LEVEL": 1}, {"LEVEL": 2}]}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rarity": "GOLD"}, "'GOLD' is not a rarity"),
        ({"name": " "}, "needs a name"),
        ({"colour": "red"}, "exactly name"),
        ({"levels": []}, "1 to 5 levels"),
        ({"levels": [{"LEVEL": n} for n in range(1, 7)]}, "1 to 5 levels"),
        ({"levels": [{"LEVEL": 2}, {"LEVEL": 2}]}, "level 2 is not harder"),
        ({"levels": [{"LEVEL": 2}, {"LEVEL": 1}]}, "level 2 is not harder"),
        ({"levels": [{"LEVEL": 2}, {"POINTS": 9000}]}, "level 2 is not harder"),
        ({"levels": [{"LEVEL": 11}]}, "there is no level 11"),
        ({"levels": [{"COFFEE_DRUNK": 1}]}, "'COFFEE_DRUNK' is not an activity"),
        ({"levels": [{"ANSWER_ACCEPTED": 0}]}, "a whole number from 1 up"),
        ({"levels": [{"ANSWER_ACCEPTED": True}]}, "a whole number from 1 up"),
        ({"levels": [{"MVP_REACHED": 2}]}, "cannot reach 2"),
        ({"levels": [{"POINTS+LEVEL": 2}]}, "sums a name that is not"),
        ({"levels": [{"ANSWER_ACCEPTED+ANSWER_ACCEPTED": 2}]}, "one activity twice"),
        ({"levels": [{}]}, "a criterion is a table"),
    ],
)
def test_a_catalogue_that_makes_no_sense_is_not_read(change: dict[str, Any], why: str) -> None:
    assert read({"GOOD": GOOD})
    with pytest.raises(BadCatalogue, match=why):
        read({"BAD": {**GOOD, **change}})


@pytest.mark.parametrize("code", ["lower", "1ST", "A" * 49, "", "A-B"])
def test_a_code_is_in_capitals(code: str) -> None:
    with pytest.raises(BadCatalogue):
        read({code: GOOD})


def test_a_name_is_of_one_badge() -> None:
    with pytest.raises(BadCatalogue, match="Two badges have the name 'a'"):
        read({"ONE": GOOD, "TWO": {**GOOD, "name": "a"}})
