"""Texts in the language of whoever asks, over HTTP and WebSockets: decision 16."""

from typing import Any

import pytest
from aiohttp import ClientResponse

from catalogue.badges import Rarity
from models.accounts import Account
from models.badges import AwardOrigin, BadgeAward, ImportedBadge
from models.outbox import OutboxMessage
from services.accounts import preferences
from services.core import change_feed, clock
from services.core.audit import OPERATOR
from services.core.change_feed import PersonKind
from services.invites import invite_mails
from services.messages.outbox import opened
from tests.helpers.factories import give, make_person, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session
from tests.helpers.subscriptions import OWN, arrives, subscribe
from tests.helpers.transactions import committed
from tests.helpers.websocket import open_socket

READ = "mx:user:profile:v1:read"
NL, EN = {"Accept-Language": "nl-NL,nl;q=0.9,en;q=0.8"}, {"Accept-Language": "en-GB,nl;q=0.5"}
TEXTS = """
{
  badge(code: "FIRST_LIGHT") { name description levels { criterion } }
  activities { code title }
  challenges { code title description steps { title criterion } }
  shop { code name description }
  projectFields { name label tip }
}
"""
CHOOSE = "mutation M($language: String!) { updatePreferences(input: {languageCode: $language}) { viewer { language { code } } errors { code message } } }"
BADGE = '{ badge(code: "FIRST_LIGHT") { name } }'


async def ask(
    client: GraphQLClient, document: str, headers: Any = None, **variables: Any
) -> tuple[Any, ClientResponse]:
    response = await client.post(document, headers=headers, **variables)
    body = await response.json(content_type=None)
    assert "errors" not in body, body
    return body["data"], response


async def choose(account: Account, language: str) -> None:
    await preferences.update(account.id, account.own_profile_id, {"language": language}, actor=OPERATOR)


async def test_every_text_of_the_catalogues_comes_in_dutch(checked_client: GraphQLClient) -> None:
    dutch, response = await ask(checked_client, TEXTS, NL)
    english, _ = await ask(checked_client, TEXTS, EN)
    # then
    assert response.headers["Content-Language"] == "nl"
    assert dutch["badge"] == {
        "name": "Eerste licht",
        "description": "Voor het eerst is een antwoord van jou geaccepteerd.",
        "levels": [{"criterion": "Je antwoord laten accepteren: één keer."}],
    }
    assert english["badge"]["name"] == "First Light"
    assert english["badge"]["levels"] == [{"criterion": "Have your answer marked as accepted: once."}]
    by_code = {each["code"]: each for each in dutch["challenges"]}
    assert by_code["LEVEL_FIVE"]["steps"] == [{"title": "Haal niveau 5", "criterion": "Haal niveau 5."}]
    assert {each["code"]: each["title"] for each in dutch["activities"]}["UPVOTE_RECEIVED"] == "Een stem krijgen"
    assert {each["code"]: each["name"] for each in dutch["shop"]}["MUG"] == "Mok"
    assert dutch["projectFields"][0]["label"] == "Titel"
    for one, other in zip(_sentences(english), _sentences(dutch), strict=True):
        assert one != other


