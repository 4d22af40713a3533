from collections import Counter
from datetime import UTC, date, datetime

import pytest

from catalogue.badges import Rarity
from models.profiles import Visibility
from services.core import clock
from services.imports.forum import (
    ACCEPTED,
    DOWNVOTE,
    UPVOTE,
    Post,
    Vote,
    badge_of,
    events_of,
    person_of,
    vote_of,
)
from services.imports.import_runs import BadRow

DAY = date(2020, 5, 31)
PEOPLE = {1: 11, 2: 22}
"""Profile ids by forum id."""


def user(**changes: str) -> dict[str, str]:
    return {"Id": "7", "DisplayName": "Kim Example", "CreationDate": "2019-02-03T23:59:59.999", **changes}


def gives(kind: int, post: Post | None) -> tuple[dict[str, tuple[int, int | None]], Counter[str]]:
    """Who gets what, with whom on the other side, by activity; and the defects."""
    defects = Counter[str]()
    events = events_of(Vote(5, 9, kind, DAY), post, PEOPLE, "forum:x", defects)
    assert all(event.occurred_at == datetime(2020, 5, 31, tzinfo=UTC) for event in events)
    return {event.activity: (event.profile_id, event.counterpart_id) for event in events}, defects


def test_a_user_becomes_a_public_profile() -> None:
    # when
    defects = Counter[str]()
    person = person_of(
        user(Location=" Ghent ", WebsiteUrl="https://kim.example", AboutMe="<p>Hi &amp; bye</p>"), defects
    )
    # then
    assert person is not None
    assert (person.name, person.key, person.joined_on) == ("Kim Example", "7", date(2019, 2, 3))
    assert person.visibility is Visibility.PUBLIC
    assert person.details == {"location": "Ghent", "website": "https://kim.example", "about": "Hi & bye"}
    assert not defects


def test_a_bad_website_is_left_out_and_counted() -> None:
    # when
    defects = Counter[str]()
    person = person_of(user(WebsiteUrl="javascript:alert(1)"), defects)
    # then
    assert person is not None
    assert person.details["website"] == ""
    assert defects.total() == 1


@pytest.mark.parametrize("number", ["-1", "-2", "-1000"])
def test_users_with_a_negative_id_are_no_people(number: str) -> None:
    defects = Counter[str]()
    assert person_of(user(Id=number), defects) is None
    assert defects.total() == 1


@pytest.mark.parametrize("name", [None, "", "  ", "\n"])
def test_a_user_without_a_name_is_named_by_the_id(name: str | None) -> None:
    # given
    row = {key: value for key, value in user(DisplayName=name or "").items() if value}
    defects = Counter[str]()
    # when
    person = person_of(row if name is None else user(DisplayName=name), defects)
    # then
    assert person is not None
    assert (person.name, person.handle) == ("user7", "user7")
    assert defects.total() == 1


@pytest.mark.parametrize("location", ["\u202egnippilf", "\u2800", "a\x85b", "a\u2028b\x9f"])
def test_a_location_that_cannot_be_shown_costs_the_location_alone(location: str) -> None:
    defects = Counter[str]()
    person = person_of(user(Location=location), defects)
    assert person is not None
    assert "\u202e" not in person.details["location"]
    assert person.details["location"].isprintable()


@pytest.mark.parametrize("joined", ["9999-12-31T23:59:59.999", "2999-01-01T00:00:00"])
def test_nobody_joins_in_the_future(joined: str) -> None:
    defects = Counter[str]()
    person = person_of(user(CreationDate=joined), defects)
    assert person is not None
    assert person.joined_on == clock.today()
    assert defects == {"users who joined in the future: taken as joined today": 1}


def test_a_badge_without_a_class_is_bronze() -> None:
    row = {"UserId": "7", "Name": "Teacher", "Date": "2009-01-05T00:00:00.000"}
    assert badge_of(row).definition == badge_of({**row, "Class": "3"}).definition
    assert badge_of(row).definition.rarity is Rarity.GREEN


def test_long_names_and_locations_are_cut_and_counted() -> None:
    # when
    defects = Counter[str]()
    person = person_of(user(DisplayName="n" * 300, Location="l" * 300), defects)
    # then
    assert person is not None
    assert (len(person.name), len(person.details["location"])) == (120, 200)
    assert defects.total() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"Id": "x"},
        {"Id": ""},
        {"Id": "9" * 19},
        {"CreationDate": "yesterday"},
        {"CreationDate": ""},
        {"CreationDate": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_a_bad_user_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(BadRow):
        person_of(user(**changes), Counter())


def test_a_vote_is_read() -> None:
    row = {"Id": "1", "PostId": "2", "VoteTypeId": "3", "CreationDate": "2020-05-31T00:00:00.000"}
    assert vote_of(row) == Vote(1, 2, 3, DAY)
    with pytest.raises(BadRow):
        vote_of({**row, "PostId": "two"})


def test_votes_up_and_down_go_to_the_owner() -> None:
    assert gives(UPVOTE, Post(1))[0] == {"UPVOTE_RECEIVED": (11, None)}
    assert gives(DOWNVOTE, Post(1, is_answer=True))[0] == {"DOWNVOTE_RECEIVED": (11, None)}


def test_an_accepted_answer_gives_to_both_sides() -> None:
    given, defects = gives(ACCEPTED, Post(1, is_answer=True, question_known=True, asker=2))
    assert given == {"ANSWER_ACCEPTED": (11, 22), "ANSWER_MARKED_ACCEPTED": (22, 11)}
    assert not defects


def test_accepting_an_own_answer_names_one_person_on_both_sides() -> None:
    given, _ = gives(ACCEPTED, Post(1, is_answer=True, question_known=True, asker=1))
    assert given == {"ANSWER_ACCEPTED": (11, 11), "ANSWER_MARKED_ACCEPTED": (11, 11)}


@pytest.mark.parametrize(
    ("kind", "post", "given", "defects"),
    [
        (UPVOTE, None, {}, 1),
        (11, None, {}, 1),
        (11, Post(1), {}, 1),
        (UPVOTE, Post(None), {}, 1),
        (UPVOTE, Post(-1), {}, 1),
        (UPVOTE, Post(-2), {}, 1),
        (DOWNVOTE, Post(99), {}, 1),
        (ACCEPTED, Post(1), {}, 1),
        (ACCEPTED, Post(1, is_answer=True), {"ANSWER_ACCEPTED": (11, None)}, 1),
        (ACCEPTED, Post(1, is_answer=True, question_known=True), {"ANSWER_ACCEPTED": (11, None)}, 1),
        (ACCEPTED, Post(None, is_answer=True, question_known=True, asker=2), {"ANSWER_MARKED_ACCEPTED": (22, None)}, 1),
        (ACCEPTED, Post(99, is_answer=True, question_known=True, asker=-1), {}, 2),
    ],
)
def test_what_is_missing_is_counted_and_the_rest_counts(
    kind: int, post: Post | None, given: dict[str, tuple[int, int | None]], defects: int
) -> None:
    got, found = gives(kind, post)
    assert got == given
    assert found.total() == defects
