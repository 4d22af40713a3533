"""Every address that a query answers is absolute: a client on another origin can use it as it is."""

import dataclasses
from typing import Any

import pytest
from graphql import GraphQLObjectType

from models.profiles import Profile
from schema.graph import build
from services.core import runtime
from services.core.audit import OPERATOR
from services.portfolio import project_images
from services.profiles import avatars
from tests.helpers.badge_awards import make_award
from tests.helpers.badge_credentials import at, get
from tests.helpers.factories import make_person
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.merge_steps import merger
from tests.helpers.personal_data import make_download
from tests.helpers.projects import make_project
from tests.helpers.runtimes import using_settings
from tests.helpers.uploads import picture

ASK = """
query Addresses($credential: String!) {
  viewer {
    referral { __typename link shareUrls { __typename url } }
    openMerge { __typename supportUrl }
    personalData { downloads { __typename url } }
    profile {
      __typename avatarUrl website socials { __typename url }
      projects { nodes { images { __typename url thumbnailUrl } } }
      topBadges { __typename credentialUrl credentialImageUrl imageUrl badge { __typename imageUrl } }
    }
  }
  verifyBadgeCredential(credential: $credential) { __typename url achievementUrl issuerUrl recipientUrl }
}
"""


def addresses_in_schema() -> set[str]:
    """The fields of the schema that answer an address, by their names."""
    return {
        f"{name}.{field}"
        for name, type_ in build()._schema.type_map.items()
        if isinstance(type_, GraphQLObjectType)
        for field in type_.fields
        if field in {"url", "link", "website"} or field.endswith(("Url", "Link"))
        if str(type_.fields[field].type).rstrip("!") == "String"
    }


def addresses_in(answer: Any) -> dict[str, str]:
    """Each address in an answer, by type and field."""
    if isinstance(answer, list):
        return {key: value for each in answer for key, value in addresses_in(each).items()}
    if not isinstance(answer, dict):
        return {}
    found = {f"{answer.get('__typename')}.{key}": value for key, value in answer.items() if isinstance(value, str)}
    below = [addresses_in(value) for value in answer.values()]
    return {key: value for each in (found, *below) for key, value in each.items() if not key.endswith("__typename")}


@pytest.mark.parametrize("public", [True, False])
async def test_every_address_in_the_schema_is_absolute(checked_client: GraphQLClient, public: bool) -> None:
    # given a person with everything that has an address
    ada = await make_person("ada@people.example", public=public)
    await Profile.filter(id=ada.profile_id).update(github="ada", website="https://ada.example")
    await avatars.put(ada.own_profile_id, picture(), actor=OPERATOR)
    number = await make_project(ada)
    await project_images.add(ada.own_profile_id, number, picture(), caption="", actor=OPERATOR)
    award = await make_award((await make_person()).own_profile_id)
    await make_award(ada.own_profile_id)
    credential = await (await get(checked_client, at(award))).text()
    await make_download(ada)
    merging = await merger(checked_client, ada)
    assert await merging.start("someone@people.example") == []
    # when
    support = dataclasses.replace(runtime.current().settings, support_url="https://support.example/help")
    with using_settings(support):
        body = await checked_client.ask(ASK, headers=merging.headers, credential=credential)
    # then
    assert "errors" not in body, body
    found = addresses_in(body["data"])
    assert set(found) == addresses_in_schema()
    assert {
        key: value for key, value in found.items() if not value.startswith(("http://", "https://", "mailto:?"))
    } == {}
    assert [key for key, value in found.items() if value.startswith("mailto:")] in ([], ["ShareUrl.url"])
