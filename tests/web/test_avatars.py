"""Avatars over HTTP: uploading, and who gets to see them how."""

import dataclasses
from io import BytesIO

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from models.accounts import Account
from models.database import Database
from models.profiles import Profile
from server import make_app
from services.core import clock, rate_limits
from services.core.audit import OPERATOR
from services.profiles import avatars, publishing
from settings import Settings
from tests.helpers.factories import NOON, make_person, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session, with_key
from tests.helpers.uploads import UPLOAD, picture, send, uploaded

REMOVE = "mutation { removeAvatar { profile { avatarUrl } errors { __typename code ... on ChecklistError { item } } } }"
URLS = "{ viewer { profile { avatarUrl avatarUrlSmall: avatarUrl(size: 64) avatarUrlLarge: avatarUrl(size: 512) } } }"
WRITE, READ, BOARDS = "mx:profile:write", "mx:user:profile:v1:read", "mx:leaderboard:read"


async def with_avatar(*, public: bool = True) -> tuple[Account, str]:
    """Somebody with a picture, and its address."""
    account = await make_person(public=public)
    await avatars.put(account.own_profile_id, picture(), actor=OPERATOR)
    profile = await Profile.get(id=account.profile_id)
    return account, f"/avatars/{profile.avatar}/64.webp"


async def get(client: GraphQLClient, address: str, headers: Headers | None = None) -> ClientResponse:
    return await client.http.get(address.removeprefix("http://graph.example"), headers=headers or {})


async def test_an_upload_is_shown_in_three_sizes(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person(public=True)
    headers = await in_session(ada)
    # when
    answer = await uploaded(checked_client, picture("JPEG", (300, 200)), headers=headers)
    # then
    assert answer["errors"] == []
    for name, side in {"avatarUrlSmall": 64, "avatarUrl": 256, "avatarUrlLarge": 512}.items():
        response = await get(checked_client, answer["profile"][name])
        assert (response.status, response.content_type) == (200, "image/webp")
        image = Image.open(BytesIO(await response.read()))
        assert (image.format, image.size) == ("WEBP", (side, side))
    # when another one follows, the first is gone
    again = await uploaded(checked_client, picture(colour="red"), headers=headers)
    assert again["viewer"]["profileVersion"] == answer["viewer"]["profileVersion"] + 1
    assert (await get(checked_client, answer["profile"]["avatarUrl"])).status == 404
    assert (await get(checked_client, again["profile"]["avatarUrl"])).status == 200
    # when it is removed, which a public profile's is not
    [error] = (await checked_client.ask(REMOVE, headers=headers))["data"]["removeAvatar"]["errors"]
    assert (error["__typename"], error["item"]) == ("ChecklistError", "AVATAR")
    await publishing.unpublish(ada.own_profile_id, actor=OPERATOR)
    assert (await checked_client.ask(REMOVE, headers=headers))["data"]["removeAvatar"] == {
        "profile": {"avatarUrl": None},
        "errors": [],
    }
    assert (await get(checked_client, again["profile"]["avatarUrl"])).status == 404
    assert (await checked_client.ask(URLS, headers=headers))["data"]["viewer"]["profile"] == dict.fromkeys(
        ("avatarUrl", "avatarUrlSmall", "avatarUrlLarge")
    )


@pytest.mark.sqlite_only
async def test_what_is_refused_is_said_in_the_payload(checked_client: GraphQLClient) -> None:
    ada = await make_person(public=False)
    headers = await in_session(ada)
    [error] = (await uploaded(checked_client, b"<svg onload=alert(1)>", headers=headers))["errors"]
    assert (error["__typename"], error["code"]) == ("PlainError", "BAD_PICTURE")
    [error] = (await uploaded(checked_client, picture("PNG", (6_000, 5_000)), headers=headers))["errors"]
    assert error["code"] == "PICTURE_TOO_LARGE"
    # when it is too often
    await rate_limits.charge("upload-avatar", by=[f"account:{ada.id}"], cost=20)
    response = await send(checked_client, picture(), headers=headers)
    [error] = (await response.json())["data"]["uploadAvatar"]["errors"]
    # then one more is free each three minutes
    assert error["__typename"] == "RateLimitError" and 170 < error["retryAfter"] <= 180
    assert response.headers["Retry-After"] == str(error["retryAfter"])


@pytest.mark.sqlite_only
async def test_a_picture_is_kept_by_browsers_and_does_nothing_else(checked_client: GraphQLClient) -> None:
    # given
    _, address = await with_avatar()
    # when
    response = await get(checked_client, address)
    # then
    assert {
        name: response.headers[name]
        for name in ("Cache-Control", "Content-Type", "Content-Disposition", "Content-Security-Policy", "Cross-Origin-Resource-Policy", "Referrer-Policy", "X-Content-Type-Options")
    } == {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Type": "image/webp",
        "Content-Disposition": "inline",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    tag = response.headers["ETag"]
    for shown in (tag, f"W/{tag}", f'"x", {tag}'):
        again = await get(checked_client, address, {"If-None-Match": shown})
        assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tag)
    assert (await get(checked_client, address, {"If-None-Match": '"x"'})).status == 200
    head = await checked_client.http.head(address)
    assert (head.status, head.headers["Content-Length"]) == (200, response.headers["Content-Length"])


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "address",
    [
        "/avatars/{key}/65.webp",
        "/avatars/{key}/64.png",
        "/avatars/{key}/064.webp/",
        "/avatars/{key}",
        "/avatars/",
        "/avatars/{key}/..%2f64.webp",
        "/avatars/..%2f..%2fsecret-key/64.webp",
        "/avatars/%2e%2e/%2e%2e/settings.py",
        "/avatars/{other}/64.webp",
        "/avatars/{upper}/64.webp",
        "/avatars/{key}/99999999999.webp",
        "/avatars/{key}%00/64.webp",
    ],
)
async def test_no_other_address_leads_anywhere(checked_client: GraphQLClient, address: str) -> None:
    _, own = await with_avatar()
    key = own.split("/")[2]
    response = await get(checked_client, address.format(key=key, other="a" * 32, upper=key.upper()))
    assert response.status == 404
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_hidden_persons_picture_is_for_its_owner_alone(checked_client: GraphQLClient) -> None:
    # given
    ada, address = await with_avatar(public=False)
    ben = await make_person(public=True)
    own = {**await in_session(ada), "Sec-Fetch-Site": "same-origin"}
    # then
    response = await get(checked_client, address, own)
    assert (response.status, response.headers["Cross-Origin-Resource-Policy"]) == (200, "same-origin")
    assert (await get(checked_client, address, await with_key(ada))).status == 200
    for headers in (
        {},
        {**await in_session(ben), "Sec-Fetch-Site": "same-origin"},
        {**own, "Sec-Fetch-Site": "cross-site"},
        {"Cookie": "session=x", "Sec-Fetch-Site": "same-origin"},
    ):
        assert (await get(checked_client, address, headers)).status == 404, headers
    # when the browser still has it from before
    assert (await get(checked_client, address, {"If-None-Match": response.headers["ETag"]})).status == 404


