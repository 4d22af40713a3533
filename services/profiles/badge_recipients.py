"""
Public people by their handle, for their own page: picture, points and newest badges. They are also the recipients of badge
credentials, as Open Badges describes them.
"""

from dataclasses import dataclass
from typing import Any, Final

from catalogue.badges import BADGES
from models.badges import BadgeAward, ImportedBadge
from models.points import Score
from services.open_badges import badge_credentials
from services.open_badges.badge_credentials import CONTEXTS, Document
from services.open_badges.badge_images import ImageKind
from services.profiles import handles

MAX_BADGES: Final = 24
"""Badges on a recipient's page."""


@dataclass(frozen=True)
class RecipientBadge:
    """An earned badge: its name, and the URLs of its credential and image."""

    name: str
    credential: str
    image: str


@dataclass(frozen=True)
class Recipient:
    """A person whose profile is public and active."""

    name: str
    handle: str
    job_title: str
    avatar: str
    """Key of the picture; empty if there is none."""
    points: int
    badges: tuple[RecipientBadge, ...]

    @property
    def address(self) -> str:
        """URL of the person; the id of the subject in credentials."""
        return badge_credentials.profile_address(self.handle)

    def document(self) -> Document:
        """The person as a Profile of Open Badges 3.0."""
        return {
            "@context": list(CONTEXTS),
            "id": self.address,
            "type": ["Profile"],
            "name": self.name,
            "url": self.address,
        }


async def by_handle(handle: str) -> Recipient | None:
    """
    A person by a current or former handle, in any letter case. None if there is no such profile, or it is not listed.
    Indexes: unique (handle) of both tables; score (profile_id); badge_award (profile_id, superseded, awarded_at).
    """
    if len(handle) > handles.MAX_HANDLE or not handle.isprintable():
        return None
    person = await handles.profile_of(handle)
    if person is None or not person.listed:
        return None
    awards: Any = BadgeAward.filter(profile_id=person.id, superseded=False).order_by("-awarded_at", "-id")
    rows = await awards.limit(MAX_BADGES).values("badge", "level", "credential")
    imported: Any = ImportedBadge.filter(code__in=[row["badge"] for row in rows]).values_list("code", "name")
    names = {**dict(await imported), **{code: badge.name for code, badge in BADGES.items()}}
    badges = [
        RecipientBadge(
            names[row["badge"]],
            badge_credentials.address_of(row["credential"]),
            badge_credentials.image_address(row["badge"], row["level"], ImageKind.SVG),
        )
        for row in rows
        if row["badge"] in names
    ]
    score = await Score.get(profile_id=person.id)
    return Recipient(person.name, person.handle, person.job_title, person.avatar or "", score.overall, tuple(badges))
