"""People somebody may know: who is among them, why, in what order, and who never is."""

from asyncio import gather
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from catalogue.criteria import CONNECTIONS
from models.accounts import Account, AccountStatus
from models.connections import DismissedSuggestion
from models.database import Database
from models.points import ProfileCounter
from models.profiles import Profile
from resolvers.connections import suggestion_sql
from resolvers.connections import suggestions as suggestion_resolvers
from services.accounts import accounts
from services.connections import blocks, connections, suggestions
from services.connections.suggestions import Facts, weight
from services.core import clock
from services.errors import ErrorCode
from services.profiles import profiles
from tests.helpers.connections import ask, asked, connected, hide, member, refusal, request_of
from tests.helpers.factories import NOON, make_company, make_profile
from tests.helpers.people import make_member
from tests.helpers.suggestions import join, page, reasons, scattered, suggested, write_pairs
from tests.helpers.transactions import committed


async def alike(name: str, *skills: str, **more: Any) -> Any:
    return await member(name, skills=skills or ["python"], **more)


# Who never is


async def be_connected(one: Any, other: Any) -> None:
    await connected(one, other)


async def have_asked(one: Any, other: Any) -> None:
    await asked(one, other)


async def be_asked(one: Any, other: Any) -> None:
    await asked(other, one)


async def ignore(one: Any, other: Any) -> None:
    await connections.ignore(one.profile_id, await asked(other, one))


async def ignore_and_be_asked_no_more(one: Any, other: Any) -> None:
    await ignore(one, other)
    await connections.withdraw(other.profile_id, await request_of(other, one))


async def block(one: Any, other: Any) -> None:
    await blocks.block(one.profile_id, other.profile_id)


async def be_blocked(one: Any, other: Any) -> None:
    await blocks.block(other.profile_id, one.profile_id)


async def ask_who_blocked(one: Any, other: Any) -> None:
    await be_blocked(one, other)
    await ask(one, other)
    await blocks.unblock(other.profile_id, one.profile_id)


async def dismiss(one: Any, other: Any) -> None:
    await suggestions.dismiss(one.profile_id, other.profile_id)


async def be_hidden(_: Any, other: Any) -> None:
    await hide(other)


async def be_deactivated(_: Any, other: Any) -> None:
    await Account.filter(id=other.id).update(status=AccountStatus.DEACTIVATED)
    await committed(profiles.refresh_visibility([other.profile_id]))


EXCLUSIONS: list[Callable[[Any, Any], Awaitable[None]]] = [
    be_connected, have_asked, be_asked, ignore, ignore_and_be_asked_no_more, block, be_blocked, ask_who_blocked, dismiss,
    be_hidden, be_deactivated,
]  # fmt: skip


@pytest.mark.parametrize("happens", EXCLUSIONS, ids=lambda each: each.__name__)
async def test_who_is_not_suggested(database: Database, happens: Callable[[Any, Any], Awaitable[None]]) -> None:
    # given two with the same skill, and a friend of the first of them
    ada, ben, cem, friend = [await alike(name) for name in ("Ada", "Ben", "Cem", "Friend")]
    await join(ada, friend)
    await join(friend, ben)
    assert await suggested(database, ada) == [ben.profile_id, cem.profile_id]
    # when
    await happens(ada, ben)
    # then
    assert await suggested(database, ada) == [cem.profile_id]


async def test_one_of_two_does_not_hear_of_it(database: Database) -> None:
    # given
    ada, ben = await alike("Ada"), await alike("Ben")
    # when Ada dismisses Ben
    await dismiss(ada, ben)
    # then Ben is still told of Ada
    assert await suggested(database, ben) == [ada.profile_id]


async def test_nobody_is_suggested_to_themselves_by_a_second_account(database: Database) -> None:
    ada, ben = await alike("Ada"), await alike("Ben")
    second = await Account.create(
        kind=ada.kind,
        email="b@b.example",
        email_key="b@b.example",
        name="B",
        profile_id=ada.profile_id,
        created_at=NOON,
    )
    for who in (ada, second):
        assert await suggested(database, who) == [ben.profile_id]
    assert await suggested(database, ben) == [ada.profile_id]


async def test_an_unclaimed_person_is_suggested_once_somebody_is_there(database: Database) -> None:
    # given
    ada, unclaimed = await alike("Ada"), await make_profile("Ben", skills=["python"])
    assert await suggested(database, ada) == []
    # when
    await accounts.attach_account((await Profile.get(id=unclaimed)).handle, "ben@people.example")
    # then
    assert await suggested(database, ada) == [unclaimed]


async def test_an_unclaimed_person_may_be_whom_two_know(database: Database) -> None:
    ada, ben, unclaimed = await member("Ada"), await member("Ben"), await make_profile("Known to both")
    await write_pairs({(ada.profile_id, unclaimed), (unclaimed, ada.profile_id)})
    await write_pairs({(ben.profile_id, unclaimed), (unclaimed, ben.profile_id)})
    await ProfileCounter.bulk_create(
        [
            ProfileCounter(profile_id=each, name=CONNECTIONS, times=1, points=0)
            for each in (ada.profile_id, ben.profile_id)
        ]
    )
    assert await suggested(database, ada) == [ben.profile_id]
    assert await reasons(database, ada, ben.profile_id) == {"MUTUAL_CONNECTIONS": {unclaimed}}


