"""The whole page about somebody in one request: what it shows, and what it takes. Reference: docs/rules/profiles.md#header."""

import re
from typing import Any

from execution.executor import Counts
from models.profiles import Profile
from services.achievements import badges
from tests.conftest import CountStatements
from tests.helpers.connections import connected, hide, member
from tests.helpers.connections_by_http import towards
from tests.helpers.factories import give
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session
from tests.helpers.profile_page import PROFILE_PAGE, grant, neighbours, works

STATEMENTS = 25
"""Of the page alone, without finding out who asks."""


async def page_of(client: GraphQLClient, whose: Any, who: Headers | None = None) -> Any:
    handle = (await Profile.get(id=whose.profile_id)).handle
    body = await client.ask(PROFILE_PAGE, headers=who, handle=handle)
    assert "errors" not in body, body
    return body["data"]["profile"]


async def test_the_page_shows_all_of_somebody(checked_client: GraphQLClient, counts: Counts) -> None:
    # given
    zoe, viewer = await member("Zoe"), await member("Viewer")
    people = await neighbours(zoe, 22)
    await connected(viewer, people[3])
    await connected(viewer, people[7])
    await give(zoe.profile_id, times=4)
    held = await grant(zoe, 14)
    await badges.feature(zoe.profile_id, held[:4])
    await works(zoe, people, 6)
    who = await in_session(viewer)
    # when
    page = await page_of(checked_client, zoe, who)
    # then
    assert page["name"] == "Zoe" and page["connectionStatus"] == "NONE"
    assert page["score"]["points"] == sum(each["points"] for each in page["score"]["categories"]) > 0
    assert sum(each["points"] for each in page["stats"]["categories"]) == page["score"]["points"]
    assert page["connections"]["totalCount"] == 22
    assert page["mutualConnections"]["totalCount"] == 2
    assert [each["name"] for each in page["mutualConnections"]["profiles"]] == ["P7", "P3"]
    near = [edge["node"] for edge in page["connections"]["edges"]]
    assert [each["name"] for each in near] == [f"P{nth}" for nth in range(21, 1, -1)]
    assert all(len(each["topBadges"]) == 3 and each["score"]["points"] > 0 and each["avatarUrl"] for each in near)
    projects = [edge["node"] for edge in page["projects"]["edges"]]
    assert page["projects"]["totalCount"] == 6 and len(projects) == 5
    assert all(len(each["collaborators"]) == 3 for each in projects)
    assert all(person["name"] and person["avatarUrl"] for each in projects for person in each["collaborators"])
    assert [each["badge"]["code"] for each in page["featuredBadges"]] == held[:4]
    assert len(page["badges"]["nodes"]) == 12 < page["badges"]["totalCount"]
    # and what is on it is what the pages of those on it say
    assert page["connections"]["totalCount"] == (await towards(checked_client, who, zoe))["connections"]["totalCount"]
    other = await page_of(checked_client, people[21], who)
    assert (other["score"]["points"], other["badges"]["nodes"][:1]) == (
        near[0]["score"]["points"],
        [
            {
                **near[0]["topBadges"][0],
                **{key: other["badges"]["nodes"][0][key] for key in ("awardedAt", "credentialUrl")},
            }
        ],
    )
    # wholly by plan, also for nobody
    assert (await page_of(checked_client, zoe))["mutualConnections"] is None
    assert counts.fell_back == counts.core == 0 and counts.planned >= 4


async def test_who_hides_is_missed_nowhere_on_it(checked_client: GraphQLClient) -> None:
    # given
    zoe, viewer = await member("Zoe"), await member("Viewer")
    people = await neighbours(zoe, 3)
    await connected(viewer, people[0])
    await connected(viewer, people[1])
    await works(zoe, people, 1)
    who = await in_session(viewer)
    # when
    await hide(people[1])
    # then
    page = await page_of(checked_client, zoe, who)
    hidden = await Profile.get(id=people[1].profile_id)
    # as values of their own: a cursor may hold any two characters
    assert not {f"'{hidden.name}'", f"'{hidden.handle}'"} & set(re.findall(r"'[^']*'", str(page)))
    assert page["connections"]["totalCount"] == len(page["connections"]["edges"]) == 2
    assert page["mutualConnections"]["totalCount"] == 1
    [edge] = page["projects"]["edges"]
    assert len(edge["node"]["collaborators"]) == 2


async def test_the_page_takes_as_many_statements_however_much_is_on_it(
    checked_client: GraphQLClient, counts: Counts, count_statements: CountStatements
) -> None:
    # given
    zoe, viewer = await member("Zoe"), await member("Viewer")
    people = await neighbours(zoe, 10)
    await connected(viewer, people[0])
    await give(zoe.profile_id, times=2)
    held = await grant(zoe, 6)
    await badges.feature(zoe.profile_id, held[:2])
    await works(zoe, people[:5], 2)
    who = await in_session(viewer)
    seen, sizes = [], []
    # when
    for _ in range(2):
        with count_statements() as alone:
            await checked_client.ask("{ viewer { __typename } }", headers=who)
        with count_statements() as statements:
            page = await page_of(checked_client, zoe, who)
        seen.append(statements.total - alone.total - 1)  # the handle is looked up by the test
        sizes.append(
            [len(page[name]["edges"]) for name in ("connections", "projects")] + [len(page["badges"]["nodes"])]
        )
        more = await neighbours(zoe, 10, start=10)
        for each in more:
            await connected(viewer, each)
        await grant(zoe, 8, start=6)
        await badges.feature(zoe.profile_id, held[:4])
        await works(zoe, [*people, *more], 3)
    # then
    assert all(one < other for one, other in zip(*sizes, strict=True)), sizes
    assert seen == [STATEMENTS, STATEMENTS], statements.texts
    assert counts.fell_back == counts.core == 0
