"""Finding people: what is found, in which order, page by page, and what stays hidden."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.database import Database
from models.profiles import Profile, ProfileWord, Visibility
from resolvers.base.context import Context
from resolvers.people import people, search_plan
from resolvers.people.people import ProfileOrder
from services.media import search_tokenizer
from services.profiles.profile_editing import LookingFor
from services.profiles.profiles import NewPerson, create_people, refresh_visibility
from services.progress import search_words
from tests.conftest import CountStatements
from tests.helpers.factories import give, make_company, make_person, make_profile, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient

PEOPLE = """
query P($search: String, $skills: [String!], $industries: [String!], $company: ID, $country: String, $for: LookingForKind,
        $order: ProfileOrder, $first: Int, $after: String, $last: Int, $before: String) {
  profiles(search: $search, skillCodes: $skills, industryCodes: $industries, companyId: $company, countryCode: $country, lookingFor: $for,
           orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id name } } nodes { id name } } }
"""

ARGUMENTS = {"skills": "skill_codes", "country": "country_code"}
"""Names of the resolver's arguments that the tests call otherwise."""


async def found(client: GraphQLClient, **asked: Any) -> list[str]:
    answer = (await client.data(PEOPLE, **asked))["profiles"]
    names = [edge["node"]["name"] for edge in answer["edges"]]
    assert answer["totalCount"] >= len(names)
    assert answer["nodes"] == [edge["node"] for edge in answer["edges"]]
    return names


async def test_each_word_typed_begins_a_word_of_the_name_handle_or_title(checked_client: GraphQLClient) -> None:
    # given
    await make_profile("Renée van Dijk", details={"job_title": "Product Owner"})
    await make_profile("Rene Descartes", handle="cogito")
    await make_profile("山田太郎")
    await make_profile("Олена Шевченко")
    # then
    for search, names in {
        "renee": ["Renée van Dijk"],
        "REN": ["Rene Descartes", "Renée van Dijk"],
        "dij ren": ["Renée van Dijk"],
        "own dijk": ["Renée van Dijk"],
        "cogi": ["Rene Descartes"],
        "太郎": ["山田太郎"],
        "山": ["山田太郎"],
        "шевч": ["Олена Шевченко"],
        "renee descartes": [],
        "enee": [],
    }.items():
        assert sorted(await found(checked_client, search=search)) == names, search


async def test_whole_words_come_before_beginnings_and_names_before_titles(checked_client: GraphQLClient) -> None:
    # given
    for name, title in (
        ("Anna Beginning", ""), ("Bo Title", "Ann of all trades"), ("Cy Both", "Annual reports"), ("Ann Whole", ""),
    ):  # fmt: skip
        who = await make_profile(name, details={"job_title": title})
        if name == "Cy Both":
            await give(who, times=9)
    # then
    assert await found(checked_client, search="ann") == ["Ann Whole", "Bo Title", "Anna Beginning", "Cy Both"]
    assert (await found(checked_client, search="ann", order="POINTS"))[0] == "Cy Both"


async def test_all_conditions_hold_together(checked_client: GraphQLClient) -> None:
    # given
    company = await make_company()
    everything = {"skills": ["java", "python"], "industries": ["banking"], "company_id": company.id}
    await make_profile("All", **everything, details={"country": "NL", "looking_for_job": True})
    await make_profile(
        "No skill", **(everything | {"skills": ["java"]}), details={"country": "NL", "looking_for_job": True}
    )
    await make_profile("No job", **everything, details={"country": "NL", "looking_for_project": True})
    await make_profile("No country", **everything, details={"looking_for_job": True})
    await make_profile(
        "No company", **(everything | {"company_id": None}), details={"country": "NL", "looking_for_job": True}
    )
    asked = {
        "skills": ["Java", "python"],
        "industries": ["banking"],
        "company": graph_id("cmp", company.id),
        "country": "nl",
        "for": "JOB",
    }
    # then
    assert await found(checked_client, **asked) == ["All"]
    for left_out, also in {
        "skills": "No skill", "for": "No job", "country": "No country", "company": "No company",
    }.items():  # fmt: skip
        fewer = {name: value for name, value in asked.items() if name != left_out}
        assert sorted(await found(checked_client, **fewer)) == sorted(["All", also]), left_out
    assert await found(checked_client, company=graph_id("prf", 1)) == []
    assert await found(checked_client, company=graph_id("cmp", 999_999)) == []