async def test_who_comes_back_and_who_does_not(database: Database) -> None:
    # given
    ada, ben, cem, dan = [await alike(name) for name in ("Ada", "Ben", "Cem", "Dan")]
    await have_asked(ada, ben)
    await block(ada, cem)
    await connected(ada, dan)
    assert await suggested(database, ada) == []
    # when
    await connections.withdraw(ada.profile_id, await request_of(ada, ben))
    await blocks.unblock(ada.profile_id, cem.profile_id)
    await connections.remove(ada.profile_id, dan.profile_id)
    # then
    assert await suggested(database, ada) == [ben.profile_id, cem.profile_id, dan.profile_id]
    # when all of that comes after a dismissal
    for each in (ben, cem, dan):
        await dismiss(ada, each)
    await block(ada, cem)
    await blocks.unblock(ada.profile_id, cem.profile_id)
    await connected(ada, dan)
    await connections.remove(ada.profile_id, dan.profile_id)
    # then
    assert await suggested(database, ada) == []


async def test_who_was_ignored_stays_away_when_old_requests_are_forgotten(database: Database) -> None:
    # given
    ada, ben = await alike("Ada"), await alike("Ben")
    await ignore_and_be_asked_no_more(ada, ben)
    # when
    await connections.delete_withdrawn(clock.now() + timedelta(days=400))
    # then
    assert await suggested(database, ada) == []


async def test_a_hidden_person_is_told_of_others_and_nobody_of_them(database: Database) -> None:
    ada, ben = await alike("Ada", public=False), await alike("Ben")
    assert await suggested(database, ada) == [ben.profile_id]
    assert await suggested(database, ben) == []


async def test_who_has_nothing_in_common_with_anybody_is_told_of_nobody(database: Database) -> None:
    ada, ben = await member("Ada"), await alike("Ben")
    await join(ben, await alike("Cem"))
    assert await suggested(database, ada) == []


# Dismissing


async def test_dismissing_twice_and_at_once_is_dismissing_once(database: Database) -> None:
    ada, ben = await alike("Ada"), await alike("Ben")
    await gather(*(dismiss(ada, ben) for _ in range(8)))
    await dismiss(ada, ben)
    assert await DismissedSuggestion.all().count() == 1


async def test_what_cannot_be_dismissed(database: Database) -> None:
    ada, hidden = await member("Ada"), await member("Ben", public=False)
    assert await refusal(suggestions.dismiss(ada.profile_id, ada.profile_id)) is ErrorCode.NOT_YOURSELF
    assert await refusal(suggestions.dismiss(ada.profile_id, hidden.profile_id)) is ErrorCode.NOT_FOUND
    assert await refusal(suggestions.dismiss(ada.profile_id, 999_999)) is ErrorCode.NOT_FOUND
    # dismissed before they hid: as if they were not there
    await hide(hidden, public=True)
    await dismiss(ada, hidden)
    await hide(hidden)
    assert await refusal(suggestions.dismiss(ada.profile_id, hidden.profile_id)) is ErrorCode.NOT_FOUND
    await hide(hidden, public=True)
    assert await DismissedSuggestion.filter(profile_id=ada.profile_id, other_id=hidden.profile_id).count() == 1
    # who blocked one looks like anybody
    await blocks.block(hidden.profile_id, ada.profile_id)
    await dismiss(ada, hidden)


# Why


async def test_each_reason_is_told_with_its_facts(database: Database) -> None:
    # given
    company = await make_company()
    terms: dict[str, Any] = {"skills": ["python", "sql", "design"], "industries": ["banking"]}
    ada: Any = await make_member(company, "ada@harbor.example", **terms)
    ben: Any = await make_member(company, "ben@harbor.example", **{**terms, "skills": ["sql", "python", "java"]})
    friends = [await member(name) for name in ("F", "G", "H")]
    for friend in friends:
        await join(ada, friend)
        await join(friend, ben)
    await hide(friends[1])
    # then
    assert await suggested(database, ada) == [ben.profile_id]
    assert await reasons(database, ada, ben.profile_id) == {
        "MUTUAL_CONNECTIONS": {friends[0].profile_id, friends[2].profile_id},
        "SAME_COMPANY": company.id,
        "SHARED_SKILLS": {"python", "sql"},
        "SHARED_INDUSTRIES": {"banking"},
    }


@pytest.mark.parametrize("happens", [be_hidden, be_deactivated, block, be_blocked], ids=lambda each: each.__name__)
async def test_whom_one_does_not_see_connects_one_with_nobody(
    database: Database, happens: Callable[[Any, Any], Awaitable[None]]
) -> None:
    # given
    ada, ben, friend = await member("Ada"), await member("Ben"), await member("Friend")
    await join(ada, friend)
    await join(friend, ben)
    assert await suggested(database, ada) == [ben.profile_id]
    # when
    await happens(ada, friend)
    # then
    assert await suggested(database, ada) == []
    assert await reasons(database, ada, ben.profile_id) == {}