@pytest.mark.sqlite_only
async def test_a_token_sees_pictures_where_its_scopes_open_them(checked_client: GraphQLClient) -> None:
    # given
    ada, address = await with_avatar()
    _, hidden = await with_avatar(public=False)
    status = {}
    for scope in (READ, BOARDS, WRITE, "mx:points:read"):
        token = await make_token(ada, scope)
        headers = {"Authorization": f"mxtoken {token}"}
        status[scope] = (
            (await get(checked_client, address, headers)).status,
            (await get(checked_client, hidden, headers)).status,
        )
    # then
    assert status == {READ: (200, 404), BOARDS: (200, 404), WRITE: (200, 404), "mx:points:read": (403, 403)}
    assert (await get(checked_client, address, {"Authorization": "mxtoken x"})).status == 403


@pytest.mark.sqlite_only
async def test_where_nobody_may_read_nobody_sees_pictures(settings: Settings, database: Database) -> None:
    # given
    ada, address = await with_avatar()
    app = await make_app(dataclasses.replace(settings, anonymous="none"), database)
    async with TestClient(TestServer(app)) as http:
        client = GraphQLClient(http)
        # then
        assert (await get(client, address)).status == 404
        assert (await get(client, address, {**await in_session(ada), "Sec-Fetch-Site": "same-origin"})).status == 200


@pytest.mark.sqlite_only
async def test_pictures_have_a_limit_of_their_own(settings: Settings, database: Database) -> None:
    # given a moment that stands still for the server too
    _, address = await with_avatar()
    with clock.frozen(NOON):
        async with TestClient(TestServer(await make_app(settings, database))) as http:
            client = GraphQLClient(http)
            # when
            await rate_limits.spend("picture", by=["address:127.0.0.1"], cost=3_000)
            response = await get(client, address)
            # then
            assert (response.status, response.headers["Retry-After"]) == (429, "1")
            assert (await client.http.get("/graphql", params={"query": "{ __typename }"})).status == 200


async def test_who_may_upload(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person(public=False)
    service = await make_service()
    write, read = await make_token(ada, WRITE), await make_token(ada, READ)
    # when, then
    for headers in (await in_session(ada), await with_key(ada), {"Authorization": f"mxtoken {write}"}):
        response = await send(checked_client, picture(), UPLOAD.replace("profile {", "profile { id"), headers=headers)
        body = await response.json()
        assert body["data"]["uploadAvatar"]["errors"] == [], body
        assert body["data"]["uploadAvatar"]["profile"]["id"] == graph_id("prf", ada.profile_id)
    for token, code in ((read, "INSUFFICIENT_SCOPE"), (await make_token(service, WRITE), "FORBIDDEN")):
        response = await send(checked_client, picture(), headers={"Authorization": f"mxtoken {token}"})
        [error] = (await response.json())["errors"]
        assert error["extensions"]["code"] == code
    assert (await send(checked_client, picture(), headers={"Authorization": "mxtoken x"})).status == 403
