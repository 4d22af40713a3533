"""The catalogue of challenges: what is read, what is refused, which one is featured."""

from datetime import UTC, datetime, timedelta

import pytest

from catalogue import challenges as catalogue
from catalogue.challenges import CATALOGUE, CHALLENGES
from catalogue.criteria import BadCatalogue
from tests.helpers.factories import NOON

GOOD = 'title = "T"\nabout = "A"\ncredits = 1\nsteps = [{ title = "S", needs = { POINTS = 1 } }]\n'


def test_the_catalogue_has_challenges_of_every_kind() -> None:
    made = list(CHALLENGES.values())
    assert len(made) >= 10 and {len(each.steps) for each in made} >= {1, 2, 3, 4}
    assert {each.windowed for each in made} == {True, False}
    for each in made:
        assert each.whole.text and all(step.criterion.text for step in each.steps)


def test_one_is_featured_at_every_moment_and_when_it_has_ended_the_next() -> None:
    def featured(at: datetime) -> str:
        found = CATALOGUE.featured_at(at)
        assert found is not None
        return found.code

    year_end = CHALLENGES["YEAR_END_2026"].ends_at
    assert year_end is not None
    assert featured(year_end - timedelta(microseconds=1)) == "YEAR_END_2026"
    assert featured(year_end) == "NEW_YEAR_2027"
    assert featured(datetime(2027, 5, 1, tzinfo=UTC)) == "FIRST_STEPS"
    assert featured(datetime(2027, 7, 1, tzinfo=UTC)) == "SUMMER_2027"


def test_without_a_featured_one_that_is_open_the_first_open_one_of_the_file_is() -> None:
    made = catalogue.read(f'featured = ["OVER"]\n[OVER]\n{GOOD}ends_at = 2026-03-10T12:00:00Z\n[LATER]\n{GOOD}')
    assert made.featured_at(NOON) is made.by_code["LATER"]
    assert made.featured_at(NOON - timedelta(seconds=1)) is made.by_code["OVER"]
    alone = catalogue.read(f"[OVER]\n{GOOD}ends_at = 2026-03-10T12:00:00Z")
    assert alone.featured_at(NOON) is None


def test_a_small_catalogue_is_read() -> None:
    assert catalogue.read(f'featured = ["A"]\n[A]\n{GOOD}').by_code["A"].steps[0].title == "S"


ONE = '{ title = "S", needs = { POINTS = 1 } }'


def edited(old: str, new: str, *more: str) -> str:
    assert old in GOOD
    return "\n".join(("[A]", GOOD.replace(old, new), *more))


@pytest.mark.parametrize(
    "text",
    [
        f"[a]\n{GOOD}",
        f'featured = ["B"]\n[A]\n{GOOD}',
        f'featured = ["A", "A"]\n[A]\n{GOOD}',
        f'[A]\n{GOOD}colour = "red"',
        edited("credits = 1", "credits = 0"),
        edited("credits = 1", "credits = 1.5"),
        edited('title = "T"', 'title = " "'),
        edited('about = "A"', ""),
        edited("POINTS = 1", "POINTS = 0"),
        edited("POINTS = 1", "NOTHING = 1"),
        edited("POINTS = 1", ""),
        edited(ONE, ""),
        edited(ONE, ", ".join([ONE.replace("S", f"S{n}", 1) for n in range(6)])),
        edited(ONE, f"{ONE}, {ONE}"),
        edited(ONE, '"S"'),
        f"[A]\n{GOOD}ends_at = 2026-01-01T00:00:00",
        f"[A]\n{GOOD}ends_at = 2026-01-01",
        f"[A]\n{GOOD}starts_at = 2026-02-01T00:00:00Z\nends_at = 2026-01-01T00:00:00Z",
        edited("POINTS", "CONNECTIONS", "ends_at = 2026-01-01T00:00:00Z"),
        edited("POINTS", "LEVEL", "starts_at = 2026-01-01T00:00:00Z"),
    ],
)
def test_a_catalogue_that_makes_no_sense_is_not_read(text: str) -> None:
    with pytest.raises(BadCatalogue):
        catalogue.read(text)
