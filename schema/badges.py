"""Badges: the catalogue, the badges that people have earned, and their progress."""

import strawberry

from catalogue.badges import Rarity
from models.badges import AwardOrigin
from resolvers import badges, open_badges
from schema.enums import enum_of
from schema.fields import answered_by, column, loaded_by
from schema.nodes import PageInfo
from schema.scalars import DateTime
from services.open_badges.badge_images import ImageKind

enum_of(
    Rarity,
    "Rarity of a badge, shown as a colour: the warmer, the rarer.",
    {
        "GREEN": "The most common badges.",
        "BLUE": "Less common badges.",
        "PURPLE": "Rare badges.",
        "ORANGE": "The rarest badges.",
    },
    name="BadgeRarity",
)
enum_of(
    AwardOrigin,
    "Reason why a person has a badge.",
    {
        "RULE": "The person met the criterion.",
        "OPERATOR": "An operator granted it.",
        "IMPORT": "It was imported from another system.",
    },
    name="BadgeOrigin",
)


enum_of(
    ImageKind,
    "File format of a badge picture.",
    {"PNG": "A bitmap in one of four sizes.", "SVG": "A vector image for any size."},
    name="BadgeImageFormat",
)
IMAGE_ARGUMENTS = {
    "format": "File format; SVG by default.",
    "size": "Width and height of a PNG in pixels: 64, 128, 256 or 512. Ignored for an SVG.",
}


@strawberry.type(description="A level of a badge.")
class BadgeLevel:
    number: int = column("Level number; 1 is the lowest.")
    criterion: str | None = column(
        "Condition for reaching this level, in the language of the answer; null if the badge is only granted "
        "by operators or imported."
    )
    awarded_percent: float = loaded_by(
        badges.level_shares,
        "Percentage of public, active profiles that have reached this level or a higher one, with one decimal.",
        key=badges.level_of,
        read="percent",
    )


@strawberry.type(description="A badge that people can have.")
class Badge:
    code: str = column("Code that never changes.")
    name: str = column("Name of the badge, in the language of the answer.")
    description: str = column("One sentence about the badge, in the language of the answer.")
    rarity: Rarity = column(
        "Rarity by the share of public, active profiles that have the badge. While there are few profiles, the "
        "rarity from the catalogue. It changes only when the share has clearly passed a threshold."
    )
    by_hand_only: bool = column(
        "True if no rule awards this badge: it came with an import.", read=lambda row: row["by_hand"]
    )
    levels: list[BadgeLevel] = column("Levels of the badge, lowest first.")
    image_url: str | None = loaded_by(
        open_badges.badge_images,
        "URL of the picture of one level, absolute; null if the badge does not have this level.",
        key="code",
        arguments={
            "level": "Level number; 1 is the lowest and the default.",
            **IMAGE_ARGUMENTS,
        },
    )
    awarded_percent: float = loaded_by(
        badges.shares,
        "Percentage of public, active profiles that have the badge, with one decimal; 0 only if no profile has it.",
        key="code",
        read="percent",
    )
    awarded_as_of: DateTime = loaded_by(
        badges.shares, "When `awardedPercent` was computed, at most one minute ago.", key="code", read="as_of"
    )


@strawberry.type(description="A badge level that a person reached.")
class ReachedBadgeLevel:
    level: int = column("Level number; 1 is the lowest.")
    awarded_at: DateTime = column("When the person reached it.")


@strawberry.type(description="A badge that a person has, at the highest level reached.")
class EarnedBadge:
    code: str = column("Code of the badge, which never changes.", read=lambda row: row["badge"])
    name: str = column("Name of the badge, in the language of the answer.", read=badges.definition_column("name"))
    description: str = column(
        "One sentence about the badge, in the language of the answer.", read=badges.definition_column("description")
    )
    rarity: Rarity = column("Current rarity of the badge: see `Badge.rarity`.", read=badges.rarity)
    level: int = column("Highest level reached; 1 is the lowest.")
    awarded_at: DateTime = column("When the person reached that level.")
    origin: AwardOrigin = column("Why the person has that level.")
    reason: str | None = column(
        "Reason why the badge was granted, if the operator made it public; null otherwise.",
        read=lambda row: row["reason"] if row["reason_shown"] and row["reason"] else None,
    )
    levels: list[ReachedBadgeLevel] = loaded_by(
        badges.levels_reached, "All levels that the person has reached, lowest first.", key=badges.award_of
    )
    badge: Badge = loaded_by(badges.by_code, "The definition of the badge.", key="badge")
    credential_url: str = column(
        "URL of that level as a signed Open Badges 3.0 credential. Anyone can fetch it while the profile is public; "
        "its owner always can.",
        read=open_badges.credential_url,
    )
    credential_image_url: str = loaded_by(
        open_badges.baked_images,
        'URL of the badge picture with the credential embedded ("baked"), to show and verify elsewhere. Same access '
        "as `credentialUrl`.",
        key="credential",
        arguments={"format": "File format; PNG by default."},
    )
    image_url: str = loaded_by(
        open_badges.award_images,
        "URL of the picture of the badge at that level, absolute.",
        key=open_badges.badge_and_level,
        arguments=IMAGE_ARGUMENTS,
    )


@strawberry.type(description="An earned badge on a page of earned badges.")
class EarnedBadgeEdge:
    cursor: str = column("Cursor of this badge, for `after` and `before`.", read=badges.cursor_of)
    node: EarnedBadge = column("The badge.", itself=True)


@strawberry.type(description="A page of a person's earned badges, newest first.")
class EarnedBadgeConnection:
    edges: list[EarnedBadgeEdge] = column("The badges on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")


@strawberry.type(description="The next level of a badge and a person's progress towards it.")
class BadgeProgress:
    code: str = column("Code of the badge, which never changes.")
    name: str = column("Name of the badge, in the language of the answer.")
    description: str = column("One sentence about the badge, in the language of the answer.")
    rarity: Rarity = column("Rarity of the badge: see `Badge.rarity`.")
    level: int = column("Number of the next level.")
    percent: int = column("Progress towards that level in whole percent, rounded down: 0 to 99.")
    criterion: str = column("Condition for reaching that level, in the language of the answer.")
    badge: Badge = loaded_by(badges.by_code, "The definition of the badge.", key="code")


@strawberry.type
class BadgesQuery:
    badge: Badge | None = answered_by(
        badges.badge, "One badge by its code; null if there is no such badge.", arguments={"code": "Code of the badge."}
    )
    badges: list[Badge] = answered_by(
        badges.catalogue, "All badges: first those that can be earned, then those that are only granted or imported."
    )
