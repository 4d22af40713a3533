"""Going public over HTTP, and the newcomer's story as a whole."""

from catalogue.scopes import SCOPES
from tests.helpers.factories import make_person, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, with_key
from tests.helpers.profile_editing import UPDATE, WHOLE_INPUT
from tests.helpers.sessions import sign_in
from tests.helpers.sign_in import mailed_code
from tests.helpers.uploads import picture, uploaded

PUBLISH = "mutation { publishProfile { profile { visibility } errors { __typename code message path ... on ChecklistError { item } } } }"
HIDE = "mutation { unpublishProfile { profile { visibility } errors { code } } }"
ME = "{ viewer { shouldSuggestPublishing publishChecklist { item isDone message } profile { id score { points } pointHistory { edges { node { activity { code } pointsAwarded } } } } } }"
BOARD = "{ leaderboard(board: COMMUNITY) { entries(first: 5) { edges { node { rank points profile { name avatarUrlSmall: avatarUrl(size: 64) } } } } } }"
SIGN_UP = """
mutation { signUp(input: {email: "new@people.example", password: "Correct horse 7 staple!", name: "New", allowsMarketing: false}) {
  signUpToken errors { code } } }
"""
VERIFY = "mutation V($input: VerifyEmailInput!) { verifyEmail(input: $input) { errors { code } } }"


async def test_a_newcomer_fills_in_publishes_and_stands_on_the_board(checked_client: GraphQLClient) -> None:
    # given somebody who signs up
    made = (await checked_client.data(SIGN_UP))["signUp"]
    code = await mailed_code("new@people.example")
    assert (await checked_client.data(VERIFY, input={"signUpToken": made["signUpToken"], "code": code}))["verifyEmail"][
        "errors"
    ] == []
    viewer = (await checked_client.data(ME))["viewer"]
    assert (viewer["shouldSuggestPublishing"], viewer["profile"]["score"]["points"]) == (False, 0)
    assert not any(each["isDone"] for each in viewer["publishChecklist"])
    # when they would go public as they are
    errors = (await checked_client.data(PUBLISH))["publishProfile"]["errors"]
    # then every item is missing, each with what to do
    assert [each["item"] for each in errors] == [each["item"] for each in viewer["publishChecklist"]]
    assert {(each["__typename"], each["code"]) for each in errors} == {("ChecklistError", "CHECKLIST_ITEM_MISSING")}
    # when they fill it in
    assert (await checked_client.data(UPDATE, input=WHOLE_INPUT))["updateProfile"]["errors"] == []
    assert (await checked_client.data(ME))["viewer"]["shouldSuggestPublishing"] is True
    [error] = (await checked_client.data(PUBLISH))["publishProfile"]["errors"]
    assert error["item"] == "AVATAR"
    shown = (await uploaded(checked_client, picture()))["profile"]
    # then the profile is complete, and hidden still
    assert (await checked_client.data(ME))["viewer"]["profile"]["score"]["points"] == 50
    assert (await checked_client.data(BOARD))["leaderboard"]["entries"]["edges"] == []
    # when they go public
    assert (await checked_client.data(PUBLISH))["publishProfile"] == {"profile": {"visibility": "PUBLIC"}, "errors": []}
    # then they are on the board, with a picture that everyone may see
    unsigned, query, _ = shown["avatarUrlSmall"].partition("?")
    assert query
    assert (await checked_client.data(BOARD))["leaderboard"]["entries"]["edges"] == [
        {
            "node": {
                "rank": 1,
                "points": 100,
                "profile": {"name": "Ada Okafor-Vos", "avatarUrlSmall": unsigned},
            }
        }
    ]
    viewer = (await checked_client.data(ME))["viewer"]
    assert viewer["shouldSuggestPublishing"] is False
    assert [each["node"]["activity"]["code"] for each in viewer["profile"]["pointHistory"]["edges"]] == [
        "PROFILE_PUBLISHED",
        "PROFILE_COMPLETED",
    ]
    # and keep what they had to give
    [error] = (await checked_client.data(UPDATE, input={"about": None}))["updateProfile"]["errors"]
    assert (error["__typename"], error["item"], error["path"]) == ("ChecklistError", "ABOUT", ["about"])
    # when they hide and come back
    assert (await checked_client.data(HIDE))["unpublishProfile"]["profile"] == {"visibility": "PRIVATE"}
    assert (await checked_client.data(BOARD))["leaderboard"]["entries"]["edges"] == []
    assert (await checked_client.data(ME))["viewer"]["shouldSuggestPublishing"] is True
    await checked_client.data(PUBLISH)
    assert (await checked_client.data(BOARD))["leaderboard"]["entries"]["edges"][0]["node"]["points"] == 100


async def test_going_public_is_no_tokens_business(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person(public=False)
    token = await make_token(ada, *(each.name for each in SCOPES.values() if not each.service_only))
    # when, then
    for document in (PUBLISH, HIDE):
        assert await checked_client.code(document) == "UNAUTHENTICATED"
        assert await checked_client.code(document, token=token) == "INSUFFICIENT_SCOPE"
        for headers in (await with_key(ada), await in_session(ada)):
            assert "errors" not in await checked_client.ask(document, headers=headers)


async def test_hiding_twice_is_hiding(checked_client: GraphQLClient) -> None:
    await sign_in(checked_client, await make_person(public=True), elevated=False)
    for _ in range(2):
        assert (await checked_client.data(HIDE))["unpublishProfile"] == {
            "profile": {"visibility": "PRIVATE"},
            "errors": [],
        }
