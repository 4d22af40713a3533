"""Periods, companies, one's own place, neighbours, movement and pinned listings: docs/rules/leaderboards.md."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from catalogue.points import Category
from models.accounts import Account, AccountKind, AccountStatus
from models.profiles import Profile, Visibility
from services.core import clock
from services.leaderboards import cache
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.profiles.profiles import refresh_visibility
from tests.helpers.factories import make_company, make_person, make_profile, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.live_boards import (
    FULL,
    OF_COMPANY,
    board,
    board_of,
    hide,
    profile_id_of,
    ranked_names,
    record_answers,
)
from tests.helpers.people import in_session, make_member
from tests.helpers.transactions import committed


async def opened(points: dict[int, int]) -> None:
    await record_opening_balances(
        [OpeningBalance(who, Category.FORUM, each, "archive", f"{who}") for who, each in points.items()]
    )


async def test_a_period_has_its_days_and_no_opening_balances(checked_client: GraphQLClient) -> None:
    # given
    ada, ben, old = [await make_profile(name) for name in ("Ada", "Ben", "Old")]
    await opened({ada: 500})
    await record_answers(ben)
    await record_answers(old, days_ago=400)
    today = clock.today()
    # when
    boards = {
        period: await board(checked_client, period=period)
        for period in ("ALL_TIME", "LAST_30_DAYS", "WEEK", "MONTH", "QUARTER", "YEAR")
    }
    # then
    assert ranked_names(boards["ALL_TIME"]) == [(1, "Ada"), (2, "Old"), (2, "Ben")]
    assert (boards["ALL_TIME"]["startsOn"], boards["ALL_TIME"]["endsOn"]) == (None, None)
    for period in list(boards)[1:]:
        assert ranked_names(boards[period]) == [(1, "Ben")], period
        assert boards[period]["startsOn"] <= today.isoformat() <= boards[period]["endsOn"]
    month_ago = today - timedelta(days=29)
    assert (boards["LAST_30_DAYS"]["startsOn"], boards["LAST_30_DAYS"]["endsOn"]) == (f"{month_ago}", f"{today}")
    past = await board(checked_client, period="MONTH", on=f"{today - timedelta(days=400)}")
    assert ranked_names(past) == [(1, "Old")]


async def test_a_past_period_goes_by_late_events_and_by_who_is_public_today(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await make_profile("Ada"), await make_profile("Ben")
    await record_answers(ada, days_ago=100, times=2)
    await record_answers(ben, days_ago=100)
    on = f"{clock.today() - timedelta(days=100)}"
    assert ranked_names(
        await board(checked_client, period="YEAR" if on[:4] != str(clock.today().year) else "WEEK", on=on)
    ) == [
        (1, "Ada"),
        (2, "Ben"),
    ]
    # when
    await record_answers(ben, days_ago=100, times=2)
    late = await board(checked_client, period="WEEK", on=on)
    await hide(ada)
    hidden = await board(checked_client, period="WEEK", on=on)
    # then
    assert ranked_names(late) == [(1, "Ben"), (2, "Ada")]
    assert ranked_names(hidden) == [(1, "Ben")] and hidden["entries"]["totalCount"] == 1


async def test_days_that_make_no_sense_are_refused(checked_client: GraphQLClient) -> None:
    today = clock.today()
    assert await checked_client.code(FULL, period="WEEK", on=f"{today + timedelta(days=7)}") == "IN_THE_FUTURE"
    assert await checked_client.code(FULL, period="LAST_30_DAYS", on=f"{today + timedelta(days=1)}") == "IN_THE_FUTURE"
    assert await checked_client.code(FULL, period="ALL_TIME", on=f"{today}") == "BAD_INPUT"
    for ancient in ("0001-01-01", "1970-01-01"):
        for period in ("LAST_30_DAYS", "WEEK", "MONTH", "QUARTER", "YEAR"):
            assert ranked_names(await board(checked_client, period=period, on=ancient)) == []


async def test_a_cursor_of_another_period_company_or_pin_is_refused(checked_client: GraphQLClient) -> None:
    # given
    company = await make_company()
    ada = await make_member(company, "ada@harbor.example")
    await opened({profile_id_of(ada): 20, await make_profile(): 10})
    await record_answers(profile_id_of(ada))
    headers = await in_session(ada)
    whole = await board(checked_client, first=1)
    cursor, moment = whole["entries"]["pageInfo"]["endCursor"], whole["asOf"]
    earlier = f"{datetime.fromisoformat(moment) - timedelta(seconds=1)}"
    lists: list[dict[str, Any]] = [
        {"period": "WEEK"},
        {"period": "WEEK", "on": f"{clock.today() - timedelta(days=7)}"},
        {"period": "MONTH"},
        {"at": earlier},
    ]
    # when, then
    for arguments in lists:
        assert await checked_client.code(FULL, headers=headers, after=cursor, **arguments) == "BAD_CURSOR", arguments
    whose = {"company": graph_id("cmp", company.id)}
    assert await checked_client.code(OF_COMPANY, headers=headers, after=cursor, **whose) == "BAD_CURSOR"
    week = (await board(checked_client, period="WEEK"))["entries"]["pageInfo"]["endCursor"]
    last = {"period": "WEEK", "on": f"{clock.today() - timedelta(days=7)}"}
    assert await checked_client.code(FULL, after=week, **last) == "BAD_CURSOR"  # as after the rollover


async def test_the_board_of_a_company_has_its_people_alone(checked_client: GraphQLClient) -> None:
    # given
    harbor, river = await make_company("Harbor"), await make_company("River")
    ada = await make_member(harbor, "ada@harbor.example", name="Ada")
    ben = await make_member(river, "ben@river.example", name="Ben")
    unclaimed = await make_profile("Unclaimed", company_id=harbor.id)
    elsewhere = await make_profile("Elsewhere")
    await opened({profile_id_of(ada): 10, profile_id_of(ben): 20, unclaimed: 30, elsewhere: 40})
    # when
    of_ada = await board_of(checked_client, harbor.id, ada)
    of_ben = await board_of(checked_client, river.id, ben, around=graph_id("prf", profile_id_of(ada)))
    # then
    assert ranked_names(of_ada) == [(1, "Unclaimed"), (2, "Ada")] and of_ada["entries"]["totalCount"] == 2
    assert ranked_names(of_ben) == [(1, "Ben")] and of_ben["around"] == []
    assert (of_ada["viewerEntry"]["rank"], of_ben["viewerEntry"]["rank"]) == (2, 1)
    # when she changes the company
    async with in_transaction():
        await Account.filter(id=ada.id).update(company_id=river.id)
        await refresh_visibility([profile_id_of(ada)])
    # then
    assert ranked_names(await board_of(checked_client, river.id, ada)) == [(1, "Ben"), (2, "Ada")]
    assert ranked_names(await board_of(checked_client, river.id, ben)) == [(1, "Ben"), (2, "Ada")]
    carl = await make_member(harbor, "carl@harbor.example")
    assert ranked_names(await board_of(checked_client, harbor.id, carl)) == [(1, "Unclaimed")]


async def test_a_second_employer_is_seen_by_colleagues_only(checked_client: GraphQLClient) -> None:
    # given a person whose profile shows the company of the first account
    harbor, river = await make_company("Harbor"), await make_company("River")
    ada = await make_member(harbor, "ada@harbor.example", name="Ada")
    second = await Account.create(
        email="ada@river.example", email_key="ada@river.example", name="Ada", kind=AccountKind.PERSON,
        company_id=river.id, profile_id=ada.profile_id, created_at=clock.now(),
    )  # fmt: skip
    async with in_transaction():
        await refresh_visibility([profile_id_of(ada)])
    ben = await make_member(river, "ben@river.example", name="Ben")
    await opened({profile_id_of(ada): 10, profile_id_of(ben): 20})
    around = graph_id("prf", profile_id_of(ada))
    # when, then: colleagues of both companies see the person
    for company, who, names in ((harbor, ada, ["Ada"]), (river, ben, ["Ben", "Ada"]), (river, second, ["Ben", "Ada"])):
        shown = await board_of(checked_client, company.id, who, around=around)
        assert [name for _, name in ranked_names(shown)] == names and shown["around"]
    # and others only in the company that the profile shows
    for reader in (None, await make_person(), ada):
        shown = await board_of(checked_client, river.id, reader, around=around)
        assert ranked_names(shown) == [(1, "Ben")] and shown["entries"]["totalCount"] == 1 and shown["around"] == []
    assert ranked_names(await board_of(checked_client, harbor.id)) == [(1, "Ada")]
    # when the profile shows the other company
    await Account.filter(id=ada.id).update(status=AccountStatus.DEACTIVATED)
    async with in_transaction():
        await refresh_visibility([profile_id_of(ada)])
    # then
    assert ranked_names(await board_of(checked_client, river.id)) == [(1, "Ben"), (2, "Ada")]
    assert ranked_names(await board_of(checked_client, harbor.id)) == []


async def test_everyone_reads_the_board_of_any_company_and_no_one_sees_who_is_hidden(
    checked_client: GraphQLClient,
) -> None:
    # given
    harbor = await make_company("Harbor")
    ada = await make_member(harbor, "ada@harbor.example", name="Ada")
    shy = await make_member(harbor, "shy@harbor.example", name="Shy", public=False)
    await opened({profile_id_of(ada): 10, profile_id_of(shy): 20})
    # when, then: for anonymous callers, outsiders and colleagues it is the same board
    for who in (None, await make_person(), ada):
        shown = await board_of(checked_client, harbor.id, who)
        assert ranked_names(shown) == [(1, "Ada")] and shown["entries"]["totalCount"] == 1
        assert shown["company"] == {"name": "Harbor"}
        empty = await board_of(checked_client, harbor.id, who, around=graph_id("prf", profile_id_of(shy)))
        assert empty["around"] == []
    own = await board_of(checked_client, harbor.id, shy)
    assert (own["viewerEntry"]["rank"], own["viewerEntry"]["isHidden"]) == (1, True)
    assert (await board(checked_client))["company"] is None


async def test_more_companies_than_memory_keeps_are_read_one_after_the_other(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(cache, "MAX_COMPANIES", 2)
    companies = [await make_company(f"Company {n}") for n in range(5)]
    people = [await make_profile(f"Of {n}", company_id=each.id) for n, each in enumerate(companies)]
    await opened({who: 10 + n for n, who in enumerate(people)})
    document = """query B($ids: [ID!]!) { nodes(ids: $ids) { ... on Company {
        leaderboard(board: FORUM) { entries { nodes { profile { name } } } } } } }"""
    # when
    asked = [graph_id("cmp", each.id) for each in companies]
    shown = (await checked_client.data(document, ids=asked))["nodes"]
    # then
    assert [each["leaderboard"]["entries"]["nodes"] for each in shown] == [
        [{"profile": {"name": f"Of {n}"}}] for n in range(5)
    ]


async def test_a_hidden_person_sees_the_own_place_and_nobody_else_does(checked_client: GraphQLClient) -> None:
    # given
    people = [await make_profile(f"P{n}") for n in range(4)]
    ada = await make_person(name="Ada")
    await opened({**dict(zip(people, (50, 40, 40, 10), strict=True)), profile_id_of(ada): 40})
    other = await make_person()
    shown = await board(checked_client, ada, around=graph_id("prf", profile_id_of(ada)), radius=1)
    assert (shown["viewerEntry"]["rank"], shown["viewerEntry"]["isHidden"]) == (2, False)
    # when
    await hide(profile_id_of(ada))
    mine = await board(checked_client, ada, around=graph_id("prf", profile_id_of(ada)), radius=2)
    theirs = await board(checked_client, other, around=graph_id("prf", profile_id_of(ada)), radius=2)
    never = await board(checked_client, other, around=graph_id("prf", 999_999), radius=2)
    # then
    assert mine["viewerEntry"] == {"rank": 2, "points": 40, "isHidden": True, "movement": 0, "profile": {"id": graph_id("prf", profile_id_of(ada)), "name": "Ada"}}  # fmt: skip
    assert [(*each, hidden["isHidden"]) for each, hidden in zip(ranked_names(mine["around"]), mine["around"], strict=True)] == [
        (2, "P1", False), (2, "P2", False), (2, "Ada", True), (5 - 1, "P3", False)
    ]  # fmt: skip
    for page in (mine, theirs, never):
        assert ranked_names(page) == [(1, "P0"), (2, "P1"), (2, "P2"), (4, "P3")] and page["entries"]["totalCount"] == 4
    theirs.pop("asOf"), never.pop("asOf")
    assert theirs == never and theirs["viewerEntry"] is None and theirs["around"] == []


async def test_a_deactivated_and_a_zero_point_person_leave_no_trace(checked_client: GraphQLClient) -> None:
    # given
    gone, zero, ada = await make_person(name="Gone"), await make_profile("Zero"), await make_profile("Ada")
    await opened({profile_id_of(gone): 50, ada: 10})
    await board(checked_client)
    # when
    async with in_transaction():
        await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
        await refresh_visibility([profile_id_of(gone)])
    # then
    for hidden in (profile_id_of(gone), zero):
        page = await board(checked_client, around=graph_id("prf", hidden))
        assert ranked_names(page) == [(1, "Ada")] and page["around"] == [] and page["entries"]["totalCount"] == 1


async def test_around_has_the_full_radius_where_there_are_people(checked_client: GraphQLClient) -> None:
    # given
    people = [await make_profile(f"P{n}") for n in range(12)]
    await opened({who: 100 - n // 2 for n, who in enumerate(people)})
    for place, (above, below) in {0: (0, 3), 1: (1, 3), 6: (3, 3), 10: (3, 1), 11: (3, 0)}.items():
        # when
        page = await board(checked_client, around=graph_id("prf", people[place]), radius=3)
        # then
        assert [name for _, name in ranked_names(page["around"])] == [
            f"P{n}" for n in range(place - above, place + below + 1)
        ]
        assert [rank for rank, _ in ranked_names(page["around"])] == [
            n - n % 2 + 1 for n in range(place - above, place + below + 1)
        ]
    assert len((await board(checked_client, around=graph_id("prf", people[6])))["around"]) == 11
    for radius in (0, -1, 51):
        assert await checked_client.code(FULL, around=graph_id("prf", people[0]), radius=radius) == "BAD_PAGE"
    assert await checked_client.code(FULL, around="nonsense") == "BAD_ID"
    assert (await board(checked_client, around=graph_id("cmp", 1)))["around"] == []


async def test_movement_is_since_monday(checked_client: GraphQLClient) -> None:
    # given a week that has begun with these places
    names_ = ("Ada", "Ben", "Carl", "Dora")
    ada, ben, carl, dora = [await make_profile(name) for name in names_]
    monday = datetime.combine(clock.today() - timedelta(days=clock.today().weekday()), datetime.min.time(), UTC)
    with clock.frozen(monday - timedelta(hours=1)):
        for who, times in ((ada, 3), (ben, 2), (carl, 1)):
            await record_answers(who, times=times)
    # when
    with clock.frozen(max(monday, clock.now() - timedelta(seconds=1))):
        await record_answers(carl, times=3)
        await record_answers(dora, times=1)
    page = await board(checked_client)
    # then
    moved = {edge["node"]["profile"]["name"]: edge["node"]["movement"] for edge in page["entries"]["edges"]}
    assert moved == {"Carl": 2, "Ada": -1, "Ben": -1, "Dora": None}
    week = (await board(checked_client, period="WEEK"))["entries"]["edges"]  # against the board of the week before
    assert {edge["node"]["profile"]["name"]: edge["node"]["movement"] for edge in week} == {"Carl": 2, "Dora": None}
    # when somebody who stood above hides, nobody's movement tells of it
    await hide(ada)
    moved = {edge["node"]["profile"]["name"]: edge["node"]["movement"] for edge in (await board(checked_client))["entries"]["edges"]}  # fmt: skip
    assert moved == {"Carl": 1, "Ben": -1, "Dora": None}


async def test_who_hid_elsewhere_a_moment_ago_does_not_lose_the_page(checked_client: GraphQLClient) -> None:
    # given
    people = [await make_profile(f"P{n}") for n in range(3)]
    await opened({who: 10 + n for n, who in enumerate(people)})
    await board(checked_client)
    # when another process has hidden one, and its notice is still to come
    await Profile.filter(id=people[1]).update(listed=False, visibility=Visibility.PRIVATE)
    # then
    assert ranked_names(await board(checked_client)) == [(1, "P2"), (2, "P1"), (3, "P0")]
    # when the notice is there
    await committed(refresh_visibility([people[1]]))
    assert ranked_names(await board(checked_client)) == [(1, "P2"), (2, "P0")]


async def test_a_partner_token_reads_all_of_it(checked_client: GraphQLClient) -> None:
    ada = await make_member(await make_company(), "ada@harbor.example", name="Ada")
    await record_answers(profile_id_of(ada))
    token = await make_token(ada, "mx:leaderboard:read")
    around = graph_id("prf", profile_id_of(ada))
    page = (await checked_client.data(FULL, token=token, around=around))["leaderboard"]
    asked = {"company": graph_id("cmp", ada.company_id or 0), "around": around}
    shown = (await checked_client.data(OF_COMPANY, token=token, **asked))["node"]["leaderboard"]
    assert ranked_names(shown) == ranked_names(shown["around"]) == [(1, "Ada")] and shown["viewerEntry"]["rank"] == 1
    own = await checked_client.data(
        "{ viewer { company { leaderboard(board: FORUM) { company { name } } } } }", token=token
    )
    assert own["viewer"]["company"]["leaderboard"]["company"] == {"name": "Harbor Works"}
    assert ranked_names(page) == ranked_names(page["around"]) == [(1, "Ada")] and page["viewerEntry"]["rank"] == 1


@pytest.mark.parametrize("period", ["ALL_TIME", "LAST_30_DAYS", "YEAR"])
async def test_a_page_of_any_live_board_takes_the_statements_of_its_cards(
    checked_client: GraphQLClient, count_statements: Any, period: str
) -> None:
    # given
    people = [await make_profile(f"P{n}") for n in range(30)]
    for who in people:
        await record_answers(who)
    around = graph_id("prf", people[0])
    await board(checked_client, period=period, around=around)
    # when
    with count_statements() as seen:
        page = await board(checked_client, period=period, first=30, around=around)
    # then
    assert len(page["entries"]["edges"]) == 30
    assert seen.total == 2, seen.texts  # the page, and the people around one of them
