"""The HTML page of a badge credential. It loads the badge's image, and its policy allows nothing else."""

from html import escape
from pathlib import Path
from string import Template
from typing import Final

from services.open_badges import badge_credentials, credential_status, issuer_keys
from services.open_badges.badge_credentials import Award
from services.open_badges.badge_images import ImageKind
from web.plain_pages import headers_with_images

FILES: Final = Path(__file__).parent / "static" / "open_badges"
PAGE: Final = Template((FILES / "credential.html").read_text("utf-8"))
STYLE: Final = (FILES / "credential.css").read_text("utf-8")
VALID: Final = "This credential was issued here and has not been revoked."
REVOKED: Final = "The issuer revoked this credential. It is no longer valid."


def headers() -> dict[str, str]:
    """The headers of the page."""
    return headers_with_images(STYLE)


def page_of(award: Award, keys: str) -> str:
    """The page of an award; `keys` is the URL of the public keys. Every value is escaped."""
    issuer = badge_credentials.issuer()
    values = {
        "title": award.achievement.title,
        "description": award.achievement.description,
        "status": REVOKED if award.revoked else VALID,
        "recipient": award.recipient,
        "subject": award.subject,
        "awarded_at": f"{award.awarded_at:%Y-%m-%dT%H:%M:%SZ}",
        "awarded_on": f"{award.awarded_at.day} {award.awarded_at:%B %Y}",
        "criteria": award.achievement.criteria,
        "issuer": issuer["name"],
        "issuer_address": issuer["id"],
        "address": award.address,
        "algorithm": f"Ed25519 ({issuer_keys.ALGORITHM})",
        "key": issuer_keys.published()[0].address,
        "keys": keys,
        "status_list": credential_status.entry(award.place)["statusListCredential"],
        "image": badge_credentials.image_address(award.achievement.code, award.achievement.level or 1, ImageKind.SVG),
        "baked_png": badge_credentials.baked_address(award.credential, ImageKind.PNG),
        "baked_svg": badge_credentials.baked_address(award.credential, ImageKind.SVG),
        "achievement": award.achievement.address,
    }
    return PAGE.substitute({name: escape(value) for name, value in values.items()}, style=STYLE)
