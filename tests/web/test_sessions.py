"""Signing in and out over HTTP: docs/rules/sign-in.md#sessions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from models.accounts import Account, AccountStatus
from models.audit import AuditEntry
from models.companies import Company
from models.database import Database
from models.passwords import Password
from models.second_factors import SecondFactorMethod
from models.sessions import Session
from server import make_app
from services.core import clock
from settings import Settings
from tests.helpers.factories import make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, make_company_with_admin, with_key
from tests.helpers.sessions import sign_in as put_in_session
from tests.helpers.sessions_by_http import (
    ADA_HERSELF,
    ELEVATE,
    ME,
    SIGN_IN,
    cookie,
    error_codes,
    sign_in,
    viewer_with,
    with_cookie,
)
from tests.helpers.sign_in import ADA, GOOD, OTHER, PHONE, mails, make_login, switch_on, totp

COMPLETE = """
mutation Complete($input: CompleteSignInInput!) {
  completeSignIn(input: $input) { viewer { account { email } } isPasswordExpired errors { code } }
}
"""
END = "mutation E($input: EndSessionInput!) { endSession(input: $input) { endedSessionId errors { code path } } }"
SESSIONS = "{ viewer { sessions { id createdAt lastUsedAt device ipAddress isCurrent } } }"


async def test_a_browser_signs_in_and_out(checked_client: GraphQLClient) -> None:
    # given
    await make_login()
    assert await checked_client.data(ME) == {"viewer": None}
    # when
    response = await checked_client.post(SIGN_IN, input={"email": "Ada@People.example", "password": GOOD})
    # then
    assert (await response.json())["data"]["signIn"] == {
        **ADA_HERSELF,
        "isPasswordExpired": False,
        "secondFactor": None,
        "errors": [],
    }
    kept = response.cookies["session"]
    assert kept["httponly"] and kept["samesite"] == "Lax" and kept["path"] == "/"
    assert kept.value not in await response.text()
    assert await checked_client.data(ME) == ADA_HERSELF
    # when
    assert (
        await error_codes(
            checked_client,
            "mutation O { signOut { errors { code } } }",
            "signOut",
        )
        == []
    )
    # then
    assert cookie(checked_client) is None
    assert await checked_client.data(ME) == {"viewer": None}
    assert await viewer_with(checked_client, with_cookie(kept.value)) == {"viewer": None}


async def test_wrong_answers_are_the_same_to_the_letter(checked_client: GraphQLClient) -> None:
    # given
    await make_login()
    gone = await make_login("gone@people.example")
    await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
    # when
    answers = [
        await sign_in(checked_client, *each)
        for each in ((ADA, OTHER), ("nobody@people.example", GOOD), ("gone@people.example", GOOD), ("nonsense", ""))
    ]
    # then
    assert answers == [answers[0]] * 4
    assert answers[0]["viewer"] is answers[0]["secondFactor"] is None
    assert [error["code"] for error in answers[0]["errors"]] == ["BAD_CREDENTIALS"]
    assert cookie(checked_client) is None


async def test_fifty_guesses_in_one_document_are_fifty_tries(checked_client: GraphQLClient) -> None:
    # given
    await make_login()
    guesses = " ".join(
        f'g{n}: signIn(input: {{email: "{ADA}", password: "guess {n}"}}) {{ errors {{ code }} }}' for n in range(50)
    )
    # when
    data = await checked_client.data(f"mutation {{ {guesses} }}")
    # then
    found = [each["errors"][0]["code"] for each in data.values()]
    assert found == ["BAD_CREDENTIALS"] * 10 + ["RATE_LIMITED"] * 40
    assert (await sign_in(checked_client))["errors"][0]["code"] == "RATE_LIMITED"


async def test_a_session_that_was_planted_is_worth_nothing(checked_client: GraphQLClient) -> None:
    # given: the thief's own session stands in Ada's browser
    await make_login()
    mallory = await make_login("mallory@people.example")
    await put_in_session(checked_client, mallory)
    planted = cookie(checked_client)
    # when
    await sign_in(checked_client)
    # then
    assert cookie(checked_client) not in {planted, None}
    assert await viewer_with(checked_client, with_cookie(planted)) == {"viewer": None}
    assert await Session.filter(account_id=mallory.id).count() == 0


async def test_the_second_factor_comes_before_the_session(checked_client: GraphQLClient) -> None:
    # given
    await switch_on(await make_login())
    # when
    half = await sign_in(checked_client)
    # then
    assert (half["viewer"], half["errors"], half["secondFactor"]["method"]) == (None, [], "TOTP")
    assert cookie(checked_client) is None
    assert await checked_client.data(ME) == {"viewer": None}
    # when
    token = half["secondFactor"]["token"]
    wrong = (await checked_client.data(COMPLETE, input={"token": token, "code": "000000"}))["completeSignIn"]
    done = (await checked_client.data(COMPLETE, input={"token": token, "code": totp()}))["completeSignIn"]
    # then
    assert [error["code"] for error in wrong["errors"]] == ["BAD_CODE"]
    assert done == {**ADA_HERSELF, "isPasswordExpired": False, "errors": []}
    assert await checked_client.data(ME) == ADA_HERSELF


async def test_a_texted_code_completes_a_sign_in(checked_client: GraphQLClient) -> None:
    # given
    await switch_on(await make_login(), SecondFactorMethod.SMS)
    # when
    half = await sign_in(checked_client)
    [text] = await mails()
    code = "".join(each for each in text.text if each.isdigit())[:6]
    done = (await checked_client.data(COMPLETE, input={"token": half["secondFactor"]["token"], "code": code}))[
        "completeSignIn"
    ]
    # then
    assert half["secondFactor"]["method"] == "SMS" and text.to == PHONE
    assert done["viewer"] == ADA_HERSELF["viewer"]


async def test_an_expired_password_opens_nothing_but_changing_it(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_login()
    await Password.filter(account_id=ada.id).update(changed_at=clock.now() - timedelta(days=91))
    # when
    answer = await sign_in(checked_client)
    # then
    assert (answer["viewer"], answer["isPasswordExpired"], answer["errors"]) == (None, True, [])
    assert await checked_client.data(ME) == ADA_HERSELF
    assert await checked_client.code(SESSIONS) == "PASSWORD_EXPIRED"
    assert await checked_client.code("{ viewer { profile { name } } }") == "PASSWORD_EXPIRED"
    assert await checked_client.code("{ activities { code } }") == "PASSWORD_EXPIRED"
    other = "updatePreferences(input: {allowsMarketing: true}) { errors { code } }"
    assert await checked_client.code(f"mutation {{ {other} }}") == "PASSWORD_EXPIRED"
    smuggled = (
        f"mutation S($input: ElevateSessionInput!) {{ elevateSession(input: $input) {{ errors {{ code }} }} {other} }}"
    )
    assert await checked_client.code(smuggled, input={"password": GOOD}) == "PASSWORD_EXPIRED"
    assert await checked_client.data("{ viewer { elevatedUntil elevationProofs } }") == {
        "viewer": {"elevatedUntil": None, "elevationProofs": ["PASSWORD"]}
    }
    # when
    assert await error_codes(checked_client, ELEVATE, "elevateSession", password=GOOD) == []
    change = "mutation C($input: ChangePasswordInput!) { changePassword(input: $input) { viewer { account { email } } errors { code } } }"
    data = await checked_client.data(change, input={"currentPassword": GOOD, "newPassword": OTHER})
    # then
    assert data["changePassword"] == {**ADA_HERSELF, "errors": []}
    assert await checked_client.data(ME) == ADA_HERSELF


async def test_sessions_are_listed_and_ended(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await make_login(), await make_login("ben@people.example")
    await put_in_session(checked_client, ben)
    [bens] = (await checked_client.data(SESSIONS))["viewer"]["sessions"]
    other = await put_in_session(checked_client, ada)
    stolen = cookie(checked_client)
    checked_client.http.session.cookie_jar.clear()
    await sign_in(checked_client)
    # when
    listed = (await checked_client.data(SESSIONS))["viewer"]["sessions"]
    # then
    assert [each["isCurrent"] for each in listed] == [True, False]
    assert listed[1]["id"] == graph_id("ses", other) and listed[1]["device"] == "A browser"
    # when: somebody else's, another type's, nonsense
    assert await error_codes(checked_client, END, "endSession", sessionId=bens["id"]) == ["NOT_FOUND"]
    assert await error_codes(checked_client, END, "endSession", sessionId=graph_id("ses", 999_999)) == ["NOT_FOUND"]
    assert await error_codes(checked_client, END, "endSession", sessionId=graph_id("acc", ada.id)) == ["NOT_FOUND"]
    assert await error_codes(checked_client, END, "endSession", sessionId="nonsense") == ["BAD_ID"]
    done = (await checked_client.data(END, input={"sessionId": listed[1]["id"]}))["endSession"]
    assert done == {"endedSessionId": listed[1]["id"], "errors": []}
    # then
    assert await viewer_with(checked_client, with_cookie(stolen)) == {"viewer": None}
    assert len((await checked_client.data(SESSIONS))["viewer"]["sessions"]) == 1
    nodes = await checked_client.data(
        "query N($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[each["id"] for each in listed]
    )
    assert nodes == {"nodes": [{"id": listed[0]["id"]}, None]}
    # when: one's own
    assert await error_codes(checked_client, END, "endSession", sessionId=listed[0]["id"]) == []
    assert cookie(checked_client) is None


async def test_ending_all_others(checked_client: GraphQLClient) -> None:
    await make_login()
    for _ in range(3):
        await sign_in(checked_client)
        checked_client.http.session.cookie_jar.clear()
    await sign_in(checked_client)
    data = await checked_client.data("mutation E { endOtherSessions { endedSessionCount } }")
    assert data["endOtherSessions"] == {"endedSessionCount": 3}
    assert await checked_client.data(ME) == ADA_HERSELF


async def test_elevation_changes_the_cookie(checked_client: GraphQLClient) -> None:
    # given
    await make_login()
    await sign_in(checked_client)
    before = cookie(checked_client)
    # when
    assert await error_codes(checked_client, ELEVATE, "elevateSession", password=OTHER) == ["BAD_CREDENTIALS"]
    assert cookie(checked_client) == before
    answer = (await checked_client.data(ELEVATE, input={"password": GOOD}))["elevateSession"]
    # then
    assert answer["errors"] == [] and answer["elevatedUntil"].endswith("Z")
    assert cookie(checked_client) not in {before, None}
    assert await viewer_with(checked_client, with_cookie(before)) == {"viewer": None}
    send = "mutation S { sendElevationCode { errors { code } } }"
    assert await error_codes(checked_client, send, "sendElevationCode") == ["SECOND_FACTOR_OFF"]


async def test_a_deactivated_account_is_out_on_the_next_request(checked_client: GraphQLClient) -> None:
    ada = await make_login()
    await sign_in(checked_client)
    await Account.filter(id=ada.id).update(status=AccountStatus.DEACTIVATED)
    assert await checked_client.data(ME) == {"viewer": None}
    assert cookie(checked_client) is None


async def test_tokens_and_keys_are_no_sessions(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_login()
    token, key = await make_token(ada, "mx:user:profile:v1:read"), await with_key(ada)
    # then
    assert await checked_client.code(SESSIONS, token=token) in {"FORBIDDEN", "INSUFFICIENT_SCOPE"}
    assert await checked_client.code(ELEVATE, token=token, input={"password": GOOD}) == "INSUFFICIENT_SCOPE"
    body = await (await checked_client.post(ELEVATE, headers=key, input={"password": GOOD})).json()
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_key_sees_and_ends_its_owners_sessions(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_login()
    here, _there = await in_session(ada), await in_session(ada)
    key = await with_key(ada)
    # when
    listed = (await checked_client.data(SESSIONS, headers=key))["viewer"]["sessions"]
    # then
    assert [each["isCurrent"] for each in listed] == [False, False]
    body = await checked_client.data(END, headers=key, input={"sessionId": listed[0]["id"]})
    assert body["endSession"]["errors"] == []
    ended = await checked_client.data("mutation { endOtherSessions { endedSessionCount } }", headers=key)
    assert ended["endOtherSessions"] == {"endedSessionCount": 1}
    assert await checked_client.data(ME, headers=here) == {"viewer": None}


async def test_a_client_learns_what_elevation_takes_and_until_when(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_login()
    facts = "{ viewer { elevatedUntil elevationProofs account { isCompanyAdmin } } }"
    headers = await in_session(ada)
    # then
    own = (await checked_client.data(facts, headers=headers))["viewer"]
    assert own == {"elevatedUntil": None, "elevationProofs": ["PASSWORD"], "account": {"isCompanyAdmin": False}}
    own = (await checked_client.data(facts, headers=await in_session(ada, elevated=True)))["viewer"]
    assert own["elevatedUntil"].endswith("Z")
    own = (await checked_client.data(facts, headers=await with_key(ada)))["viewer"]
    assert own == {"elevatedUntil": None, "elevationProofs": None, "account": {"isCompanyAdmin": False}}
    # when
    await switch_on(ada)
    wanted = "mutation E($input: ElevateSessionInput!) { elevateSession(input: $input) { errors { code ... on ProofRequiredError { proofs } } } }"
    answer = await checked_client.data(wanted, headers=headers, input={"password": GOOD})
    # then
    assert answer["elevateSession"]["errors"] == [{"code": "PROOF_REQUIRED", "proofs": ["TOTP", "BACKUP_CODE"]}]
    # when
    _, admin = await make_company_with_admin()
    await Company.all().update(sso=True)
    headers = await in_session(admin)
    # then
    own = (await checked_client.data(facts, headers=headers))["viewer"]
    assert own == {"elevatedUntil": None, "elevationProofs": ["IDENTITY_PROVIDER"], "account": {"isCompanyAdmin": True}}
    answer = await checked_client.data(wanted, headers=headers, input={"code": "000000"})
    assert answer["elevateSession"]["errors"] == [{"code": "PROOF_REQUIRED", "proofs": ["IDENTITY_PROVIDER"]}]


BOTH = {"password": GOOD, "code": "000000"}


@pytest.mark.parametrize("proof", [{}, BOTH, {"password": None}, {**BOTH, "password": None}], ids=str)
async def test_elevation_takes_exactly_one_proof(checked_client: GraphQLClient, proof: dict[str, str | None]) -> None:
    # given
    headers = await in_session(await make_login())
    written = ", ".join(f"{name}: {orjson.dumps(value).decode()}" for name, value in proof.items())
    named = ", ".join(f"{name}: ${name}" for name in proof)
    declared = "".join(f"${name}: String " for name in proof)
    mutation = "elevateSession(input: {{{}}}) {{ errors {{ code }} }}".format
    asked: list[tuple[str, dict[str, Any], str]] = [
        (f"mutation {{ {mutation(written)} }}", {}, "BAD_QUERY"),
        (f"mutation {f'({declared})' if proof else ''} {{ {mutation(named)} }}", proof, "BAD_QUERY"),
        (ELEVATE, {"input": proof}, "BAD_INPUT"),
    ]
    for document, variables, code in asked:
        # when
        body = await checked_client.ask(document, headers=headers, **variables)
        # then
        assert body.get("data") is None, body
        assert {each["extensions"]["code"] for each in body["errors"]} == {code}, body
    assert await AuditEntry.all().count() == 0
    assert (await Session.get()).elevated_until is None


async def test_a_closed_server_lets_people_in(settings: Settings, database: Database) -> None:
    # given
    await make_login()
    app = await make_app(replace(settings, anonymous="none"), database)
    async with TestClient(TestServer(app)) as http:
        client = GraphQLClient(http)
        # then
        assert await client.code(ME) == "UNAUTHENTICATED"
        both = (
            'mutation B { signIn(input: {email: "a", password: "b"}) { errors { code } } signOut { errors { code } } }'
        )
        assert await client.code(both) == "UNAUTHENTICATED"
        # when
        assert (await sign_in(client))["errors"] == []
        # then
        assert await client.data(ME) == ADA_HERSELF
