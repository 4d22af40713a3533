"""The catalogue of badges, as clients read it: what each takes, who holds it, and how rare that makes it."""

from datetime import timedelta

import pytest

from catalogue.badges import BADGES, Rarity
from models.accounts import Account, AccountStatus
from models.badges import BadgeRarity, ImportedBadge
from services.achievements import badge_shares, badges
from services.points.ledger import record_many
from services.profiles.profiles import refresh_visibility
from tests.helpers.badges_by_http import PAGE, SHARE
from tests.helpers.factories import NOON, event, give, make_person, make_profile
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.transactions import committed


async def test_the_catalogue_tells_what_each_level_takes(checked_client: GraphQLClient) -> None:
    # given
    await ImportedBadge.create(
        source="archive", key="7", code="archive.7", name="Founder", description="Was there.", rarity=Rarity.ORANGE
    )
    # when
    text = "{ badges { code name description rarity isGrantedByHandOnly levels { number criterion } awardedPercent } }"
    found = (await checked_client.data(text))["badges"]
    # then
    assert [each["code"] for each in found] == [*BADGES, "archive.7"]
    by_code = {each["code"]: each for each in found}
    assert by_code["SUMMIT"] == {
        "code": "SUMMIT",
        "name": "Summit",
        "description": "You have reached the highest level.",
        "rarity": "ORANGE",
        "isGrantedByHandOnly": False,
        "levels": [{"number": 1, "criterion": "Reach level 10."}],
        "awardedPercent": 0.0,
    }
    assert by_code["archive.7"]["levels"] == [{"number": 1, "criterion": None}]
    assert by_code["archive.7"]["isGrantedByHandOnly"] is True


@pytest.mark.parametrize("code", ["NO_SUCH", "", "N" * 65])
async def test_there_is_no_badge_of_another_name(checked_client: GraphQLClient, code: str) -> None:
    assert await checked_client.data("query B($code: String!) { badge(code: $code) { name } }", code=code) == {
        "badge": None
    }


async def test_an_imported_badge_shows_like_any_other(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    await ImportedBadge.create(source="archive", key="7", code="archive.7", name="Founder", rarity=Rarity.ORANGE)
    await badges.grant(ada, "archive.7", reason="Was there")
    # when
    page = (await checked_client.data(PAGE, id=graph_id("prf", ada), first=5))["profile"]
    # then
    [founder] = page["badges"]["nodes"]
    badge = founder["badge"]
    assert (badge["name"], badge["rarity"], badge["description"]) == ("Founder", "ORANGE", "")
    assert founder["level"] == {"number": 1, "criterion": None} and badge["levels"] == [founder["level"]]
    assert founder["origin"] == "OPERATOR"
    assert founder["badge"]["isGrantedByHandOnly"] is True


async def test_the_share_counts_public_and_active_people_alone(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    hidden, gone = await make_person(public=False), await make_person()
    holders = [await make_profile(), *(account.own_profile_id for account in (hidden, gone))]
    for who in (await make_profile(), *holders):
        await give(who, "ANSWER_ACCEPTED" if who in holders else "APP_REVIEWED")
    before = await checked_client.data(SHARE, code="FIRST_LIGHT")
    # when
    await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
    await committed(refresh_visibility([gone.own_profile_id]))
    kept = await checked_client.data(SHARE, code="FIRST_LIGHT")
    monkeypatch.setattr(badge_shares, "MAX_SHARES_AGE", timedelta(seconds=-1))
    monkeypatch.setattr(badge_shares, "SHARES_REFRESH_AGE", timedelta(seconds=-1))
    counted = await checked_client.data(SHARE, code="FIRST_LIGHT")
    # then
    assert before["badge"]["awardedPercent"] == 66.7
    assert kept == before
    assert counted["badge"]["awardedPercent"] == 50.0
    assert counted["badge"]["awardedAsOf"] > before["badge"]["awardedAsOf"]


async def test_everywhere_a_badge_has_the_colour_of_its_share(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    await record_many([event(ada, "ANSWER_ACCEPTED") for _ in range(5)])
    await badges.feature(ada, ["PROBLEM_SOLVER"])
    for code in ("PROBLEM_SOLVER", "SUMMIT"):
        await BadgeRarity.create(badge=code, rarity=Rarity.PURPLE, since=NOON)
    text = """query C($id: ID!) {
      badge(code: "PROBLEM_SOLVER") { rarity }
      badges { code rarity }
      profile(by: {id: $id}) {
        badges(first: 50) { nodes { badge { code rarity } } }
        topBadges { badge { code rarity } } featuredBadges { badge { code rarity } }
        badgesInProgress(limit: 100) { badge { code rarity } } nextBadges(limit: 100) { badge { code rarity } }
      }
    }"""
    # when
    found = await checked_client.data(text, id=graph_id("prf", ada))
    # then
    page = found["profile"]
    names = ("topBadges", "featuredBadges", "badgesInProgress", "nextBadges")
    of_page = {name: [row["badge"] for row in page[name]] for name in names}
    earned = [row["badge"] for row in page["badges"]["nodes"]]
    for each in (found["badges"], earned, *(of_page[name] for name in names[:3])):
        assert {row["code"]: row["rarity"] for row in each}["PROBLEM_SOLVER"] == "PURPLE"
        others = [row for row in each if row["code"] not in {"PROBLEM_SOLVER", "SUMMIT"}]
        assert all(row["rarity"] == BADGES[row["code"]].rarity.value for row in others)
    later = of_page["nextBadges"] + of_page["badgesInProgress"]
    assert {row["code"]: row["rarity"] for row in later}["SUMMIT"] == "PURPLE"
    assert found["badge"] == {"rarity": "PURPLE"}


async def test_each_level_has_a_share_of_its_own(checked_client: GraphQLClient) -> None:
    # given
    people = [await make_profile() for _ in range(4)]
    await record_many([event(people[0], "ANSWER_ACCEPTED") for _ in range(25)])
    for who in people[:2]:
        await record_many([event(who, "ANSWER_ACCEPTED") for _ in range(5)])
    # when
    text = '{ badge(code: "PROBLEM_SOLVER") { awardedPercent levels { number awardedPercent } } }'
    found = (await checked_client.data(text))["badge"]
    # then
    assert found["awardedPercent"] == 50.0
    assert [(each["number"], each["awardedPercent"]) for each in found["levels"]] == [
        (1, 50.0), (2, 25.0), (3, 0.0), (4, 0.0), (5, 0.0),
    ]  # fmt: skip