async def test_hidden_people_leave_no_trace_not_even_for_themselves(checked_client: GraphQLClient) -> None:
    # given
    shy = await make_person("shy@people.example", name="Ada Shy", public=False)
    await make_profile("Ada Open")
    token = await make_token(shy, "mx:user:profile:v1:read")
    for asked in ({}, {"search": "ada"}, {"order": "NEWEST"}, {"search": "shy"}):
        # when
        answer = (await checked_client.data(PEOPLE, token=token, **asked))["profiles"]
        # then
        expected = [] if asked.get("search") == "shy" else ["Ada Open"]
        assert [edge["node"]["name"] for edge in answer["edges"]] == expected
        assert answer["totalCount"] == len(expected)
        assert not answer["pageInfo"]["hasNextPage"]


async def test_who_hides_is_gone_at_once_and_found_again_when_back(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile("Ada Changing")
    assert await found(checked_client, search="changing") == ["Ada Changing"]
    for visibility, names in ((Visibility.PRIVATE, []), (Visibility.PUBLIC, ["Ada Changing"])):
        # when
        async with in_transaction():
            await Profile.filter(id=ada).update(visibility=visibility)
            await refresh_visibility([ada])
        # then
        assert await found(checked_client, search="changing") == names
        assert await found(checked_client) == names
        assert await ProfileWord.filter(profile_id=ada).exists() is bool(names)


BAD = [
    ({"search": "?! …"}, "BAD_INPUT"),
    ({"search": "x" * 10_000}, "BAD_INPUT"),
    ({"search": " ".join(f"w{n}" for n in range(11))}, "BAD_INPUT"),
    ({"skills": ["no such skill"]}, "UNKNOWN_TERM"),
    ({"industries": ["'; DROP TABLE profile; --"]}, "UNKNOWN_TERM"),
    ({"skills": ["java"] * 11}, "TOO_MANY_ITEMS"),
    ({"country": "XX"}, "UNKNOWN_TERM"),
    ({"country": "Netherlands"}, "UNKNOWN_TERM"),
    ({"country": "ß"}, "UNKNOWN_TERM"),  # "SS" in upper case
    ({"company": "cmp_x"}, "BAD_ID"),
    ({"first": 101}, "BAD_PAGE"),
    ({"first": 5, "last": 5}, "BAD_PAGE"),
    ({"after": "x"}, "BAD_CURSOR"),
]


@pytest.mark.parametrize(("asked", "code"), BAD)
async def test_what_makes_no_sense_is_refused(checked_client: GraphQLClient, asked: dict[str, Any], code: str) -> None:
    assert await checked_client.code(PEOPLE, **asked) == code


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("a%", ["Ada Okafor"]),
        ("A_a", ["Ada Okafor"]),
        ("100%'\"; --", []),
        ("ada*", ["Ada Okafor"]),
        ("ａｄａ", ["Ada Okafor"]),
    ],
)
async def test_nothing_typed_means_anything_to_the_database(
    checked_client: GraphQLClient, search: str, names: list[str]
) -> None:
    await make_profile("Ada Okafor")
    assert await found(checked_client, search=search) == names
    for nothing in ("%", "_", "\\", "'", "*"):
        assert await checked_client.code(PEOPLE, search=nothing) == "BAD_INPUT"


async def test_only_spaces_are_as_if_not_given(checked_client: GraphQLClient) -> None:
    await make_profile("Ada Okafor")
    assert await found(checked_client, search="  ") == await found(checked_client, search="") == ["Ada Okafor"]


async def test_a_cursor_is_of_its_search_and_order_alone(checked_client: GraphQLClient) -> None:
    # given
    for number in range(3):
        await make_profile(f"Ada {number}")
    answer = (await checked_client.data(PEOPLE, search="ada", first=1))["profiles"]
    cursor = answer["pageInfo"]["endCursor"]
    # then
    assert len(await found(checked_client, search="ada", after=cursor)) == 2
    for other in ({"search": "ad"}, {"search": "ada", "order": "NEWEST"}, {"search": "ada", "country": "NL"}, {}):
        assert await checked_client.code(PEOPLE, after=cursor, **other) == "BAD_CURSOR"


