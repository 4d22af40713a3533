"""Pictures that only their owner may see, by the signed addresses that the owner is given."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.database import Database
from server import make_app
from services.core import clock
from services.core.audit import OPERATOR
from services.portfolio import project_images
from services.profiles import avatars
from services.profiles.profiles import refresh_visibility
from settings import Settings
from tests.helpers.factories import make_person, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session
from tests.helpers.projects import make_project
from tests.helpers.uploads import picture

OWN = "{ viewer { profile { avatarUrl(size: 64) } } }"
ANY = (
    "query P($id: ID!, $project: ID!) { profile(by: {id: $id}) { avatarUrl } project(id: $project) { images { url } } }"
)
ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}
"""What a browser sends for an `<img>` on a page of another site: no Origin and no cookie."""


async def owner() -> Account:
    ada = await make_person(public=False)
    await avatars.put(ada.own_profile_id, picture(), actor=OPERATOR)
    return ada


async def own_address(client: GraphQLClient, account: Account) -> str:
    """The address of the owner's picture, without the server."""
    data = (await client.ask(OWN, headers=await in_session(account)))["data"]
    address: str = data["viewer"]["profile"]["avatarUrl"]
    assert address.startswith("http://graph.example/avatars/")
    return address.removeprefix("http://graph.example")


async def get(client: GraphQLClient, address: str) -> ClientResponse:
    return await client.http.get(address, headers=ELSEWHERE)


async def test_the_owner_gets_an_address_that_works_on_pages_of_other_origins(checked_client: GraphQLClient) -> None:
    # given
    address = await own_address(checked_client, await owner())
    # when
    response = await get(checked_client, address)
    # then
    assert (response.status, response.content_type) == (200, "image/webp")
    kept = response.headers["Cache-Control"].partition("max-age=")
    assert kept[0] == "private, " and 3_500 < int(kept[2]) <= 4_500
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    # and without the signature it stays hidden
    assert (await get(checked_client, urlsplit(address).path)).status == 404


@pytest.mark.sqlite_only
async def test_an_edited_address_opens_nothing(checked_client: GraphQLClient) -> None:
    # given
    address = await own_address(checked_client, await owner())
    other = await own_address(checked_client, await owner())
    path, query = address.split("?")
    expires, signature = query.split("&")
    last = "0" if signature[-1] != "0" else "1"
    # when, then
    for edited in (
        f"{urlsplit(other).path}?{query}",
        f"{path.replace('/64.', '/256.')}?{query}",
        f"{path}?expires=9999999999&{signature}",
        f"{path}?{expires}&{signature[:-1]}{last}",
        f"{path}?{signature}",
        f"{path}?{expires}",
        f"{path}?{expires}&signature=",
        f"{path}?{expires}&signature=%00{'a' * 63}",
        f"{path}?{expires}&signature=x&{signature}",
    ):
        assert (await get(checked_client, edited)).status == 404, edited
    assert (await get(checked_client, address)).status == 200


@pytest.mark.sqlite_only
async def test_an_address_ends_with_its_hour(
    checked_client: GraphQLClient, settings: Settings, database: Database
) -> None:
    address = await own_address(checked_client, await owner())
    for hours, status in ((0, 200), (2, 404)):
        with clock.frozen(clock.now() + timedelta(hours=hours)):
            async with TestClient(TestServer(await make_app(settings, database))) as http:
                assert (await get(GraphQLClient(http), address)).status == status


async def test_an_address_ends_with_the_picture_and_with_the_account(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await owner(), await owner()
    removed, deactivated = [await own_address(checked_client, each) for each in (ada, ben)]
    assert [(await get(checked_client, each)).status for each in (removed, deactivated)] == [200, 200]
    # when
    await avatars.remove(ada.own_profile_id, actor=OPERATOR)
    async with in_transaction():
        await Account.filter(id=ben.id).update(status=AccountStatus.DEACTIVATED)
        await refresh_visibility([ben.own_profile_id])
    # then
    assert [(await get(checked_client, each)).status for each in (removed, deactivated)] == [404, 404]


async def test_only_the_owner_is_given_a_signature(checked_client: GraphQLClient) -> None:
    # given a private person with a draft, and a public one
    ada, ben = await owner(), await make_person(public=True)
    await avatars.put(ben.own_profile_id, picture(), actor=OPERATOR)
    draft, published = await make_project(ada, publish=False), await make_project(ben)
    for account, project in ((ada, draft), (ben, published)):
        await project_images.add(account.own_profile_id, project, picture(), caption="", actor=OPERATOR)
    private = {"id": graph_id("prf", ada.profile_id), "project": graph_id("prj", draft)}
    public = {"id": graph_id("prf", ben.profile_id), "project": graph_id("prj", published)}
    reading = {"Authorization": f"mxtoken {await make_token(ada, 'mx:user:profile:v1:read')}"}
    # when, then: the owner's answers are signed, by a session and by a token
    for headers in (await in_session(ada), reading):
        own = (await checked_client.ask(ANY, headers=headers, **private))["data"]
        signed = [own["profile"]["avatarUrl"], own["project"]["images"][0]["url"]]
        assert all("signature=" in each for each in signed)
        for each in signed:
            response = await get(checked_client, each.removeprefix("http://graph.example"))
            assert (response.status, response.headers["Cross-Origin-Resource-Policy"]) == (200, "cross-origin")
    # others see nothing of a private person, and no one gets a signature for what is public
    for headers in ({}, await in_session(ben), await in_session(ada)):
        seen: Any = (await checked_client.ask(ANY, headers=headers, **public))["data"]
        addresses = [seen["profile"]["avatarUrl"], seen["project"]["images"][0]["url"]]
        assert all("?" not in each for each in addresses)
    for headers in ({}, await in_session(ben)):
        hidden = (await checked_client.ask(ANY, headers=headers, **private))["data"]
        assert hidden == {"profile": None, "project": None}


@pytest.mark.sqlite_only
async def test_the_next_larger_size_is_given(checked_client: GraphQLClient) -> None:
    # given
    ada = await owner()
    text = "query S($size: Int) { viewer { profile { avatarUrl(size: $size) } } }"
    for size, side in ((1, 64), (64, 64), (65, 256), (None, 256), (257, 512), (512, 512), (100_000, 512)):
        # when
        data = (await checked_client.ask(text, headers=await in_session(ada), size=size))["data"]
        # then
        assert urlsplit(data["viewer"]["profile"]["avatarUrl"]).path.endswith(f"/{side}.webp"), size
    for size in (0, -1):
        assert await checked_client.code(text, headers=await in_session(ada), size=size) == "BAD_INPUT"