# In what order


def test_what_weighs_how_much() -> None:
    assert weight(Facts(0, company=False, skills=0, industries=0)) == 0
    assert weight(Facts(1, company=False, skills=0, industries=0)) == 8
    assert weight(Facts(0, company=True, skills=0, industries=0)) == 10
    assert weight(Facts(2, company=True, skills=3, industries=2)) == 16 + 10 + 9 + 4
    assert weight(Facts(0, company=False, skills=50, industries=20)) == 5 * 3 + 3 * 2


async def test_the_order_by_hand(database: Database) -> None:
    # given
    company = await make_company()
    ada = await make_member(company, "ada@harbor.example", skills=["python", "sql"], industries=["banking"])
    first, second = await member("First"), await member("Second")
    industry = await member("2: an industry", industries=["banking"])
    skill = await alike("3: a skill")
    both = await alike("6: two skills", "python", "sql")
    one = await member("8: a friend")
    also = await alike("8 too: two skills, an industry", "python", "sql", industries=["banking"])
    colleague = await make_member(company, "ben@harbor.example")
    two = await member("16: two friends")
    for friend, people in ((first, (ada, one, two)), (second, (ada, two))):
        for each in people:
            await join(friend, each)
    # then
    wanted = [two, colleague, one, also, both, skill, industry]
    assert await suggested(database, ada) == [each.profile_id for each in wanted]


async def test_pages_stay_right_while_people_are_dismissed(database: Database) -> None:
    # given
    ada, people = await alike("Ada"), [await alike(f"P{n}") for n in range(7)]
    ids = [each.profile_id for each in people]
    first = await page(database, ada, first=3)
    # when the last one of the page goes, where the cursor stands, and one of the next page
    await dismiss(ada, people[2])
    await dismiss(ada, people[4])
    # then
    after = first["page_info"]["end_cursor"]
    assert await suggested(database, ada, first=3, after=after) == [ids[3], ids[5], ids[6]]
    last = await page(database, ada, last=2)
    assert [row["id"] for row in last["edges"]] == ids[5:] and last["page_info"]["has_previous_page"]
    before = await page(database, ada, last=2, before=last["page_info"]["start_cursor"])
    assert [row["id"] for row in before["edges"]] == [ids[1], ids[3]]


async def test_there_is_an_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, people = await alike("Ada"), [await alike(f"P{n}") for n in range(5)]
    monkeypatch.setattr(suggestion_resolvers, "MAX_SUGGESTIONS", 3)
    assert await suggested(database, ada) == [each.profile_id for each in people[:3]]
    assert not (await page(database, ada, first=3))["page_info"]["has_next_page"]


async def be_unclaimed(_: Any, other: Any) -> None:
    await Account.filter(id=other.id).delete()
    await committed(profiles.refresh_visibility([other.profile_id]))


@pytest.mark.parametrize("happens", [be_hidden, be_unclaimed], ids=lambda each: each.__name__)
async def test_who_is_never_suggested_takes_nobodys_place(
    database: Database, happens: Callable[[Any, Any], Awaitable[None]]
) -> None:
    # given a friend with more connections than are followed
    ada, friend = await member("Ada"), await member("Friend")
    people = [await member(f"P{n}") for n in range(suggestion_sql.MAX_CONNECTIONS_OF_EACH + 6)]
    for minute, each in enumerate([*people, ada]):
        with clock.frozen(NOON + timedelta(minutes=minute)):
            await join(friend, each)
    # when the newest of them cannot be suggested any more
    for each in people[-5:]:
        await happens(ada, each)
    # then
    newest = people[:-5][-suggestion_sql.MAX_CONNECTIONS_OF_EACH + 1 :]  # Ada is one of those who are followed
    assert sorted(await suggested(database, ada)) == sorted(each.profile_id for each in newest)
    assert await reasons(database, ada, people[0].profile_id) == {"MUTUAL_CONNECTIONS": {friend.profile_id}}


# Everything against a plain loop

PEOPLE = 14


@pytest.mark.parametrize("seed", range(3))
async def test_it_is_what_a_plain_loop_over_everybody_finds(database: Database, seed: int) -> None:
    random = Random(seed)
    companies = [await make_company(), await make_company("Ledger Works")]
    people = [await member(f"P{n}") for n in range(PEOPLE)]
    ids = [each.profile_id for each in people]
    suggestions_seen = 0
    for _ in range(5):
        # given
        plain = await scattered(random, people, [each.id for each in companies])
        for viewer in random.sample(people, 6):
            # when
            found = await suggested(database, viewer)
            # then
            assert found == plain.suggested(viewer.profile_id, ids)
            for whom in found:
                assert await reasons(database, viewer, whom) == plain.reasons(viewer.profile_id, whom)
            suggestions_seen += len(found)
    assert suggestions_seen > 30
