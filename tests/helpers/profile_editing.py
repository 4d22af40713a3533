"""People who edit themselves, for tests of it."""

from io import BytesIO
from typing import Any

from PIL import Image

from models.accounts import Account
from models.audit import Origin
from models.profiles import Profile
from services.core.audit import Actor
from services.profiles import avatars, profile_editing
from tests.helpers.factories import make_person

WHOLE: dict[str, Any] = {
    "job_title": "Harbor pilot",
    "department": "Navigation",
    "country": "NL",
    "about": "Brings ships in.",
    "skills": ["python"],
    "industries": ["logistics"],
    "looking_for": [],
}
"""All that a profile needs to be public, but for the picture."""


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 40), colour: str = "teal", **more: Any) -> bytes:
    into = BytesIO()
    Image.new("RGB", size, colour).save(into, kind, **more)
    return into.getvalue()


def id_of(account: Account) -> int:
    return account.own_profile_id


def actor(account: Account) -> Actor:
    return Actor(account.id, Origin.SESSION, "192.0.2.7")


async def profile_of(account: Account) -> Profile:
    return await Profile.get(id=id_of(account))


async def edit(account: Account, *, expected_version: int | None = None, **fields: Any) -> Profile:
    await profile_editing.update(id_of(account), fields, actor=actor(account), expected_version=expected_version)
    return await profile_of(account)


async def newcomer(**more: Any) -> Account:
    """Somebody with a private, empty profile."""
    return await make_person(public=False, **more)


async def ready() -> Account:
    """Somebody private whose checklist is done."""
    account = await newcomer()
    await edit(account, **WHOLE)
    await avatars.put(id_of(account), picture(), actor=actor(account))
    return account


UPDATE = """
mutation Update($input: UpdateProfileInput!) {
  updateProfile(input: $input) {
    profile {
      id name jobTitle department country { code } location about website
      skills { code } industries { code } lookingFor socials { service handle }
    }
    viewer { profileVersion publishChecklist { item isDone } }
    errors { __typename code message path ... on VersionConflictError { currentVersion } ... on ChecklistError { item } }
  }
}
"""


WHOLE_INPUT: dict[str, Any] = {
    "name": " Ada Okafor-Vos ",
    "jobTitle": "Harbor pilot",
    "department": "Navigation",
    "countryCode": "nl",
    "location": "On the quay",
    "about": "Brings <b>ships</b> in.\nAnd out.",
    "website": "https://ada.example/@ada",
    "skillCodes": ["python", "css", "python"],
    "industryCodes": ["logistics"],
    "lookingFor": ["PROJECT"],
    "socials": [
        {"service": "LINKEDIN", "handle": "https://nl.linkedin.com/in/ada/"},
        {"service": "GITHUB", "handle": "https://github.com/ada"},
        {"service": "MEETUP", "handle": "123"},
        {"service": "X", "handle": "@ada"},
        {"service": "SKYPE", "handle": "live:ada"},
    ],
}
