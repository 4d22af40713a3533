"""Uploads of pictures with broken metadata, through the whole server: never an internal error."""

from tests.helpers.factories import make_person
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.images import BROKEN_EXIF, display_p3, with_exif
from tests.helpers.people import in_session
from tests.helpers.uploads import picture, uploaded

SOUND = [with_exif(kind, BROKEN_EXIF[each]) for kind in ("PNG", "WEBP", "JPEG") for each in (2, 10)]
DAMAGED = [
    picture("PNG")[:60],
    with_exif("PNG", BROKEN_EXIF[4])[:-40],
    picture("WEBP", icc_profile=display_p3())[:300],
    b"RIFF\xff\xff\xff\xffWEBPVP8X" + b"\xff" * 30,
    b"\x89PNG\r\n\x1a\n" + b"\xff" * 60,
]


async def test_broken_metadata_costs_no_upload_and_damage_is_named(checked_client: GraphQLClient) -> None:
    # given
    headers = await in_session(await make_person(public=True))
    # when, then
    for content in SOUND:
        answer = await uploaded(checked_client, content, headers=headers)
        assert answer["errors"] == [] and answer["profile"]["avatarUrl"]
    for content in DAMAGED:
        [error] = (await uploaded(checked_client, content, headers=headers))["errors"]
        assert error["code"] in {"BAD_PICTURE", "PICTURE_TOO_LARGE"}