async def test_a_cursor_says_nothing_of_sums_below_zero(checked_client: GraphQLClient) -> None:
    # given
    for number in range(4):
        await give(await make_profile(f"Ada {number}"), "DOWNVOTE_RECEIVED", times=number)
    # when
    seen, cursor = [], None
    for _ in range(4):
        page = (await checked_client.data(PEOPLE, first=1, after=cursor))["profiles"]
        seen += [edge["node"]["name"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]
    # then
    assert seen == ["Ada 0", "Ada 1", "Ada 2", "Ada 3"]


TITLES = ("Senior Analyst", "Analyst", "Anna's Senior Assistant", "Engineer", "")
NAMES = ("Ann", "Anna", "Annabel", "Bo", "Bob", "Senior")


async def community(count: int = 60) -> list[Any]:
    """People of few words, so that everything is common; a third is hidden."""
    chance = random.Random(5)
    new = [
        NewPerson(
            name=f"{chance.choice(NAMES)} {chance.choice(NAMES)}",
            joined_on=date(2020, 1, 1) + timedelta(days=chance.randrange(9)),
            key=str(number),
            visibility=Visibility.PRIVATE if number % 3 == 0 else Visibility.PUBLIC,
            skills=chance.sample(["java", "python", "sql"], chance.randrange(4)),
            details={"job_title": chance.choice(TITLES), "country": chance.choice(["NL", "DE", None]), "looking_for_job": chance.random() < 0.5},
        )
        for number in range(count)
    ]  # fmt: skip
    async with in_transaction():
        made = await create_people(new)
    for profile_id in made[: count // 2]:
        await give(profile_id, times=chance.randrange(3))
    return list(zip(made, new, strict=True))


SEARCHES: list[dict[str, Any]] = [
    {}, {"search": "ann"}, {"search": "a"}, {"search": "ann bo"}, {"search": "senior an"}, {"search": "ann", "country": "NL"},
    {"skills": ["java"]}, {"skills": ["java", "sql"], "country": "DE"}, {"search": "b s", "looking_for": "JOB"}, {"looking_for": "JOB"},
]  # fmt: skip


def matches(person: NewPerson, asked: dict[str, Any]) -> int | None:
    """The tier of a person, by going through everything; None: not found."""
    kept = search_tokenizer.words_of_profile(person.name, "", person.details["job_title"])
    tier = 0
    for word in search_tokenizer.words_of_search(asked.get("search", "")):
        fits = [(place if held == word else 2 + place) for held, place in kept.items() if held.startswith(word)]
        if not fits:
            return None
        tier = max(tier, min(fits))
    if not set(asked.get("skills", ())) <= set(person.skills):
        return None
    if asked.get("country", person.details["country"]) != person.details["country"]:
        return None
    return None if "looking_for" in asked and not person.details["looking_for_job"] else tier


@pytest.mark.parametrize("order", ["RELEVANCE", "POINTS", "NEWEST"])
@pytest.mark.parametrize("way", ["few", "some", "walk", "give up"])
async def test_every_way_finds_the_same_page_by_page_in_both_directions(
    database: Database, monkeypatch: pytest.MonkeyPatch, way: str, order: str
) -> None:
    # given
    rare, some, windows = {"few": (1_000, 0, (5,)), "some": (0, 1_000, (5,)), "walk": (0, 0, (500,)), "give up": (0, 0, (2, 3))}[way]  # fmt: skip
    monkeypatch.setattr(search_plan, "RARE_FILTER_MATCHES", rare)
    monkeypatch.setattr(search_plan, "MAX_SORTED_MATCHES", some)
    monkeypatch.setattr(search_plan, "WALK_WINDOWS", windows)
    monkeypatch.setattr(search_plan, "ROWS_PER_STEP", 5)
    context = Context(database)
    everybody = await community()
    rows = await database.fetch("SELECT profile_id, overall, overall_reached FROM score")
    sums = {row["profile_id"]: (row["overall"], row["overall_reached"]) for row in rows}
    for asked in SEARCHES:
        expected = []
        for profile_id, person in everybody:
            tier = matches(person, asked)
            if tier is not None and person.visibility is Visibility.PUBLIC:
                keys: tuple[Any, ...] = (person.joined_on,) if order == "NEWEST" else sums[profile_id]
                expected.append((-tier if order == "RELEVANCE" else 0, *keys, profile_id))
        ids = [key[-1] for key in sorted(expected, reverse=True)]
        # when
        for size, further, begin in (("first", "after", "end_cursor"), ("last", "before", "start_cursor")):
            seen: list[str] = []
            cursor = None
            while True:
                given: dict[str, Any] = {
                    ARGUMENTS.get(name, name): LookingFor(value) if name == "looking_for" else value
                    for name, value in asked.items()
                }
                walk: dict[str, Any] = {size: 7, further: cursor}
                page = await people.profiles(context, order_by=ProfileOrder(order), **given, **walk)
                assert await people.totals([page["search"]], context) == [len(ids)], asked
                here = [edge["person"]["id"] for edge in page["edges"]]
                seen = seen + here if size == "first" else here + seen
                cursor = page["page_info"][begin]
                if not page["page_info"]["has_next_page" if size == "first" else "has_previous_page"]:
                    break
            # then
            assert seen == ids, (asked, size)


async def test_an_import_writes_words_in_one_statement_and_a_page_takes_few(
    checked_client: GraphQLClient, database: Database, count_statements: CountStatements
) -> None:
    # given
    async with in_transaction():
        with count_statements() as one:
            await create_people([NewPerson("Ada One", date(2020, 1, 1))])
        with count_statements() as many:
            await create_people(
                [NewPerson(f"Ada {n}", date(2020, 1, 1), visibility=Visibility.PUBLIC) for n in range(50)]
            )
    assert many.total <= one.total + 2
    # when
    with count_statements() as seen:
        await checked_client.data(PEOPLE, search="ada")
    # then: one question of the word, a page, its cards, the total
    assert len([text for text in seen.texts if "profile" in text]) <= 4, seen.texts


async def test_words_follow_the_profile_and_are_made_again(database: Database) -> None:
    # given
    ada, ben = await make_profile("Ada Okafor"), await make_profile("Ben", public=False)
    await Profile.filter(id=ada).update(name="Ida Neu", job_title="Chef")
    # when
    async with in_transaction():
        await search_words.index([ada, ben])
    # then
    kept = {
        bytes(row["word"]): row["place"] for row in await ProfileWord.filter(profile_id=ada).values("word", "place")
    }
    assert kept[b"ida"] == search_tokenizer.NAME and kept[b"chef"] == search_tokenizer.JOB and b"chef" in kept
    assert not await ProfileWord.filter(profile_id=ben).exists()
    before = sorted(
        [(row["profile_id"], bytes(row["word"])) for row in await ProfileWord.all().values("profile_id", "word")]
    )
    await ProfileWord.all().delete()
    steps = [step async for step in search_words.rebuild()]
    after = sorted(
        [(row["profile_id"], bytes(row["word"])) for row in await ProfileWord.all().values("profile_id", "word")]
    )
    assert after == before and sum(people for _, people in steps) == 2
    assert [step async for step in search_words.rebuild(after=steps[-1][0])] == []


@pytest.mark.postgres_only
async def test_two_who_change_one_person_leave_one_set_of_words(database: Database) -> None:
    from asyncio import gather

    ada = await make_profile("Ada Okafor")

    async def again() -> None:
        async with in_transaction():
            await search_words.index([ada])

    await gather(*(again() for _ in range(8)))
    held = [bytes(row) for row in await ProfileWord.filter(profile_id=ada).values_list("word", flat=True)]
    assert len(held) == len(set(held)) > 1


async def test_search_has_a_scope_of_its_own(checked_client: GraphQLClient) -> None:
    await make_profile("Ada")
    account = await make_person()
    document = "{ profiles { totalCount edges { node { name } } } }"
    assert await checked_client.data(document, token=await make_token(account, "mx:user:profile:v1:read"))
    for scope in ("mx:points:read", "mx:leaderboard:read"):
        assert await checked_client.code(document, token=await make_token(account, scope)) == "INSUFFICIENT_SCOPE"