def _sentences(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [each for name, below in value.items() for each in _sentences(below, name)]
    if isinstance(value, list):
        return [each for below in value for each in _sentences(below, path)]
    return [value] if path in {"description", "criterion", "tip", "title"} else []


@pytest.mark.parametrize("header", [None, "", "fr", "*", "*;q=1,xx-" + "y" * 8_000, "nl;q=9", "nl;q=0", "nl_NL", "é"])
async def test_whatever_is_no_wish_gives_english(checked_client: GraphQLClient, header: str | None) -> None:
    headers = {} if header is None else {"Accept-Language": header}
    data, response = await ask(checked_client, BADGE, headers)
    assert data["badge"]["name"] == "First Light"
    assert response.headers["Content-Language"] == "en"


async def test_requests_of_one_connection_do_not_mix_languages(checked_client: GraphQLClient) -> None:
    found = [(await ask(checked_client, BADGE, headers))[0]["badge"]["name"] for headers in (NL, {}, EN, NL, {})]
    assert found == ["Eerste licht", "First Light", "First Light", "Eerste licht", "First Light"]


async def test_caches_are_told_and_a_tag_is_of_one_language(checked_client: GraphQLClient) -> None:
    _, dutch = await ask(checked_client, BADGE, NL)
    assert "Accept-Language" in dutch.headers["Vary"]
    again = await checked_client.post(BADGE, headers={**NL, "If-None-Match": dutch.headers["ETag"]})
    other = await checked_client.post(BADGE, headers={**EN, "If-None-Match": dutch.headers["ETag"]})
    assert (again.status, other.status) == (304, 200)
    assert (again.headers["Content-Language"], "Accept-Language" in again.headers["Vary"]) == ("nl", True)


@pytest.mark.parametrize(("chosen", "name"), [("nl", "Eerste licht"), ("en", "First Light")])
async def test_what_was_chosen_comes_before_the_header(checked_client: GraphQLClient, chosen: str, name: str) -> None:
    ada = await make_person("ada@people.example")
    token = await make_token(ada, READ)
    session = await in_session(ada)
    by_token = {"Authorization": f"mxtoken {token}"}
    # given nothing chosen, the header says it
    assert (await ask(checked_client, BADGE, {**by_token, **NL}))[0]["badge"]["name"] == "Eerste licht"
    # when
    made, _ = await ask(checked_client, CHOOSE, session, language=chosen)
    assert made["updatePreferences"] == {"viewer": {"language": {"code": chosen}}, "errors": []}
    # then
    for headers in ({**by_token, **NL}, {**by_token, **EN}, by_token, {**session, **EN}, {**session, **NL}):
        data, response = await ask(checked_client, BADGE, headers)
        assert (data["badge"]["name"], response.headers["Content-Language"]) == (name, chosen)
    # and mails follow
    await ask(
        checked_client,
        'mutation { createApiKey(input: {name: "Script"}) { errors { code } } }',
        await in_session(ada, elevated=True),
    )
    row = await OutboxMessage.get(kind="new-api-key")
    assert opened(row).subject.startswith({"nl": "Nieuwe API-sleutel", "en": "New API key"}[chosen])


async def test_a_language_without_texts_is_refused_and_nothing_changes(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example")
    data, _ = await ask(checked_client, CHOOSE, await in_session(ada), language="de")
    [error] = data["updatePreferences"]["errors"]
    assert error["code"] == "UNKNOWN_TERM" and data["updatePreferences"]["viewer"] is None


async def test_a_persons_own_texts_and_imported_ones_stay_as_they_are(checked_client: GraphQLClient) -> None:
    # given a badge that came with an import and is called like one of ours
    ada = await make_person("ada@people.example")
    await ImportedBadge.create(
        code="mug", name="Mug", description="Networker", rarity=Rarity.GREEN, source="archive", key="mug"
    )
    await BadgeAward.create(
        profile_id=ada.profile_id,
        badge="mug",
        level=1,
        awarded_at=clock.now(),
        origin=AwardOrigin.IMPORT,
        credential="1" * 32,
    )
    # when
    document = 'query Q($id: ID!) { badge(code: "mug") { name description } profile(by: {id: $id}) { topBadges { badge { name description } } } }'
    data, _ = await ask(checked_client, document, NL, id=graph_id("prf", ada.profile_id))
    # then
    assert data["badge"] == {"name": "Mug", "description": "Networker"} == data["profile"]["topBadges"][0]["badge"]


async def test_skills_industries_and_countries_are_named_in_dutch(checked_client: GraphQLClient) -> None:
    ada = await make_person(
        "ada@people.example", skills=["testing", "python"], industries=["banking"], details={"country": "DE"}
    )
    document = (
        "query Q($id: ID!) { profile(by: {id: $id}) { country { name } skills { code name } industries { name } } }"
    )
    data, _ = await ask(checked_client, document, NL, id=graph_id("prf", ada.profile_id))
    assert data["profile"] == {
        "country": {"name": "Duitsland"},
        "skills": [{"code": "python", "name": "Python"}, {"code": "testing", "name": "Testen"}],
        "industries": [{"name": "Bankwezen"}],
    }


async def test_a_socket_speaks_the_language_of_its_handshake(checked_client: GraphQLClient) -> None:
    async with open_socket(checked_client, NL) as dutch, open_socket(checked_client, EN) as english:
        for ws, name in ((dutch, "Eerste licht"), (english, "First Light")):
            await ws.init()
            await ws.send(id="q", type="subscribe", payload={"query": BADGE})
            assert (await arrives(ws, "q"))["badge"]["name"] == name


async def test_events_come_in_the_language_that_is_chosen_by_then(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person("ada@people.example")
    own: int = ada.own_profile_id
    token = {"Authorization": f"mxtoken {await make_token(ada, READ)}"}
    async with open_socket(checked_client, {**token, **NL}) as ws:
        await ws.init()
        await subscribe(ws, OWN)
        for language, badge, challenge in (
            (None, "Eerste licht", "Eerste stappen"),
            ("en", "First Light", "First Steps"),
            ("nl", "Eerste licht", "Eerste stappen"),
        ):
            if language:
                await choose(ada, language)
            # when
            await committed(
                change_feed.publish_all(
                    [
                        change_feed.person_entry(own, PersonKind.BADGE, badge="FIRST_LIGHT", level=1),
                        change_feed.person_entry(own, PersonKind.CHALLENGE, challenge="FIRST_STEPS"),
                    ]
                )
            )
            # then
            assert (await arrives(ws))["viewerEvents"]["badge"]["name"] == badge
            assert (await arrives(ws))["viewerEvents"]["challenge"]["title"] == challenge


async def test_progress_is_told_in_dutch(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example")
    await give(ada.own_profile_id, "ANSWER_ACCEPTED", times=2)
    document = """
      query Q($id: ID!) {
        profile(by: {id: $id}) { topBadges { badge { name description } } badgesInProgress { badge { code name } level { criterion } } }
      }
    """
    data, _ = await ask(checked_client, document, NL, id=graph_id("prf", ada.profile_id))
    assert {"name": "Eerste licht", "description": "Voor het eerst is een antwoord van jou geaccepteerd."} in (
        [each["badge"] for each in data["profile"]["topBadges"]]
    )
    solver = next(each for each in data["profile"]["badgesInProgress"] if each["badge"]["code"] == "PROBLEM_SOLVER")
    assert solver["badge"]["name"] == "Probleemoplosser"
    assert solver["level"]["criterion"] == "Je antwoord laten accepteren: 5 keer."


async def test_refusals_are_said_in_dutch_and_their_codes_stay(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example")
    session = await in_session(ada)
    document = "mutation M($name: String!, $about: String) { updateProfile(input: {name: $name, about: $about}) { errors { code message path } } }"
    data, _ = await ask(checked_client, document, {**session, **NL}, name="x" * 121)
    assert data["updateProfile"]["errors"] == [
        {"code": "BAD_INPUT", "message": "Een naam mag hoogstens 120 tekens hebben.", "path": ["name"]}
    ]
    await choose(ada, "en")
    data, _ = await ask(checked_client, document, {**session, **NL}, name="x" * 121)
    assert data["updateProfile"]["errors"][0]["message"] == "A name can have at most 120 characters."


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        ("mutation { signOut { errors { code } } }", "UNAUTHENTICATED", "Log in of stuur een token mee."),
        ('{ node(id: "nonsense") { id } }', "BAD_ID", "Dat is geen id van deze API."),
        (
            "{ leaderboard(board: OVERALL) { entries(first: 1000) { totalCount } } }",
            "BAD_PAGE",
            "`first` moet tussen 1 en 100 liggen.",
        ),
    ],
)
async def test_top_level_errors_are_said_in_dutch(
    checked_client: GraphQLClient, document: str, code: str, message: str
) -> None:
    body = await checked_client.ask(document, headers=NL)
    [error] = body["errors"]
    assert (error["extensions"]["code"], error["message"]) == (code, message)


async def test_the_checklist_is_told_in_dutch(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example", public=False)
    document = "{ viewer { publishChecklist { item message } } }"
    data, _ = await ask(checked_client, document, {**await in_session(ada), **NL})
    assert data["viewer"]["publishChecklist"][0] == {
        "item": "AVATAR",
        "message": "Voeg een avatar toe.",
    }


async def test_the_page_that_ends_invites_is_in_the_language_of_its_reader(checked_client: GraphQLClient) -> None:
    path = f"/invites/stop/{invite_mails.opt_out_token('ben@friends.example')}"
    for headers, title, lang in ((NL, "Geen uitnodigingen meer?", "nl"), (EN, "No more invites?", "en")):
        answer = await checked_client.http.get(path, headers=headers)
        text = await answer.text()
        assert f"<h1>{title}</h1>" in text and f'<html lang="{lang}">' in text
        assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (lang, "Accept-Language")
    done = await checked_client.http.post(path, headers=NL)
    assert "Je kunt deze pagina sluiten." in await done.text()


async def test_the_message_to_share_is_ready_in_dutch(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example")
    document = "{ viewer { referral { shareUrls { service url } } } }"
    data, _ = await ask(checked_client, document, {**await in_session(ada), **NL})
    urls = {each["service"]: each["url"] for each in data["viewer"]["referral"]["shareUrls"]}
    assert "Kom%20er%20ook%20bij" in urls["WHATSAPP"] and "subject=Doe%20mee" in urls["MAIL"]


async def test_the_languages_to_choose_from_are_listed(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example")
    listed = [{"code": "en", "name": "English"}, {"code": "nl", "name": "Nederlands"}]
    assert await checked_client.data("{ languages { code name } }") == {"languages": listed}
    assert await checked_client.data("{ languages { code name } }", token=await make_token(ada, READ)) == {
        "languages": listed
    }
    assert await checked_client.code("{ languages { code } }", token=await make_token(ada, "mx:app:create")) == (
        "INSUFFICIENT_SCOPE"
    )
